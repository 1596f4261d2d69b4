// SPDX-License-Identifier: Apache-2.0
#include "contracts/membership/membership.hpp"

#include <algorithm>
#include <vector>

#include "base/limits.hpp"
#include "contracts/membership/rules.hpp"
#include "contracts/membership/tables.hpp"
#include "contracts/membership/text.hpp"
#include "crypto/sign.hpp"
#include "ledger/hashes.hpp"

namespace consilium::contracts::membership {
namespace {

using Command = v1::MembershipCommand;

bool has_duplicates(std::vector<BytesView> ids) {
    std::sort(ids.begin(), ids.end());
    return std::adjacent_find(ids.begin(), ids.end()) != ids.end();
}

Rejection validate_users(const v1::RegisterUsers& command) {
    if (command.users().empty() ||
        static_cast<std::size_t>(command.users_size()) > limits::kUsersPerCommandMax)
        return Rejection::kUserBatch;
    std::vector<BytesView> ids;
    for (const v1::UserDay& day : command.users()) {
        if (const auto bad = check_user_day(day); bad != Rejection::kNone) return bad;
        ids.push_back(day.user());
    }
    return has_duplicates(std::move(ids)) ? Rejection::kUserBatch : Rejection::kNone;
}

Rejection validate_revocation(const v1::RevokeUsers& command) {
    if (command.users().empty() ||
        static_cast<std::size_t>(command.users_size()) > limits::kUsersPerCommandMax)
        return Rejection::kUserBatch;
    std::vector<BytesView> ids;
    for (const std::string& user : command.users()) {
        if (user.size() != ledger::UserId::kSize) return Rejection::kUserBatch;
        ids.push_back(user);
    }
    return has_duplicates(std::move(ids)) ? Rejection::kUserBatch : Rejection::kNone;
}

Rejection apply_register_key(const v1::RegisterKey& command, sdk::Context& context) {
    const std::uint64_t now = context.block().time.value;
    if (command.not_after_unix_ms() <= now ||
        command.not_after_unix_ms() - now > limits::kKeyValidMsMax)
        return Rejection::kKeyExpiry;
    if (const auto bad = add_key(context, context.member_id(), command.algorithm(),
                                 command.public_key(), UnixMs{command.not_after_unix_ms()});
        bad != Rejection::kNone)
        return bad;
    // Last, because it costs a signature check.
    const Hash32 digest = ledger::key_possession_digest(context.block().network,
                                                        context.member_id(), command.public_key());
    const auto algorithm =
        crypto::algorithm_from_id(static_cast<std::uint32_t>(command.algorithm()));
    if (!algorithm || !crypto::verify(*algorithm, command.public_key(), digest.view(),
                                      command.possession_signature()))
        return Rejection::kPossession;
    return Rejection::kNone;
}

Rejection apply_retire_key(const v1::RetireKey& command, sdk::Context& context) {
    if (command.key_id() == context.transaction().key_id) return Rejection::kKeyInHand;
    if (!context.exists(key_key(context.member_id(), command.key_id())))
        return Rejection::kKeyUnknown;
    const auto key = retirement_key(context.member_id(), command.key_id());
    if (context.exists(key)) return Rejection::kKeyRetired;
    v1::KeyRetirement retirement;
    retirement.set_height(context.block().height);
    context.put(key, retirement);
    return Rejection::kNone;
}

Rejection apply_register_users(const v1::RegisterUsers& command, sdk::Context& context) {
    for (const v1::UserDay& day : command.users()) {
        if (const auto bad = check_user_period(day, context.block().time); bad != Rejection::kNone)
            return bad;
        if (const auto bad = add_user(context, context.member_id(), day); bad != Rejection::kNone)
            return bad;
    }
    return Rejection::kNone;
}

// An id that is revoked already stays so: a dismissal must not fail because part of it was done.
Rejection apply_revoke_users(const v1::RevokeUsers& command, sdk::Context& context) {
    for (const std::string& id : command.users()) {
        const auto key = user_key(context.member_id(), id);
        auto user = context.get<v1::User>(key);
        if (!user) return Rejection::kUserUnknown;
        if (user->revoked()) continue;
        user->set_revoked(true);
        context.put(key, *user);
    }
    return Rejection::kNone;
}

Rejection apply_set_node(const v1::SetNode& command, sdk::Context& context) {
    const auto key = node_key(context.member_id());
    v1::Node node = context.get<v1::Node>(key).value_or(v1::Node{});
    node.set_endpoint(command.endpoint());
    node.set_tls_key_sha256(command.tls_key_sha256());
    node.set_peer_endpoint(command.peer_endpoint());
    context.put(key, node);
    return Rejection::kNone;
}

Rejection apply_set_contact(const v1::SetMemberContact& command, sdk::Context& context) {
    const auto key = member_key(context.member_id());
    auto member = context.get<v1::Member>(key);
    if (!member) {
        context.state().latch(state::DiskError::kCorruption);  // its bundle was accepted
        return Rejection::kNone;
    }
    member->set_name(command.name());
    member->set_address(command.address());
    context.put(key, *member);
    return Rejection::kNone;
}

}  // namespace

Membership::Membership()
    : TypedContract(ledger::ContractId::kMembership, "membership", membership::tables()) {}

Rejection Membership::validate(const Command& command) const {
    switch (command.kind_case()) {
        case Command::kRegisterKey:
            return check_public_key(command.register_key().algorithm(),
                                    command.register_key().public_key());
        case Command::kRetireKey:
            return command.retire_key().key_id() == 0 ? Rejection::kKeyUnknown : Rejection::kNone;
        case Command::kRegisterUsers:
            return validate_users(command.register_users());
        case Command::kRevokeUsers:
            return validate_revocation(command.revoke_users());
        case Command::kSetNode:
            if (!is_endpoint(command.set_node().endpoint()) ||
                (!command.set_node().peer_endpoint().empty() &&
                 !is_endpoint(command.set_node().peer_endpoint())))
                return Rejection::kEndpoint;
            return check_tls_key(command.set_node().tls_key_sha256());
        case Command::kSetMemberContact:
            if (!is_public_text(command.set_member_contact().name(), limits::kNameBytesMax))
                return Rejection::kName;
            if (!is_public_text(command.set_member_contact().address(), limits::kAddressBytesMax))
                return Rejection::kAddress;
            return Rejection::kNone;
        case Command::KIND_NOT_SET:
            return Rejection::kMalformed;
    }
    return Rejection::kMalformed;
}

Rejection Membership::authorize_command(const Command&, sdk::Context& context) const {
    return context.has_role({v1::ROLE_ADMINISTRATOR}) ? Rejection::kNone : Rejection::kRole;
}

Rejection Membership::apply_command(const Command& command, sdk::Context& context) const {
    switch (command.kind_case()) {
        case Command::kRegisterKey:
            return apply_register_key(command.register_key(), context);
        case Command::kRetireKey:
            return apply_retire_key(command.retire_key(), context);
        case Command::kRegisterUsers:
            return apply_register_users(command.register_users(), context);
        case Command::kRevokeUsers:
            return apply_revoke_users(command.revoke_users(), context);
        case Command::kSetNode:
            return apply_set_node(command.set_node(), context);
        case Command::kSetMemberContact:
            return apply_set_contact(command.set_member_contact(), context);
        case Command::KIND_NOT_SET:
            break;
    }
    return Rejection::kMalformed;
}

std::optional<v1::Member> Membership::member(sdk::Overlay& state, BytesView member_id) const {
    return sdk::get_row<v1::Member>(state, member_key(member_id));
}

std::optional<v1::User> Membership::user(sdk::Overlay& state, BytesView member_id,
                                         const ledger::UserId& user) const {
    return sdk::get_row<v1::User>(state, user_key(member_id, user.view()));
}

sdk::StateKey Membership::key_row(BytesView member_id, std::uint32_t key_id) const {
    return key_key(member_id, key_id);
}

sdk::StateKey Membership::retirement_row(BytesView member_id, std::uint32_t key_id) const {
    return retirement_key(member_id, key_id);
}

bool Membership::renews_key(const google::protobuf::Message& command) const {
    return static_cast<const Command&>(command).has_register_key();
}

bool Membership::renews_users(const google::protobuf::Message& command) const {
    return static_cast<const Command&>(command).has_register_users();
}

}  // namespace consilium::contracts::membership
