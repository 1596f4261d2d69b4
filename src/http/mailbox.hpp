// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "http/responder.hpp"

// How answers from other threads reach the IO thread that owns their connection.
namespace consilium::http::detail {

// The bytes that wait for a connection's stream. Shared by the writer and the IO thread.
class StreamBuffer final : public Stream {
 public:
    StreamBuffer(std::shared_ptr<Mailbox> mailbox, std::uint64_t connection);
    ~StreamBuffer() override;
    bool write(Bytes bytes) override;
    void on_room(std::function<void()> room) override;
    [[nodiscard]] bool open() const override;
    void close() override;

    struct Core;  // what outlives the writer's handle
    [[nodiscard]] const std::shared_ptr<Core>& core() const { return core_; }

 private:
    std::shared_ptr<Core> core_;
};

struct StreamBuffer::Core {
    mutable std::mutex mutex;
    std::weak_ptr<Mailbox> mailbox;
    std::uint64_t connection = 0;
    Bytes waiting;
    std::size_t bytes_max = 0;
    bool refused = false;  // a write was: call `room` when there is room
    bool open = true;      // neither side has closed it
    std::function<void()> room;

    // For the IO thread. Moves what waits to the end of `out`; false when the writer closed it.
    [[nodiscard]] bool take(Bytes& out);
    // The client has gone.
    void end();
};

struct Message {
    std::uint64_t connection = 0;
    std::uint64_t slot = 0;
    Response response;
    std::shared_ptr<StreamBuffer::Core> stream;  // with `begins`: the answer; else: look at it
    bool begins = false;
    std::optional<std::uint64_t> length{};  // of the stream, with `begins`
    bool upload = false;                    // the connection's upload was started or has room
};

// Many writers, one reader. The reader is woken when the first message comes, then takes them all.
class Mailbox {
 public:
    Mailbox(std::function<void()> wake, std::size_t stream_bytes_max)
        : stream_bytes_max_(stream_bytes_max), wake_(std::move(wake)) {}
    void post(Message message);
    void take(std::vector<Message>& out);
    // Later messages are dropped; the reader is not woken any more.
    void close();
    [[nodiscard]] std::size_t stream_bytes_max() const { return stream_bytes_max_; }

 private:
    const std::size_t stream_bytes_max_;
    std::mutex mutex_;
    std::function<void()> wake_;
    std::vector<Message> messages_;
};

}  // namespace consilium::http::detail
