// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "http/message.hpp"

namespace consilium::http {

namespace detail {
class Mailbox;
}

// The rest of an answer that has no end yet (server-sent events) or is too large to be held.
// Thread-safe. The connection carries nothing else from then on. It is closed when the last handle
// goes.
class Stream {
 public:
    virtual ~Stream() = default;
    // Queues bytes. False, and nothing queued, when the client has gone or more than the server's
    // stream buffer waits for it: drop what can be had again later, or wait for on_room.
    virtual bool write(Bytes bytes) = 0;
    // Runs on an IO thread, once per refused write(), when there is room again or the stream has
    // closed. Set it before the first write.
    virtual void on_room(std::function<void()> room) = 0;
    [[nodiscard]] virtual bool open() const = 0;
    virtual void close() = 0;
};

// Where the answer to one request goes. Answers may come from any thread and in any order; the
// connection puts them into the order of the requests. A responder that goes without an answer
// answers 500. Answers to a client that has gone are dropped.
class Responder {
 public:
    Responder() = default;
    Responder(std::shared_ptr<detail::Mailbox> mailbox, std::uint64_t connection,
              std::uint64_t slot);
    Responder(Responder&& other) noexcept;
    Responder& operator=(Responder&& other) noexcept;
    Responder(const Responder&) = delete;
    Responder& operator=(const Responder&) = delete;
    ~Responder();

    // Once.
    void send(Response response);

    // Sends status 200 and these headers, then whatever is written to the stream.
    [[nodiscard]] std::shared_ptr<Stream> stream(Media media);
    // Sends `head`, which has no body of its own, then `length` bytes that are written to the
    // stream, which is closed after them: where that comes early, the client sees it.
    [[nodiscard]] std::shared_ptr<Stream> stream(Response head, std::uint64_t length);

 private:
    void abandon();
    [[nodiscard]] std::shared_ptr<Stream> begin_stream(Response head,
                                                       std::optional<std::uint64_t> length);
    std::shared_ptr<detail::Mailbox> mailbox_;
    std::uint64_t connection_ = 0;
    std::uint64_t slot_ = 0;
};

}  // namespace consilium::http
