// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.hpp"
#include "http/responder.hpp"
#include "http/upload.hpp"

namespace consilium::http {

// What the server checks before a handler runs. A request that fails a check never reaches it.
struct RouteOptions {
    std::optional<Scope> scope;      // nothing: public, unless `authenticated`
    bool authenticated = false;      // a token is needed (401); the handler judges its scopes
    std::vector<Media> consumes;     // what the body may be (415); empty: no body is allowed
    bool consumes_any = false;       // the body may be anything: see RequestFields::content_type
    bool body_optional = false;      // the request may come without its body
    std::vector<Media> produces;     // what the answer may be (406), the first by default
    bool produces_any = false;       // the handler judges Accept itself
    std::size_t body_bytes_max = 0;  // 413 above it
    // Answers can be large: the connection's next request waits until this one has been written.
    bool heavy = false;
};

// Runs on an IO thread and must not block: who has work to do moves what it needs elsewhere and
// answers later, from any thread.
using Handler = std::function<void(Request&, Responder)>;

// One request of a batched route.
struct Exchange {
    Bytes body;
    Media accept = Media::kNone;
    std::shared_ptr<const Principal> principal;
    Responder responder;
};

// Gets all requests of its route that one read from a connection brought, so that a pipelining
// client's requests cost one call.
using BatchHandler = std::function<void(std::vector<Exchange>)>;

// Bodies that a route takes piece by piece, because they are too large to be held.
struct Uploads {
    // Which of the route's requests that have a body, by their header.
    std::function<bool(const RequestFields&)> takes;
    // Runs on an IO thread once the header was checked, before anything of the body is read. An
    // answer before the end of the body breaks the upload off and closes the connection.
    std::function<void(Request&, std::shared_ptr<Upload>, Responder)> begin;
    std::uint64_t bytes_max = 0;  // 413 above it
};

struct Route {
    Method method = Method::kGet;
    std::string pattern;
    RouteOptions options;
    Handler handler;
    BatchHandler batch;  // exactly one of the two is set
    std::optional<Uploads> uploads;
    std::vector<std::string> segments;  // of the pattern
    std::size_t index = 0;              // in order of addition
};

// How a refusal of the server's own is written under some paths: status, code and title as
// problem() takes them.
using ProblemWriter =
    std::function<Response(std::uint16_t status, std::string_view code, telemetry::Literal title)>;

// Patterns are "/v1/state/{key}": a segment in braces matches any one non-empty segment. Where two
// patterns match, the one that names the first segment in which they differ wins. HEAD is answered
// by GET's route. Filled before the server starts, then read-only.
class Router {
 public:
    void add(Method method, std::string pattern, RouteOptions options, Handler handler);
    // Requests that `uploads` does not take go to the handler.
    void add_uploads(Method method, std::string pattern, RouteOptions options, Handler handler,
                     Uploads uploads);
    void add_batched(Method method, std::string pattern, RouteOptions options,
                     BatchHandler handler);

    // Refusals of requests to `prefix` and below it are written by `writer`.
    void write_problems(std::string prefix, ProblemWriter writer);
    [[nodiscard]] Response problem(std::string_view path, std::uint16_t status,
                                   std::string_view code, telemetry::Literal title) const;

    struct Match {
        const Route* route = nullptr;  // nothing: see allowed
        std::array<std::string_view, kPathParametersMax> parameters;
        std::string allowed;  // methods of this path, for 405; empty: no such path
    };
    [[nodiscard]] Match match(Method method, std::string_view path) const;
    [[nodiscard]] const std::vector<std::unique_ptr<Route>>& routes() const { return routes_; }

 private:
    Route& append(Method method, std::string pattern, RouteOptions options);
    std::vector<std::unique_ptr<Route>> routes_;
    std::vector<std::pair<std::string, ProblemWriter>> writers_;
};

}  // namespace consilium::http
