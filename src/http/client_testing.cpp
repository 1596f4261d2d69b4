// SPDX-License-Identifier: Apache-2.0
#include "http/client_testing.hpp"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>

#include "http/pem.hpp"

namespace consilium::http {

using Clock = std::chrono::steady_clock;

struct TestClient::State {
    Owned<SSL_CTX, SSL_CTX_free> context;
    Owned<SSL, SSL_free> ssl;
    int fd = -1;
    bool connected = false;
    bool ended = false;
    std::string buffer;

    // Reads more into the buffer; false at the end or at the deadline.
    bool more(Clock::time_point deadline) {
        std::array<char, 16384> bytes{};
        while (!ended) {
            ERR_clear_error();
            std::size_t got = 0;
            const int result = SSL_read_ex(ssl.get(), bytes.data(), bytes.size(), &got);
            if (result == 1) {
                buffer.append(bytes.data(), got);
                return true;
            }
            if (SSL_get_error(ssl.get(), result) != SSL_ERROR_WANT_READ) {
                ended = true;
                return false;
            }
            const auto left =
                std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
            if (left.count() <= 0) return false;
            pollfd waiting{fd, POLLIN, 0};
            ::poll(&waiting, 1, static_cast<int>(left.count()));
        }
        return false;
    }
};

TestClient::TestClient(std::uint16_t port, const std::string& certificate_pem, Tls version)
    : state_(std::make_unique<State>()) {
    std::signal(SIGPIPE, SIG_IGN);
    auto& s = *state_;
    s.fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    ::inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    if (::connect(s.fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return;
    s.context.reset(SSL_CTX_new(TLS_client_method()));
    if (version == Tls::k12) SSL_CTX_set_max_proto_version(s.context.get(), TLS1_2_VERSION);
    if (!certificate_pem.empty()) {
        const Owned<BIO, BIO_free_all> in(
            BIO_new_mem_buf(certificate_pem.data(), static_cast<int>(certificate_pem.size())));
        const Owned<X509, X509_free> trusted(
            PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
        X509_STORE_add_cert(SSL_CTX_get_cert_store(s.context.get()), trusted.get());
        SSL_CTX_set_verify(s.context.get(), SSL_VERIFY_PEER, nullptr);
    }
    s.ssl.reset(SSL_new(s.context.get()));
    SSL_set_fd(s.ssl.get(), s.fd);
    timeval limit{10, 0};
    ::setsockopt(s.fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    s.connected = SSL_connect(s.ssl.get()) == 1;
    timeval none{0, 1};  // reads return at once; more() waits with poll
    ::setsockopt(s.fd, SOL_SOCKET, SO_RCVTIMEO, &none, sizeof none);
    timeval send_limit{10, 0};
    ::setsockopt(s.fd, SOL_SOCKET, SO_SNDTIMEO, &send_limit, sizeof send_limit);
}

TestClient::~TestClient() {
    if (state_->fd >= 0) ::close(state_->fd);
}

bool TestClient::connected() const {
    return state_->connected;
}

bool TestClient::send(std::string_view bytes) {
    while (!bytes.empty()) {
        ERR_clear_error();
        std::size_t written = 0;
        if (SSL_write_ex(state_->ssl.get(), bytes.data(), bytes.size(), &written) != 1) {
            return false;
        }
        bytes.remove_prefix(written);
    }
    return true;
}

std::optional<TestReply> TestClient::read(bool head, std::chrono::milliseconds timeout) {
    auto& s = *state_;
    const auto deadline = Clock::now() + timeout;
    std::size_t end = 0;
    while ((end = s.buffer.find("\r\n\r\n")) == std::string::npos) {
        if (!s.more(deadline)) return std::nullopt;
    }
    TestReply reply;
    reply.status = std::stoi(s.buffer.substr(9, 3));
    auto lines = s.buffer.substr(0, end + 2);
    lines.erase(0, lines.find("\r\n") + 2);
    while (!lines.empty()) {
        auto line = lines.substr(0, lines.find("\r\n"));
        lines.erase(0, line.size() + 2);
        auto name = line.substr(0, line.find(':'));
        std::transform(name.begin(), name.end(), name.begin(),
                       [](char c) { return static_cast<char>(std::tolower(c)); });
        reply.headers[name] = line.substr(line.find(':') + 2);
    }
    s.buffer.erase(0, end + 4);
    const auto length = reply.headers.find("content-length");
    if (length == reply.headers.end() || head) return reply;
    const auto size = static_cast<std::size_t>(std::stoull(length->second));
    while (s.buffer.size() < size) {
        if (!s.more(deadline)) return std::nullopt;
    }
    reply.body = s.buffer.substr(0, size);
    s.buffer.erase(0, size);
    return reply;
}

std::string TestClient::read_until(std::string_view text, std::chrono::milliseconds timeout) {
    const auto deadline = Clock::now() + timeout;
    while (state_->buffer.find(text) == std::string::npos && state_->more(deadline)) {
    }
    std::string out;
    const auto at = state_->buffer.find(text);
    const auto size = at == std::string::npos ? state_->buffer.size() : at + text.size();
    out = state_->buffer.substr(0, size);
    state_->buffer.erase(0, size);
    return out;
}

bool TestClient::closed(std::chrono::milliseconds timeout) {
    const auto deadline = Clock::now() + timeout;
    while (state_->buffer.empty() && state_->more(deadline)) {
    }
    return state_->ended && state_->buffer.empty();
}

void TestClient::finish_sending() {
    SSL_shutdown(state_->ssl.get());
}

Certificate moved_in_time(const Certificate& certificate, int minutes) {
    const auto read = [](const std::string& pem) {
        return Owned<BIO, BIO_free_all>(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    };
    const Owned<X509, X509_free> x(
        PEM_read_bio_X509(read(certificate.certificate_pem).get(), nullptr, nullptr, nullptr));
    const Owned<EVP_PKEY, EVP_PKEY_free> key(PEM_read_bio_PrivateKey(
        read(certificate.private_key_pem).get(), nullptr, nullptr, nullptr));
    // An hour that ends, or begins, so many minutes from now.
    const long from = minutes * 60L - (minutes < 0 ? 3600 : 0);
    X509_gmtime_adj(X509_getm_notBefore(x.get()), from);
    X509_gmtime_adj(X509_getm_notAfter(x.get()), from + 3600);
    X509_sign(x.get(), key.get(), EVP_sha256());
    const Owned<BIO, BIO_free_all> out(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509(out.get(), x.get());
    return {bio_text(out.get()), certificate.private_key_pem};
}

}  // namespace consilium::http
