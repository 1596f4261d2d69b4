// SPDX-License-Identifier: Apache-2.0
#include "base/result.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace consilium {
namespace {

enum class Error { kBad };

Result<std::unique_ptr<int>, Error> make(bool good) {
    if (!good) return fail(Error::kBad);
    return std::make_unique<int>(7);
}

TEST(Result, HoldsAValueOrAnError) {
    auto good = make(true);
    ASSERT_TRUE(good.ok());
    EXPECT_EQ(**good, 7);
    const std::unique_ptr<int> moved = std::move(good).value();
    EXPECT_EQ(*moved, 7);
    const auto bad = make(false);
    ASSERT_FALSE(bad.ok());
    EXPECT_EQ(bad.error(), Error::kBad);
}

TEST(Result, SameTypeForValueAndErrorStaysApart) {
    const Result<std::string, std::string> bad = fail(std::string("no"));
    EXPECT_FALSE(bad.ok());
    EXPECT_EQ(bad.error(), "no");
}

TEST(ResultDeathTest, ReadingTheOtherAlternativeAborts) {
    const auto bad = make(false);
    EXPECT_DEATH((void)bad.value(), "internal error");
}

}  // namespace
}  // namespace consilium
