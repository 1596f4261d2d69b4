// SPDX-License-Identifier: Apache-2.0
#include "base/edit_distance.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

namespace consilium {
namespace {

// The definition, letter by letter: slow and obvious.
std::size_t slow_distance(std::string_view a, std::string_view b) {
    if (a.empty() || b.empty()) return std::max(a.size(), b.size());
    const std::size_t replaced = a[0] == b[0] ? 0 : 1;
    return std::min({slow_distance(a.substr(1), b) + 1, slow_distance(a, b.substr(1)) + 1,
                     slow_distance(a.substr(1), b.substr(1)) + replaced});
}

TEST(EditDistance, OfKnownWords) {
    EXPECT_EQ(edit_distance("", ""), 0U);
    EXPECT_EQ(edit_distance("port", "port"), 0U);
    EXPECT_EQ(edit_distance("", "port"), 4U);
    EXPECT_EQ(edit_distance("port", ""), 4U);
    EXPECT_EQ(edit_distance("adress", "address"), 1U);
    EXPECT_EQ(edit_distance("prot", "port"), 2U);
    EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
    EXPECT_EQ(edit_distance("Port", "port"), 1U);
}

TEST(EditDistance, AgreesWithItsDefinition) {
    std::mt19937 random(7);
    const auto word = [&] {
        std::string out(random() % 6, 'a');
        for (char& c : out)
            c = static_cast<char>('a' + random() % 3);
        return out;
    };
    for (int i = 0; i < 1000; ++i) {
        const std::string a = word();
        const std::string b = word();
        ASSERT_EQ(edit_distance(a, b), slow_distance(a, b)) << a << " " << b;
        ASSERT_EQ(edit_distance(a, b), edit_distance(b, a)) << a << " " << b;
    }
}

}  // namespace
}  // namespace consilium
