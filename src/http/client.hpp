// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

// HTTP/1.1 over TLS 1.3 from the asking side. Blocking, each call with a deadline. Redirects are
// answers like others: nothing is followed.
namespace consilium::http {

struct Origin {
    std::string host;  // a name or an address; IPv6 without brackets
    std::uint16_t port = 443;
};

// "https://host:port" or "https://[v6]:port", with or without a slash; the port may be left out.
[[nodiscard]] std::optional<Origin> parse_origin(std::string_view url);
// "https://host:port".
[[nodiscard]] std::string to_string(const Origin& origin);

// Whom to trust and as whom to speak.
struct ClientTrust {
    // With it: the server with this key (SHA-256 of its SubjectPublicKeyInfo) and in its
    // certificate's time, and nobody else; names and issuers are not looked at.
    std::optional<Hash32> key_sha256;
    // Without it: certificates to trust, PEM; empty: those of the system. The name must be right.
    std::string trusted_pem;
    // Shown to a server that asks for a certificate; empty: none.
    std::string certificate_pem;
    std::string private_key_pem;
};

struct ClientLimits {
    std::chrono::milliseconds connect_timeout{10'000};  // TCP and TLS
    std::chrono::milliseconds answer_timeout{60'000};   // request sent to answer read, both whole
    std::size_t header_bytes_max = 16U * 1024U;
    std::uint64_t body_bytes_max = 64U * 1024U * 1024U;  // of an answer
};

struct HttpRequest {
    std::string method = "GET";
    std::string target{};
    std::string content_type{};  // with a body
    std::string accept = "application/json";
    Bytes body{};
    std::vector<std::pair<std::string, std::string>> headers{};  // more of them
};

struct HttpReply {
    unsigned status = 0;
    std::string content_type;
    Bytes body;
    std::vector<std::pair<std::string, std::string>> headers;  // as sent, in order

    // The first of that name, whatever its case.
    [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
};

enum class ClientError {
    kCredentials,  // a certificate or key of ours cannot be read, or they do not belong together
    kUnknownHost,
    kRefused,      // nobody listens there
    kUnreachable,  // no way there, or the connection broke
    kTls,          // the server is not one that we trust, does not trust us, or speaks no TLS 1.3
    kTimeout,
    kTooLarge,   // the answer passes a limit
    kMalformed,  // the answer is not HTTP/1.1
    kInterrupted,
};

[[nodiscard]] const char* to_string(ClientError error);

struct ClientFailure {
    ClientError error = ClientError::kUnreachable;
    std::string detail;  // of the system or the TLS library; nothing of what was sent
};

// One keep-alive connection. It connects with the first request, and again when the server closed
// it in between: then a request is sent a second time, so requests must be such that it does no
// harm. Not thread-safe, but for interrupt(). Never throws.
class Client {
 public:
    Client(Origin origin, ClientTrust trust, ClientLimits limits = {});
    Client(Client&&) noexcept;
    Client& operator=(Client&&) noexcept;
    ~Client();

    // Any answer is a success here, whatever its status.
    [[nodiscard]] Result<HttpReply, ClientFailure> send(const HttpRequest& request);
    // From any thread: the call under way and all later ones end with kInterrupted.
    void interrupt();

    [[nodiscard]] const Origin& origin() const;

 private:
    struct State;
    std::unique_ptr<State> state_;
};

// Several connections to one server, for callers on several threads: each send() takes an idle one
// or makes one, and waits for one to come back when `connections_max` are busy. Thread-safe.
class ClientPool {
 public:
    ClientPool(Origin origin, ClientTrust trust, ClientLimits limits, std::size_t connections_max);
    ~ClientPool();

    [[nodiscard]] Result<HttpReply, ClientFailure> send(const HttpRequest& request);
    // All calls under way and all later ones end with kInterrupted.
    void interrupt();

 private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace consilium::http
