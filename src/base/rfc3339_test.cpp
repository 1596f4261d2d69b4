// SPDX-License-Identifier: Apache-2.0
#include "base/rfc3339.hpp"

#include <gtest/gtest.h>

namespace consilium {
namespace {

TEST(Rfc3339, WritesKnownMoments) {
    EXPECT_EQ(to_rfc3339({0}), "1970-01-01T00:00:00.000Z");
    EXPECT_EQ(to_rfc3339({951'782'400'000}), "2000-02-29T00:00:00.000Z");
    EXPECT_EQ(to_rfc3339({1'795'411'912'417}), "2026-11-23T05:31:52.417Z");
    EXPECT_EQ(to_rfc3339({253'402'300'799'999}), "9999-12-31T23:59:59.999Z");
}

// Senders choose such times in not_after and valid_until, and tools show them.
TEST(Rfc3339, WritesWhatNoCalendarHas) {
    EXPECT_EQ(to_rfc3339({253'402'300'800'000}), "+10000-01-01T00:00:00.000Z");
    EXPECT_EQ(to_rfc3339({9'223'372'036'854'775'807U}), "+292278994-08-17T07:12:55.807Z");
    EXPECT_EQ(to_rfc3339({~0ULL}), "+584556019-04-03T14:25:51.615Z");
    EXPECT_FALSE(from_rfc3339("+10000-01-01T00:00:00.000Z").has_value());
}

TEST(Rfc3339, ReadsWhatItWrote) {
    // A step that is no multiple of a day visits every month, leap day and hour.
    for (std::uint64_t ms = 0; ms < 253'402'300'799'999; ms += 12'345'678'901) {
        const auto read = from_rfc3339(to_rfc3339({ms}));
        ASSERT_TRUE(read.has_value()) << ms;
        ASSERT_EQ(read->value, ms);
    }
}

TEST(Rfc3339, ReadsOtherForms) {
    EXPECT_EQ(from_rfc3339("2026-11-23")->value, 1'795'392'000'000);
    EXPECT_EQ(from_rfc3339("2026-11-23T05:31:52Z")->value, 1'795'411'912'000);
    EXPECT_EQ(from_rfc3339("2026-11-23T06:31:52.4179999+01:00")->value, 1'795'411'912'417);
    EXPECT_EQ(from_rfc3339("2026-11-22T23:31:52.4-06:00")->value, 1'795'411'912'400);
    EXPECT_EQ(from_rfc3339("2016-12-31T23:59:60Z"), from_rfc3339("2017-01-01T00:00:00Z"));
}

TEST(Rfc3339, RefusesWhatIsNotADate) {
    for (const char* text : {"",
                             "2026",
                             "2026-11",
                             "2026-13-01",
                             "2026-00-10",
                             "2026-02-29",
                             "2026-11-31",
                             "2026-1-1",
                             "1969-12-31",
                             "2026-11-23T",
                             "2026-11-23T05:31",
                             "2026-11-23T05:31:52",
                             "2026-11-23 05:31:52Z",
                             "2026-11-23T24:00:00Z",
                             "2026-11-23T05:60:00Z",
                             "2026-11-23T05:31:61Z",
                             "2026-11-23T05:31:52.Z",
                             "2026-11-23T05:31:52+1:00",
                             "2026-11-23T05:31:52+24:00",
                             "2026-11-23T05:31:52+01:60",
                             "2026-11-23T05:31:52Zz",
                             "1970-01-01T00:00:00+01:00"}) {
        EXPECT_FALSE(from_rfc3339(text).has_value()) << text;
    }
    using namespace std::string_view_literals;
    EXPECT_FALSE(from_rfc3339("2026-11-23T05:31:52+24:00\0"sv).has_value());
    EXPECT_FALSE(from_rfc3339("2026-11-23T05:31:52Z\0"sv).has_value());
}

}  // namespace
}  // namespace consilium
