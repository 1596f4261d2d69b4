// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "base/result.hpp"
#include "consilium/v1/ledger.pb.h"
#include "contracts/sdk/key.hpp"
#include "contracts/sdk/registry.hpp"
#include "execution/item_code.hpp"
#include "state/view.hpp"

namespace consilium::execution {

// The sequence numbers that a member key has used: a sliding window as RFC 4303 section 3.4.3 has
// it, of limits::kReplayWindow numbers up to the highest accepted one.
struct ReplayWindow {
    std::uint64_t top = 0;                 // highest accepted; 0: none yet
    std::array<std::uint64_t, 16> bits{};  // number s is bit s mod 1024

    [[nodiscard]] bool used(std::uint64_t sequence) const;  // within the window only
    friend bool operator==(const ReplayWindow&, const ReplayWindow&) = default;
};

// kAccepted, kSequenceUsed, kSequenceTooOld or kSequenceTooFar. 0 is too old.
[[nodiscard]] ItemCode judge_sequence(const ReplayWindow& window, std::uint64_t sequence);
// Marks a number that judge_sequence accepted.
void accept_sequence(ReplayWindow& window, std::uint64_t sequence);

// The state row: v1.ReplayWindow. Nothing for a row that is not one.
[[nodiscard]] Bytes encode_window(const ReplayWindow& window);
[[nodiscard]] std::optional<ReplayWindow> decode_window(BytesView value);

// The window of a member's key; an empty one before its first bundle. A node numbers its bundles
// from here after catch-up.
[[nodiscard]] Result<ReplayWindow, state::DiskError> read_replay_window(
    const state::StateView& state, BytesView member_id, std::uint32_t key_id);

// The member's key records, for a node that looks for the number of its own key.
struct KeyRecord {
    std::uint32_t key_id = 0;
    v1::Algorithm algorithm = v1::ALGORITHM_UNSPECIFIED;
    Bytes public_key;
    UnixMs not_after;
    bool retired = false;
};
[[nodiscard]] Result<std::optional<KeyRecord>, state::DiskError> read_key(
    const state::StateView& state, const contracts::sdk::Registry& registry, BytesView member_id,
    std::uint32_t key_id);

// What every block needs of the state: the ledger's own row, v1.LedgerParameters.
struct ChainFacts {
    std::uint32_t protocol_version = 0;
    ledger::NetworkId network;
};
[[nodiscard]] Result<ChainFacts, BlockError> read_chain(const state::StateView& state);

}  // namespace consilium::execution
