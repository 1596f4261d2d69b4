// SPDX-License-Identifier: Apache-2.0
// Keys of many versions and several lives, read and proven as of every height; and blocks planned
// before the one below them is on the disk.
#include <gtest/gtest.h>

#include "state/audit.hpp"
#include "state/entry.hpp"
#include "state/state_fixture.hpp"

namespace consilium::state {
namespace {

std::uint64_t history_rows(const Disk& disk) {
    const auto cursor = disk.cursor(Space::kHistory);
    std::uint64_t rows = 0;
    for (cursor->seek_first(); cursor->valid(); cursor->next())
        ++rows;
    return rows;
}

void expect_every_height(const StateFixture& fixture, Height from) {
    for (Height h = from; h <= fixture.model.height(); ++h) {
        for (const char* key : {"a", "hot", "hou", "z"})
            fixture.expect_key(key, h);
        fixture.expect_prefix("ho", h);
        const auto past = fixture.state->at(h).value();
        const auto last = past->last("ho").value();
        const auto rows = fixture.rows_of("ho", h);
        ASSERT_EQ(last.has_value(), !rows.empty());
        if (last) {
            EXPECT_EQ(std::pair(last->key, last->value), rows.back());
        }
    }
}

TEST(History, AChainOfVersionsIsReadAsOfEveryHeight) {
    StateFixture fixture({{"a", "1"}, {"hot", "0"}, {"z", "1"}});
    for (int i = 1; i <= 100; ++i)
        fixture.apply({{"hot", std::to_string(i)}});
    EXPECT_EQ(history_rows(*fixture.disk), 100U / kHistoryStride);
    expect_every_height(fixture, 0);
    EXPECT_EQ(audit(*fixture.state->newest())->problems, 0U);
}

// Lives that end below, at and above a whole number of strides; heads of chains in later lives.
TEST(History, LivesDoNotRunIntoEachOther) {
    for (const int versions : {1, 2, 15, 16, 17, 33}) {
        StateFixture fixture({{"a", "1"}, {"z", "1"}});
        for (int life = 0; life < 3; ++life) {
            for (int i = 0; i < versions; ++i) {
                fixture.apply({{"hot", std::to_string(life) + "/" + std::to_string(i)}});
                if (i % 5 == 2) fixture.apply({{"hou", std::to_string(i)}});
            }
            fixture.apply({{"hot", std::nullopt}, {"hou", std::nullopt}});
            fixture.apply({{"a", std::to_string(life)}});
            expect_every_height(fixture, 0);
            if (::testing::Test::HasFailure()) return;
        }
        EXPECT_EQ(audit(*fixture.state->newest())->problems, 0U);
    }
}

TEST(History, APrunedChainIsReadFromTheRetainedHeightOn) {
    for (const Height retained : {1U, 15U, 16U, 17U, 40U, 59U, 60U, 61U, 90U}) {
        StateFixture fixture({{"a", "1"}, {"hot", "0"}, {"z", "1"}});
        for (int i = 1; i <= 90; ++i) {
            if (i == 60) {
                fixture.apply({{"hot", std::nullopt}});
            } else {
                fixture.apply({{"hot", std::to_string(i)}, {"hou", std::to_string(i / 7)}});
            }
        }
        // So that what was pruned does not wait in the last pack.
        for (int i = 0; i < 20; ++i)
            fixture.apply({{"z", std::to_string(i)}});
        while (!fixture.state->prune(retained, 13).value()) {
        }
        EXPECT_EQ(fixture.state->at(retained - 1).error(), StateError::kPruned);
        expect_every_height(fixture, retained);
        EXPECT_EQ(audit(*fixture.state->newest())->problems, 0U);
        fixture.apply({{"hot", "more"}});
        fixture.reopen();
        expect_every_height(fixture, retained);
        if (::testing::Test::HasFailure()) return;
    }
}

// Random blocks over few keys, where a block is planned while the one before waits to be written.
TEST(History, ABlockMayBePlannedBeforeTheOneBelowItIsWritten) {
    for (const std::uint64_t seed : {1U, 2U, 3U, 4U, 5U}) {
        TestRandom random(seed);
        const auto block = [&](std::uint64_t most) {
            StateDiff diff;
            for (std::uint64_t n = random(most + 1); n > 0; --n) {
                Bytes key(1, static_cast<char>('a' + random(20)));
                if (random(2) == 0) key.push_back(static_cast<char>('a' + random(5)));
                diff[key] =
                    random(3) == 0 ? std::nullopt : std::optional<Bytes>(std::to_string(random(3)));
            }
            return diff;
        };
        StateFixture fixture(block(10));
        std::optional<Pending> held;
        const auto write_held = [&] {
            if (!held) return;
            auto batch = fixture.disk->new_batch();
            fixture.state->stage(*held, *batch);
            ASSERT_TRUE(fixture.disk->write(*batch, Durability::kSynced).ok());
            fixture.state->adopt(std::move(*held));
            held.reset();
        };
        for (Height height = 1; height < 400; ++height) {
            const StateDiff diff = block(height % 10 == 0 ? 200 : 8);
            fixture.model.apply(height, diff);
            auto pending = fixture.state->plan(height, diff).value();
            ASSERT_EQ(pending.root(), fixture.model.root()) << height;
            // Nobody sees what is held.
            ASSERT_EQ(fixture.state->height(), held ? height - 2 : height - 1);
            write_held();
            ASSERT_EQ(fixture.state->height(), height - 1);
            if (random(4) == 0) {
                held = std::move(pending);
                write_held();  // without having been held
            } else {
                fixture.state->hold(pending);
                held = std::move(pending);
            }
            if (height % 50 == 0) {
                write_held();
                fixture.reopen();
                fixture.expect_prefix("", height);
                fixture.expect_prefix("", random(height));
                EXPECT_EQ(audit(*fixture.state->newest())->problems, 0U);
            }
        }
    }
}

TEST(History, OneBlockAtMostIsHeld) {
    StateFixture fixture(StateDiff{{"a", "1"}});
    const auto one = fixture.state->plan(1, {{"a", "2"}}).value();
    fixture.state->hold(one);
    const auto two = fixture.state->plan(2, {{"a", "3"}}).value();
    EXPECT_DEATH(fixture.state->hold(two), "internal error");
    EXPECT_DEATH((void)fixture.state->plan(1, {{"a", "3"}}), "internal error");
    EXPECT_DEATH((void)fixture.state->prune(0, 1), "internal error");
}

}  // namespace
}  // namespace consilium::state
