// SPDX-License-Identifier: Apache-2.0
#include "vault/delivery/inbox.hpp"

#include <array>

#include "base/assert.hpp"
#include "crypto/random.hpp"
#include "vault/delivery/outbox.hpp"
#include "vault/delivery/queue_rows.hpp"

namespace consilium::vault::delivery {
namespace {

constexpr std::size_t kRowsAtOnce = 256;

v1::PeerAnswer answer_of(const v1::PeerHeader& header, v1::PeerState state,
                         std::uint64_t received) {
    v1::PeerAnswer answer;
    answer.set_name(header.name());
    answer.set_state(state);
    answer.set_received(received);
    return answer;
}

v1::PeerAnswer refusal_of(const v1::PeerHeader& header, v1::PeerRefusal refusal) {
    auto answer = answer_of(header, v1::PEER_STATE_REFUSED, 0);
    answer.set_refusal(refusal);
    return answer;
}

bool is_through(const v1::IncomingMessage& row) {
    return row.state() == v1::PEER_STATE_TAKEN || row.state() == v1::PEER_STATE_REFUSED;
}

Bytes key_of(const v1::PeerHeader& header) {
    return incoming_key(header.sender(), header.name());
}

}  // namespace

Status<VaultError> Received::read(const Sink& sink) const {
    if (bodies_ == nullptr) {
        if (!sink(bytes_)) return fail(VaultError::kSink);
        return Done{};
    }
    for (std::uint64_t offset = 0; offset < size(); offset += kPieceBytes) {
        const auto piece = bodies_->get(record_, offset);
        if (!piece) return fail(piece.error());
        if (piece->size() != piece_size(size(), offset)) return fail(VaultError::kDamaged);
        if (!sink(*piece)) return fail(VaultError::kSink);
    }
    return Done{};
}

Result<Bytes, VaultError> Received::bytes() const {
    Bytes out;
    out.reserve(static_cast<std::size_t>(size()));
    auto read_all = read([&out](BytesView piece) {
        out += piece;
        return true;
    });
    if (!read_all) return fail(read_all.error());
    return out;
}

Result<std::unique_ptr<Inbox>, VaultError> Inbox::open(Vault& vault, telemetry::Logger log,
                                                       std::size_t remembered_max) {
    std::unique_ptr<Inbox> inbox(new Inbox(vault, std::move(log), remembered_max));
    for (Bytes after;;) {
        const auto rows = vault.rows(kIncomingRows, after, kRowsAtOnce);
        if (!rows) return fail(rows.error());
        for (const Row& row : *rows) {
            const auto message = decode_row<v1::IncomingMessage>(*row.value);
            if (!message) return fail(VaultError::kDamaged);
            auto& load = inbox->load_[message->header().sender()];
            ++load.remembered;
            if (is_through(*message)) continue;
            ++load.messages;
            load.bytes += message->header().size();
        }
        if (rows->size() < kRowsAtOnce) return inbox;
        after = rows->back().key;
    }
}

bool Inbox::reserve(const v1::PeerHeader& header, bool staged) {
    const std::lock_guard lock(mutex_);
    auto& load = load_[header.sender()];
    if (load.remembered >= remembered_max_) return false;
    if (!staged) {
        ++load.remembered;
        return true;
    }
    if (load.messages >= kReceivingMax || load.bytes + header.size() > kReceivingBytesMax)
        return false;
    ++load.remembered;
    ++load.messages;
    load.bytes += header.size();
    return true;
}

void Inbox::forget_row(const ledger::MemberId& sender) {
    const std::lock_guard lock(mutex_);
    auto& load = load_[sender];
    CONSILIUM_ASSERT(load.remembered > 0);
    --load.remembered;
}

void Inbox::release(const v1::PeerHeader& header) {
    const std::lock_guard lock(mutex_);
    auto& load = load_[header.sender()];
    CONSILIUM_ASSERT(load.messages > 0 && load.bytes >= header.size());
    --load.messages;
    load.bytes -= header.size();
}

v1::PeerAnswer Inbox::later(const v1::PeerHeader& header, VaultError error) const {
    log_.error("delivery", "a message cannot be kept",
               {telemetry::Field::name("sender", header.sender()),
                telemetry::Field("error", static_cast<unsigned>(error))});
    return answer_of(header, v1::PEER_STATE_LATER, 0);
}

v1::PeerAnswer Inbox::take(const v1::PeerChunk& chunk, const Receive& receive, UnixMs now) {
    const Name name{chunk.header().sender(), chunk.header().name()};
    {
        const std::lock_guard lock(mutex_);
        if (!busy_.insert(name).second) return answer_of(chunk.header(), v1::PEER_STATE_LATER, 0);
    }
    auto answer = take_alone(chunk, receive, now);
    const std::lock_guard lock(mutex_);
    busy_.erase(name);
    return answer;
}

v1::PeerAnswer Inbox::take_alone(const v1::PeerChunk& chunk, const Receive& receive, UnixMs now) {
    const auto& header = chunk.header();
    const auto value = vault_.row(key_of(header));
    if (!value) return later(header, value.error());
    v1::IncomingMessage row;
    if (*value) {
        auto found = decode_row<v1::IncomingMessage>(**value);
        if (!found) return later(header, VaultError::kDamaged);
        row = std::move(*found);
        if (row.header().digest() != header.digest() || row.header().size() != header.size()) {
            log_.warning("delivery", "a name was used for two messages",
                         {telemetry::Field::name("sender", header.sender())});
            return refusal_of(header, v1::PEER_REFUSAL_CONFLICT);
        }
        if (is_through(row)) {
            auto answer = answer_of(header, row.state(), 0);
            answer.set_refusal(row.refusal());
            return answer;
        }
    }
    const std::uint64_t received = row.received();
    if (chunk.probe() || chunk.offset() != received)
        return answer_of(header, v1::PEER_STATE_RECEIVING, received);
    const bool whole_at_once = received == 0 && chunk.bytes().size() == header.size();
    if (!whole_at_once && !chunk.bytes().empty()) {
        if (!*value) {
            if (!reserve(header, true)) return answer_of(header, v1::PEER_STATE_LATER, 0);
            *row.mutable_header() = header;
            row.set_state(v1::PEER_STATE_RECEIVING);
            row.set_record_id(crypto::random_id<ledger::RecordId>().bytes());
        }
        if (auto staged = stage(chunk, row, now); !staged) {
            if (!*value) {
                release(header);
                forget_row(header.sender());
            }
            return later(header, staged.error());
        }
        if (row.received() != header.size())
            return answer_of(header, v1::PEER_STATE_RECEIVING, row.received());
    }
    return act(chunk, std::move(row), receive, now);
}

// Makes the piece durable together with how far the message has come.
Status<VaultError> Inbox::stage(const v1::PeerChunk& chunk, v1::IncomingMessage& row, UnixMs now) {
    ledger::RecordId record;
    if (!assign(record, row.record_id())) return fail(VaultError::kDamaged);
    row.set_received(chunk.offset() + chunk.bytes().size());
    row.set_time_unix_ms(now.value);
    const std::array<Row, 1> rows{Row{key_of(row.header()), proto::encode(row)}};
    return bodies_.put(record, chunk.offset(), chunk.bytes(), rows, {});
}

// All of the message is here: in the chunk, or staged.
v1::PeerAnswer Inbox::act(const v1::PeerChunk& chunk, v1::IncomingMessage row,
                          const Receive& receive, UnixMs now) {
    const auto& header = chunk.header();
    const bool staged = !row.record_id().empty();
    ledger::RecordId record;
    if (staged && !assign(record, row.record_id())) return later(header, VaultError::kDamaged);
    // Before anybody acts on it: that it was taken must find room.
    if (!staged && !reserve(header, false)) return answer_of(header, v1::PEER_STATE_LATER, 0);
    const Received message =
        staged ? Received(header, bodies_, record) : Received(header, chunk.bytes());
    const auto judged = judge(message, header, receive);
    if (judged && judged->state() != v1::PEER_STATE_LATER) {
        if (!staged) *row.mutable_header() = header;
        const auto done = finish(std::move(row), judged->state(), judged->refusal(), now);
        if (done) return *judged;
        if (!staged) forget_row(header.sender());
        return later(header, done.error());
    }
    if (!staged) forget_row(header.sender());
    if (!judged) return later(header, judged.error());
    return answer_of(header, v1::PEER_STATE_LATER, row.received());
}

// What is to be answered, unless it cannot be kept.
Result<v1::PeerAnswer, VaultError> Inbox::judge(const Received& message,
                                                const v1::PeerHeader& header,
                                                const Receive& receive) const {
    auto digest = start_digest(header.size());
    auto hashed = message.read([&digest](BytesView piece) {
        digest.update(piece);
        return true;
    });
    if (!hashed) return fail(hashed.error());
    if (digest.finish().view() != header.digest()) {
        log_.warning("delivery", "a message is not what its sender announced",
                     {telemetry::Field::name("sender", header.sender())});
        return refusal_of(header, v1::PEER_REFUSAL_DIGEST);
    }
    switch (receive ? receive(message) : Handled::kLater) {
        case Handled::kDone:
            return answer_of(header, v1::PEER_STATE_TAKEN, 0);
        case Handled::kRefused:
            return refusal_of(header, v1::PEER_REFUSAL_CONTENT);
        case Handled::kLater:
            break;
    }
    return answer_of(header, v1::PEER_STATE_LATER, 0);
}

// What becomes of the message is durable before anybody is told; its pieces go.
Status<VaultError> Inbox::finish(v1::IncomingMessage row, v1::PeerState state,
                                 v1::PeerRefusal refusal, UnixMs now) {
    ledger::RecordId record;
    const bool staged = assign(record, row.record_id());
    row.clear_record_id();
    row.clear_received();
    row.set_state(state);
    row.set_refusal(refusal);
    row.set_time_unix_ms(now.value);
    std::vector<Row> rows = {{key_of(row.header()), proto::encode(row)}};
    if (staged) rows.push_back({doomed_key(record.view()), Bytes()});
    const auto written = vault_.put({}, rows);
    if (!written) return fail(written.error());
    if (!staged) return Done{};
    release(row.header());
    bodies_.doom(record);
    return Done{};
}

Status<VaultError> Inbox::forget_one(const Row& row, const v1::IncomingMessage& message) {
    const Name name{message.header().sender(), message.header().name()};
    {
        const std::lock_guard lock(mutex_);
        if (!busy_.insert(name).second) return Done{};  // it goes on after all
    }
    std::vector<Row> gone = {{row.key, std::nullopt}};
    ledger::RecordId record;
    const bool staged = assign(record, message.record_id());
    if (staged) gone.push_back({doomed_key(record.view()), Bytes()});
    // A piece that came in this moment keeps it.
    const std::array<Row, 1> expected{row};
    const auto written = vault_.put({}, gone, expected);
    Status<VaultError> out = Done{};
    if (written) {
        forget_row(message.header().sender());
        if (staged) {
            release(message.header());
            bodies_.doom(record);
        }
    } else if (written.error() != VaultError::kConflict) {
        out = fail(written.error());
    }
    const std::lock_guard lock(mutex_);
    busy_.erase(name);
    return out;
}

Status<VaultError> Inbox::forget(UnixMs now) {
    for (Bytes after;;) {
        const auto rows = vault_.rows(kIncomingRows, after, kRowsAtOnce);
        if (!rows) return fail(rows.error());
        for (const Row& row : *rows) {
            const auto message = decode_row<v1::IncomingMessage>(*row.value);
            if (!message) return fail(VaultError::kDamaged);
            const auto life = is_through(*message) ? kRememberedMs : kReceivingMs;
            if (message->time_unix_ms() + life >= now.value) continue;
            if (auto forgotten = forget_one(row, *message); !forgotten) return forgotten;
        }
        if (rows->size() < kRowsAtOnce) break;
        after = rows->back().key;
    }
    sweep();
    return Done{};
}

}  // namespace consilium::vault::delivery
