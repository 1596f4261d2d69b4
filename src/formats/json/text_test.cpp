// SPDX-License-Identifier: Apache-2.0
#include "formats/json/text.hpp"

#include <gtest/gtest.h>

#include "formats/json/text_testing.hpp"

namespace consilium::formats::json {
namespace {

// Every scalar value but the noncharacters is encoded and read back with its length.
TEST(Text, Utf8OfEveryCodePoint) {
    std::size_t refused = 0;
    for (char32_t point = 0; point <= 0x10FFFF; ++point) {
        if (point >= 0xD800 && point <= 0xDFFF) continue;
        std::string out;
        append_utf8(out, point);
        const std::size_t length = utf8_length(out);
        if (length == 0) {
            ++refused;
            continue;
        }
        ASSERT_EQ(length, out.size()) << std::uint32_t{point};
    }
    EXPECT_EQ(refused, 66U);
}

TEST(Text, IsText) {
    EXPECT_TRUE(is_text(""));
    EXPECT_TRUE(is_text("a\n\x7f\xC3\xA9"));
    EXPECT_FALSE(is_text(std::string_view("a\0b", 3)));
    EXPECT_FALSE(is_text("a\xC3"));
    EXPECT_FALSE(is_text("\xED\xA0\x80"));
}

TEST(Text, NumberLength) {
    EXPECT_EQ(number_length("12.50x"), 5U);
    EXPECT_EQ(number_length("-0"), 2U);
    EXPECT_EQ(number_length("00"), 1U);
    EXPECT_EQ(number_length("1e5.2"), 3U);
    EXPECT_EQ(number_length(""), 0U);
    EXPECT_EQ(number_length("-"), 0U);
    EXPECT_EQ(number_length("1.x"), 0U);
}

}  // namespace
}  // namespace consilium::formats::json
