// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "base/bytes.hpp"

namespace consilium::http {

namespace detail {
class Connection;
class Mailbox;
}  // namespace detail

// The body of a request that is handed over as it comes: between the connection that reads it and
// whoever works on it. Thread-safe. It holds no more than the server's upload buffer: when that is
// full, nothing is read from the client until something was taken.
class Upload {
 public:
    Upload(std::shared_ptr<detail::Mailbox> mailbox, std::uint64_t connection,
           std::optional<std::uint64_t> size, std::size_t buffer_bytes_max);
    Upload(const Upload&) = delete;
    Upload& operator=(const Upload&) = delete;

    enum class State : std::uint8_t {
        kComing,
        kWhole,   // with the last bytes
        kBroken,  // the client has gone, was too slow or sent too much, or was answered before
    };
    struct Part {
        Bytes bytes;
        State state = State::kComing;
    };

    // As the client announced it.
    [[nodiscard]] std::optional<std::uint64_t> size() const { return size_; }
    // Nothing of the body is read, and no "100 Continue" sent, before. `ready` runs on an IO thread
    // and must not wait: when there is something new and the last take() had found nothing.
    void start(std::function<void()> ready);
    // What has come. Nothing, and kComing: `ready` will be called.
    [[nodiscard]] Part take();

 private:
    friend class detail::Connection;
    [[nodiscard]] bool wants_more();
    void put(Bytes bytes);
    void finish(State state);
    void wake_connection() const;

    const std::weak_ptr<detail::Mailbox> mailbox_;
    const std::uint64_t connection_;
    const std::optional<std::uint64_t> size_;
    const std::size_t buffer_bytes_max_;
    std::mutex mutex_;
    bool started_ = false;
    bool told_ = true;   // `ready` was called, and not everything has been taken since
    bool held_ = false;  // the connection waits for room
    State state_ = State::kComing;
    Bytes waiting_;
    std::function<void()> ready_;
};

}  // namespace consilium::http
