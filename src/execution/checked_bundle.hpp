// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <google/protobuf/arena.h>

#include <memory>
#include <span>
#include <vector>

#include "base/bytes.hpp"
#include "base/parallel.hpp"
#include "base/result.hpp"
#include "contracts/sdk/registry.hpp"
#include "execution/item_code.hpp"
#include "execution/replay_window.hpp"
#include "execution/signature_cache.hpp"
#include "ledger/bundle.hpp"
#include "ledger/transaction.hpp"
#include "state/view.hpp"

namespace consilium::execution {

// A command after step 1 of its contract.
struct CheckedCommand {
    const contracts::sdk::Contract* contract = nullptr;  // null: no such contract
    const google::protobuf::Message* message = nullptr;  // null when rejected
    contracts::sdk::Code code = 0;                       // why the message alone is rejected
};

struct CheckedTransaction {
    ledger::TransactionView view;
    ledger::TransactionId id;
    std::vector<CheckedCommand> commands;
    bool personal_signatures_right = true;
    Hash32 personal_digest;  // when it has personal signatures
};

// Everything about an item that its bytes, the network, the contracts and the key tell: a pure
// function of them, so it may be remembered. Owns its bytes; the views point into them. Not moved.
struct CheckedBundle {
    ledger::NetworkId network;
    const contracts::sdk::Registry* registry = nullptr;
    Bytes item;
    ItemCode code = ItemCode::kUndecodable;  // kAccepted or a final one
    bool decoded = false;                    // the envelope: view and id are good
    ledger::BundleView view;
    ledger::BundleId id;
    UnixMs key_not_after;
    std::vector<CheckedTransaction> transactions;
    std::vector<std::unique_ptr<google::protobuf::Arena>> arenas;  // the commands' messages
};

// Checks the items of a block in parallel; one result per item. `cache` may be null.
[[nodiscard]] Result<std::vector<std::shared_ptr<const CheckedBundle>>, BlockError> check_items(
    const state::StateView& state, const ChainFacts& chain,
    const contracts::sdk::Registry& registry, std::span<const BytesView> items,
    const ParallelFor& parallel, SignatureCache* cache);

}  // namespace consilium::execution
