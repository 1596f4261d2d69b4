// SPDX-License-Identifier: Apache-2.0
#include "vault/delivery/body_store.hpp"

#include <array>

#include "base/assert.hpp"
#include "vault/delivery/queue_rows.hpp"
#include "vault/document_writer.hpp"

namespace consilium::vault::delivery {
namespace {

constexpr BytesView kDigestTag = "consilium/peer-message/1";
constexpr std::size_t kRowsAtOnce = 256;

DocumentName name_of(const ledger::RecordId& record, std::uint64_t offset) {
    CONSILIUM_ASSERT(offset % kPieceBytes == 0 && offset < kMessageBytesMax);
    return {record, static_cast<std::uint32_t>(offset / kPieceBytes) + 1};
}

}  // namespace

crypto::TaggedHashStream start_digest(std::uint64_t size) {
    return crypto::TaggedHashStream(kDigestTag, {}, size);
}

Hash32 digest_of(BytesView message) {
    return crypto::tagged_hash(kDigestTag, {message});
}

Status<VaultError> BodyStore::put(const ledger::RecordId& record, std::uint64_t offset,
                                  BytesView piece, std::span<const Row> rows,
                                  std::span<const Row> expected) {
    CONSILIUM_ASSERT(!piece.empty() && piece.size() <= kPieceBytes);
    const auto name = name_of(record, offset);
    if (piece.size() <= kInlineBytesMax) {
        const std::array<NewDocument, 1> document{NewDocument{name, piece, {}}};
        const auto stored = vault_.put(document, rows, expected);
        if (!stored) return fail(stored.error());
        return Done{};
    }
    auto writer = vault_.begin(name, piece.size());
    if (!writer) return fail(writer.error());
    if (auto written = (*writer)->update(piece); !written) return written;
    const auto stored = (*writer)->commit({}, {}, rows, expected);
    if (!stored) return fail(stored.error());
    return Done{};
}

Result<Bytes, VaultError> BodyStore::get(const ledger::RecordId& record,
                                         std::uint64_t offset) const {
    return vault_.read(name_of(record, offset), kPieceBytes);
}

Status<VaultError> BodyStore::remove(std::span<const ledger::RecordId> records) {
    std::vector<DocumentName> names;
    std::vector<Row> rows;
    for (const auto& record : records) {
        const auto versions = vault_.versions(record);
        if (!versions && versions.error() != VaultError::kNone) return fail(versions.error());
        rows.push_back({doomed_key(record.view()), std::nullopt});
        if (!versions) continue;
        for (const auto version : *versions)
            names.push_back({record, version});
    }
    if (!names.empty()) {
        if (auto gone = vault_.shred(names); !gone) return gone;
    }
    const auto written = vault_.put({}, rows);
    if (!written) return fail(written.error());
    return Done{};
}

void BodyStore::doom(const ledger::RecordId& record) {
    const std::lock_guard lock(mutex_);
    doomed_.push_back(record);
}

void BodyStore::sweep() {
    std::unique_lock lock(mutex_);
    if (sweeping_) return;
    sweeping_ = true;
    while (!doomed_.empty()) {
        std::vector<ledger::RecordId> records;
        records.swap(doomed_);
        lock.unlock();
        (void)remove(records);
        lock.lock();
    }
    sweeping_ = false;
}

Status<VaultError> BodyStore::remove_doomed() {
    while (true) {
        const auto rows = vault_.rows(kDoomedRows, {}, kRowsAtOnce);
        if (!rows) return fail(rows.error());
        if (rows->empty()) return Done{};
        std::vector<ledger::RecordId> records(rows->size());
        for (std::size_t i = 0; i < records.size(); ++i) {
            if (!assign(records[i], BytesView((*rows)[i].key).substr(kDoomedRows.size())))
                return fail(VaultError::kDamaged);
        }
        if (auto gone = remove(records); !gone) return gone;
    }
}

}  // namespace consilium::vault::delivery
