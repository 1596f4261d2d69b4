// SPDX-License-Identifier: Apache-2.0
#include "proto/enum_names.hpp"

#include <gtest/gtest.h>

#include "consilium/v1/membership.pb.h"

namespace consilium::proto {
namespace {

TEST(EnumNames, GoBothWays) {
    EXPECT_EQ(name_of(v1::ROLE_PRIVACY_OFFICER), "privacy-officer");
    EXPECT_EQ(value_of<v1::Role>("privacy-officer"), v1::ROLE_PRIVACY_OFFICER);
    EXPECT_EQ(name_of(v1::MEMBER_KIND_ETHICS_BOARD), "ethics-board");
    for (const auto& name : names_of<v1::MemberKind>()) {
        ASSERT_TRUE(value_of<v1::MemberKind>(name).has_value()) << name;
        EXPECT_EQ(name_of(*value_of<v1::MemberKind>(name)), name);
    }
    EXPECT_EQ(names_of<v1::Role>().size(), 6U);
    EXPECT_FALSE(value_of<v1::Role>("unspecified").has_value());
    EXPECT_FALSE(value_of<v1::Role>("ROLE_CLERK").has_value());
    EXPECT_FALSE(value_of<v1::Role>("").has_value());
    EXPECT_EQ(name_of(v1::ROLE_UNSPECIFIED), "unspecified");
}

}  // namespace
}  // namespace consilium::proto
