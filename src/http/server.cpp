// SPDX-License-Identifier: Apache-2.0
#include "http/server.hpp"

#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <ctime>
#include <thread>

#include "base/assert.hpp"
#include "http/connection.hpp"

namespace consilium::http {
namespace detail {

std::uint64_t steady_ms() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

UnixMs wall_clock() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return {static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(now).count())};
}

namespace {

telemetry::Counter counter_of(telemetry::Metrics& metrics, const std::string& server,
                              telemetry::Literal name, telemetry::Literal help) {
    return server.empty() ? metrics.counter(name, help)
                          : metrics.counter(name, help, {{"server", server}});
}

telemetry::Gauge gauge_of(telemetry::Metrics& metrics, const std::string& server,
                          telemetry::Literal name, telemetry::Literal help) {
    return server.empty() ? metrics.gauge(name, help)
                          : metrics.gauge(name, help, {{"server", server}});
}

}  // namespace

ServerMetrics::ServerMetrics(telemetry::Metrics& metrics, const std::string& server)
    : connections(
          counter_of(metrics, server, "consilium_http_connections_total", "Connections taken.")),
      refused_connections(counter_of(metrics, server, "consilium_http_connections_refused_total",
                                     "Connections closed because too many were open.")),
      timeouts(counter_of(metrics, server, "consilium_http_timeouts_total",
                          "Connections and requests given up because the client was slow.")),
      parse_errors(counter_of(metrics, server, "consilium_http_malformed_total",
                              "Connections that sent something other than HTTP/1.1.")),
      open(gauge_of(metrics, server, "consilium_http_connections", "Open connections.")),
      in_flight(gauge_of(metrics, server, "consilium_http_requests_in_flight",
                         "Requests not yet answered.")),
      received_bytes(counter_of(metrics, server, "consilium_http_received_bytes_total",
                                "Bytes of requests, after decryption.")),
      sent_bytes(counter_of(metrics, server, "consilium_http_sent_bytes_total",
                            "Bytes of answers, before encryption.")) {
    static constexpr std::array<const char*, 5> kClasses{"1xx", "2xx", "3xx", "4xx", "5xx"};
    for (std::size_t i = 0; i < answers.size(); ++i) {
        answers[i] =
            server.empty()
                ? metrics.counter("consilium_http_answers_total", "Answers by class of status.",
                                  {{"status", kClasses[i]}})
                : metrics.counter("consilium_http_answers_total", "Answers by class of status.",
                                  {{"status", kClasses[i]}, {"server", server}});
    }
}

void IoThread::hand_over_batches() {
    for (auto& [route, exchanges] : batches)
        route->batch(std::move(exchanges));
    batches.clear();
}

void IoThread::drain() {
    taken.clear();
    mailbox->take(taken);
    for (auto& message : taken) {
        const auto found = connections.find(message.connection);
        if (found == connections.end()) {
            if (message.begins) message.stream->end();
            continue;
        }
        const auto& connection = found->second;
        if (message.begins) {
            connection->begin_stream(message.slot, std::move(message.response),
                                     std::move(message.stream), message.length);
        } else if (message.upload) {
            connection->continue_upload();
        } else if (message.stream != nullptr) {
            if (!connection->touched) {
                connection->touched = true;
                touched.push_back(connection);
            }
        } else {
            connection->answer(message.slot, std::move(message.response));
        }
    }
    taken.clear();
    // Writing may touch others (a closed stream's call back answers something).
    while (!touched.empty()) {
        std::vector<std::shared_ptr<Connection>> now;
        now.swap(touched);
        for (const auto& connection : now) {
            connection->touched = false;
            connection->flush();
        }
    }
}

const std::string& IoThread::date_line() {
    const std::time_t now = std::time(nullptr);
    if (now == date_second_) return date_line_;
    static constexpr std::array<const char*, 7> kDays{"Sun", "Mon", "Tue", "Wed",
                                                      "Thu", "Fri", "Sat"};
    static constexpr std::array<const char*, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::tm parts{};
    gmtime_r(&now, &parts);
    std::array<char, 64> text{};
    const int length =
        std::snprintf(text.data(), text.size(), "Date: %s, %02d %s %04d %02d:%02d:%02d GMT\r\n",
                      kDays[static_cast<std::size_t>(parts.tm_wday)], parts.tm_mday,
                      kMonths[static_cast<std::size_t>(parts.tm_mon)], parts.tm_year + 1900,
                      parts.tm_hour, parts.tm_min, parts.tm_sec);
    date_line_.assign(text.data(), static_cast<std::size_t>(length));
    date_second_ = now;
    return date_line_;
}

}  // namespace detail

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

}  // namespace

const char* to_string(ServerError error) {
    switch (error) {
        case ServerError::kAddress:
            return "address";
        case ServerError::kPortInUse:
            return "port-in-use";
        case ServerError::kCertificate:
            return "certificate";
        case ServerError::kSystem:
            return "system";
    }
    return "unknown";
}

struct Server::State {
    State(const ServerOptions& options, const Router& router, Tokens& tokens, telemetry::Logger log,
          telemetry::Metrics& metrics)
        : shared(options, router, tokens, std::move(log), metrics) {}

    struct Worker {
        explicit Worker(detail::Shared& shared) : io(shared), timer(io.io) {}
        detail::IoThread io;
        asio::steady_timer timer;
        std::uint64_t stop_by_ms = 0;
        std::thread thread;
    };

    [[nodiscard]] std::optional<ServerError> listen(const ServerOptions& options);
    void accept();
    void on_accept(Worker& worker, tcp::socket socket);
    void sweep(Worker& worker);
    void stop();

    detail::Shared shared;
    std::vector<std::unique_ptr<Worker>> workers;
    std::optional<tcp::acceptor> acceptor;
    std::optional<asio::steady_timer> accept_timer;
    std::chrono::milliseconds sweep_interval{100};
    std::uint64_t connections_seen = 0;
    std::uint16_t port = 0;
    bool stopped = false;
};

std::optional<ServerError> Server::State::listen(const ServerOptions& options) {
    error_code ec;
    const auto address = asio::ip::make_address(options.address, ec);
    if (ec) return ServerError::kAddress;
    const tcp::endpoint endpoint(address, options.port);
    acceptor.emplace(workers.front()->io.io);
    accept_timer.emplace(workers.front()->io.io);
    if (acceptor->open(endpoint.protocol(), ec)) return ServerError::kSystem;
    acceptor->set_option(tcp::acceptor::reuse_address(true), ec);
    if (acceptor->bind(endpoint, ec)) {
        return ec == asio::error::address_in_use ? ServerError::kPortInUse : ServerError::kAddress;
    }
    if (acceptor->listen(256, ec)) return ServerError::kSystem;
    port = acceptor->local_endpoint(ec).port();
    if (ec) return ServerError::kSystem;
    return std::nullopt;
}

// Runs on the first worker's thread.
void Server::State::accept() {
    Worker& worker = *workers[connections_seen % workers.size()];
    acceptor->async_accept(worker.io.io, [this, &worker](error_code ec, tcp::socket socket) {
        if (ec == asio::error::operation_aborted || !acceptor->is_open()) return;
        if (ec) {
            // Out of file descriptors, say: try again when some may have been closed.
            shared.log.warning("http", "a connection could not be taken", {{"error", ec.value()}});
            accept_timer->expires_after(std::chrono::milliseconds(100));
            accept_timer->async_wait([this](error_code failed) {
                if (!failed) accept();
            });
            return;
        }
        on_accept(worker, std::move(socket));
        accept();
    });
}

void Server::State::on_accept(Worker& worker, tcp::socket socket) {
    if (shared.connections.fetch_add(1) >= shared.limits.connections_max) {
        shared.connections.fetch_sub(1);
        shared.metrics.refused_connections.add();
        return;  // the socket closes
    }
    shared.metrics.connections.add();
    const auto id = ++connections_seen;
    auto connection = std::make_shared<detail::Connection>(worker.io, std::move(socket), id);
    asio::post(worker.io.io, [&worker, id, connection = std::move(connection)] {
        worker.io.connections.emplace(id, connection);
        if (worker.io.stopping) {
            connection->close();
        } else {
            connection->start();
        }
    });
}

void Server::State::sweep(Worker& worker) {
    const auto now = detail::steady_ms();
    std::vector<std::shared_ptr<detail::Connection>> all;
    all.reserve(worker.io.connections.size());
    for (const auto& [id, connection] : worker.io.connections)
        all.push_back(connection);
    for (const auto& connection : all)
        connection->check_timeouts(now);
    worker.io.drain();
    shared.metrics.open.set(static_cast<std::int64_t>(shared.connections.load()));
    shared.metrics.in_flight.set(static_cast<std::int64_t>(shared.in_flight.load()));
    if (worker.io.stopping) {
        if (now >= worker.stop_by_ms) {
            for (const auto& connection : all)
                connection->close();
        }
        if (worker.io.connections.empty()) {
            worker.io.io.stop();
            return;
        }
    }
    worker.timer.expires_after(worker.io.stopping ? std::chrono::milliseconds(5) : sweep_interval);
    worker.timer.async_wait([this, &worker](error_code) { sweep(worker); });
}

void Server::State::stop() {
    if (stopped) return;
    stopped = true;
    asio::post(workers.front()->io.io, [this] {
        error_code ignored;
        acceptor->close(ignored);
        accept_timer->cancel();
    });
    for (const auto& worker : workers) {
        asio::post(worker->io.io, [this, &w = *worker] {
            w.io.stopping = true;
            w.stop_by_ms = detail::steady_ms() +
                           static_cast<std::uint64_t>(shared.limits.stop_timeout.count());
            std::vector<std::shared_ptr<detail::Connection>> all;
            for (const auto& [id, connection] : w.io.connections)
                all.push_back(connection);
            for (const auto& connection : all)
                connection->begin_stop();
            w.timer.cancel();  // sweeps at once, then often
        });
    }
    for (const auto& worker : workers)
        worker->thread.join();
    for (const auto& worker : workers) {
        worker->io.mailbox->close();
        worker->io.connections.clear();
    }
}

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}

Server::~Server() {
    stop();
}

Result<std::unique_ptr<Server>, ServerError> Server::start(ServerOptions options,
                                                           const Router& router, Tokens& tokens,
                                                           telemetry::Logger log,
                                                           telemetry::Metrics& metrics) {
    CONSILIUM_ASSERT(options.threads >= 1 && options.threads <= 16);
    CONSILIUM_ASSERT(options.limits.in_flight_per_connection_max >= 1);
    auto state = std::make_unique<State>(options, router, tokens, std::move(log), metrics);
    state->shared.tls = detail::make_server_context(
        options.certificate_pem, options.private_key_pem,
        state->shared.name_of_client ? &state->shared.name_of_client : nullptr);
    if (!state->shared.tls) return fail(ServerError::kCertificate);
    for (unsigned i = 0; i < options.threads; ++i)
        state->workers.push_back(std::make_unique<State::Worker>(state->shared));
    if (const auto error = state->listen(options)) return fail(*error);
    const auto& l = options.limits;
    for (const auto limit : {l.handshake_timeout, l.header_timeout, l.body_timeout, l.write_timeout,
                             l.idle_timeout, l.answer_timeout}) {
        state->sweep_interval =
            std::clamp(limit / 4, std::chrono::milliseconds(5), state->sweep_interval);
    }
    State* s = state.get();
    for (auto& worker : state->workers) {
        auto& w = *worker;
        w.io.mailbox =
            std::make_shared<detail::Mailbox>([&w] { asio::post(w.io.io, [&w] { w.io.drain(); }); },
                                              options.limits.stream_buffer_bytes_max);
        asio::post(w.io.io, [s, &w] { s->sweep(w); });
    }
    asio::post(s->workers.front()->io.io, [s] { s->accept(); });
    for (auto& worker : state->workers) {
        worker->thread = std::thread([&w = *worker] {
            // The timer keeps the thread busy until stop().
            w.io.io.run();
        });
    }
    state->shared.log.info("http", "listening", {{"port", state->port}});
    return std::unique_ptr<Server>(new Server(std::move(state)));
}

std::uint16_t Server::port() const {
    return state_->port;
}

void Server::stop() {
    state_->stop();
}

}  // namespace consilium::http
