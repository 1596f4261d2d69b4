// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.hpp"
#include "base/parallel.hpp"
#include "ledger/ids.hpp"

namespace consilium::ledger {

// One document version of a manifest.
struct ManifestEntry {
    RecordId record_id;
    Hash32 commitment;
};

// The Merkle tree of a manifest: entries sorted by record id, real ones and padding alike.
class Manifest {
 public:
    // How many padding entries a manifest of `count` real entries takes: up to a power of two, at
    // least 2. `count` is 1..limits::kManifestLeavesMax.
    [[nodiscard]] static std::size_t padding(std::size_t count);

    // `entries` holds the real entries and the padding (random ids and commitments), in any order.
    // Nothing when their number is not a power of two from 2 to limits::kManifestLeafCountMax or
    // two have the same record id.
    [[nodiscard]] static std::optional<Manifest> build(std::vector<ManifestEntry> entries,
                                                       const ParallelFor& parallel = serial_for);

    [[nodiscard]] const Hash32& root() const;
    [[nodiscard]] std::uint32_t leaf_count() const;
    [[nodiscard]] const std::vector<ManifestEntry>& entries() const { return entries_; }
    // Where the record stands among the leaves, or nothing.
    [[nodiscard]] std::optional<std::uint32_t> index_of(const RecordId& record) const;
    // The audit path of a leaf: its sibling first. index < leaf_count().
    [[nodiscard]] std::vector<Hash32> path(std::uint32_t index) const;

 private:
    std::vector<ManifestEntry> entries_;
    std::vector<Hash32> nodes_;  // heap order: 1 is the root, leaf i is leaf_count + i
};

}  // namespace consilium::ledger
