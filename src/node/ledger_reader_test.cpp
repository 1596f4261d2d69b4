// SPDX-License-Identifier: Apache-2.0
#include "node/ledger_reader.hpp"

#include <gtest/gtest.h>

#include "node/ledger_rows.hpp"
#include "node/submitter_fixture.hpp"

namespace consilium::node {
namespace {

using services::ReadError;
using state::Space;
using testing::kSubmitterGenesis;

// Six blocks, a second apart, read from member 1's copy.
class LedgerReaderTest : public ::testing::Test {
 protected:
    static constexpr Height kBlocks = 6;

    void SetUp() override {
        std::vector<testing::Answer> answers;
        for (Height height = 1; height <= kBlocks; ++height) {
            rig_.submit(rig_.consortium.open_chart(0, height), answers);
            rig_.wall = time_of(height);
            rig_.now_us += 1'000'000;
            (void)rig_.submitter->step(rig_.wall, rig_.now_us);
            rig_.make_block();
        }
        ASSERT_EQ(reader_.status().height, kBlocks);
        ASSERT_EQ(reader_.status().block_time, time_of(kBlocks));
    }

    static UnixMs time_of(Height height) {
        return {kSubmitterGenesis.value + 10'000 + 1'000 * height};
    }
    static UnixMs before(UnixMs time) { return {time.value - 1}; }

    // As a node that keeps `oldest` and what came after it.
    void prune_below(Height oldest) {
        auto batch = rig_.disks[1]->new_batch();
        for (const Space space : {Space::kBlocks, Space::kHeaders})
            batch->erase_range(space, height_key(0), height_key(oldest));
        ASSERT_TRUE(rig_.disks[1]->write(*batch, state::Durability::kSynced).ok());
    }
    void erase(Space space, Height height) {
        auto batch = rig_.disks[1]->new_batch();
        batch->erase(space, height_key(height));
        ASSERT_TRUE(rig_.disks[1]->write(*batch, state::Durability::kSynced).ok());
    }

    testing::Rig rig_;
    LedgerReader reader_{*rig_.applications[1], rig_.consortium.genesis, rig_.consortium.ids[1],
                         nullptr};
};

TEST_F(LedgerReaderTest, AMomentIsTheLastBlockNotAfterIt) {
    EXPECT_EQ(reader_.status().retained_height, 1U);
    EXPECT_EQ(reader_.height_at(before(kSubmitterGenesis)).error(), ReadError::kNotFound);
    EXPECT_EQ(reader_.height_at({0}).error(), ReadError::kNotFound);
    EXPECT_EQ(*reader_.height_at(kSubmitterGenesis), 0U);
    for (Height height = 1; height <= kBlocks; ++height) {
        EXPECT_EQ(*reader_.height_at(before(time_of(height))), height - 1);
        EXPECT_EQ(*reader_.height_at(time_of(height)), height);
    }
    // To come.
    EXPECT_EQ(*reader_.height_at({~std::uint64_t{0}}), kBlocks);
}

TEST_F(LedgerReaderTest, OnlyMomentsBeforeTheOldestBlockHeldArePruned) {
    prune_below(4);
    EXPECT_EQ(reader_.status().retained_height, 4U);
    EXPECT_EQ(reader_.height_at(before(kSubmitterGenesis)).error(), ReadError::kNotFound);
    EXPECT_EQ(reader_.height_at(kSubmitterGenesis).error(), ReadError::kPruned);
    EXPECT_EQ(reader_.height_at(time_of(2)).error(), ReadError::kPruned);
    EXPECT_EQ(reader_.height_at(before(time_of(4))).error(), ReadError::kPruned);
    for (Height height = 4; height <= kBlocks; ++height)
        EXPECT_EQ(*reader_.height_at(time_of(height)), height);
    EXPECT_EQ(*reader_.height_at({~std::uint64_t{0}}), kBlocks);
    EXPECT_EQ(reader_.block(3).error(), ReadError::kPruned);
    EXPECT_TRUE(reader_.block(4).ok());
    // The newest block alone.
    prune_below(kBlocks);
    EXPECT_EQ(reader_.height_at(before(time_of(kBlocks))).error(), ReadError::kPruned);
    EXPECT_EQ(*reader_.height_at(time_of(kBlocks)), kBlocks);
}

TEST_F(LedgerReaderTest, ABlockWhoseHeaderIsStillToComeIsNotPruned) {
    erase(Space::kHeaders, kBlocks);
    EXPECT_EQ(*reader_.height_at(time_of(kBlocks)), kBlocks);
    EXPECT_EQ(*reader_.height_at(before(time_of(kBlocks))), kBlocks - 1);
    EXPECT_EQ(reader_.block(kBlocks).error(), ReadError::kNotYet);
    EXPECT_TRUE(reader_.block(kBlocks - 1).ok());
    EXPECT_EQ(reader_.block(kBlocks + 1).error(), ReadError::kNotFound);
}

TEST(LedgerReader, BeforeTheFirstBlockEveryMomentIsTheGenesis) {
    testing::Rig rig;
    const LedgerReader reader(*rig.applications[1], rig.consortium.genesis, rig.consortium.ids[1],
                              nullptr);
    EXPECT_EQ(reader.status().retained_height, 0U);
    EXPECT_EQ(reader.height_at({kSubmitterGenesis.value - 1}).error(), ReadError::kNotFound);
    EXPECT_EQ(*reader.height_at(kSubmitterGenesis), 0U);
    EXPECT_EQ(*reader.height_at({~std::uint64_t{0}}), 0U);
}

}  // namespace
}  // namespace consilium::node
