// SPDX-License-Identifier: Apache-2.0
#include "contracts/registry/registry.hpp"

#include <gtest/gtest.h>

#include <set>

namespace consilium::contracts {
namespace {

TEST(Registry, EveryContractIsFoundByItsNumberAndMakesItsOwnCommands) {
    std::set<std::string_view> names;
    std::uint32_t last = 1;  // the ledger itself, which is no contract
    EXPECT_EQ(registry().find(0), nullptr);
    EXPECT_EQ(registry().find(last), nullptr);
    for (const sdk::Contract* contract : registry().contracts()) {
        const auto id = static_cast<std::uint32_t>(contract->id());
        EXPECT_EQ(id, last + 1) << "no number is left out";
        last = id;
        EXPECT_EQ(registry().find(id), contract);
        EXPECT_TRUE(names.insert(contract->name()).second);
        // "charts" takes v1.ChartsCommand: how a command is named to people.
        std::string type(contract->name());
        type[0] = static_cast<char>(type[0] - 'a' + 'A');
        EXPECT_EQ(contract->command().GetTypeName(), "consilium.v1." + type + "Command");
    }
    EXPECT_EQ(registry().find(last + 1), nullptr);
}

}  // namespace
}  // namespace consilium::contracts
