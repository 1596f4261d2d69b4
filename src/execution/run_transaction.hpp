// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "contracts/sdk/context.hpp"
#include "contracts/sdk/registry.hpp"
#include "execution/checked_bundle.hpp"
#include "execution/item_code.hpp"
#include "ledger/outcome.hpp"

namespace consilium::execution {

[[nodiscard]] BlockError block_error(state::DiskError error);

// Whether every command registers a key: what an expired key may still sign.
[[nodiscard]] bool renews_key(const contracts::sdk::Registry& registry,
                              const CheckedTransaction& transaction);

struct RunResult {
    ledger::Outcome outcome;
    bool invariant_broken = false;
    bool digest_kept = false;  // a row of ledger/replay was added
};

// Runs one transaction of an accepted bundle: the ledger's own rules, the contracts' three steps,
// then the invariants of the rows that changed. What a rejected one wrote is undone. A disk that
// fails is latched in `state`; the outcome then means nothing.
[[nodiscard]] RunResult run_transaction(contracts::sdk::Overlay& state,
                                        const contracts::sdk::Registry& registry,
                                        const contracts::sdk::BlockFacts& block,
                                        const CheckedBundle& bundle,
                                        const CheckedTransaction& transaction);

}  // namespace consilium::execution
