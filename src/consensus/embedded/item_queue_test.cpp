// SPDX-License-Identifier: Apache-2.0
#include "consensus/embedded/item_queue.hpp"

#include <gtest/gtest.h>

#include "base/limits.hpp"

namespace consilium::consensus::embedded {
namespace {

// Four items of two lanes, `more` bytes over what a block holds.
void fill(ItemQueue& queue, std::size_t more) {
    for (std::size_t i = 0; i < 4; ++i) {
        const std::size_t size = limits::kBlockBytesMax / 4 + (i == 3 ? more : 0);
        ASSERT_TRUE(queue.push(i % 2, Bytes(size, static_cast<char>('a' + i)), i).ok());
    }
}

TEST(ItemQueue, ABlockIsFilledToItsLastByte) {
    ItemQueue queue(2, {});
    fill(queue, 0);
    EXPECT_EQ(queue.take(limits::kBlockBytesMax).size(), 4U);
    EXPECT_TRUE(queue.take(limits::kBlockBytesMax).empty());
}

TEST(ItemQueue, WhatIsOneByteTooMuchWaitsForTheNextBlock) {
    ItemQueue queue(2, {});
    fill(queue, 1);
    EXPECT_EQ(queue.take(limits::kBlockBytesMax).size(), 3U);
    const auto rest = queue.take(limits::kBlockBytesMax);
    ASSERT_EQ(rest.size(), 1U);
    EXPECT_EQ(rest[0].size(), limits::kBlockBytesMax / 4 + 1);
}

TEST(ItemQueue, TheLargestItemFitsIntoABlock) {
    EXPECT_LE(limits::kItemBytesMax, limits::kBlockBytesMax);
}

}  // namespace
}  // namespace consilium::consensus::embedded
