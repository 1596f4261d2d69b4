// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "cli/output.hpp"
#include "http/client.hpp"

namespace consilium::cli {

using http::HttpReply;
using http::HttpRequest;

// Where a node listens, whom to trust and as whom to speak.
struct Endpoint {
    std::string host;
    std::uint16_t port = 0;
    std::string trusted_pem;  // certificates to trust; empty: those of the system
    std::string token;        // empty: none is sent
};

// "https://host:port" or "https://[v6]:port"; the port may be left out (443).
[[nodiscard]] Result<Endpoint, std::string> parse_endpoint(std::string_view url);

// A connection to a node, with the command's words for what goes wrong. Not thread-safe.
class HttpsClient {
 public:
    explicit HttpsClient(Endpoint endpoint,
                         std::chrono::milliseconds timeout = std::chrono::seconds(120));

    // Any answer is a success here, whatever its status. The problem is kUnreachable, and says
    // whether nobody listens, the certificate is not trusted or the time is over. Every request of
    // ours may be sent twice, submissions too.
    [[nodiscard]] Result<HttpReply, Problem> send(HttpRequest request);

    [[nodiscard]] const Endpoint& endpoint() const { return endpoint_; }

 private:
    Endpoint endpoint_;
    http::Client client_;
};

}  // namespace consilium::cli
