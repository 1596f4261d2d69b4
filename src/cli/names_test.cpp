// SPDX-License-Identifier: Apache-2.0
#include "cli/names.hpp"

#include <gtest/gtest.h>

namespace consilium::cli {
namespace {

TEST(Names, SplitAndJoin) {
    EXPECT_EQ(split("", ','), std::vector<std::string>{""});
    EXPECT_EQ(split("a,,b", ','), (std::vector<std::string>{"a", "", "b"}));
    EXPECT_EQ(joined({"a", "b"}), "a, b");
    EXPECT_EQ(joined({}), "");
}

TEST(Names, NearestForgivesTwoEdits) {
    const std::vector<std::string> known = {"ledger", "receipt", "key"};
    EXPECT_EQ(nearest("leger", known), "ledger");
    EXPECT_EQ(nearest("reciept", known), "receipt");
    EXPECT_EQ(nearest("xyzzy", known), "");
}

}  // namespace
}  // namespace consilium::cli
