// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <utility>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace consilium::consensus::cometbft {

// A file descriptor that closes itself.
class Descriptor {
 public:
    explicit Descriptor(int fd = -1) : fd_(fd) {}
    ~Descriptor();
    Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    [[nodiscard]] int get() const { return fd_; }
    [[nodiscard]] bool ok() const { return fd_ >= 0; }

 private:
    int fd_;
};

enum class SocketError {
    kPathTooLong,  // longer than a socket's path may be (107 bytes)
    kInUse,        // another process listens there
    kSystem,
};

[[nodiscard]] const char* to_string(SocketError error);

// A listening unix socket whose file belongs to its owner alone. A socket file that nobody listens
// on any more is replaced; another file is not.
[[nodiscard]] Result<Descriptor, SocketError> listen_unix(const std::filesystem::path& path,
                                                          int backlog);

// Both ends of a pipe: closing the second wakes who polls the first.
[[nodiscard]] Result<std::pair<Descriptor, Descriptor>, SocketError> make_pipe();

// Waits for a connection, or until `stop` is readable or closed: then, and when the listener fails,
// the descriptor is not ok().
[[nodiscard]] Descriptor accept_unix(int listener, int stop);

// False when the other end takes nothing any more.
[[nodiscard]] bool write_all(int fd, BytesView bytes);

}  // namespace consilium::consensus::cometbft
