// SPDX-License-Identifier: Apache-2.0
// The model of membership: administrators register and retire keys, register and revoke users, say
// where their node is and how their organisation is called.
#include "base/limits.hpp"
#include "contracts/membership/rejection.hpp"
#include "crypto/sign.hpp"
#include "ledger/hashes.hpp"
#include "tests/sim/model.hpp"

namespace consilium::sim {
namespace {

using contracts::membership::Rejection;

std::uint32_t code(Rejection rejection) {
    return static_cast<std::uint32_t>(rejection);
}

bool is_key(v1::Algorithm algorithm, BytesView key) {
    const auto known = crypto::algorithm_from_id(static_cast<std::uint32_t>(algorithm));
    return known && crypto::is_public_key(*known, key);
}

Rejection check_day(const v1::UserDay& day) {
    if (day.user().size() != 16) return Rejection::kUserBatch;
    if (day.role() == v1::ROLE_UNSPECIFIED) return Rejection::kUserRole;
    if (day.valid_until_unix_ms() <= day.valid_from_unix_ms()) return Rejection::kUserPeriod;
    if (day.valid_until_unix_ms() > day.valid_from_unix_ms() + limits::kUserValidMsMax)
        return Rejection::kUserPeriod;
    const bool without = day.algorithm() == v1::ALGORITHM_UNSPECIFIED && day.public_key().empty();
    return without || is_key(day.algorithm(), day.public_key()) ? Rejection::kNone
                                                                : Rejection::kPublicKey;
}

template <typename Ids>
bool is_batch(const Ids& ids) {
    const std::set<Bytes> distinct(ids.begin(), ids.end());
    return !ids.empty() && distinct.size() == static_cast<std::size_t>(ids.size()) &&
           distinct.size() <= limits::kUsersPerCommandMax;
}

}  // namespace

Model::Code Model::check(const v1::MembershipCommand& command) const {
    if (command.has_register_key()) {
        const auto& key = command.register_key();
        return is_key(key.algorithm(), key.public_key()) ? 0 : code(Rejection::kPublicKey);
    }
    if (command.has_retire_key())
        return command.retire_key().key_id() == 0 ? code(Rejection::kKeyUnknown) : 0;
    if (command.has_register_users()) {
        std::vector<Bytes> ids;
        for (const v1::UserDay& day : command.register_users().users()) {
            if (const Rejection bad = check_day(day); bad != Rejection::kNone) return code(bad);
            ids.push_back(day.user());
        }
        return is_batch(ids) ? 0 : code(Rejection::kUserBatch);
    }
    if (command.has_revoke_users()) {
        for (const Bytes& user : command.revoke_users().users()) {
            if (user.size() != 16) return code(Rejection::kUserBatch);
        }
        return is_batch(command.revoke_users().users()) ? 0 : code(Rejection::kUserBatch);
    }
    // The workload's texts are either plain words or empty.
    if (command.has_set_node()) {
        if (command.set_node().endpoint().empty()) return code(Rejection::kEndpoint);
        const std::size_t size = command.set_node().tls_key_sha256().size();
        return size == 0 || size == 32 ? 0 : code(Rejection::kTlsKey);
    }
    if (command.has_set_member_contact()) {
        if (command.set_member_contact().name().empty()) return code(Rejection::kName);
        return command.set_member_contact().address().empty() ? code(Rejection::kAddress) : 0;
    }
    return code(Rejection::kMalformed);
}

Model::Code Model::register_key(const v1::RegisterKey& command, const Actor& actor) {
    if (command.not_after_unix_ms() <= time_.value ||
        command.not_after_unix_ms() > time_.value + limits::kKeyValidMsMax)
        return code(Rejection::kKeyExpiry);
    auto& keys = state_.keys[actor.member];
    if (keys.size() >= limits::kKeysPerMemberMax) return code(Rejection::kTooManyKeys);
    if (state_.key_uses.contains(command.public_key())) return code(Rejection::kKeyInUse);
    const auto algorithm =
        crypto::algorithm_from_id(static_cast<std::uint32_t>(command.algorithm()));
    const Hash32 digest =
        ledger::key_possession_digest(network_, actor.member, command.public_key());
    if (!crypto::verify(*algorithm, command.public_key(), digest.view(),
                        command.possession_signature()))
        return code(Rejection::kPossession);
    Key key;
    key.row.set_algorithm(command.algorithm());
    key.row.set_public_key(command.public_key());
    key.row.set_registered_height(height_);
    key.row.set_not_after_unix_ms(command.not_after_unix_ms());
    keys.push_back(key);
    v1::KeyUse& use = state_.key_uses[command.public_key()];
    use.set_member_id(actor.member);
    use.set_key_id(static_cast<std::uint32_t>(keys.size()));
    assigned_.push_back(keys.size());
    return 0;
}

Model::Code Model::add_user(const Bytes& member, const v1::UserDay& day) {
    if (day.valid_until_unix_ms() <= time_.value ||
        day.valid_from_unix_ms() > time_.value + limits::kUserAheadMsMax)
        return code(Rejection::kUserPeriod);
    if (state_.users.contains({member, day.user()})) return code(Rejection::kUserExists);
    if (!day.public_key().empty()) {
        if (state_.key_uses.contains(day.public_key())) return code(Rejection::kKeyInUse);
        state_.key_uses[day.public_key()].set_member_id(member);
    }
    v1::User& user = state_.users[{member, day.user()}];
    user.set_role(day.role());
    user.set_valid_from_unix_ms(day.valid_from_unix_ms());
    user.set_valid_until_unix_ms(day.valid_until_unix_ms());
    user.set_algorithm(day.algorithm());
    user.set_public_key(day.public_key());
    return 0;
}

Model::Code Model::apply(const v1::MembershipCommand& command, const Actor& actor) {
    if (actor.role != v1::ROLE_ADMINISTRATOR) return code(Rejection::kRole);
    if (command.has_register_key()) return register_key(command.register_key(), actor);
    if (command.has_retire_key()) {
        const std::uint32_t key_id = command.retire_key().key_id();
        auto& keys = state_.keys[actor.member];
        if (key_id == actor.key_id) return code(Rejection::kKeyInHand);
        if (key_id > keys.size()) return code(Rejection::kKeyUnknown);
        if (keys[key_id - 1].retired) return code(Rejection::kKeyRetired);
        keys[key_id - 1].retired = height_;
        return 0;
    }
    if (command.has_register_users()) {
        for (const v1::UserDay& day : command.register_users().users()) {
            if (const Code bad = add_user(actor.member, day); bad != 0) return bad;
        }
        return 0;
    }
    if (command.has_revoke_users()) {
        for (const Bytes& user : command.revoke_users().users()) {
            const auto found = state_.users.find({actor.member, user});
            if (found == state_.users.end()) return code(Rejection::kUserUnknown);
            found->second.set_revoked(true);
        }
        return 0;
    }
    if (command.has_set_node()) {
        v1::Node& node = state_.nodes[actor.member];
        node.set_endpoint(command.set_node().endpoint());
        node.set_tls_key_sha256(command.set_node().tls_key_sha256());
        node.set_peer_endpoint(command.set_node().peer_endpoint());
        return 0;
    }
    v1::Member& member = state_.members[actor.member];
    member.set_name(command.set_member_contact().name());
    member.set_address(command.set_member_contact().address());
    return 0;
}

}  // namespace consilium::sim
