// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.hpp"
#include "base/parallel.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "contracts/sdk/registry.hpp"
#include "execution/item_code.hpp"
#include "execution/signature_cache.hpp"
#include "ledger/ids.hpp"
#include "state/view.hpp"

namespace consilium::execution {

// A decided block. `time` is above that of the block before.
struct BlockInput {
    Height height = 0;
    UnixMs time;
    std::span<const Bytes> items;
};

// Of one item, in block order.
struct ItemOutput {
    ItemCode code = ItemCode::kAccepted;
    // What follows is set when the item could be decoded; outcomes and data when it was accepted.
    ledger::BundleId bundle_id;
    ledger::MemberId member_id;
    std::uint32_t key_id = 0;
    std::uint64_t sequence = 0;
    std::vector<ledger::TransactionId> transaction_ids;
    std::vector<Bytes> outcomes;  // canonical v1.Outcome, one per transaction
    Hash32 outcome_root;
    Bytes data;  // of the block result: ledger::result_data
};

struct ValidatorUpdate {
    Bytes public_key;         // Ed25519
    std::uint64_t power = 0;  // 0 removes
    friend bool operator==(const ValidatorUpdate&, const ValidatorUpdate&) = default;
};

struct BlockOutput {
    state::StateDiff diff;
    std::vector<ItemOutput> items;
    std::vector<ValidatorUpdate> validator_updates;  // ascending by key, one per key
    std::uint64_t transactions_applied = 0;
    std::uint64_t transactions_rejected = 0;
    std::uint64_t invariants_broken = 0;  // transactions rejected for that: a fault of ours
};

// Executes a block on the state before it. Decoding and signatures run through `parallel`,
// transactions in order. The result is a pure function of state and block: it depends neither on
// `parallel` nor on `cache` (which may be null). Writes nothing. Rules are those of the protocol
// version in the state, so old blocks replay under old rules.
[[nodiscard]] Result<BlockOutput, BlockError> apply_block(const state::StateView& state,
                                                          const BlockInput& block,
                                                          const contracts::sdk::Registry& registry,
                                                          const ParallelFor& parallel,
                                                          SignatureCache* cache);

}  // namespace consilium::execution
