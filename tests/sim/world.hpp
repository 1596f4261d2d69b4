// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "crypto/sign.hpp"
#include "node/genesis.hpp"
#include "tests/sim/random.hpp"

namespace consilium::sim {

struct SimUser {
    Bytes id;
    v1::Role role = v1::ROLE_UNSPECIFIED;
};

// What a member's people know and hold.
struct SimMember {
    ledger::MemberId id;
    crypto::SigningKey validator;
    std::map<std::uint32_t, crypto::SigningKey> keys;  // bundle keys by their number on the ledger
    std::uint32_t key_wanted = 1;  // the key that the node takes at its next start
    std::uint32_t key_in_use = 1;
    std::vector<SimUser> users;  // believed to be good today
    std::vector<SimUser> revoked;
};

// Four members, as in the story of the demo, with equal voting power.
struct World {
    node::Genesis genesis;
    std::vector<SimMember> members;
};

inline constexpr std::uint64_t kGenesisUnixMs = 1'767'225'600'000;  // 2026-01-01

[[nodiscard]] crypto::SigningKey make_key(Random& random);
[[nodiscard]] World make_world(Random& random);

}  // namespace consilium::sim
