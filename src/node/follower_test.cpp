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

}  // namespace
}  // namespace consilium::node
