// SPDX-License-Identifier: Apache-2.0
#include "contracts/membership/rules.hpp"

#include "base/limits.hpp"
#include "contracts/membership/tables.hpp"
#include "crypto/sign.hpp"

namespace consilium::contracts::membership {

Rejection check_public_key(v1::Algorithm algorithm, BytesView public_key) {
    const auto known = crypto::algorithm_from_id(static_cast<std::uint32_t>(algorithm));
    if (!known || !crypto::is_public_key(*known, public_key)) return Rejection::kPublicKey;
    return Rejection::kNone;
}

Rejection check_user_day(const v1::UserDay& day) {
    if (day.user().size() != ledger::UserId::kSize) return Rejection::kUserBatch;
    if (day.role() == v1::ROLE_UNSPECIFIED) return Rejection::kUserRole;
    if (day.valid_until_unix_ms() <= day.valid_from_unix_ms() ||
        day.valid_until_unix_ms() - day.valid_from_unix_ms() > limits::kUserValidMsMax)
        return Rejection::kUserPeriod;
    if (day.algorithm() == v1::ALGORITHM_UNSPECIFIED && day.public_key().empty())
        return Rejection::kNone;
    return check_public_key(day.algorithm(), day.public_key());
}

Rejection check_tls_key(BytesView tls_key_sha256) {
    return tls_key_sha256.empty() || tls_key_sha256.size() == Hash32::kSize ? Rejection::kNone
                                                                            : Rejection::kTlsKey;
}

Rejection check_user_period(const v1::UserDay& day, UnixMs now) {
    if (day.valid_until_unix_ms() <= now.value) return Rejection::kUserPeriod;
    if (day.valid_from_unix_ms() > now.value &&
        day.valid_from_unix_ms() - now.value > limits::kUserAheadMsMax)
        return Rejection::kUserPeriod;
    return Rejection::kNone;
}

Rejection add_key(sdk::Context& context, BytesView member_id, v1::Algorithm algorithm,
                  BytesView public_key, UnixMs not_after) {
    const auto number = context.next_number(key_prefix(member_id), 4);
    if (!number || *number > limits::kKeysPerMemberMax) return Rejection::kTooManyKeys;
    if (context.exists(key_use_key(public_key))) return Rejection::kKeyInUse;
    const auto key_id = static_cast<std::uint32_t>(*number);
    v1::MemberKey key;
    key.set_algorithm(algorithm);
    key.set_public_key(public_key.data(), public_key.size());
    key.set_registered_height(context.block().height);
    key.set_not_after_unix_ms(not_after.value);
    context.put(key_key(member_id, key_id), key);
    v1::KeyUse use;
    use.set_member_id(member_id.data(), member_id.size());
    use.set_key_id(key_id);
    context.put(key_use_key(public_key), use);
    context.assign(key_id);
    return Rejection::kNone;
}

Rejection add_user(sdk::Context& context, BytesView member_id, const v1::UserDay& day) {
    const auto key = user_key(member_id, day.user());
    if (context.exists(key)) return Rejection::kUserExists;
    if (!day.public_key().empty()) {
        const auto use_key = key_use_key(day.public_key());
        if (context.exists(use_key)) return Rejection::kKeyInUse;
        v1::KeyUse use;
        use.set_member_id(member_id.data(), member_id.size());
        context.put(use_key, use);
    }
    v1::User user;
    user.set_role(day.role());
    user.set_valid_from_unix_ms(day.valid_from_unix_ms());
    user.set_valid_until_unix_ms(day.valid_until_unix_ms());
    user.set_algorithm(day.algorithm());
    user.set_public_key(day.public_key());
    context.put(key, user);
    return Rejection::kNone;
}

}  // namespace consilium::contracts::membership
