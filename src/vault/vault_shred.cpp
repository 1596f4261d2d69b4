// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>
#include <utility>

#include "vault/errors.hpp"
#include "vault/vault.hpp"

namespace consilium::vault {
namespace {

// In kMeta, one row per version whose erasure is under way: what a crash leaves to be finished.
constexpr BytesView kShredPrefix = "shred/";

Bytes marker_of(const DocumentName& name) {
    Bytes out(kShredPrefix);
    out += row_key(name);
    return out;
}

}  // namespace

struct Vault::Leavings {
    std::vector<Database::Place> places;
    bool everywhere = false;  // the places are not known any more
    std::vector<Database::Change> markers;

    void add(const Leavings& other) {
        places.insert(places.end(), other.places.begin(), other.places.end());
        everywhere = everywhere || other.everywhere;
        markers.insert(markers.end(), other.markers.begin(), other.markers.end());
    }
};

// One erasure that waits for its purge.
struct Vault::Purge {
    const Leavings* leavings = nullptr;
    std::optional<VaultError> error;
};

Status<VaultError> Vault::shred(std::span<const DocumentName> names) {
    const auto leavings = mark(names);
    if (!leavings) return fail(leavings.error());
    return purge(*leavings);
}

// Up to the point where nobody can read them any more; other writes wait for this part only.
Result<Vault::Leavings, VaultError> Vault::mark(std::span<const DocumentName> names) {
    const std::lock_guard lock(writes_);
    std::vector<DocumentName> to_erase;
    std::vector<Database::Change> changes;
    for (const DocumentName& name : std::set<DocumentName>(names.begin(), names.end())) {
        auto row = row_of(name);
        if (!row) return fail(row.error());
        if (row->state == State::kErased) {
            // Perhaps not purged yet, by a call that failed: then its marker is there.
            const auto marker = database_->get(Family::kMeta, marker_of(name));
            if (!marker) return fail(to_vault_error(marker.error()));
            if (marker->has_value()) to_erase.push_back(name);
            continue;
        }
        row->state = State::kShredding;
        changes.push_back({Family::kRecords, row_key(name), encode_record(*row)});
        changes.push_back({Family::kMeta, marker_of(name), Bytes()});
        to_erase.push_back(name);
    }
    if (to_erase.empty()) return Leavings();
    // The intent first: from here on nobody reads them, and a crash leads to their erasure.
    if (auto written = database_->write(changes); !written)
        return fail(to_vault_error(written.error()));
    return erase(to_erase);
}

// Every step may have been done before by an attempt that a crash cut off.
Result<Vault::Leavings, VaultError> Vault::erase(std::span<const DocumentName> names) {
    std::vector<std::uint64_t> slots;
    std::vector<Database::Change> changes;
    Totals next = totals();
    Leavings out;
    bool in_files = false;
    for (const DocumentName& name : names) {
        const auto row = row_of(name);
        if (!row) return fail(row.error());
        out.markers.push_back({Family::kMeta, marker_of(name), std::nullopt});
        in_files = in_files || row->in_file;
        if (row->state == State::kErased) {
            // What its index keys were is gone already.
            out.everywhere = true;
            continue;
        }
        const auto keys = index_keys_of(row->slot);
        if (!keys) return fail(keys.error());
        slots.push_back(row->slot);
        next.documents -= 1;
        next.bytes -= row->size;
        next.erased += 1;
        RecordRow erased = *row;
        erased.state = State::kErased;
        const Bytes slot = slot_key(row->slot);
        changes.push_back({Family::kRecords, row_key(name), encode_record(erased)});
        changes.push_back({Family::kPayloads, slot, std::nullopt});
        if (keys->empty()) continue;
        changes.push_back({Family::kIndexKeys, slot, std::nullopt});
        out.places.push_back({Family::kIndexKeys, slot});
        for (const Bytes& key : *keys) {
            changes.push_back({Family::kIndex, index_row_key(key, name), std::nullopt});
            out.places.push_back({Family::kIndex, index_row_key(key, name)});
        }
    }
    if (auto erased = document_keys_->erase(slots); !erased)
        return fail(to_vault_error(erased.error()));
    changes.push_back({Family::kMeta, Bytes(kTotalsKey), encode_totals(next)});
    if (auto written = database_->write(changes); !written)
        return fail(to_vault_error(written.error()));
    {
        const std::lock_guard lock(totals_mutex_);
        totals_ = next;
    }
    for (const DocumentName& name : names) {
        const auto removed = files_.remove(file_of(name));
        if (!removed && removed.error() != FileError::kMissing) return fail(VaultError::kDisk);
    }
    if (in_files && !files_.sync_parent(folder_ / kDocumentsFolder / "any"))
        return fail(VaultError::kDisk);
    return out;
}

// Erasures that come while a purge runs share the next one: the first of them does it for all.
Status<VaultError> Vault::purge(const Leavings& leavings) {
    if (leavings.markers.empty()) return Done{};
    Purge own;
    own.leavings = &leavings;
    purging_.take(
        own, [](const Purge&) { return true; },
        [this](const std::vector<Purge*>& group) {
            Leavings all;
            for (const Purge* one : group)
                all.add(*one->leavings);
            const auto purged = purge_now(all);
            for (Purge* one : group) {
                if (!purged) one->error = purged.error();
            }
        });
    if (own.error) return fail(*own.error);
    return Done{};
}

Status<VaultError> Vault::purge_now(const Leavings& leavings) {
    const std::lock_guard lock(purges_);
    if (auto purged = database_->purge(leavings.places, leavings.everywhere); !purged)
        return fail(to_vault_error(purged.error()));
    if (auto written = database_->write(leavings.markers); !written)
        return fail(to_vault_error(written.error()));
    return Done{};
}

Status<VaultError> Vault::finish_erasures() {
    std::vector<DocumentName> names;
    bool damaged = false;
    const auto scanned =
        database_->scan(Family::kMeta, kShredPrefix, {}, [&](BytesView key, BytesView) {
            const auto name = parse_row_key(key.substr(kShredPrefix.size()));
            damaged = damaged || !name;
            if (name) names.push_back(*name);
            return true;
        });
    if (!scanned) return fail(to_vault_error(scanned.error()));
    if (damaged) return fail(VaultError::kDamaged);
    if (names.empty()) return Done{};
    const auto leavings = erase(names);
    if (!leavings) return fail(leavings.error());
    return purge(*leavings);
}

bool Vault::for_each_stored(const std::function<bool(const DocumentKeys::Slot&)>& call_back) const {
    bool readable = true;
    const auto scanned =
        database_->scan(Family::kRecords, {}, {}, [&](BytesView key, BytesView body) {
            const auto name = parse_row_key(key);
            const auto row = decode_record(body);
            readable = name && row;
            if (!readable) return false;
            return row->state != State::kStored || call_back({row->slot, *name});
        });
    return scanned.ok() && readable;
}

Status<VaultError> Vault::rotate() {
    // Slots that no row names yet would be left behind.
    const auto no_puts = puts_.alone();
    const std::lock_guard lock(writes_);
    // A generation that a rotation added before it was cut off serves this one.
    if (key_store_.newest(kDocumentsKey)->generation == document_keys_->generation()) {
        const auto secret = crypto::SecretBytes::random(32);
        if (!key_store_.add(kDocumentsKey, secret.view())) return fail(VaultError::kKeyStore);
    }
    const auto newest = *key_store_.newest(kDocumentsKey);
    const auto rewrapped = document_keys_->rewrap(
        {newest.generation, newest.secret},
        [this](const auto& call_back) { return for_each_stored(call_back); });
    if (!rewrapped) return fail(to_vault_error(rewrapped.error()));
    for (const std::uint32_t generation : key_store_.generations(kDocumentsKey)) {
        if (generation == newest.generation) continue;
        if (!key_store_.remove(kDocumentsKey, generation)) return fail(VaultError::kKeyStore);
    }
    if (key_store_.generations(kFilesKey).size() == 1) {
        const auto secret = crypto::SecretBytes::random(32);
        if (!key_store_.add(kFilesKey, secret.view())) return fail(VaultError::kKeyStore);
    }
    return Done{};
}

Status<KeyStoreError> Vault::change_passphrase(BytesView passphrase,
                                               const crypto::Argon2idCost& cost) {
    const std::lock_guard lock(writes_);
    return key_store_.change_passphrase(passphrase, cost);
}

crypto::SecretBytes Vault::hpke_key() const {
    const std::lock_guard lock(writes_);
    return crypto::SecretBytes(key_store_.newest(kHpkeKey)->secret);
}

std::vector<std::uint32_t> Vault::generations(std::string_view key) const {
    const std::lock_guard lock(writes_);
    return key_store_.generations(key);
}

}  // namespace consilium::vault
