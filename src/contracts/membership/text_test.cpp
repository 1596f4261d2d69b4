// SPDX-License-Identifier: Apache-2.0
#include "contracts/membership/text.hpp"

#include <gtest/gtest.h>

#include "base/limits.hpp"

namespace consilium::contracts::membership {
namespace {

TEST(MembershipText, AlphabetAndLength) {
    EXPECT_TRUE(is_public_text("A", 1));
    EXPECT_TRUE(is_public_text(std::string(128, 'a'), limits::kNameBytesMax));
    EXPECT_TRUE(is_public_text("St. Mary's (East), No. 4/5 - #2 & Co", 64));
    EXPECT_TRUE(is_public_text("\xc9\x8f", 2));  // U+024F
    for (const char* bad : {"", " a", "a ", "a  b", "a\tb", "a\nb", "a;b", "a\"b", "a<b", "a@b",
                            "a\xc3\x97"
                            "b",
                            "a\xc3\xb7"
                            "b",
                            "\xc9\x90", "\xe2\x80\xae", "\xc3"})
        EXPECT_FALSE(is_public_text(bad, 64)) << bad;
    EXPECT_FALSE(is_public_text(std::string(129, 'a'), limits::kNameBytesMax));
    EXPECT_FALSE(is_public_text(std::string_view("a\0b", 3), 64));
}

TEST(MembershipText, Endpoints) {
    for (const char* good : {"https://a:1", "https://node.hospital.example:65535",
                             "https://10.0.0.1:8443", "https://[::1]:8443"})
        EXPECT_TRUE(is_endpoint(good)) << good;
    for (const char* bad :
         {"", "https://", "https://a", "https://a:", "https://a:0", "https://a:65536",
          "https://a:08", "https://a:1/", "https://a b:1", "https://A:1", "https://user@a:1",
          "https://-a:1", "https://a.:1", "https://[]:1", "https://[g]:1", "HTTPS://a:1"})
        EXPECT_FALSE(is_endpoint(bad)) << bad;
    constexpr std::size_t kHostBytesMax = limits::kEndpointBytesMax - std::size("https://:1") + 1;
    EXPECT_TRUE(is_endpoint("https://" + std::string(kHostBytesMax, 'a') + ":1"));
    EXPECT_FALSE(is_endpoint("https://" + std::string(kHostBytesMax + 1, 'a') + ":1"));
}

}  // namespace
}  // namespace consilium::contracts::membership
