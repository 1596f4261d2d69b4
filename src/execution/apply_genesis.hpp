// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "contracts/sdk/registry.hpp"
#include "execution/apply_block.hpp"
#include "ledger/genesis.hpp"
#include "state/view.hpp"

namespace consilium::execution {

struct GenesisOutput {
    state::StateDiff diff;                    // over an empty state, at height 0
    std::vector<ValidatorUpdate> validators;  // ascending by key
    std::uint32_t protocol_version = 0;
};

// What the ledger begins with. `app_state` is the canonical GenesisState. Pure.
[[nodiscard]] Result<GenesisOutput, ledger::GenesisError> apply_genesis(
    BytesView app_state, const contracts::sdk::Registry& registry);

}  // namespace consilium::execution
