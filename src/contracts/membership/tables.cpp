// SPDX-License-Identifier: Apache-2.0
#include "contracts/membership/tables.hpp"

#include "consilium/v1/membership.pb.h"
#include "crypto/hash.hpp"

namespace consilium::contracts::membership {
namespace {

using ledger::ContractId;
using sdk::FieldKind;
using sdk::KeyField;
using sdk::StateKey;

constexpr KeyField kByMember[] = {{"member", FieldKind::kText}};
constexpr KeyField kByKey[] = {{"member", FieldKind::kText}, {"key", FieldKind::kU32}};
constexpr KeyField kByUser[] = {{"member", FieldKind::kText}, {"user", FieldKind::kId16}};
constexpr KeyField kByHash[] = {{"public_key_sha256", FieldKind::kHash32}};

StateKey row(Table table) {
    return {ContractId::kMembership, static_cast<std::uint8_t>(table)};
}

sdk::TableInfo info(Table table, std::string_view name, std::span<const KeyField> fields,
                    const google::protobuf::Descriptor* value) {
    return {ContractId::kMembership, static_cast<std::uint8_t>(table), name, fields, value};
}

}  // namespace

std::span<const sdk::TableInfo> tables() {
    static const sdk::TableInfo all[] = {
        info(Table::kMember, "membership/member", kByMember, v1::Member::descriptor()),
        info(Table::kNode, "membership/node", kByMember, v1::Node::descriptor()),
        info(Table::kKey, "membership/key", kByKey, v1::MemberKey::descriptor()),
        info(Table::kRetirement, "membership/retirement", kByKey, v1::KeyRetirement::descriptor()),
        info(Table::kUser, "membership/user", kByUser, v1::User::descriptor()),
        info(Table::kKeyUse, "membership/key-use", kByHash, v1::KeyUse::descriptor()),
    };
    return all;
}

StateKey member_key(BytesView member_id) {
    return row(Table::kMember).text(member_id);
}

StateKey node_key(BytesView member_id) {
    return row(Table::kNode).text(member_id);
}

StateKey key_prefix(BytesView member_id) {
    return row(Table::kKey).text(member_id);
}

StateKey key_key(BytesView member_id, std::uint32_t key_id) {
    return key_prefix(member_id).u32(key_id);
}

StateKey retirement_key(BytesView member_id, std::uint32_t key_id) {
    return row(Table::kRetirement).text(member_id).u32(key_id);
}

StateKey user_key(BytesView member_id, BytesView user) {
    return row(Table::kUser).text(member_id).raw(user);
}

StateKey key_use_key(BytesView public_key) {
    return row(Table::kKeyUse).id(crypto::sha256(public_key));
}

}  // namespace consilium::contracts::membership
