// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/content_sender.hpp"

namespace consilium::services::ehr {
namespace {

// Of a stream's buffer, which refuses for ever what it cannot hold. A reader's last piece may be
// longer than a chunk.
constexpr std::size_t kWriteBytes = 256U * 1024U;

}  // namespace

struct ContentSenders::Sender {
    std::shared_ptr<vault::DocumentReader> reader;
    std::shared_ptr<http::Stream> stream;
    std::mutex turn;
    Bytes piece;         // of which the stream
    std::size_t at = 0;  // has taken so much
};

bool ContentSenders::send(std::shared_ptr<vault::DocumentReader> reader, http::Response head,
                          http::Responder& responder) {
    auto sender = std::make_shared<Sender>();
    {
        const std::lock_guard lock(mutex_);
        if (senders_.size() >= kSendersMax) return false;
        senders_.insert(sender);
    }
    const std::uint64_t size = reader->size();
    sender->reader = std::move(reader);
    sender->stream = responder.stream(std::move(head), size);
    sender->stream->on_room([this, weak = std::weak_ptr<Sender>(sender)] {
        if (auto known = weak.lock()) work_.go_on([this, known] { go_on(known); });
    });
    go_on(sender);
    return true;
}

void ContentSenders::go_on(const std::shared_ptr<Sender>& sender) {
    // There is room as soon as a write was refused, or when the client goes.
    const std::lock_guard turn(sender->turn);
    for (;;) {
        if (sender->at == sender->piece.size()) {
            auto next = sender->reader->next();
            // What is damaged or was erased ends early, which the client sees by the length.
            if (!next || next->empty()) break;
            sender->piece = std::move(*next);
            sender->at = 0;
        }
        Bytes part = sender->piece.substr(sender->at, kWriteBytes);
        const std::size_t size = part.size();
        if (!sender->stream->write(std::move(part))) {
            if (sender->stream->open()) return;
            break;
        }
        sender->at += size;
    }
    end(sender);
}

void ContentSenders::end(const std::shared_ptr<Sender>& sender) {
    sender->stream->close();
    const std::lock_guard lock(mutex_);
    senders_.erase(sender);
}

}  // namespace consilium::services::ehr
