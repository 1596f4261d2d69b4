// SPDX-License-Identifier: Apache-2.0
#include "node/users.hpp"

#include <gtest/gtest.h>

#include "crypto/random.hpp"

namespace consilium::node {
namespace {

TEST(Users, ReadBackAsWritten) {
    const std::vector<UserEntry> users = {
        {crypto::random_id<ledger::UserId>(),
         v1::ROLE_CLERK,
         {1'795'392'000'000},
         {1'795'478'399'999}},
        {crypto::random_id<ledger::UserId>(), v1::ROLE_AUDITOR, {0}, {1}}};
    const auto read = parse_users(format_users(users));
    ASSERT_TRUE(read.ok()) << read.error();
    EXPECT_EQ(*read, users);
    EXPECT_EQ(parse_users("{}").error(), "is not a JSON array");
    EXPECT_EQ(parse_users("[{}]").error(),
              "has an entry (number 1) that is not {user, role, valid_from, valid_until}");
}

TEST(Users, OneOfARoleAndAMoment) {
    const std::vector<UserEntry> users = {
        {crypto::random_id<ledger::UserId>(), v1::ROLE_CLERK, {10}, {19}},
        {crypto::random_id<ledger::UserId>(), v1::ROLE_CLERK, {20}, {29}}};
    EXPECT_EQ(user_at(users, v1::ROLE_CLERK, {9}), nullptr);
    EXPECT_EQ(user_at(users, v1::ROLE_CLERK, {10}), &users[0]);
    EXPECT_EQ(user_at(users, v1::ROLE_CLERK, {19}), &users[0]);
    EXPECT_EQ(user_at(users, v1::ROLE_CLERK, {20}), &users[1]);
    EXPECT_EQ(user_at(users, v1::ROLE_CLERK, {30}), nullptr);
    EXPECT_EQ(user_at(users, v1::ROLE_AUDITOR, {10}), nullptr);
}

}  // namespace
}  // namespace consilium::node
