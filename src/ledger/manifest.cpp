// SPDX-License-Identifier: Apache-2.0
#include "ledger/manifest.hpp"

#include <algorithm>
#include <bit>

#include "base/assert.hpp"
#include "base/limits.hpp"
#include "crypto/merkle.hpp"
#include "ledger/commitment.hpp"

namespace consilium::ledger {
namespace {

// Leaves per unit of parallel work: enough that handing it out costs nothing.
constexpr std::size_t kChunk = 1024;

}  // namespace

std::size_t Manifest::padding(std::size_t count) {
    CONSILIUM_ASSERT(count >= 1 && count <= limits::kManifestLeavesMax);
    return std::max<std::size_t>(std::bit_ceil(count), 2) - count;
}

std::optional<Manifest> Manifest::build(std::vector<ManifestEntry> entries,
                                        const ParallelFor& parallel) {
    const std::size_t count = entries.size();
    if (count < 2 || count > limits::kManifestLeafCountMax || !std::has_single_bit(count))
        return std::nullopt;
    const auto before = [](const ManifestEntry& a, const ManifestEntry& b) {
        return a.record_id.view() < b.record_id.view();
    };
    std::sort(entries.begin(), entries.end(), before);
    const auto same = [](const ManifestEntry& a, const ManifestEntry& b) {
        return a.record_id.value == b.record_id.value;
    };
    if (std::adjacent_find(entries.begin(), entries.end(), same) != entries.end())
        return std::nullopt;

    Manifest out;
    out.entries_ = std::move(entries);
    out.nodes_.resize(count * 2);
    const std::size_t chunk = std::min(count, kChunk);
    const std::size_t chunks = count / chunk;
    // Each unit makes one whole subtree; a power of two of them is left to join.
    parallel(chunks, [&](std::size_t unit) {
        std::size_t first = count + unit * chunk;
        for (std::size_t i = 0; i < chunk; ++i) {
            const ManifestEntry& entry = out.entries_[first - count + i];
            const Hash32 leaf = manifest_leaf(entry.record_id, entry.commitment);
            out.nodes_[first + i] = crypto::merkle_leaf_hash(leaf.view());
        }
        for (std::size_t width = chunk / 2; width > 0; width /= 2) {
            first /= 2;
            for (std::size_t i = first; i < first + width; ++i)
                out.nodes_[i] = crypto::merkle_inner_hash(out.nodes_[2 * i], out.nodes_[2 * i + 1]);
        }
    });
    for (std::size_t i = chunks; i-- > 1;)
        out.nodes_[i] = crypto::merkle_inner_hash(out.nodes_[2 * i], out.nodes_[2 * i + 1]);
    return out;
}

const Hash32& Manifest::root() const {
    return nodes_[1];
}

std::uint32_t Manifest::leaf_count() const {
    return static_cast<std::uint32_t>(entries_.size());
}

std::optional<std::uint32_t> Manifest::index_of(const RecordId& record) const {
    const auto at = std::lower_bound(
        entries_.begin(), entries_.end(), record,
        [](const ManifestEntry& a, const RecordId& b) { return a.record_id.view() < b.view(); });
    if (at == entries_.end() || at->record_id.value != record.value) return std::nullopt;
    return static_cast<std::uint32_t>(at - entries_.begin());
}

std::vector<Hash32> Manifest::path(std::uint32_t index) const {
    CONSILIUM_ASSERT(index < entries_.size());
    std::vector<Hash32> out;
    for (std::size_t node = entries_.size() + index; node > 1; node /= 2)
        out.push_back(nodes_[node ^ 1U]);
    return out;
}

}  // namespace consilium::ledger
