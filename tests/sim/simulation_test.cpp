// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/simulation.hpp"

#include <gtest/gtest.h>

namespace consilium::sim {
namespace {

constexpr std::uint64_t kSeedsToFind = 60;

// The first failure that a planted bug brings to light.
std::string found(Planted planted) {
    for (std::uint64_t seed = 1; seed <= kSeedsToFind; ++seed) {
        SimOptions options;
        options.seed = seed;
        options.planted = planted;
        const Report report = simulate(options);
        if (report.failure) return *report.failure;
    }
    return "nothing";
}

TEST(Simulation, ASeedRepeatsItselfToTheByte) {
    for (const std::uint64_t seed : {7U, 8U, 9U}) {
        SimOptions options;
        options.seed = seed;
        const Report first = simulate(options);
        const auto elsewhere = std::make_unique<Bytes>(12'345, 'x');  // other addresses
        const Report second = simulate(options);
        EXPECT_EQ(first.failure, std::nullopt);
        EXPECT_EQ(first.trace_hash, second.trace_hash);
        EXPECT_EQ(first.trace_tail, second.trace_tail);
        EXPECT_GT(first.trace_lines, 100U);
        EXPECT_GT(first.blocks, 10U);
    }
}

TEST(Simulation, SeedsDiffer) {
    SimOptions options;
    options.seed = 7;
    const Report one = simulate(options);
    options.seed = 8;
    EXPECT_NE(one.trace_hash, simulate(options).trace_hash);
}

// Every fault strikes somewhere in a few seeds: a simulation without them would prove little.
TEST(Simulation, FaultsStrike) {
    Report sum;
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        SimOptions options;
        options.seed = seed;
        const Report report = simulate(options);
        ASSERT_EQ(report.failure, std::nullopt) << "seed " << seed;
        sum.crashes += report.crashes;
        sum.stops += report.stops;
        sum.restores += report.restores;
        sum.full_disks += report.full_disks;
        sum.receipts += report.receipts;
        sum.expired += report.expired;
        sum.answered += report.answered;
    }
    EXPECT_GT(sum.crashes, 20U);
    EXPECT_GT(sum.stops, 20U);
    EXPECT_GT(sum.restores, 3U);
    EXPECT_GT(sum.full_disks, 10U);
    EXPECT_GT(sum.receipts, 100U);
    EXPECT_GT(sum.expired, 1U);
    EXPECT_GT(sum.answered, 1000U);
}

// The checkers can fail: each planted bug is found, and named by what it breaks.
TEST(Planted, ASyncThatIsDroppedLosesWhatWasAnswered) {
    EXPECT_THAT(found(Planted::kSyncDropped),
                testing::AnyOf(testing::StartsWith("durability"), testing::StartsWith("agreement"),
                               testing::HasSubstr("engine")));
}

TEST(Planted, AnAnswerBeforeTheSyncIsNotDurable) {
    EXPECT_THAT(found(Planted::kAnsweredEarly), testing::AnyOf(testing::StartsWith("durability"),
                                                               testing::StartsWith("agreement")));
}

TEST(Planted, AnOutboxThatForgetsIsMissed) {
    EXPECT_THAT(found(Planted::kOutboxForgets), testing::StartsWith("outbox"));
}

TEST(Planted, ATransactionInTwoBundlesIsExecutedTwice) {
    EXPECT_THAT(found(Planted::kBundledTwice), testing::StartsWith("exactly once"));
}

TEST(Planted, ACopyThatDivergesIsStopped) {
    EXPECT_THAT(found(Planted::kCopyDiverges), testing::HasSubstr("the engine stopped a copy"));
}

TEST(Planted, ABrokenRuleIsSeenInTheState) {
    EXPECT_THAT(found(Planted::kRuleBroken),
                testing::AnyOf(testing::StartsWith("state of"), testing::HasSubstr("the model")));
}

}  // namespace
}  // namespace consilium::sim
