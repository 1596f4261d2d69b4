// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "contracts/membership/membership.hpp"
#include "contracts/registry/registry.hpp"
#include "execution/testing/world.hpp"

// Commands never break these rules, so no transaction can show that they are checked: here each is
// broken by hand, next to the change that is allowed.
namespace consilium::contracts::membership {
namespace {

using execution::testing::test_bytes;

// Whether a row may change so; null is absent.
template <typename Row>
bool holds(const std::string& path, const Row* before, const Row* after) {
    const Bytes key = *registry().key_from_path(path);
    const Bytes was = before == nullptr ? Bytes{} : proto::encode(*before);
    const Bytes is = after == nullptr ? Bytes{} : proto::encode(*after);
    sdk::Overlay::Change change;
    change.key = key;
    if (before != nullptr) change.before = was;
    if (after != nullptr) change.after = is;
    const execution::testing::MemoryView view;
    sdk::Overlay overlay(view);
    const sdk::BlockFacts block;
    sdk::TransactionFacts transaction;
    transaction.member_id = "hospital";
    sdk::Context context(overlay, registry().lookups(), block, transaction);
    return Membership().holds(change, context);
}

template <typename Row, typename Change>
Row with(Row row, const Change& change) {
    change(row);
    return row;
}

TEST(MembershipInvariants, AMemberKeepsKindsAndStatus) {
    const std::string path = "membership/member/hospital";
    v1::Member member;
    member.set_name("Hospital");
    member.add_kinds(v1::MEMBER_KIND_PROVIDER);
    member.set_status(v1::MEMBER_STATUS_ACTIVE);
    const auto becomes = [&](auto change) {
        const v1::Member after = with(member, change);
        return holds(path, &member, &after);
    };
    EXPECT_TRUE(becomes([](auto& m) { m.set_name("Clinic"); }));
    EXPECT_FALSE(becomes([](auto& m) { m.set_status(v1::MEMBER_STATUS_SUSPENDED); }));
    EXPECT_FALSE(becomes([](auto& m) { m.set_kinds(0, v1::MEMBER_KIND_PAYER); }));
    EXPECT_FALSE(becomes([](auto& m) { m.add_kinds(v1::MEMBER_KIND_AUDITOR); }));
    EXPECT_FALSE(holds<v1::Member>(path, nullptr, &member));
    EXPECT_FALSE(holds<v1::Member>(path, &member, nullptr));
}

TEST(MembershipInvariants, ANodeKeepsItsValidator) {
    const std::string path = "membership/node/hospital";
    v1::Node node;
    node.set_endpoint("https://hospital.example:8443");
    EXPECT_TRUE(holds<v1::Node>(path, nullptr, &node));
    node.set_validator_public_key(test_bytes("validator", 32));
    node.set_validator_power(10);
    EXPECT_FALSE(holds<v1::Node>(path, nullptr, &node));
    const auto becomes = [&](auto change) {
        const v1::Node after = with(node, change);
        return holds(path, &node, &after);
    };
    EXPECT_TRUE(becomes([](auto& n) { n.set_endpoint("https://other.example:1"); }));
    EXPECT_FALSE(becomes([](auto& n) { n.set_validator_power(11); }));
    EXPECT_FALSE(becomes([](auto& n) { n.set_validator_public_key(test_bytes("other", 32)); }));
    EXPECT_FALSE(holds<v1::Node>(path, &node, nullptr));
}

TEST(MembershipInvariants, AUsersRowChangesInRevokedAlone) {
    const std::string path = "membership/user/hospital/000102030405060708090a0b0c0d0e0f";
    v1::User user;
    user.set_role(v1::ROLE_CLERK);
    user.set_valid_from_unix_ms(1);
    user.set_valid_until_unix_ms(2);
    v1::User revoked = user;
    revoked.set_revoked(true);
    EXPECT_TRUE(holds<v1::User>(path, nullptr, &user));
    EXPECT_FALSE(holds<v1::User>(path, nullptr, &revoked));
    EXPECT_TRUE(holds(path, &user, &revoked));
    EXPECT_FALSE(holds(path, &revoked, &user));
    EXPECT_FALSE(holds<v1::User>(path, &user, nullptr));
    const auto becomes = [&](auto change) {
        const v1::User after = with(revoked, change);
        return holds(path, &user, &after);
    };
    EXPECT_FALSE(becomes([](auto& u) { u.set_role(v1::ROLE_ADMINISTRATOR); }));
    EXPECT_FALSE(becomes([](auto& u) { u.set_valid_until_unix_ms(3); }));
    EXPECT_FALSE(becomes([](auto& u) { u.set_public_key(test_bytes("key", 32)); }));
}

TEST(MembershipInvariants, KeysAndTheirUseAreWrittenOnce) {
    v1::MemberKey key;
    key.set_public_key(test_bytes("key", 32));
    const v1::MemberKey other = with(key, [](auto& k) { k.set_not_after_unix_ms(9); });
    v1::KeyRetirement retirement;
    retirement.set_height(1);
    const v1::KeyRetirement later = with(retirement, [](auto& r) { r.set_height(2); });
    v1::KeyUse use;
    use.set_member_id("hospital");
    const v1::KeyUse stolen = with(use, [](auto& u) { u.set_member_id("clinic"); });
    const auto written_once = [](const std::string& path, const auto& row, const auto& changed) {
        using Row = std::decay_t<decltype(row)>;
        EXPECT_TRUE(holds<Row>(path, nullptr, &row)) << path;
        EXPECT_FALSE(holds<Row>(path, &row, &changed)) << path;
        EXPECT_FALSE(holds<Row>(path, &row, nullptr)) << path;
    };
    written_once("membership/key/hospital/1", key, other);
    written_once("membership/retirement/hospital/1", retirement, later);
    written_once("membership/key-use/" + std::string(64, 'a'), use, stolen);
}

}  // namespace
}  // namespace consilium::contracts::membership
