// SPDX-License-Identifier: Apache-2.0
#include <boost/asio/post.hpp>

#include "base/assert.hpp"
#include "http/connection.hpp"

// Bodies that are handed over as they come.
namespace consilium::http::detail {

// The header's views are valid.
void Connection::begin_upload(const RequestHead& head) {
    auto& shared = thread_.shared;
    const Uploads& uploads = *admission_.uploads;
    const std::uint64_t number = first_slot_ + slots_.size() - 1;
    parser_.body_limit(static_cast<std::size_t>(uploads.bytes_max), true);
    shared.uploads.fetch_add(1);
    upload_ = std::make_shared<Upload>(thread_.mailbox, id_, head.content_length,
                                       shared.limits.upload_buffer_bytes_max);
    // The client is told to go on when its body is wanted.
    upload_owes_continue_ = slots_.back().owes_continue;
    slots_.back().owes_continue = false;
    Request request = make_request();
    uploads.begin(request, upload_, Responder(thread_.mailbox, id_, number));
}

void Connection::end_upload(Upload::State state) {
    if (upload_ == nullptr) return;
    const auto upload = std::move(upload_);
    upload_ = nullptr;
    upload_owes_continue_ = false;
    upload_paused_since_ms_ = 0;
    thread_.shared.uploads.fetch_sub(1);
    upload->finish(state);
}

void Connection::continue_upload() {
    if (upload_ == nullptr || phase_ != Phase::kOpen) return;
    CONSILIUM_ASSERT(!slots_.empty());
    if (upload_owes_continue_) {
        upload_owes_continue_ = false;
        slots_.back().owes_continue = true;
        if (!touched) {
            touched = true;
            thread_.touched.push_back(shared_from_this());
        }
    }
    // Whether the connection waits for us or for its socket, there may be bytes to parse.
    paused_ = false;
    end_pause();
    boost::asio::post(thread_.io, [self = shared_from_this()] {
        if (self->phase_ != Phase::kOpen) return;
        self->parse();
        self->on_readable();
        self->thread_.drain();
    });
}

// A client is not slow while it is we who do not read.
void Connection::note_pause() {
    if (paused_ && upload_ != nullptr && upload_paused_since_ms_ == 0)
        upload_paused_since_ms_ = steady_ms();
}

void Connection::end_pause() {
    if (upload_paused_since_ms_ != 0 && request_since_ms_ != 0)
        request_since_ms_ += steady_ms() - upload_paused_since_ms_;
    upload_paused_since_ms_ = 0;
}

}  // namespace consilium::http::detail
