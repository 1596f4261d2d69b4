// SPDX-License-Identifier: Apache-2.0
#include "consensus/cometbft/server.hpp"

#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <list>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "consensus/cometbft/frame.hpp"

namespace consilium::consensus::cometbft {
namespace {

constexpr std::size_t kReadBytes = 256U * 1024U;
// Answers are written when so many bytes wait, though requests are still at hand.
constexpr std::size_t kWriteBytes = 1U << 20U;

// Answers what a connection asks until it ends.
void serve(int fd, Abci& abci) {
    FrameReader reader;
    Bytes out;
    std::vector<BytesView> messages;
    bool open = true;
    while (open) {
        const std::size_t wanted = std::max(kReadBytes, reader.missing());
        const ssize_t read = ::recv(fd, reader.room(wanted), wanted, 0);
        if (read < 0 && errno == EINTR) continue;
        if (read <= 0) return;
        reader.received(static_cast<std::size_t>(read));
        messages.clear();
        while (true) {
            const auto message = reader.next();
            // What came before it is still answered; then there is nothing to talk about.
            if (!message) open = false;
            if (!message || !*message) break;
            messages.push_back(**message);
        }
        if (!messages.empty() && !abci.answer(messages, out)) open = false;
        if (!write_all(fd, out)) return;
        out.clear();
        if (out.capacity() > kWriteBytes) Bytes().swap(out);
    }
}

}  // namespace

struct AbciServer::Impl {
    struct Connection {
        Descriptor socket;
        std::atomic<bool> ended{false};
        std::thread thread;
    };

    Impl(std::filesystem::path socket_path, Abci& answers)
        : path(std::move(socket_path)), abci(answers) {}

    void accept_connections();
    void reap();

    const std::filesystem::path path;
    Abci& abci;
    Descriptor listener;
    Descriptor stop_read, stop_write;
    std::thread acceptor;
    mutable std::mutex mutex;
    std::list<Connection> connections;
};

void AbciServer::Impl::reap() {
    const std::lock_guard lock(mutex);
    for (auto it = connections.begin(); it != connections.end();) {
        if (!it->ended.load()) {
            ++it;
            continue;
        }
        it->thread.join();
        it = connections.erase(it);
    }
}

void AbciServer::Impl::accept_connections() {
    (void)pthread_setname_np(pthread_self(), "abci-accept");
    while (true) {
        reap();
        std::array<pollfd, 2> wait{pollfd{stop_read.get(), POLLIN, 0},
                                   pollfd{listener.get(), POLLIN, 0}};
        const bool full = [&] {
            const std::lock_guard lock(mutex);
            return connections.size() >= kConnectionsMax;
        }();
        // A connection that ends wakes nobody; when all places are taken they are looked at twice a
        // second.
        const int ready = ::poll(wait.data(), full ? 1 : 2, full ? 500 : -1);
        if (ready < 0 && errno != EINTR) return;
        if (wait[0].revents != 0) return;
        if (ready <= 0 || full || (wait[1].revents & POLLIN) == 0) continue;
        Descriptor socket(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
        if (!socket.ok()) continue;
        const std::lock_guard lock(mutex);
        Connection& connection = connections.emplace_back();
        connection.socket = std::move(socket);
        connection.thread = std::thread([this, &connection] {
            (void)pthread_setname_np(pthread_self(), "abci");
            serve(connection.socket.get(), abci);
            (void)::shutdown(connection.socket.get(), SHUT_RDWR);
            connection.ended.store(true);
        });
    }
}

AbciServer::AbciServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

AbciServer::~AbciServer() {
    stop();
}

Result<std::unique_ptr<AbciServer>, SocketError> AbciServer::start(
    const std::filesystem::path& socket_path, Abci& abci) {
    auto impl = std::make_unique<Impl>(socket_path, abci);
    auto listener = listen_unix(socket_path, static_cast<int>(kConnectionsMax));
    if (!listener) return fail(listener.error());
    auto pipe = make_pipe();
    if (!pipe) return fail(pipe.error());
    impl->listener = std::move(*listener);
    impl->stop_read = std::move(pipe->first);
    impl->stop_write = std::move(pipe->second);
    Impl* const running = impl.get();
    impl->acceptor = std::thread([running] { running->accept_connections(); });
    return std::unique_ptr<AbciServer>(new AbciServer(std::move(impl)));
}

void AbciServer::stop() {
    if (!impl_->acceptor.joinable()) return;
    { const Descriptor closed = std::move(impl_->stop_write); }  // wakes the acceptor
    impl_->acceptor.join();
    {
        const std::lock_guard lock(impl_->mutex);
        for (Impl::Connection& connection : impl_->connections)
            (void)::shutdown(connection.socket.get(), SHUT_RDWR);
    }
    for (Impl::Connection& connection : impl_->connections)
        connection.thread.join();
    impl_->connections.clear();
    std::error_code ignored;
    std::filesystem::remove(impl_->path, ignored);
}

std::size_t AbciServer::connections() const {
    const std::lock_guard lock(impl_->mutex);
    return static_cast<std::size_t>(
        std::count_if(impl_->connections.begin(), impl_->connections.end(),
                      [](const Impl::Connection& connection) { return !connection.ended.load(); }));
}

}  // namespace consilium::consensus::cometbft
