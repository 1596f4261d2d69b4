// SPDX-License-Identifier: Apache-2.0
#include "node/follower.hpp"

#include <gtest/gtest.h>

#include <condition_variable>

#include "node/ledger_rows.hpp"
#include "node/submitter_fixture.hpp"

namespace consilium::node {
namespace {

using services::ReadError;
using state::Space;

// What a follower was told, and how it ended.
class Told {
 public:
    [[nodiscard]] services::EventCallback callback() {
        return [this](const Result<services::BlockEvent, ReadError>& event) {
            {
                const std::lock_guard lock(mutex_);
                EXPECT_FALSE(end_) << "the end is the last call";
                if (event) {
                    heights_.push_back(event->height);
                } else {
                    end_ = event.error();
                }
            }
            changed_.notify_all();
        };
    }
    [[nodiscard]] ReadError end() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return end_.has_value(); });
        return *end_;
    }
    [[nodiscard]] std::vector<Height> heights(std::size_t count) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return heights_.size() >= count; });
        return heights_;
    }
    [[nodiscard]] bool ended() {
        const std::lock_guard lock(mutex_);
        return end_.has_value();
    }

 private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Height> heights_;
    std::optional<ReadError> end_;
};

class FollowerTest : public ::testing::Test {
 protected:
    void SetUp() override {
        for (std::uint64_t number = 1; number <= 6; ++number) {
            rig_.submit(rig_.consortium.open_chart(0, number), answers_);
            rig_.now_us += 1'000'000;
            (void)rig_.submitter->step(rig_.wall, rig_.now_us);
            rig_.make_block();
        }
        ASSERT_EQ(rig_.applications[1]->info().height, 6U);
    }
    void erase_blocks(Height from, Height to) {
        auto batch = rig_.disks[1]->new_batch();
        batch->erase_range(Space::kBlocks, height_key(from), height_key(to));
        ASSERT_TRUE(rig_.disks[1]->write(*batch, state::Durability::kSynced).ok());
    }

    testing::Rig rig_;
    std::vector<testing::Answer> answers_;
};

TEST_F(FollowerTest, SaysThatABlockWasPruned) {
    erase_blocks(0, 4);
    Follower follower(*rig_.applications[1], rig_.consortium.genesis.network_id);
    Told late;
    Told held;
    Told live;
    const auto one = follower.subscribe({3, 0}, late.callback());
    const auto two = follower.subscribe({4, 0}, held.callback());
    const auto three = follower.subscribe({7, 0}, live.callback());
    EXPECT_EQ(late.end(), ReadError::kPruned);
    EXPECT_EQ(late.heights(0), std::vector<Height>{});
    EXPECT_EQ(held.heights(3), (std::vector<Height>{4, 5, 6}));
    EXPECT_FALSE(held.ended());
    EXPECT_FALSE(live.ended());
}

TEST_F(FollowerTest, SaysThatABlockCannotBeRead) {
    erase_blocks(5, 6);
    Follower follower(*rig_.applications[1], rig_.consortium.genesis.network_id);
    Told told;
    const auto subscription = follower.subscribe({}, told.callback());
    EXPECT_EQ(told.end(), ReadError::kDisk);
    EXPECT_EQ(told.heights(4), (std::vector<Height>{1, 2, 3, 4}));
}

TEST_F(FollowerTest, MayEndItsSubscriptionWhenToldOfTheEnd) {
    erase_blocks(0, 4);
    // The follower goes first: without a subscription to end nothing else waits for the call back.
    std::unique_ptr<services::Subscription> subscription;
    std::mutex mutex;
    Told told;
    Follower follower(*rig_.applications[1], rig_.consortium.genesis.network_id);
    {
        const std::lock_guard lock(mutex);
        subscription = follower.subscribe({1, 0}, [&, tell = told.callback()](const auto& event) {
            {
                const std::lock_guard until_it_is_there(mutex);
                subscription = nullptr;
            }
            tell(event);
        });
    }
    EXPECT_EQ(told.end(), ReadError::kPruned);
}

TEST_F(FollowerTest, TellsOfABlockFromMemoryAndLetsGoOfIt) {
    Follower follower(*rig_.applications[1], rig_.consortium.genesis.network_id);
    Told told;
    const auto subscription = follower.subscribe({7, 0}, told.callback());
    for (Height height = 7; height < 20; ++height) {
        // The store does not hold it, so that it can come from memory only.
        auto block = std::make_shared<AppliedBlock>();
        block->height = height;
        block->state = rig_.applications[1]->published().newest->state;
        const std::weak_ptr<const state::StateSnapshot> state = block->state;
        const long holders = state.use_count();
        follower.published(*block);
        EXPECT_EQ(state.use_count(), holders);
        block = nullptr;
        EXPECT_EQ(state.use_count(), holders - 1);
        EXPECT_EQ(told.heights(height - 6).back(), height);
    }
    EXPECT_FALSE(told.ended());
}

// Others that lack blocks delay a follower by one of theirs each, however many they lack.
TEST_F(FollowerTest, ServesALiveFollowerBesideThoseThatReadEverything) {
    std::mutex mutex;
    std::condition_variable changed;
    bool open = false;
    std::vector<std::pair<char, Height>> order;
    const auto named = [&](char name) {
        return [&, name](const Result<services::BlockEvent, ReadError>& event) {
            std::unique_lock lock(mutex);
            order.emplace_back(name, event.value().height);
            changed.notify_all();
            changed.wait(lock, [&] { return open; });
        };
    };
    Follower follower(*rig_.applications[1], rig_.consortium.genesis.network_id);
    const auto first = follower.subscribe({}, named('a'));
    {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return !order.empty(); });
    }
    // The thread is with the first one; meanwhile another comes, and a block for a live one.
    const auto second = follower.subscribe({}, named('b'));
    const auto live = follower.subscribe({7, 0}, named('l'));
    AppliedBlock block;
    block.height = 7;
    follower.published(block);
    std::unique_lock lock(mutex);
    open = true;
    changed.notify_all();
    changed.wait(lock, [&] { return order.size() == 15; });
    // The first one was alone when it had its turn.
    std::vector<std::pair<char, Height>> expected{{'a', 1}, {'a', 2}, {'b', 1}, {'l', 7}};
    for (Height height = 3; height <= 7; ++height) {
        expected.emplace_back('a', height);
        expected.emplace_back('b', height - 1);
    }
    expected.emplace_back('b', 7);
    EXPECT_EQ(order, expected);
}

}  // namespace
}  // namespace consilium::node
