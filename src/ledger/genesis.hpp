// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "consilium/v1/genesis.pb.h"

namespace consilium::ledger {

inline constexpr std::uint32_t kProtocolVersion = 1;

// Why bytes are not a genesis state (docs/formats/transaction.md, "Genesis"). What only a contract
// knows (names, kinds, users) is checked by its contract in execution::apply_genesis.
enum class GenesisError {
    kEncoding,           // not the canonical encoding of GenesisState
    kProtocol,           // not one that this software speaks
    kTime,               // 0
    kSalt,               // not 32 bytes
    kNoMember,           // no member
    kTooManyMembers,     // over limits::kMembersMax
    kMemberId,           // not a member id
    kMemberOrder,        // member ids not strictly ascending
    kMember,             // a member without description
    kKey,                // a member without a key, or with more than limits::kKeysPerMemberMax
    kNoValidator,        // no validator at all
    kTooManyValidators,  // over limits::kValidatorsMax
    // A key without power, power without a key, not an Ed25519 key, a key used twice, or more power
    // in all than kTotalPowerMax.
    kValidator,
    kMembership,  // membership refuses a name, kind, node, key or user
};

[[nodiscard]] const char* to_string(GenesisError error);

// Decodes app_state and checks what it alone can tell. Never answers kMembership. Pure;
// thread-safe.
[[nodiscard]] Result<v1::GenesisState, GenesisError> decode_genesis(BytesView app_state);

}  // namespace consilium::ledger
