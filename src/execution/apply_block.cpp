// SPDX-License-Identifier: Apache-2.0
#include "execution/apply_block.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "contracts/sdk/ledger_tables.hpp"
#include "execution/checked_bundle.hpp"
#include "execution/judge_item.hpp"
#include "execution/run_transaction.hpp"
#include "ledger/genesis.hpp"
#include "ledger/hashes.hpp"

namespace consilium::execution {
namespace {

namespace sdk = contracts::sdk;

// Digests that can no longer be replayed go when all items have been executed. How many is bounded
// by how many the block added, so that removal can fall behind at no load: a block that leaves an
// expired one behind has removed more than it added.
void remove_expired_digests(sdk::Overlay& overlay, UnixMs time, std::size_t added) {
    const auto prefix = sdk::replay_prefix();
    Bytes from(prefix.view());
    std::size_t left = limits::kReplayDigestsRemovedPerBlock + 2 * added;
    std::size_t page = 1;  // in most blocks the first has not expired
    while (left > 0) {
        const std::size_t asked = std::min(left, page);
        const auto rows = overlay.scan(prefix, from, asked);
        for (const state::KeyValue& row : rows) {
            const BytesView rest = BytesView(row.key).substr(prefix.view().size());
            if (rest.size() != 8 + Hash32::kSize) {
                overlay.latch(state::DiskError::kCorruption);
                return;
            }
            if (read_be64(rest) >= time.value) return;  // ascending by expiry
            overlay.erase(row.key);
        }
        if (rows.size() < asked) return;
        from = rows.back().key;
        left -= asked;
        page = limits::kReplayDigestsRemovedPerBlock;
    }
}

// Executes one checked item in its place; hashes of its outcomes come later. Counts the digests of
// personally signed bodies that it adds.
void execute_item(sdk::Overlay& overlay, const sdk::Registry& registry,
                  const sdk::BlockFacts& facts, const CheckedBundle& bundle, BlockOutput& block,
                  ItemOutput& out, std::size_t& digests) {
    out.code = bundle.code;
    if (!bundle.decoded) return;
    out.bundle_id = bundle.id;
    out.member_id = ledger::MemberId(bundle.view.member_id);
    out.key_id = bundle.view.key_id;
    out.sequence = bundle.view.sequence;
    if (out.code != ItemCode::kAccepted) return;
    out.transaction_ids.reserve(bundle.transactions.size());
    for (const CheckedTransaction& transaction : bundle.transactions)
        out.transaction_ids.push_back(transaction.id);

    ReplayWindow window;
    out.code = judge_item(overlay, registry, bundle, facts.time, window);
    if (out.code != ItemCode::kAccepted || overlay.disk_error()) return;
    accept_sequence(window, bundle.view.sequence);
    overlay.put(sdk::window_key(bundle.view.member_id, bundle.view.key_id), encode_window(window));

    out.outcomes.reserve(bundle.transactions.size());
    for (const CheckedTransaction& transaction : bundle.transactions) {
        const RunResult result = run_transaction(overlay, registry, facts, bundle, transaction);
        if (overlay.disk_error()) return;
        out.outcomes.push_back(ledger::encode_outcome(result.outcome));
        (result.outcome.applied() ? block.transactions_applied : block.transactions_rejected) += 1;
        block.invariants_broken += result.invariant_broken ? 1 : 0;
        digests += result.digest_kept ? 1 : 0;
    }
}

void hash_outcomes(ItemOutput& item) {
    if (item.code != ItemCode::kAccepted) return;
    std::vector<Hash32> leaves;
    leaves.reserve(item.outcomes.size());
    for (std::size_t i = 0; i < item.outcomes.size(); ++i)
        leaves.push_back(ledger::outcome_leaf(item.transaction_ids[i],
                                              static_cast<std::uint32_t>(i), item.outcomes[i]));
    item.outcome_root = ledger::outcome_root(leaves);
    item.data = ledger::result_data(item.bundle_id, static_cast<std::uint32_t>(leaves.size()),
                                    item.outcome_root)
                    .bytes();
}

// Protocol version 1. No command of it changes the validator set: governance will.
Result<BlockOutput, BlockError> apply_block_1(const state::StateView& state,
                                              const BlockInput& input, const ChainFacts& chain,
                                              const sdk::Registry& registry,
                                              const ParallelFor& parallel, SignatureCache* cache) {
    const std::vector<BytesView> items(input.items.begin(), input.items.end());
    const auto checked = check_items(state, chain, registry, items, parallel, cache);
    if (!checked) return fail(checked.error());

    sdk::Overlay overlay(state);
    const sdk::BlockFacts facts{input.height, input.time, chain.network};
    BlockOutput out;
    out.items.resize(items.size());
    std::size_t digests = 0;
    for (std::size_t i = 0; i < items.size(); ++i) {
        execute_item(overlay, registry, facts, *(*checked)[i], out, out.items[i], digests);
        if (const auto error = overlay.disk_error()) return fail(block_error(*error));
    }
    remove_expired_digests(overlay, input.time, digests);
    parallel(out.items.size(), [&](std::size_t i) { hash_outcomes(out.items[i]); });
    if (const auto error = overlay.disk_error()) return fail(block_error(*error));
    out.diff = overlay.take_diff();
    return out;
}

}  // namespace

Result<BlockOutput, BlockError> apply_block(const state::StateView& state, const BlockInput& block,
                                            const sdk::Registry& registry,
                                            const ParallelFor& parallel, SignatureCache* cache) {
    CONSILIUM_ASSERT(block.height > 0);
    const auto chain = read_chain(state);
    if (!chain) return fail(chain.error());
    switch (chain->protocol_version) {
        case ledger::kProtocolVersion:
            return apply_block_1(state, block, *chain, registry, parallel, cache);
        default:
            return fail(BlockError::kUnknownProtocol);
    }
}

}  // namespace consilium::execution
