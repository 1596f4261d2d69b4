// SPDX-License-Identifier: Apache-2.0
#include "crypto/random.hpp"

#include <gtest/gtest.h>

namespace consilium::crypto {
namespace {

TEST(Random, HasTheSizeAskedFor) {
    for (const std::size_t size : {0U, 1U, 16U, 1000U})
        EXPECT_EQ(random_bytes(size).size(), size);
}

TEST(Random, DoesNotRepeat) {
    // Two equal draws of 32 bytes happen once in 2^256.
    EXPECT_NE(random_bytes(32), random_bytes(32));
    EXPECT_NE(random_id<Hash32>(), random_id<Hash32>());
}

}  // namespace
}  // namespace consilium::crypto
