// SPDX-License-Identifier: Apache-2.0
#include "execution/replay_window.hpp"

#include "base/limits.hpp"
#include "consilium/v1/membership.pb.h"
#include "contracts/sdk/ledger_tables.hpp"
#include "proto/canonical.hpp"

namespace consilium::execution {
namespace {

constexpr std::size_t kBitBytes = limits::kReplayWindow / 8;

std::uint64_t bit_of(std::uint64_t sequence) {
    return 1ULL << (sequence % 64);
}

std::size_t word_of(std::uint64_t sequence) {
    return static_cast<std::size_t>(sequence % limits::kReplayWindow / 64);
}

}  // namespace

bool ReplayWindow::used(std::uint64_t sequence) const {
    return (bits[word_of(sequence)] & bit_of(sequence)) != 0;
}

ItemCode judge_sequence(const ReplayWindow& window, std::uint64_t sequence) {
    if (sequence > window.top) {
        return sequence - window.top > limits::kReplayWindow ? ItemCode::kSequenceTooFar
                                                             : ItemCode::kAccepted;
    }
    if (sequence == 0 || window.top - sequence >= limits::kReplayWindow)
        return ItemCode::kSequenceTooOld;
    return window.used(sequence) ? ItemCode::kSequenceUsed : ItemCode::kAccepted;
}

void accept_sequence(ReplayWindow& window, std::uint64_t sequence) {
    CONSILIUM_ASSERT(judge_sequence(window, sequence) == ItemCode::kAccepted);
    // Numbers that the window slides over take the places of those that leave it.
    while (window.top < sequence) {
        ++window.top;
        window.bits[word_of(window.top)] &= ~bit_of(window.top);
    }
    window.bits[word_of(sequence)] |= bit_of(sequence);
}

Bytes encode_window(const ReplayWindow& window) {
    Bytes bits(kBitBytes, '\0');
    for (std::size_t i = 0; i < kBitBytes; ++i)
        bits[i] = static_cast<char>(window.bits[i / 8] >> (i % 8 * 8));
    v1::ReplayWindow message;
    message.set_top(window.top);
    message.set_bits(std::move(bits));
    return proto::encode(message);
}

std::optional<ReplayWindow> decode_window(BytesView value) {
    v1::ReplayWindow message;
    if (!proto::parse_canonical(value, message) || message.bits().size() != kBitBytes ||
        message.top() == 0)
        return std::nullopt;
    ReplayWindow out;
    out.top = message.top();
    for (std::size_t i = 0; i < kBitBytes; ++i)
        out.bits[i / 8] |= static_cast<std::uint64_t>(static_cast<std::uint8_t>(message.bits()[i]))
                           << (i % 8 * 8);
    return out;
}

Result<ReplayWindow, state::DiskError> read_replay_window(const state::StateView& state,
                                                          BytesView member_id,
                                                          std::uint32_t key_id) {
    const auto value = state.get(contracts::sdk::window_key(member_id, key_id));
    if (!value) return fail(value.error());
    if (!*value) return ReplayWindow{};
    const auto window = decode_window(**value);
    if (!window) return fail(state::DiskError::kCorruption);
    return *window;
}

Result<std::optional<KeyRecord>, state::DiskError> read_key(
    const state::StateView& state, const contracts::sdk::Registry& registry, BytesView member_id,
    std::uint32_t key_id) {
    const auto& membership = *registry.lookups().membership;
    const auto value = state.get(membership.key_row(member_id, key_id));
    if (!value) return fail(value.error());
    if (!*value) return std::optional<KeyRecord>{};
    v1::MemberKey row;
    if (!proto::parse_canonical(**value, row)) return fail(state::DiskError::kCorruption);
    const auto retirement = state.get(membership.retirement_row(member_id, key_id));
    if (!retirement) return fail(retirement.error());
    KeyRecord out;
    out.key_id = key_id;
    out.algorithm = row.algorithm();
    out.public_key = row.public_key();
    out.not_after = UnixMs{row.not_after_unix_ms()};
    out.retired = retirement->has_value();
    return std::optional<KeyRecord>(std::move(out));
}

Result<ChainFacts, BlockError> read_chain(const state::StateView& state) {
    const auto value = state.get(contracts::sdk::parameters_key());
    if (!value)
        return fail(value.error() == state::DiskError::kCorruption ? BlockError::kCorruption
                                                                   : BlockError::kDisk);
    if (!*value) return fail(BlockError::kNoGenesis);
    v1::LedgerParameters row;
    ChainFacts out;
    if (!proto::parse_canonical(**value, row) || !assign(out.network, row.network_id()))
        return fail(BlockError::kCorruption);
    out.protocol_version = row.protocol_version();
    return out;
}

}  // namespace consilium::execution
