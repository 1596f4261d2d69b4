// SPDX-License-Identifier: Apache-2.0
#include "base/hex.hpp"

#include <gtest/gtest.h>

namespace consilium {
namespace {

TEST(Hex, RoundTrip) {
    Bytes all;
    for (int i = 0; i < 256; ++i)
        all.push_back(static_cast<char>(i));
    EXPECT_EQ(from_hex(to_hex(all)), all);
    EXPECT_EQ(to_hex(BytesView("\x00\xff", 2)), "00ff");
    EXPECT_EQ(from_hex("00FF"), Bytes("\x00\xff", 2));
}

TEST(Hex, RefusesOddLengthAndOtherCharacters) {
    for (const char* bad : {"0", "0g", "g0", " 0", "0x00", "00 "})
        EXPECT_FALSE(from_hex(bad)) << bad;
    EXPECT_FALSE(fixed_from_hex<Hash32>("00"));
    EXPECT_TRUE(fixed_from_hex<Hash32>(std::string(64, 'a')));
}

}  // namespace
}  // namespace consilium
