// SPDX-License-Identifier: Apache-2.0
#include "execution/judge_item.hpp"

#include "contracts/sdk/ledger_tables.hpp"

namespace consilium::execution {

ItemCode judge_item(contracts::sdk::Overlay& state, const contracts::sdk::Registry& registry,
                    const CheckedBundle& bundle, UnixMs time, ReplayWindow& window) {
    const ledger::BundleView& view = bundle.view;
    const auto& membership = *registry.lookups().membership;
    if (view.not_after < time) return ItemCode::kExpired;
    if (!membership.is_active(state, view.member_id)) return ItemCode::kMemberNotActive;
    if (state.get(membership.retirement_row(view.member_id, view.key_id)))
        return ItemCode::kKeyRetired;
    window = ReplayWindow{};
    if (const auto value = state.get(contracts::sdk::window_key(view.member_id, view.key_id))) {
        const auto decoded = decode_window(*value);
        if (!decoded) {
            state.latch(state::DiskError::kCorruption);
            return ItemCode::kSequenceUsed;
        }
        window = *decoded;
    }
    return judge_sequence(window, view.sequence);
}

}  // namespace consilium::execution
