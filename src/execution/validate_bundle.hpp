// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "contracts/sdk/registry.hpp"
#include "execution/item_code.hpp"
#include "execution/signature_cache.hpp"
#include "state/view.hpp"

namespace consilium::execution {

// What ProcessProposal and PrepareProposal may refuse, and nothing else: is the item a bundle of
// this network, signed by a key that was ever registered? Depends on the bytes and on immutable key
// records alone. `cache` may be null. Thread-safe.
[[nodiscard]] Result<ItemCode, BlockError> validate_bundle(const state::StateView& state,
                                                           const contracts::sdk::Registry& registry,
                                                           BytesView item, SignatureCache* cache);

// CheckTx: the same, then what execution would judge on this state: sequence window, not_after, key
// retirement and expiry, member status. `time` is the time of the last block. Thread-safe.
[[nodiscard]] Result<ItemCode, BlockError> check_bundle(const state::StateView& state,
                                                        const contracts::sdk::Registry& registry,
                                                        BytesView item, UnixMs time,
                                                        SignatureCache* cache);

}  // namespace consilium::execution
