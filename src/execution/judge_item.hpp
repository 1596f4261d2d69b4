// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.hpp"
#include "contracts/sdk/overlay.hpp"
#include "contracts/sdk/registry.hpp"
#include "execution/checked_bundle.hpp"
#include "execution/item_code.hpp"
#include "execution/replay_window.hpp"

namespace consilium::execution {

// What the state of the moment says of a bundle that is right in itself, in this order: not_after,
// member status, key retirement, sequence. `window` is the key's window, for who accepts it. A disk
// that fails is latched in `state`.
[[nodiscard]] ItemCode judge_item(contracts::sdk::Overlay& state,
                                  const contracts::sdk::Registry& registry,
                                  const CheckedBundle& bundle, UnixMs time, ReplayWindow& window);

}  // namespace consilium::execution
