// SPDX-License-Identifier: Apache-2.0
#include "vault/delivery/outbox.hpp"

#include <algorithm>
#include <array>

#include "base/assert.hpp"
#include "crypto/random.hpp"
#include "vault/delivery/queue_rows.hpp"

namespace consilium::vault::delivery {
namespace {

constexpr std::size_t kRowsAtOnce = 64;  // their values may be long

}  // namespace

Result<std::unique_ptr<Outbox>, VaultError> Outbox::open(Vault& vault) {
    std::unique_ptr<Outbox> out(new Outbox(vault));
    if (auto cleaned = out->bodies_.remove_doomed(); !cleaned) return fail(cleaned.error());
    for (Bytes after;;) {
        const auto rows = vault.rows(kOutgoingRows, after, kRowsAtOnce);
        if (!rows) return fail(rows.error());
        for (const Row& row : *rows) {
            auto message = decode_row<v1::OutgoingMessage>(*row.value);
            if (!message || row.key.size() < kOutgoingRows.size() + 8)
                return fail(VaultError::kDamaged);
            const auto number = read_be64(BytesView(row.key).substr(row.key.size() - 8));
            out->loaded_.push_back(
                {number, std::move(*message->mutable_header()), {message->queued_unix_ms()}});
            out->next_number_ = std::max(out->next_number_, number + 1);
        }
        if (rows->size() < kRowsAtOnce) break;
        after = rows->back().key;
    }
    return out;
}

std::vector<Queued> Outbox::take_loaded() {
    return std::move(loaded_);
}

std::uint64_t Outbox::next_number() {
    const std::lock_guard lock(mutex_);
    return next_number_++;
}

Outbox::Writer::Writer(Outbox& outbox, v1::PeerHeader header)
    : outbox_(outbox),
      header_(std::move(header)),
      digest_(start_digest(header_.size())),
      record_(crypto::random_id<ledger::RecordId>()) {
    CONSILIUM_ASSERT(header_.size() >= 1 && header_.size() <= kMessageBytesMax);
}

Outbox::Writer::~Writer() {
    // After a failure here the next start does it.
    if (committed_ || spilled_ == 0) return;
    outbox_.bodies_.doom(record_);
    outbox_.bodies_.sweep();
}

Status<VaultError> Outbox::Writer::update(BytesView bytes) {
    CONSILIUM_ASSERT(!committed_);
    if (bytes.size() > header_.size() - seen_) return fail(VaultError::kTooLong);
    seen_ += bytes.size();
    digest_.update(bytes);
    while (!bytes.empty()) {
        // A whole piece leaves only when more comes: the last one goes with the rows.
        if (waiting_.size() == kPieceBytes) {
            if (auto spilled = spill(); !spilled) return spilled;
        }
        const auto part = bytes.substr(0, kPieceBytes - waiting_.size());
        waiting_ += part;
        bytes.remove_prefix(part.size());
    }
    return Done{};
}

Status<VaultError> Outbox::Writer::spill() {
    // Until the commit a crash leaves pieces that are to be destroyed.
    const std::array<Row, 1> doomed{Row{doomed_key(record_.view()), Bytes()}};
    auto put = outbox_.bodies_.put(record_, spilled_, waiting_, doomed, {});
    if (!put) return put;
    spilled_ += waiting_.size();
    waiting_.clear();
    return Done{};
}

Result<std::optional<Queued>, VaultError> Outbox::Writer::commit(UnixMs now) {
    CONSILIUM_ASSERT(!committed_);
    if (seen_ != header_.size()) return fail(VaultError::kTooLong);
    header_.set_digest(digest_.finish().bytes());
    v1::OutgoingMessage message;
    *message.mutable_header() = header_;
    message.set_queued_unix_ms(now.value);
    v1::SentMessage sent;
    sent.set_time_unix_ms(now.value);
    sent.set_digest(header_.digest());
    const bool is_inline = header_.size() <= kInlineMessageBytesMax;
    if (is_inline) {
        message.set_inline_(waiting_);
    } else {
        message.set_record_id(record_.bytes());
    }
    const auto number = outbox_.next_number();
    std::vector<Row> rows = {{outgoing_key(header_.recipient(), number), proto::encode(message)},
                             {sent_key(header_.recipient(), header_.name()), proto::encode(sent)}};
    const std::array<Row, 1> expected{
        Row{sent_key(header_.recipient(), header_.name()), std::nullopt}};
    Status<VaultError> put = Done{};
    if (is_inline) {
        const auto written = outbox_.vault_.put({}, rows, expected);
        if (!written) put = fail(written.error());
    } else {
        rows.push_back({doomed_key(record_.view()), std::nullopt});
        put = outbox_.bodies_.put(record_, spilled_, waiting_, rows, expected);
    }
    if (!put && put.error() == VaultError::kConflict) return std::optional<Queued>();
    if (!put) return fail(put.error());
    committed_ = true;
    return std::optional<Queued>(Queued{number, header_, now});
}

Result<bool, VaultError> Outbox::was_sent(const ledger::MemberId& to, BytesView name) const {
    const auto row = vault_.row(sent_key(to, name));
    if (!row) return fail(row.error());
    return row->has_value();
}

Result<Bytes, VaultError> Outbox::piece(const Queued& queued, std::uint64_t offset) const {
    const auto row = vault_.row(outgoing_key(queued.header.recipient(), queued.number));
    if (!row) return fail(row.error());
    const auto message =
        *row ? decode_row<v1::OutgoingMessage>(**row) : std::optional<v1::OutgoingMessage>();
    if (!message) return fail(VaultError::kDamaged);
    if (message->content_case() == v1::OutgoingMessage::kInline) return message->inline_();
    ledger::RecordId record;
    if (!assign(record, message->record_id())) return fail(VaultError::kDamaged);
    return bodies_.get(record, offset);
}

Status<VaultError> Outbox::finish(const Queued& queued, v1::PeerState state,
                                  v1::PeerRefusal refusal, UnixMs now) {
    const auto& header = queued.header;
    const Bytes key = outgoing_key(header.recipient(), queued.number);
    const auto row = vault_.row(key);
    if (!row) return fail(row.error());
    if (!*row) return Done{};
    const auto message = decode_row<v1::OutgoingMessage>(**row);
    if (!message) return fail(VaultError::kDamaged);
    v1::SentMessage sent;
    sent.set_state(state);
    sent.set_refusal(refusal);
    sent.set_time_unix_ms(now.value);
    sent.set_digest(header.digest());
    std::vector<Row> rows = {{key, std::nullopt},
                             {sent_key(header.recipient(), header.name()), proto::encode(sent)}};
    ledger::RecordId record;
    const bool has_pieces = assign(record, message->record_id());
    if (has_pieces) rows.push_back({doomed_key(record.view()), Bytes()});
    const auto written = vault_.put({}, rows);
    if (!written) return fail(written.error());
    if (has_pieces) bodies_.doom(record);
    return Done{};
}

Status<VaultError> Outbox::forget(UnixMs now) {
    for (Bytes after;;) {
        const auto rows = vault_.rows(kSentRows, after, kRowsAtOnce);
        if (!rows) return fail(rows.error());
        std::vector<Row> gone;
        for (const Row& row : *rows) {
            const auto sent = decode_row<v1::SentMessage>(*row.value);
            if (!sent) return fail(VaultError::kDamaged);
            const bool through = sent->state() != v1::PEER_STATE_UNSPECIFIED;
            if (through && sent->time_unix_ms() + kRememberedMs < now.value)
                gone.push_back({row.key, std::nullopt});
        }
        if (!gone.empty()) {
            const auto written = vault_.put({}, gone);
            if (!written) return fail(written.error());
        }
        if (rows->size() < kRowsAtOnce) return Done{};
        after = rows->back().key;
    }
}

}  // namespace consilium::vault::delivery
