// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "state/entry.hpp"
#include "state/ledger_state.hpp"

namespace consilium::state {

[[nodiscard]] inline StateError to_state_error(DiskError error) {
    return error == DiskError::kCorruption ? StateError::kCorruption : StateError::kDisk;
}

// An entry as proofs and snapshots carry it; without a value, a KEY entry carries its hash.
[[nodiscard]] v1::StateEntry to_message(const StoredEntry& entry, std::optional<Bytes> value);

}  // namespace consilium::state
