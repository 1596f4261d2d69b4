// SPDX-License-Identifier: Apache-2.0
#include "base/limits.hpp"
#include "contracts/membership/membership.hpp"
#include "contracts/membership/rules.hpp"
#include "contracts/membership/tables.hpp"
#include "contracts/membership/text.hpp"

namespace consilium::contracts::membership {
namespace {

bool are_kinds(const v1::Member& member) {
    int last = v1::MEMBER_KIND_UNSPECIFIED;
    for (const int kind : member.kinds()) {
        if (kind <= last) return false;
        last = kind;
    }
    return !member.kinds().empty();
}

bool is_member(const v1::Member& member) {
    return is_public_text(member.name(), limits::kNameBytesMax) &&
           is_public_text(member.address(), limits::kAddressBytesMax) && are_kinds(member) &&
           member.status() == v1::MEMBER_STATUS_ACTIVE;
}

// Before the first start a member may not know its addresses yet; it sets them later.
bool is_node(const v1::Node& node) {
    return (node.endpoint().empty() || is_endpoint(node.endpoint())) &&
           (node.peer_endpoint().empty() || is_endpoint(node.peer_endpoint())) &&
           check_tls_key(node.tls_key_sha256()) == Rejection::kNone;
}

bool add_member(const v1::GenesisMember& from, sdk::Context& context) {
    if (!is_member(from.member()) || !is_node(from.node())) return false;
    const UnixMs now = context.block().time;
    context.put(member_key(from.member_id()), from.member());
    if (from.has_node()) context.put(node_key(from.member_id()), from.node());
    for (const v1::GenesisKey& key : from.keys()) {
        if (check_public_key(key.algorithm(), key.public_key()) != Rejection::kNone ||
            key.not_after_unix_ms() <= now.value ||
            add_key(context, from.member_id(), key.algorithm(), key.public_key(),
                    UnixMs{key.not_after_unix_ms()}) != Rejection::kNone)
            return false;
    }
    for (const v1::UserDay& day : from.users()) {
        if (check_user_day(day) != Rejection::kNone ||
            check_user_period(day, now) != Rejection::kNone ||
            add_user(context, from.member_id(), day) != Rejection::kNone)
            return false;
    }
    return true;
}

}  // namespace

bool Membership::genesis(const v1::GenesisState& genesis, sdk::Context& context) const {
    for (const v1::GenesisMember& member : genesis.members()) {
        if (!add_member(member, context)) return false;
    }
    return true;
}

}  // namespace consilium::contracts::membership
