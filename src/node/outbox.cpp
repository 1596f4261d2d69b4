// SPDX-License-Identifier: Apache-2.0
#include "node/outbox.hpp"

namespace consilium::node {

namespace {

constexpr BytesView kPrefix = "o/";
constexpr BytesView kTopPrefix = "outbox-top/";

Bytes record_key(const BundleNumber& number) {
    Bytes key(kPrefix);
    append_be32(key, number.key_id);
    append_be64(key, number.sequence);
    return key;
}

Bytes top_key(std::uint32_t key_id) {
    Bytes key(kTopPrefix);
    append_be32(key, key_id);
    return key;
}

}  // namespace

Result<std::vector<Outbox::Record>, state::DiskError> Outbox::load() const {
    std::vector<Record> records;
    const auto cursor = disk_.cursor(state::Space::kNode);
    for (cursor->seek(kPrefix); cursor->valid(); cursor->next()) {
        BytesView key = cursor->key();
        if (!key.starts_with(kPrefix)) break;
        key.remove_prefix(kPrefix.size());
        if (key.size() != 12) return fail(state::DiskError::kCorruption);
        records.push_back({{read_be32(key), read_be64(key.substr(4))}, Bytes(cursor->value())});
    }
    if (cursor->error()) return fail(*cursor->error());
    return records;
}

Result<std::uint64_t, state::DiskError> Outbox::top(std::uint32_t key_id) const {
    const auto row = disk_.get(state::Space::kNode, top_key(key_id));
    if (!row) return fail(row.error());
    if (!*row) return std::uint64_t{0};
    if ((*row)->size() != 8) return fail(state::DiskError::kCorruption);
    return read_be64(**row);
}

Status<state::DiskError> Outbox::put(const BundleNumber& number, BytesView item,
                                     const std::vector<BundleNumber>& resolved) {
    const auto highest = top(number.key_id);
    if (!highest) return fail(highest.error());
    const auto batch = disk_.new_batch();
    for (const BundleNumber& old : resolved)
        batch->erase(state::Space::kNode, record_key(old));
    batch->put(state::Space::kNode, record_key(number), item);
    // Numbers that expired bundles left unused are given again, below the highest.
    if (number.sequence > *highest) {
        Bytes row;
        append_be64(row, number.sequence);
        batch->put(state::Space::kNode, top_key(number.key_id), row);
    }
    return disk_.write(*batch, state::Durability::kSynced);
}

Status<state::DiskError> Outbox::forget(const std::vector<BundleNumber>& resolved) {
    const auto batch = disk_.new_batch();
    for (const BundleNumber& old : resolved)
        batch->erase(state::Space::kNode, record_key(old));
    return disk_.write(*batch, state::Durability::kBuffered);
}

}  // namespace consilium::node
