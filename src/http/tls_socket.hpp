// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "http/tls_peer.hpp"

struct bio_st;
struct ssl_st;
struct ssl_ctx_st;

// For the .cpp files of this room only.
namespace consilium::http::detail {

struct FreeContext {
    void operator()(ssl_ctx_st* context) const;
};
struct FreeSession {
    void operator()(ssl_st* session) const;
};
using TlsContext = std::unique_ptr<ssl_ctx_st, FreeContext>;

// TLS 1.3 only, HTTP/1.1 by ALPN; nothing when certificate and key do not belong together. With
// `name_of`, which outlives the context, only clients whose keys it knows come in.
[[nodiscard]] TlsContext make_server_context(const std::string& certificate_pem,
                                             const std::string& private_key_pem,
                                             const NameOfKey* name_of = nullptr);

// TLS over a non-blocking socket that someone else owns and waits for. It reads straight from the
// socket; what it writes is gathered, so that many answers leave in one system call.
class TlsSocket {
 public:
    TlsSocket(ssl_ctx_st* context, int fd);

    enum class Result { kDone, kWantRead, kWantWrite, kClosed };

    // Server side. Call again when the socket is readable; flush() after every call.
    [[nodiscard]] Result accept();
    // kDone: `got` bytes (1 or more). kClosed: the peer has closed, or an error.
    [[nodiscard]] Result read(char* to, std::size_t size, std::size_t& got);
    // Encrypts all of `bytes` for the next flush().
    [[nodiscard]] bool write(std::string_view bytes);
    // Sends what was written. kWantWrite: call again when the socket is writable.
    [[nodiscard]] Result flush();
    // Bytes that flush() has not sent yet.
    [[nodiscard]] std::size_t waiting() const;
    // Says goodbye in the next flush().
    void shutdown();
    // Who the client is, where its certificate was asked for; else empty.
    [[nodiscard]] const std::string& peer() const;

 private:
    std::unique_ptr<ssl_st, FreeSession> ssl_;
    bio_st* out_ = nullptr;  // owned by ssl_
    int fd_ = -1;
    std::size_t sent_ = 0;  // bytes at the front of out_ that the socket has taken
};

}  // namespace consilium::http::detail
