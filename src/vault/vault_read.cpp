// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "ledger/commitment.hpp"
#include "vault/errors.hpp"
#include "vault/vault.hpp"

namespace consilium::vault {
namespace {

DocumentInfo info_of(const RecordRow& row) {
    return {row.state, row.size, row.commitment};
}

}  // namespace

Result<DocumentInfo, VaultError> Vault::info(const DocumentName& name) const {
    const auto row = row_of(name);
    if (!row) return fail(row.error());
    return info_of(*row);
}

// What was erased while it was read is not damaged.
VaultError Vault::unless_erased(const DocumentName& name, VaultError error) const {
    const auto now = row_of(name);
    return now && now->state != State::kStored ? VaultError::kErased : error;
}

Result<DocumentSecret, VaultError> Vault::secret(const DocumentName& name) const {
    const auto row = row_of(name);
    if (!row) return fail(row.error());
    if (row->state != State::kStored) return fail(VaultError::kErased);
    auto secret = document_keys_->get({row->slot, name});
    if (!secret) return fail(unless_erased(name, to_vault_error(secret.error())));
    return std::move(secret).value();
}

Status<VaultError> Vault::open_sealed(const DocumentName& name, const RecordRow& row,
                                      const DocumentSecret& secret, const Sink& sink) const {
    if (!row.in_file) {
        const auto sealed = database_->get(Family::kPayloads, slot_key(row.slot));
        if (!sealed) return fail(to_vault_error(sealed.error()));
        if (!sealed->has_value()) return fail(VaultError::kDamaged);
        const auto opened = open_small(network_, name, secret.key.view(), **sealed);
        if (!opened) return fail(to_vault_error(opened.error()));
        if (!opened->empty() && !sink(*opened)) return fail(VaultError::kSink);
        return Done{};
    }
    OpenStream stream(network_, name, secret.key.view(), sink);
    const auto file = files_.open(file_of(name), Open::kRead);
    if (!file) return fail(to_vault_error(file.error()));
    for (std::uint64_t at = 0;; at += kChunkBytes) {
        const auto piece = (*file)->read(at, kChunkBytes);
        if (!piece) return fail(to_vault_error(piece.error()));
        if (auto opened = stream.update(*piece); !opened)
            return fail(to_vault_error(opened.error()));
        if (piece->size() < kChunkBytes) break;
    }
    if (auto finished = stream.finish(); !finished) return fail(to_vault_error(finished.error()));
    return Done{};
}

Result<DocumentInfo, VaultError> Vault::read_row(const DocumentName& name, const RecordRow& row,
                                                 const Sink& sink) const {
    if (row.state != State::kStored) return fail(VaultError::kErased);
    const auto secret = document_keys_->get({row.slot, name});
    if (!secret) return fail(unless_erased(name, to_vault_error(secret.error())));
    auto hash = ledger::document_commitment_stream(secret->salt.view(), row.size);
    std::uint64_t left = row.size;
    bool refused = false;
    const auto opened = open_sealed(name, row, *secret, [&](BytesView plaintext) {
        if (plaintext.size() > left) return false;
        left -= plaintext.size();
        hash.update(plaintext);
        refused = !sink(plaintext);
        return !refused;
    });
    if (!opened) {
        if (opened.error() == VaultError::kSink && !refused) return fail(VaultError::kDamaged);
        return fail(unless_erased(name, opened.error()));
    }
    if (left != 0 || hash.finish() != row.commitment) return fail(VaultError::kDamaged);
    return info_of(row);
}

Result<DocumentInfo, VaultError> Vault::read(const DocumentName& name, const Sink& sink) const {
    const auto row = row_of(name);
    if (!row) return fail(row.error());
    return read_row(name, *row, sink);
}

Result<Bytes, VaultError> Vault::read(const DocumentName& name, std::uint64_t size_max) const {
    const auto row = row_of(name);
    if (!row) return fail(row.error());
    if (row->state == State::kStored && row->size > size_max) return fail(VaultError::kTooLong);
    Bytes out;
    if (row->state == State::kStored) out.reserve(static_cast<std::size_t>(row->size));
    const auto read = read_row(name, *row, [&out](BytesView plaintext) {
        out += plaintext;
        return true;
    });
    if (!read) return fail(read.error());
    return out;
}

Result<std::vector<std::uint32_t>, VaultError> Vault::versions(
    const ledger::RecordId& record) const {
    std::vector<std::uint32_t> out;
    bool damaged = false;
    const auto scanned = database_->scan(Family::kRecords, record.view(), record.view(),
                                         [&](BytesView key, BytesView) {
                                             const auto name = parse_row_key(key);
                                             damaged = damaged || !name;
                                             if (name) out.push_back(name->version);
                                             return true;
                                         });
    if (!scanned) return fail(to_vault_error(scanned.error()));
    if (damaged) return fail(VaultError::kDamaged);
    return out;
}

Result<std::vector<Vault::Entry>, VaultError> Vault::find(BytesView prefix,
                                                          const std::optional<Entry>& after,
                                                          std::size_t limit) const {
    std::vector<Entry> out;
    bool damaged = false;
    const Bytes last = after ? index_row_key(after->key, after->name) : Bytes();
    if (limit == 0) return out;
    const auto scanned =
        database_->scan(Family::kIndex, prefix, last, [&](BytesView key, BytesView) {
            if (after && key == last) return true;
            const auto name = parse_index_row_key(key);
            damaged = damaged || !name;
            if (!name) return false;
            const BytesView own = key.substr(0, key.size() - row_key(*name).size());
            // The prefix reached into the name that follows a shorter key.
            if (own.size() < prefix.size()) return true;
            out.push_back({Bytes(own), *name});
            return out.size() < limit;
        });
    if (!scanned) return fail(to_vault_error(scanned.error()));
    if (damaged) return fail(VaultError::kDamaged);
    return out;
}

Result<std::optional<Bytes>, VaultError> Vault::row(BytesView key) const {
    auto body = database_->get(Family::kRows, key);
    if (!body) return fail(to_vault_error(body.error()));
    return std::move(*body);
}

Result<std::vector<Row>, VaultError> Vault::rows(BytesView prefix, BytesView after,
                                                 std::size_t limit) const {
    std::vector<Row> out;
    if (limit == 0) return out;
    const auto scanned =
        database_->scan(Family::kRows, prefix, after, [&](BytesView key, BytesView body) {
            if (key != after) out.push_back({Bytes(key), Bytes(body)});
            return out.size() < limit;
        });
    if (!scanned) return fail(to_vault_error(scanned.error()));
    return out;
}

Totals Vault::totals() const {
    const std::lock_guard lock(totals_mutex_);
    return totals_;
}

Vault::Figures Vault::figures() const {
    return {database_->count(Family::kRows), database_->count(Family::kIndex), database_->bytes()};
}

Result<std::uint64_t, VaultError> Vault::verify() const {
    if (auto files = database_->verify_files(); !files) return fail(to_vault_error(files.error()));
    constexpr std::size_t kPage = 256;
    std::uint64_t count = 0;
    Bytes from;
    while (true) {
        // Names first, reading after: a scan is short.
        std::vector<DocumentName> names;
        bool damaged = false;
        const auto scanned =
            database_->scan(Family::kRecords, {}, from, [&](BytesView key, BytesView) {
                const auto name = parse_row_key(key);
                damaged = !name;
                if (name) names.push_back(*name);
                return name && names.size() < kPage;
            });
        if (!scanned) return fail(to_vault_error(scanned.error()));
        if (damaged) return fail(VaultError::kDamaged);
        for (const DocumentName& name : names) {
            const auto found = read(name, [](BytesView) { return true; });
            if (!found && found.error() != VaultError::kErased) return fail(found.error());
            count += found ? 1 : 0;
        }
        if (names.size() < kPage) return count;
        from = row_key(names.back()) + '\0';
    }
}

}  // namespace consilium::vault
