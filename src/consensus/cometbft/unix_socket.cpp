// SPDX-License-Identifier: Apache-2.0
#include "consensus/cometbft/unix_socket.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace consilium::consensus::cometbft {

Descriptor::~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
}

const char* to_string(SocketError error) {
    switch (error) {
        case SocketError::kPathTooLong:
            return "the path of the socket is longer than 107 bytes";
        case SocketError::kInUse:
            return "another process listens on the socket";
        case SocketError::kSystem:
            return "the socket could not be made";
    }
    return "unknown error";
}

Result<Descriptor, SocketError> listen_unix(const std::filesystem::path& path, int backlog) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string text = path.string();
    if (text.size() >= sizeof address.sun_path) return fail(SocketError::kPathTooLong);
    std::memcpy(address.sun_path, text.data(), text.size());
    const auto* const name = reinterpret_cast<const sockaddr*>(&address);

    Descriptor listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!listener.ok()) return fail(SocketError::kSystem);
    std::error_code ignored;
    {
        const Descriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        if (::connect(probe.get(), name, sizeof address) == 0) return fail(SocketError::kInUse);
        if (errno == ECONNREFUSED && std::filesystem::is_socket(path, ignored)) {
            (void)::unlink(text.c_str());
        }
    }
    if (::bind(listener.get(), name, sizeof address) != 0 ||
        ::chmod(text.c_str(), S_IRUSR | S_IWUSR) != 0 || ::listen(listener.get(), backlog) != 0) {
        return fail(SocketError::kSystem);
    }
    return listener;
}

Result<std::pair<Descriptor, Descriptor>, SocketError> make_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail(SocketError::kSystem);
    return std::pair{Descriptor(ends[0]), Descriptor(ends[1])};
}

Descriptor accept_unix(int listener, int stop) {
    while (true) {
        std::array<pollfd, 2> wait{pollfd{stop, POLLIN, 0}, pollfd{listener, POLLIN, 0}};
        const int ready = ::poll(wait.data(), wait.size(), -1);
        if (ready < 0 && errno == EINTR) continue;
        if (ready < 0 || wait[0].revents != 0) return Descriptor();
        Descriptor socket(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
        if (socket.ok()) return socket;
    }
}

bool write_all(int fd, BytesView bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

}  // namespace consilium::consensus::cometbft
