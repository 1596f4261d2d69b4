// SPDX-License-Identifier: Apache-2.0
#include "execution/apply_block.hpp"

#include <gtest/gtest.h>

#include "execution/testing/world.hpp"

namespace consilium::execution {
namespace {

using namespace testing;

v1::DocumentsCommand anchor(std::string_view name) {
    v1::DocumentsCommand out;
    out.mutable_anchor_record()->set_record_id(test_bytes(name, 16));
    out.mutable_anchor_record()->set_commitment(test_bytes(name, 32));
    return out;
}

TEST(ApplyBlock, ABundleIsExecuted) {
    World world;
    const auto outcome = world.submit({}, {command(anchor("a"))});
    EXPECT_TRUE(outcome.applied()) << outcome.contract << " " << outcome.code;
    EXPECT_EQ(outcome.assigned, std::vector<std::uint64_t>{1});
}

}  // namespace
}  // namespace consilium::execution
