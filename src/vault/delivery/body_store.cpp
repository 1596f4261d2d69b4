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

Status<VaultError> BodyStore::remove(const ledger::RecordId& record) {
    const auto versions = vault_.versions(record);
    if (!versions && versions.error() != VaultError::kNone) return fail(versions.error());
    std::vector<DocumentName> names;
    if (versions) {
        for (const auto version : *versions)
            names.push_back({record, version});
    }
    if (!names.empty()) {
        if (auto gone = vault_.shred(names); !gone) return gone;
    }
    const std::array<Row, 1> row{Row{doomed_key(record.view()), std::nullopt}};
    const auto written = vault_.put({}, row);
    if (!written) return fail(written.error());
    return Done{};
}

Status<VaultError> BodyStore::remove_doomed() {
    while (true) {
        const auto rows = vault_.rows(kDoomedRows, {}, kRowsAtOnce);
        if (!rows) return fail(rows.error());
        if (rows->empty()) return Done{};
        for (const Row& row : *rows) {
            ledger::RecordId record;
            if (!assign(record, BytesView(row.key).substr(kDoomedRows.size())))
                return fail(VaultError::kDamaged);
            if (auto gone = remove(record); !gone) return gone;
        }
    }
}

}  // namespace consilium::vault::delivery
