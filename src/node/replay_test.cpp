// SPDX-License-Identifier: Apache-2.0
// What a copy holds in memory while it takes over the blocks that it missed.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>

#include "node/submitter_fixture.hpp"

namespace consilium::node {
namespace {

// Counts the snapshots of it that live, and the most that ever did at once.
class CountedDisk final : public state::MemoryDisk {
 public:
    struct Count {
        std::atomic<std::int64_t> live{0};
        std::atomic<std::int64_t> most{0};
    };

    [[nodiscard]] std::unique_ptr<state::DiskReader> snapshot() const override {
        return std::make_unique<Counted>(MemoryDisk::snapshot(), count_);
    }
    [[nodiscard]] std::int64_t most() const { return count_->most.load(); }

 private:
    class Counted final : public state::DiskReader {
     public:
        Counted(std::unique_ptr<state::DiskReader> inner, std::shared_ptr<Count> count)
            : inner_(std::move(inner)), count_(std::move(count)) {
            const std::int64_t live = count_->live.fetch_add(1) + 1;
            std::int64_t most = count_->most.load();
            while (most < live && !count_->most.compare_exchange_weak(most, live)) {
            }
        }
        ~Counted() override { count_->live.fetch_sub(1); }
        Counted(const Counted&) = delete;
        Counted& operator=(const Counted&) = delete;

        [[nodiscard]] Result<std::optional<Bytes>, state::DiskError> get(
            state::Space space, BytesView key) const override {
            return inner_->get(space, key);
        }
        [[nodiscard]] Result<std::vector<std::optional<Bytes>>, state::DiskError> multi_get(
            state::Space space, std::span<const BytesView> keys) const override {
            return inner_->multi_get(space, keys);
        }
        [[nodiscard]] std::unique_ptr<state::Cursor> cursor(state::Space space) const override {
            return inner_->cursor(space);
        }

     private:
        std::unique_ptr<state::DiskReader> inner_;
        std::shared_ptr<Count> count_;
    };

    std::shared_ptr<Count> count_ = std::make_shared<Count>();
};

class ReplayTest : public ::testing::TestWithParam<std::size_t> {};

// Member 0 writes on the thread that executes, member 1 on one beside it.
TEST_P(ReplayTest, HoldsAFewBlocksHoweverManyItTakesOver) {
    constexpr Height kBlocks = 600;  // more than two syncs of a replay
    constexpr std::int64_t kHeldMax = 8;
    const std::size_t member = GetParam();
    testing::Rig rig;
    std::vector<testing::Answer> answers;
    rig.submit(rig.consortium.open_chart(0, 1), answers);
    rig.turns(3);
    while (rig.core->height() < kBlocks) {
        rig.wall.value += 10;
        rig.make_block();
    }
    ASSERT_EQ(answers.size(), 1U);
    const Hash32 root = rig.applications[member]->info().app_hash;

    rig.crash();
    auto counted = std::make_unique<CountedDisk>();
    const CountedDisk& disk = *counted;
    rig.disks[member] = std::move(counted);
    rig.start();
    EXPECT_EQ(rig.applications[member]->info().height, kBlocks);
    EXPECT_EQ(rig.applications[member]->info().app_hash, root);
    EXPECT_LE(disk.most(), kHeldMax);
    // The newest block is shown, and the one whose state its header proves.
    const auto published = rig.applications[member]->published();
    EXPECT_EQ(published.newest->height, kBlocks);
    EXPECT_EQ(published.before->height, kBlocks - 1);
    EXPECT_EQ(published.before->state->height(), kBlocks - 1);
    // Blocks made from now on are all published, to each who waits for them.
    ASSERT_TRUE(rig.core->make_block(rig.wall).ok());
    ASSERT_TRUE(rig.core->make_block(rig.wall).ok());
    ASSERT_TRUE(rig.core->make_block(rig.wall).ok());
    ASSERT_TRUE(rig.core->sync().ok());
    EXPECT_EQ(rig.applications[member]->publish(rig.core->height()).size(), 3U);
}

INSTANTIATE_TEST_SUITE_P(Members, ReplayTest, ::testing::Values(0U, 1U));

}  // namespace
}  // namespace consilium::node
