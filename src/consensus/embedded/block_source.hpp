// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "consensus/port/port.hpp"

namespace consilium::consensus::embedded {

// A block as a hosted member keeps it.
struct KeptBlock {
    Bytes signed_header;  // tendermint.types.SignedHeader
    std::vector<Bytes> items;
    std::vector<ItemResult> results;  // of execution, one per item
};

// What the engine reads back from a hosted member's ledger copy: the end of its chain when it
// starts, and blocks for a member that was away. Thread-safe.
class BlockSource {
 public:
    virtual ~BlockSource() = default;
    // Nothing when the copy does not hold that height.
    [[nodiscard]] virtual Result<std::optional<KeptBlock>, ApplicationError> kept_block(
        Height height) const = 0;
    // Every change of the validator set up to the last committed block, ascending by the height of
    // the block whose execution asked for it; the genesis set stands first, at height 0.
    [[nodiscard]] virtual Result<std::vector<std::pair<Height, std::vector<ValidatorUpdate>>>,
                                 ApplicationError>
    validator_changes() const = 0;
};

}  // namespace consilium::consensus::embedded
