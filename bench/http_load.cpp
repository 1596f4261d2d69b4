// SPDX-License-Identifier: Apache-2.0
#include "http_load.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <deque>
#include <memory>
#include <vector>

namespace consilium::bench {
namespace {

using Clock = std::chrono::steady_clock;

struct FreeSsl {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    void operator()(X509* certificate) const { X509_free(certificate); }
    void operator()(BIO* bio) const { BIO_free_all(bio); }
};
template <typename T>
using Owned = std::unique_ptr<T, FreeSsl>;

Owned<SSL_CTX> make_context(const std::string& certificate_pem) {
    Owned<SSL_CTX> context(SSL_CTX_new(TLS_client_method()));
    const Owned<BIO> in(
        BIO_new_mem_buf(certificate_pem.data(), static_cast<int>(certificate_pem.size())));
    const Owned<X509> trusted(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
    if (!context || !trusted) return nullptr;
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()), trusted.get());
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION);
    SSL_CTX_set_read_ahead(context.get(), 1);
    SSL_CTX_set_default_read_buffer_len(context.get(), 64U * 1024U);
    return context;
}

// One connection. Requests are written into memory and leave in one system call.
class Client {
 public:
    Client() = default;
    ~Client() {
        if (fd_ >= 0) ::close(fd_);
    }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    bool connect(SSL_CTX* context, std::uint16_t port) {
        fd_ = ::socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        ::inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
        if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
            return false;
        }
        const int on = 1;
        ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        ssl_.reset(SSL_new(context));
        SSL_set_fd(ssl_.get(), fd_);
        if (SSL_connect(ssl_.get()) != 1) return false;
        // From here on: read from the socket, write into memory.
        wire_ = BIO_new(BIO_s_mem());
        SSL_set0_wbio(ssl_.get(), wire_);
        ::fcntl(fd_, F_SETFL, ::fcntl(fd_, F_GETFL) | O_NONBLOCK);
        return true;
    }

    [[nodiscard]] int fd() const { return fd_; }
    [[nodiscard]] std::size_t in_flight() const { return sent_at_.size(); }
    [[nodiscard]] bool wants_write() const { return BIO_pending(wire_) > 0; }
    std::string& out() { return out_; }
    void request_written(Clock::time_point now) { sent_at_.push_back(now); }

    bool send() {
        if (!out_.empty()) {
            std::size_t written = 0;
            std::size_t from = 0;
            while (from < out_.size()) {
                if (SSL_write_ex(ssl_.get(), out_.data() + from, out_.size() - from, &written) !=
                    1) {
                    return false;
                }
                from += written;
            }
            out_.clear();
        }
        char* data = nullptr;
        const auto size = static_cast<std::size_t>(BIO_get_mem_data(wire_, &data));
        while (wire_sent_ < size) {
            const auto n = ::send(fd_, data + wire_sent_, size - wire_sent_, MSG_NOSIGNAL);
            if (n < 0) return errno == EAGAIN;
            wire_sent_ += static_cast<std::size_t>(n);
        }
        (void)BIO_reset(wire_);
        wire_sent_ = 0;
        return true;
    }

    // Reads what has come and takes the answers off it; false when an answer is not as expected.
    bool receive(const HttpLoad& load, std::vector<std::uint32_t>& latencies_us) {
        while (true) {
            const auto had = in_.size();
            in_.resize(had + 64U * 1024U);
            std::size_t got = 0;
            ERR_clear_error();
            const int result = SSL_read_ex(ssl_.get(), in_.data() + had, in_.size() - had, &got);
            in_.resize(had + got);
            if (result != 1) {
                return SSL_get_error(ssl_.get(), result) == SSL_ERROR_WANT_READ;
            }
            if (!take_answers(load, latencies_us)) return false;
        }
    }

 private:
    bool take_answers(const HttpLoad& load, std::vector<std::uint32_t>& latencies_us) {
        const auto now = Clock::now();
        std::size_t at = 0;
        while (true) {
            const std::string_view rest = std::string_view(in_).substr(at);
            const auto end = rest.find("\r\n\r\n");
            if (end == std::string_view::npos) break;
            const auto field = rest.find("Content-Length: ");
            if (field > end) return false;
            std::size_t length = 0;
            std::from_chars(rest.data() + field + 16, rest.data() + end, length);
            if (rest.size() < end + 4 + length) break;
            if (rest.substr(0, 12) != "HTTP/1.1 " + std::to_string(load.status) ||
                sent_at_.empty()) {
                return false;
            }
            if (!holds(rest.substr(end + 4, length), load)) return false;
            latencies_us.push_back(static_cast<std::uint32_t>(
                std::chrono::duration_cast<std::chrono::microseconds>(now - sent_at_.front())
                    .count()));
            sent_at_.pop_front();
            at += end + 4 + length;
        }
        in_.erase(0, at);
        return true;
    }

    static bool holds(std::string_view body, const HttpLoad& load) {
        std::size_t times = 0;
        for (std::size_t at = body.find(load.expected); at != std::string_view::npos;
             at = body.find(load.expected, at + load.expected.size()))
            ++times;
        return times == load.expected_times;
    }

    int fd_ = -1;
    Owned<SSL> ssl_;
    BIO* wire_ = nullptr;  // owned by ssl_
    std::size_t wire_sent_ = 0;
    std::string out_;
    std::string in_;
    std::deque<Clock::time_point> sent_at_;
};

// Fills a connection up to its share, when at least a part of it is free: single requests would
// cost a system call each.
unsigned fill(Client& client, const HttpLoad& load, const std::string& head, unsigned share,
              Bytes& body) {
    if (client.wants_write() || client.in_flight() > share - std::max(1U, share / 8)) return 0;
    const auto now = Clock::now();
    unsigned written = 0;
    while (client.in_flight() < share) {
        ++written;
        body.clear();
        load.body(body);
        client.out() += load.method;
        client.out() += ' ';
        client.out() += load.target;
        if (load.more) load.more(client.out());
        client.out() += head;
        client.out() += std::to_string(body.size());
        client.out() += "\r\n\r\n";
        client.out() += body;
        client.request_written(now);
    }
    return written;
}

double percentile_ms(std::vector<std::uint32_t>& latencies_us, double part) {
    if (latencies_us.empty()) return 0;
    const auto at = static_cast<std::size_t>(static_cast<double>(latencies_us.size() - 1) * part);
    std::nth_element(latencies_us.begin(), latencies_us.begin() + static_cast<std::ptrdiff_t>(at),
                     latencies_us.end());
    return latencies_us[at] / 1000.0;
}

}  // namespace

Result<HttpLoadResult, std::string> run_http_load(const HttpLoad& load) {
    const auto context = make_context(load.certificate_pem);
    if (!context) return fail<std::string>("the certificate cannot be read");
    std::vector<std::unique_ptr<Client>> clients;
    for (unsigned i = 0; i < load.connections; ++i) {
        clients.push_back(std::make_unique<Client>());
        if (!clients.back()->connect(context.get(), load.port)) {
            return fail<std::string>("the client could not connect to the node");
        }
    }
    std::string head = " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + load.token;
    if (load.method != "GET") head += "\r\nContent-Type: " + load.content_type;
    head += "\r\nContent-Length: ";
    const unsigned share = std::max(1U, load.in_flight / load.connections);
    std::vector<std::uint32_t> latencies_us;
    latencies_us.reserve(1U << 20U);
    std::vector<pollfd> waits(clients.size());
    Bytes body;
    const auto start = Clock::now();
    const auto stop = start + std::chrono::duration_cast<Clock::duration>(
                                  std::chrono::duration<double>(load.seconds));
    bool sending = true;
    std::uint64_t sent = 0;
    while (true) {
        sending = sending && (load.requests > 0 ? sent < load.requests : Clock::now() < stop);
        bool waiting = false;
        for (std::size_t i = 0; i < clients.size(); ++i) {
            auto& client = *clients[i];
            if (sending) sent += fill(client, load, head, share, body);
            if (!client.send()) return fail<std::string>("the node closed a connection");
            waiting = waiting || client.in_flight() > 0;
            waits[i] = {client.fd(),
                        static_cast<short>(POLLIN | (client.wants_write() ? POLLOUT : 0)), 0};
        }
        if (!waiting) break;
        if (::poll(waits.data(), waits.size(), 10'000) == 0) {
            return fail<std::string>("the node did not answer for 10 seconds");
        }
        for (std::size_t i = 0; i < clients.size(); ++i) {
            if ((waits[i].revents & ~POLLOUT) == 0) continue;
            if (!clients[i]->receive(load, latencies_us)) {
                return fail<std::string>("an answer was not the expected one");
            }
        }
    }
    HttpLoadResult out;
    out.answers = latencies_us.size();
    out.seconds = std::chrono::duration<double>(Clock::now() - start).count();
    out.p50_ms = percentile_ms(latencies_us, 0.5);
    out.p99_ms = percentile_ms(latencies_us, 0.99);
    return out;
}

}  // namespace consilium::bench
