// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "cli/output.hpp"

namespace consilium::cli {

// Where a node listens, whom to trust and as whom to speak.
struct Endpoint {
    std::string host;
    std::uint16_t port = 0;
    std::string trusted_pem;  // certificates to trust; empty: those of the system
    std::string token;        // empty: none is sent
};

// "https://host:port" or "https://[v6]:port"; the port may be left out (443).
[[nodiscard]] Result<Endpoint, std::string> parse_endpoint(std::string_view url);

struct HttpRequest {
    std::string method = "GET";
    std::string target;
    std::string content_type;  // with a body
    std::string accept = "application/json";
    Bytes body;
};

struct HttpReply {
    unsigned status = 0;
    std::string content_type;
    Bytes body;
};

// One keep-alive connection over TLS 1.3 that verifies the node's certificate and name. Connects
// with the first request, and once more when the node closed it in between. Not thread-safe.
class HttpsClient {
 public:
    explicit HttpsClient(Endpoint endpoint,
                         std::chrono::milliseconds timeout = std::chrono::seconds(60));
    HttpsClient(HttpsClient&&) noexcept;
    HttpsClient& operator=(HttpsClient&&) noexcept;
    ~HttpsClient();

    // Any answer is a success here, whatever its status. The problem is kUnreachable, and says
    // whether nobody listens, the certificate is not trusted or the time is over.
    [[nodiscard]] Result<HttpReply, Problem> send(const HttpRequest& request);

    [[nodiscard]] const Endpoint& endpoint() const;

 private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace consilium::cli
