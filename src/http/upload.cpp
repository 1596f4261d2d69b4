// SPDX-License-Identifier: Apache-2.0
#include "http/upload.hpp"

#include "base/assert.hpp"
#include "http/mailbox.hpp"

namespace consilium::http {

Upload::Upload(std::shared_ptr<detail::Mailbox> mailbox, std::uint64_t connection,
               std::optional<std::uint64_t> size, std::size_t buffer_bytes_max)
    : mailbox_(std::move(mailbox)),
      connection_(connection),
      size_(size),
      buffer_bytes_max_(buffer_bytes_max) {}

void Upload::wake_connection() const {
    const auto mailbox = mailbox_.lock();
    if (mailbox == nullptr) return;
    detail::Message message;
    message.connection = connection_;
    message.upload = true;
    mailbox->post(std::move(message));
}

void Upload::start(std::function<void()> ready) {
    std::function<void()> call;
    {
        const std::lock_guard lock(mutex_);
        CONSILIUM_ASSERT(!started_);
        started_ = true;
        if (state_ == State::kComing) {
            told_ = false;
            ready_ = std::move(ready);
        } else {
            call = std::move(ready);
        }
    }
    if (call) call();
    wake_connection();
}

Upload::Part Upload::take() {
    Part out;
    bool wake = false;
    {
        const std::lock_guard lock(mutex_);
        out.bytes.swap(waiting_);
        out.state = state_;
        if (out.bytes.empty() && state_ == State::kComing) told_ = false;
        wake = held_ && state_ == State::kComing;
        held_ = false;
    }
    if (wake) wake_connection();
    return out;
}

bool Upload::wants_more() {
    const std::lock_guard lock(mutex_);
    if (started_ && waiting_.size() < buffer_bytes_max_) return true;
    held_ = started_;
    return false;
}

void Upload::put(Bytes bytes) {
    if (bytes.empty()) return;
    std::function<void()> call;
    {
        const std::lock_guard lock(mutex_);
        if (state_ != State::kComing) return;
        if (waiting_.empty()) {
            waiting_ = std::move(bytes);
        } else {
            waiting_ += bytes;
        }
        if (!told_) call = ready_;
        told_ = true;
    }
    if (call) call();
}

void Upload::finish(State state) {
    std::function<void()> call;
    {
        const std::lock_guard lock(mutex_);
        if (state_ != State::kComing) return;
        state_ = state;
        if (state == State::kBroken) waiting_ = Bytes();
        // Whoever was told and has not taken all finds the end by itself.
        if (!told_) call = std::move(ready_);
        told_ = true;
        ready_ = nullptr;
    }
    if (call) call();
}

}  // namespace consilium::http
