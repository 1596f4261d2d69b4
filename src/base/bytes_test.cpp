// SPDX-License-Identifier: Apache-2.0
#include "base/bytes.hpp"

#include <gtest/gtest.h>

namespace consilium {
namespace {

TEST(Bytes, OrderIsUnsigned) {
    EXPECT_LT(BytesView("\x7f", 1), BytesView("\x80", 1));
    EXPECT_LT(BytesView("a"), BytesView("a\0", 2));
}

TEST(Bytes, AssignRefusesAnotherLength) {
    Hash32 h;
    EXPECT_FALSE(assign(h, Bytes(31, 'x')));
    EXPECT_FALSE(assign(h, Bytes(33, 'x')));
    EXPECT_TRUE(h.is_zero());
    EXPECT_TRUE(assign(h, Bytes(32, 'x')));
    EXPECT_EQ(h.bytes(), Bytes(32, 'x'));
}

TEST(Bytes, BigEndianRoundTripKeepsOrder) {
    for (const std::uint64_t v : {0ULL, 1ULL, 255ULL, 256ULL, ~0ULL - 1, ~0ULL}) {
        Bytes b;
        append_be64(b, v);
        ASSERT_EQ(b.size(), 8U);
        EXPECT_EQ(read_be64(b), v);
    }
    Bytes small;
    Bytes large;
    append_be32(small, 255);
    append_be32(large, 256);
    EXPECT_LT(small, large);
    EXPECT_EQ(read_be32(large), 256U);
}

}  // namespace
}  // namespace consilium
