// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>

#include "state/disk.hpp"
#include "state/journal.hpp"
#include "state/meta.hpp"
#include "state/tree.hpp"

namespace consilium::state {

struct Opened {
    Meta meta;
    std::shared_ptr<const Tree> tree;
    TwigJournal journal;
};

// Reads what each twig keeps, clears what the journal names, reads the last page's entries, and
// compares the root with the stored one. Nothing when there is no state.
[[nodiscard]] Result<std::optional<Opened>, DiskError> read_state(const DiskReader& disk);

}  // namespace consilium::state
