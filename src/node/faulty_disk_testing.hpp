// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>

#include "state/memory_disk.hpp"

namespace consilium::node {

// For tests: a disk in memory that fails as it is told to.
class FaultyDisk final : public state::MemoryDisk {
 public:
    std::atomic<bool> writes_fail{false};
    std::atomic<bool> node_rows_fail{false};         // reads of Space::kNode
    mutable std::atomic<int> outcomes_to_fail{0};    // so many reads of outcomes, the next ones
    mutable std::atomic<int> lookups_left{1 << 30};  // after so many reads of the index they fail

    [[nodiscard]] Result<std::optional<Bytes>, state::DiskError> get(state::Space space,
                                                                     BytesView key) const override {
        if (space == state::Space::kNode && node_rows_fail) return fail(state::DiskError::kIo);
        if (space == state::Space::kOutcomes && outcomes_to_fail > 0) {
            --outcomes_to_fail;
            return fail(state::DiskError::kCorruption);
        }
        return MemoryDisk::get(space, key);
    }
    [[nodiscard]] Result<std::vector<std::optional<Bytes>>, state::DiskError> multi_get(
        state::Space space, std::span<const BytesView> keys) const override {
        if (space == state::Space::kIndex && --lookups_left < 0) return fail(state::DiskError::kIo);
        return MemoryDisk::multi_get(space, keys);
    }
    [[nodiscard]] Status<state::DiskError> write(state::WriteBatch& batch,
                                                 state::Durability durability) override {
        if (writes_fail) return fail(state::DiskError::kFull);
        return MemoryDisk::write(batch, durability);
    }
};

}  // namespace consilium::node
