// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "http/router.hpp"
#include "http/token.hpp"
#include "telemetry/log.hpp"
#include "telemetry/metrics.hpp"

namespace consilium::http {

// Limits and time-outs. Each is tested at its value and one above.
struct ServerLimits {
    std::size_t connections_max = 1024;  // more are closed as they come
    std::size_t header_bytes_max = 16U * 1024U;
    // A connection that has this many unanswered requests is not read until one is answered.
    std::size_t in_flight_per_connection_max = 1024;
    // Above this, over all connections, requests are answered 503.
    std::size_t in_flight_max = 32'768;
    // Bodies above 64 KiB that are being received, over all connections; above it, 503.
    std::size_t large_bodies_bytes_max = 256U * 1024U * 1024U;
    std::size_t stream_buffer_bytes_max = 1024U * 1024U;
    std::size_t streams_max = 256;
    // Of bodies that are handed over as they come, each with a buffer of its own; above it, 503.
    std::size_t uploads_max = 32;
    std::size_t upload_buffer_bytes_max = 1024U * 1024U;

    std::chrono::milliseconds handshake_timeout{10'000};
    std::chrono::milliseconds header_timeout{10'000};  // first byte to end of the header
    // For a body, beside one second for each 64 KiB received: slower clients are cut off.
    std::chrono::milliseconds body_timeout{20'000};
    std::chrono::milliseconds write_timeout{20'000};  // without any progress
    std::chrono::milliseconds idle_timeout{120'000};
    std::chrono::milliseconds answer_timeout{60'000};  // then 504; the request may still succeed
    std::chrono::milliseconds stop_timeout{10'000};    // for answers under way when stopping
    std::uint32_t retry_after_s = 1;
};

// Whose key that is, as SHA-256 of its SubjectPublicKeyInfo; nothing refuses the client. Called on
// IO threads during handshakes: it must not wait.
using NameOfClientKey = std::function<std::optional<std::string>(const Hash32& key_sha256)>;

struct ServerOptions {
    std::string address = "127.0.0.1";  // IPv4 or IPv6
    std::uint16_t port = 0;             // 0: any free one
    std::string certificate_pem;        // chain, the server's first
    std::string private_key_pem;
    unsigned threads = 1;  // 1 to 16
    ServerLimits limits;
    // With it TLS is mutual: a client shows a certificate that is in its time and whose key this
    // knows, whoever issued it, or the handshake fails. Request::peer says whose.
    NameOfClientKey name_of_client{};
    // Tells its metrics from those of another server of the same node: label "server".
    std::string name{};
};

enum class ServerError {
    kAddress,  // not an address, or not one of this machine
    kPortInUse,
    kCertificate,  // certificate or key cannot be read, or they do not belong together
    kSystem,
};

[[nodiscard]] const char* to_string(ServerError error);

// HTTP/1.1 over TLS 1.3 (RFC 9112, RFC 8446), nothing else: no plain text, no older TLS. Keep-alive
// and pipelining; answers in the order of the requests. Router and tokens must outlive it.
class Server {
 public:
    [[nodiscard]] static Result<std::unique_ptr<Server>, ServerError> start(
        ServerOptions options, const Router& router, Tokens& tokens, telemetry::Logger log,
        telemetry::Metrics& metrics);
    // Stops as stop() does.
    ~Server();

    [[nodiscard]] std::uint16_t port() const;
    // Takes no more connections and requests, sends the answers that are under way (at most
    // stop_timeout), closes. Returns when all threads have ended. Handlers may still hold
    // responders: what they send goes nowhere.
    void stop();

 private:
    struct State;
    explicit Server(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace consilium::http
