// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "state/reader.hpp"
#include "state/tree.hpp"

namespace consilium::state {

// What a proof shows beside its entries.
struct Surroundings {
    Bytes pages;
    Bytes siblings;
};

// Collects pages and siblings of the entries at `positions` (serial - 1, ascending), in the order
// in which a verifier takes them. `reader` is of the disk shown and of the newest moment or
// another.
[[nodiscard]] Result<Surroundings, DiskError> surroundings(
    const DiskReader& disk, EntryReader& reader, const Tree& tree,
    std::span<const std::uint64_t> positions);

}  // namespace consilium::state
