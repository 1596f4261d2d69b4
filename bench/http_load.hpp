// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace consilium::bench {

// A client that keeps a number of requests under way over a few TLS 1.3 connections with HTTP/1.1
// pipelining, all on the calling thread.
struct HttpLoad {
    std::uint16_t port = 0;  // on 127.0.0.1
    std::string certificate_pem;
    std::string method = "POST";
    std::string target;                    // "/v1/transactions"
    std::function<void(Bytes& out)> more;  // appends to the target, if it differs each time
    std::string content_type = "application/x-protobuf";
    std::string token;
    unsigned connections = 4;
    unsigned in_flight = 1000;  // requests, over all connections
    double seconds = 5;
    std::uint64_t requests = 0;  // instead of `seconds`, when not 0
    // Appends the next body.
    std::function<void(Bytes& out)> body;
    unsigned status = 200;
    // How often this must occur in an answer's body: an answer without it is a failure.
    std::string_view expected;
    std::size_t expected_times = 1;
};

struct HttpLoadResult {
    std::uint64_t answers = 0;
    double seconds = 0;
    double p50_ms = 0;  // from writing a request into the connection to reading its answer
    double p99_ms = 0;
};

// Sends for `seconds`, then reads what is missing. An error is a sentence; any answer of another
// status, or that lacks `expected`, is one.
[[nodiscard]] Result<HttpLoadResult, std::string> run_http_load(const HttpLoad& load);

}  // namespace consilium::bench
