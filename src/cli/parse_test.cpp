// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "cli/https_client.hpp"
#include "cli/network.hpp"
#include "cli/verification.hpp"

namespace consilium::cli {
namespace {

TEST(Parse, Durations) {
    EXPECT_EQ(parse_duration_ms("500ms"), 500U);
    EXPECT_EQ(parse_duration_ms("0s"), 0U);
    EXPECT_EQ(parse_duration_ms("10m"), 600'000U);
    EXPECT_EQ(parse_duration_ms("24h"), 86'400'000U);
    EXPECT_EQ(parse_duration_ms("7d"), 604'800'000U);
    for (const char* text : {"", "d", "10", "-1d", "1.5h", "7 d", "1w", "99999999999999999999d"}) {
        EXPECT_FALSE(parse_duration_ms(text).has_value()) << text;
    }
}

TEST(Parse, Ages) {
    EXPECT_EQ(age_text(0), "0 seconds");
    EXPECT_EQ(age_text(1'999), "1 second");
    EXPECT_EQ(age_text(119'999), "119 seconds");
    EXPECT_EQ(age_text(120'000), "2 minutes");
    EXPECT_EQ(age_text(7'200'000), "2 hours");
    EXPECT_EQ(age_text(172'800'000), "2 days");
}

TEST(Parse, Endpoints) {
    EXPECT_EQ(parse_endpoint("https://node.example")->port, 443);
    EXPECT_EQ(parse_endpoint("https://127.0.0.1:7443")->port, 7443);
    EXPECT_EQ(parse_endpoint("https://127.0.0.1:7443/")->host, "127.0.0.1");
    EXPECT_EQ(parse_endpoint("https://[::1]:7443")->host, "::1");
    for (const char* text : {"", "127.0.0.1:7443", "http://127.0.0.1", "https://", "https://:1",
                             "https://h:0", "https://h:65536", "https://h:x", "https://h/path",
                             "https://u@h", "https://[::1", "https://h:1x"}) {
        EXPECT_FALSE(parse_endpoint(text).ok()) << text;
    }
}

TEST(Parse, MemberPlans) {
    const auto plan = parse_member_plan("north=site+provider+site:North: 1 Road: Town");
    ASSERT_TRUE(plan.ok()) << plan.error();
    EXPECT_EQ(plan->id, "north");
    EXPECT_EQ(plan->kinds,
              (std::vector<v1::MemberKind>{v1::MEMBER_KIND_PROVIDER, v1::MEMBER_KIND_SITE}));
    EXPECT_EQ(plan->name, "North");
    EXPECT_EQ(plan->address, " 1 Road: Town");
    for (const char* text :
         {"", "north", "north=", "north=provider", "north=provider:North", "=provider:N:A",
          "North=provider:N:A", "north=doctor:N:A", "north=:N:A", "n:o=provider"}) {
        EXPECT_FALSE(parse_member_plan(text).ok()) << text;
    }
}

TEST(Parse, UsersOfOneDay) {
    const UnixMs noon{1'795'435'200'000};  // 2026-11-23T12:00:00Z
    const auto users = make_users(noon, 2, {v1::ROLE_CLERK, v1::ROLE_AUDITOR});
    ASSERT_EQ(users.size(), 4U);
    EXPECT_EQ(users[0].valid_from.value, 1'795'392'000'000U);
    EXPECT_EQ(users[0].valid_until.value + 1, users[2].valid_from.value);
}

}  // namespace
}  // namespace consilium::cli
