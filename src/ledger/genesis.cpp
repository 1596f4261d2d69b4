// SPDX-License-Identifier: Apache-2.0
#include "ledger/genesis.hpp"

#include <set>

#include "base/limits.hpp"
#include "crypto/sign.hpp"
#include "ledger/ids.hpp"
#include "ledger/validators.hpp"
#include "proto/canonical.hpp"

namespace consilium::ledger {
namespace {

Status<GenesisError> check_members(const v1::GenesisState& genesis) {
    if (genesis.members().empty()) return fail(GenesisError::kNoMember);
    if (static_cast<std::size_t>(genesis.members_size()) > limits::kMembersMax)
        return fail(GenesisError::kTooManyMembers);
    std::string_view last;
    for (const v1::GenesisMember& member : genesis.members()) {
        if (!is_member_id(member.member_id())) return fail(GenesisError::kMemberId);
        if (member.member_id() <= last) return fail(GenesisError::kMemberOrder);
        last = member.member_id();
        if (!member.has_member()) return fail(GenesisError::kMember);
        if (member.keys().empty() ||
            static_cast<std::uint32_t>(member.keys_size()) > limits::kKeysPerMemberMax)
            return fail(GenesisError::kKey);
    }
    return Done{};
}

Status<GenesisError> check_validators(const v1::GenesisState& genesis) {
    std::set<std::string_view> keys;
    std::uint64_t total = 0;
    for (const v1::GenesisMember& member : genesis.members()) {
        const v1::Node& node = member.node();
        if (node.validator_public_key().empty() != (node.validator_power() == 0))
            return fail(GenesisError::kValidator);
        if (node.validator_power() == 0) continue;
        if (!crypto::is_public_key(crypto::Algorithm::kEd25519, node.validator_public_key()))
            return fail(GenesisError::kValidator);
        if (!keys.insert(node.validator_public_key()).second) return fail(GenesisError::kValidator);
        if (node.validator_power() > kTotalPowerMax - total) return fail(GenesisError::kValidator);
        total += node.validator_power();
    }
    if (keys.empty()) return fail(GenesisError::kNoValidator);
    if (keys.size() > limits::kValidatorsMax) return fail(GenesisError::kTooManyValidators);
    return Done{};
}

}  // namespace

Result<v1::GenesisState, GenesisError> decode_genesis(BytesView app_state) {
    v1::GenesisState genesis;
    if (!proto::parse_canonical(app_state, genesis)) return fail(GenesisError::kEncoding);
    if (genesis.protocol_version() != kProtocolVersion) return fail(GenesisError::kProtocol);
    if (genesis.time_unix_ms() == 0) return fail(GenesisError::kTime);
    if (genesis.salt().size() != 32) return fail(GenesisError::kSalt);
    if (const auto good = check_members(genesis); !good) return fail(good.error());
    if (const auto good = check_validators(genesis); !good) return fail(good.error());
    return genesis;
}

const char* to_string(GenesisError error) {
    switch (error) {
        case GenesisError::kEncoding:
            return "not the canonical encoding of a genesis state";
        case GenesisError::kProtocol:
            return "a protocol version that this software does not speak";
        case GenesisError::kTime:
            return "no time";
        case GenesisError::kSalt:
            return "salt is not 32 bytes";
        case GenesisError::kNoMember:
            return "no member";
        case GenesisError::kTooManyMembers:
            return "more than 1,000 members";
        case GenesisError::kMemberId:
            return "not a member id";
        case GenesisError::kMemberOrder:
            return "members are not ascending by id";
        case GenesisError::kMember:
            return "a member without description";
        case GenesisError::kKey:
            return "a member without a key, or with too many";
        case GenesisError::kNoValidator:
            return "no validator";
        case GenesisError::kTooManyValidators:
            return "more than 100 validators";
        case GenesisError::kValidator:
            return "a validator's key or power is wrong";
        case GenesisError::kMembership:
            return "a member's name, kinds, node, keys or users break a rule of membership";
    }
    return "unknown";
}

}  // namespace consilium::ledger
