// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"
#include "state/disk.hpp"

namespace consilium::state {

// Adds to the batch what forgets up to `limit` entries' worth of history below `retained`: the
// bodies of entries that had ended by then (their leaves stay), their rows of history, and values
// that no entry alive since shows. True when there is nothing left to forget. LedgerState::prune
// drives it.
[[nodiscard]] Result<bool, DiskError> stage_prune(const DiskReader& disk, std::uint64_t count,
                                                  Height retained, std::uint64_t limit,
                                                  WriteBatch& batch);

}  // namespace consilium::state
