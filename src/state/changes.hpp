// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "base/parallel.hpp"
#include "state/disk.hpp"
#include "state/entry.hpp"
#include "state/view.hpp"

namespace consilium::state {

// One key of a block's diff, with what the state before the block says about it.
struct Change {
    BytesView key;
    const Bytes* value = nullptr;  // after the block; null: deleted
    Hash32 value_hash;
    bool net = false;               // false: the block leaves the key as it was
    std::optional<CurrentRow> old;  // the key's entry before, when it is there
    // For a creation or a deletion, the entry of the greatest key below; left out where an earlier
    // change of the block is known to lie between.
    struct Before {
        Bytes key;
        CurrentRow row;
    };
    std::optional<Before> before;

    [[nodiscard]] bool creates() const { return value && !old; }
    [[nodiscard]] bool deletes() const { return !value; }
};

// Looks all keys of a diff up, in parallel. The result does not depend on how. `unwritten` are the
// entries of one block that the disk shown does not have yet, ascending by key.
[[nodiscard]] Result<std::vector<Change>, DiskError> look_up(const DiskReader& disk,
                                                             std::span<const StoredEntry> unwritten,
                                                             const StateDiff& diff,
                                                             const ParallelFor& parallel);

// The entries that a block with these changes appends (docs/formats/state.md, "What a block
// appends"), serials from `first_serial`, in ascending key order; none when nothing changes.
[[nodiscard]] std::vector<StoredEntry> link(std::vector<Change>& changes, Height height,
                                            std::uint64_t first_serial);

}  // namespace consilium::state
