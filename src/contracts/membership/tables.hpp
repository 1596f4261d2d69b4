// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include "base/bytes.hpp"
#include "contracts/sdk/key.hpp"
#include "ledger/ids.hpp"

// Rows of membership (contract 2): docs/formats/tables.md.
namespace consilium::contracts::membership {

enum class Table : std::uint8_t {
    kMember = 1,      // member -> v1.Member
    kNode = 2,        // member -> v1.Node
    kKey = 3,         // member, key number -> v1.MemberKey
    kRetirement = 4,  // member, key number -> v1.KeyRetirement
    kUser = 5,        // member, user -> v1.User
    kKeyUse = 6,      // SHA-256 of the public key -> v1.KeyUse
};

[[nodiscard]] std::span<const sdk::TableInfo> tables();

[[nodiscard]] sdk::StateKey member_key(BytesView member_id);
[[nodiscard]] sdk::StateKey node_key(BytesView member_id);
[[nodiscard]] sdk::StateKey key_prefix(BytesView member_id);
[[nodiscard]] sdk::StateKey key_key(BytesView member_id, std::uint32_t key_id);
[[nodiscard]] sdk::StateKey retirement_key(BytesView member_id, std::uint32_t key_id);
[[nodiscard]] sdk::StateKey user_key(BytesView member_id, BytesView user);
[[nodiscard]] sdk::StateKey key_use_key(BytesView public_key);

}  // namespace consilium::contracts::membership
