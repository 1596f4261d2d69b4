// SPDX-License-Identifier: Apache-2.0
#include "formats/json/canonical.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "formats/json/parse.hpp"
#include "formats/json/text_testing.hpp"

namespace consilium::formats::json {
namespace {

Document read(std::string text) {
    auto out = parse(std::move(text), kBytesMax);
    EXPECT_TRUE(out.ok());
    return out ? std::move(*out) : Document();
}

// RFC 8785 section 3.2.3, its own example, with the names in the order that it gives.
TEST(Canonical, SortsAsTheExampleOfTheRfc) {
    const Document document =
        read(R"({"\u20ac":"Euro Sign","\r":"Carriage Return",)"
             R"("\ufb33":"Hebrew Letter Dalet With Dagesh",)"
             R"("1":"One","\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control",)"
             R"("\u00f6":"Latin Small Letter O With Diaeresis"})");
    EXPECT_EQ(canonical(document.root()),
              "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u0080\":\"Control\","
              "\"\u00f6\":\"Latin Small Letter O With Diaeresis\",\"\u20ac\":\"Euro Sign\","
              "\"\U0001F600\":\"Emoji: Grinning Face\","
              "\"\uFB33\":\"Hebrew Letter Dalet With Dagesh\"}");
}

// RFC 8785 section 3.2.2: its sample, with the difference that numbers keep their text.
TEST(Canonical, KeepsNumbersAndEscapesAsTheSampleOfTheRfc) {
    const Document document = read(
        "{\n  \"numbers\": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],\n"
        "  \"string\": \"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\",\n"
        "  \"literals\": [null, true, false]\n}");
    EXPECT_EQ(canonical(document.root()),
              "{\"literals\":[null,true,false],"
              "\"numbers\":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],"
              "\"string\":\"\u20ac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
}

std::u16string utf16(char32_t point) {
    if (point < 0x10000) return {static_cast<char16_t>(point)};
    return {static_cast<char16_t>(0xD800 + ((point - 0x10000) >> 10U)),
            static_cast<char16_t>(0xDC00 + ((point - 0x10000) & 0x3FFU))};
}

// Against the slow way: both names converted to UTF-16 and compared.
TEST(Canonical, ComparesAsUtf16Does) {
    const std::vector<char32_t> points = {0x01,   0x41,   0x7F,    0x80,    0x7FF,   0x800,
                                          0xD7FF, 0xE000, 0xF000,  0xFFFD,  0x10000, 0x10FFFD,
                                          0xFB33, 0xEFFF, 0x1F600, 0x40000, 0x10FFFC};
    std::vector<std::pair<std::string, std::u16string>> names = {{"", u""}};
    for (const char32_t first : points) {
        std::string one;
        append_utf8(one, first);
        names.emplace_back(one, utf16(first));
        for (const char32_t second : points) {
            std::string two = one;
            append_utf8(two, second);
            names.emplace_back(two, utf16(first) + utf16(second));
        }
    }
    for (const auto& a : names)
        for (const auto& b : names)
            ASSERT_EQ(utf16_less(a.first, b.first), a.second < b.second);
}

}  // namespace
}  // namespace consilium::formats::json
