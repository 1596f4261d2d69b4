// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.hpp"
#include "base/time.hpp"
#include "consensus/port/port.hpp"
#include "ledger/ids.hpp"

// The rows that a node keeps beside the state: blocks, outcomes, the index of transactions
// (docs/formats/store.md). Decoders answer nothing for bytes that the encoders would not write.
namespace consilium::node {

struct BlockRow {
    UnixMs time;
    Hash32 state_root;  // after the block
    std::vector<Bytes> items;
    std::vector<consensus::ItemResult> results;  // one per item
};
[[nodiscard]] Bytes encode_block_row(const BlockRow& row);
[[nodiscard]] std::optional<BlockRow> decode_block_row(BytesView bytes);

// The outcomes of one executed bundle.
struct OutcomesRow {
    ledger::BundleId bundle_id;
    ledger::MemberId member_id;
    std::vector<Bytes> outcomes;  // canonical v1::Outcome, one per transaction
};
[[nodiscard]] Bytes encode_outcomes_row(const ledger::BundleId& bundle_id,
                                        const ledger::MemberId& member_id,
                                        const std::vector<Bytes>& outcomes);
[[nodiscard]] std::optional<OutcomesRow> decode_outcomes_row(BytesView bytes);
// One outcome alone, without decoding the others.
[[nodiscard]] std::optional<Bytes> outcome_in_row(BytesView bytes, std::uint32_t index);

// Where a transaction stands.
struct Place {
    Height height = 0;
    std::uint32_t item = 0;
    std::uint32_t transaction = 0;
    friend auto operator<=>(const Place&, const Place&) = default;
};
[[nodiscard]] Bytes encode_place(const Place& place);
[[nodiscard]] std::optional<Place> decode_place(BytesView bytes);

[[nodiscard]] Bytes encode_validator_updates(
    const std::vector<consensus::ValidatorUpdate>& updates);
[[nodiscard]] std::optional<std::vector<consensus::ValidatorUpdate>> decode_validator_updates(
    BytesView bytes);

// Keys.
[[nodiscard]] Bytes height_key(Height height);                        // kBlocks, kHeaders
[[nodiscard]] std::optional<Height> height_of_key(BytesView key);     // kBlocks, kHeaders
[[nodiscard]] Bytes outcomes_key(Height height, std::uint32_t item);  // kOutcomes
[[nodiscard]] Bytes validators_key(Height height);                    // kNode
[[nodiscard]] std::optional<Height> validators_key_height(BytesView key);
inline constexpr BytesView kNetworkKey = "network";   // kNode
inline constexpr BytesView kValidatorsPrefix = "v/";  // kNode

}  // namespace consilium::node
