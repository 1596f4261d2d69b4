// SPDX-License-Identifier: Apache-2.0
#include "vault/delivery/back_off.hpp"

#include <gtest/gtest.h>

namespace consilium::vault::delivery {
namespace {

using std::chrono::milliseconds;

TEST(BackOff, doubles_up_to_its_most) {
    const BackOff back_off{milliseconds(100), milliseconds(1500)};
    const int expected[] = {100, 200, 400, 800, 1500, 1500};
    for (std::uint32_t i = 0; i < 6; ++i)
        EXPECT_EQ(delay_after(back_off, i + 1, 0), milliseconds(expected[i]));
    EXPECT_EQ(delay_after(back_off, 0xffffffffU, 0), milliseconds(1500));
}

TEST(BackOff, takes_off_up_to_a_half) {
    const BackOff back_off{milliseconds(1000), milliseconds(300'000)};
    EXPECT_EQ(delay_after(back_off, 1, 0x80000000U), milliseconds(750));
    EXPECT_EQ(delay_after(back_off, 1, 0xffffffffU), milliseconds(501));
    EXPECT_EQ(delay_after(back_off, 40, 0xffffffffU), milliseconds(150'001));
}

TEST(BackOff, may_be_none) {
    EXPECT_EQ(delay_after({milliseconds(0), milliseconds(0)}, 3, 7), milliseconds(0));
}

}  // namespace
}  // namespace consilium::vault::delivery
