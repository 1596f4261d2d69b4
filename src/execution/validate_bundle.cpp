// SPDX-License-Identifier: Apache-2.0
#include "execution/validate_bundle.hpp"

#include <algorithm>

#include "execution/checked_bundle.hpp"
#include "execution/judge_item.hpp"
#include "execution/run_transaction.hpp"
#include "ledger/genesis.hpp"

namespace consilium::execution {
namespace {

using Checked = std::shared_ptr<const CheckedBundle>;

Result<Checked, BlockError> check_one(const state::StateView& state,
                                      const contracts::sdk::Registry& registry, BytesView item,
                                      SignatureCache* cache) {
    const auto chain = read_chain(state);
    if (!chain) return fail(chain.error());
    if (chain->protocol_version != ledger::kProtocolVersion)
        return fail(BlockError::kUnknownProtocol);
    auto checked = check_items(state, *chain, registry, {&item, 1}, serial_for, cache);
    if (!checked) return fail(checked.error());
    return std::move(checked->front());
}

}  // namespace

Result<ItemCode, BlockError> validate_bundle(const state::StateView& state,
                                             const contracts::sdk::Registry& registry,
                                             BytesView item, SignatureCache* cache) {
    const auto checked = check_one(state, registry, item, cache);
    if (!checked) return fail(checked.error());
    return (*checked)->code;
}

Result<ItemCode, BlockError> check_bundle(const state::StateView& state,
                                          const contracts::sdk::Registry& registry, BytesView item,
                                          UnixMs time, SignatureCache* cache) {
    const auto checked = check_one(state, registry, item, cache);
    if (!checked) return fail(checked.error());
    const CheckedBundle& bundle = **checked;
    if (bundle.code != ItemCode::kAccepted) return bundle.code;
    contracts::sdk::Overlay overlay(state);
    ReplayWindow window;
    const ItemCode code = judge_item(overlay, registry, bundle, time, window);
    if (const auto error = overlay.disk_error()) return fail(block_error(*error));
    if (code != ItemCode::kAccepted) return code;
    if (bundle.key_not_after < time &&
        std::none_of(bundle.transactions.begin(), bundle.transactions.end(),
                     [&](const CheckedTransaction& t) { return renews_key(registry, t); }))
        return ItemCode::kKeyExpired;
    return ItemCode::kAccepted;
}

}  // namespace consilium::execution
