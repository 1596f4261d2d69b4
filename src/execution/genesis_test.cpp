// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "base/hex.hpp"
#include "base/limits.hpp"
#include "contracts/registry/registry.hpp"
#include "execution/apply_genesis.hpp"
#include "execution/testing/world.hpp"
#include "ledger/hashes.hpp"
#include "proto/canonical.hpp"

namespace consilium::execution {
namespace {

using namespace testing;
using ledger::GenesisError;

void expect_refused(const v1::GenesisState& genesis, GenesisError error) {
    const auto got = apply_genesis(proto::encode(genesis), contracts::registry());
    ASSERT_FALSE(got.ok());
    EXPECT_EQ(got.error(), error) << ledger::to_string(got.error());
}

template <typename Change>
void expect_refused_after(GenesisError error, const Change& change) {
    v1::GenesisState genesis = World::genesis();
    change(genesis);
    expect_refused(genesis, error);
}

TEST(Genesis, TheNetworkOfTheVectors) {
    const World world;
    const auto begun = apply_genesis(world.app_state, contracts::registry());
    ASSERT_TRUE(begun.ok());
    EXPECT_EQ(begun->validators.size(), 4U);
    EXPECT_TRUE(
        std::is_sorted(begun->validators.begin(), begun->validators.end(),
                       [](const auto& a, const auto& b) { return a.public_key < b.public_key; }));
    EXPECT_EQ(ledger::chain_id(world.network).size(), 42U);

    std::string rows;
    for (const auto& [key, value] : begun->diff) {
        rows += rows.empty() ? "\n    \"" : ",\n    \"";
        rows += contracts::registry().path_of_key(key) + "\": \"" + to_hex(*value) + "\"";
    }
    const std::string text = "{\n  \"app_state\": \"" + to_hex(world.app_state) +
                             "\",\n  \"network_id\": \"" + to_hex(world.network.view()) +
                             "\",\n  \"chain_id\": \"" + ledger::chain_id(world.network) +
                             "\",\n  \"rows\": {" + rows + "\n  }\n}\n";
    const std::string path =
        std::string(CONSILIUM_SOURCE_DIR) + "/tests/vectors/contracts/genesis.json";
    if (std::getenv("CONSILIUM_UPDATE_VECTORS") != nullptr) {
        std::ofstream(path, std::ios::binary) << text;
        return;
    }
    std::stringstream stored;
    stored << std::ifstream(path, std::ios::binary).rdbuf();
    EXPECT_EQ(stored.str(), text);
}

TEST(Genesis, EachRuleRefusesItsBreach) {
    EXPECT_EQ(apply_genesis("junk", contracts::registry()).error(), GenesisError::kEncoding);
    expect_refused({}, GenesisError::kProtocol);
    expect_refused_after(GenesisError::kProtocol, [](auto& g) { g.set_protocol_version(2); });
    expect_refused_after(GenesisError::kTime, [](auto& g) { g.clear_time_unix_ms(); });
    expect_refused_after(GenesisError::kSalt, [](auto& g) { g.set_salt(Bytes(31, 's')); });
    expect_refused_after(GenesisError::kNoMember, [](auto& g) { g.clear_members(); });
    expect_refused_after(GenesisError::kMemberId,
                         [](auto& g) { g.mutable_members(0)->set_member_id("A"); });
    expect_refused_after(GenesisError::kMemberOrder,
                         [](auto& g) { g.mutable_members(0)->set_member_id("zz"); });
    expect_refused_after(GenesisError::kMember,
                         [](auto& g) { g.mutable_members(0)->clear_member(); });
    expect_refused_after(GenesisError::kKey, [](auto& g) { g.mutable_members(0)->clear_keys(); });
    expect_refused_after(GenesisError::kNoValidator, [](auto& g) {
        for (auto& member : *g.mutable_members())
            member.clear_node();
    });
    expect_refused_after(GenesisError::kValidator, [](auto& g) {
        g.mutable_members(0)->mutable_node()->set_validator_public_key(
            g.members(1).node().validator_public_key());
    });
    expect_refused_after(GenesisError::kValidator, [](auto& g) {
        g.mutable_members(0)->mutable_node()->set_validator_power(~0ULL);
    });
    expect_refused_after(GenesisError::kValidator, [](auto& g) {
        g.mutable_members(0)->mutable_node()->clear_validator_power();
    });
}

TEST(Genesis, MembershipRefusesWhatACommandCouldNotSay) {
    const GenesisError error = GenesisError::kMembership;
    expect_refused_after(
        error, [](auto& g) { g.mutable_members(0)->mutable_member()->set_name("<script>"); });
    expect_refused_after(error,
                         [](auto& g) { g.mutable_members(0)->mutable_member()->clear_kinds(); });
    expect_refused_after(error, [](auto& g) {
        g.mutable_members(0)->mutable_member()->add_kinds(v1::MEMBER_KIND_PROVIDER);
    });
    expect_refused_after(error,
                         [](auto& g) { g.mutable_members(0)->mutable_member()->clear_status(); });
    expect_refused_after(
        error, [](auto& g) { g.mutable_members(0)->mutable_node()->set_endpoint("ftp://x:1"); });
    expect_refused_after(error, [](auto& g) {
        g.mutable_members(0)->mutable_keys(0)->set_not_after_unix_ms(kGenesisMs);
    });
    expect_refused_after(
        error, [](auto& g) { *g.mutable_members(0)->mutable_keys(0) = g.members(1).keys(0); });
    expect_refused_after(error, [](auto& g) {
        g.mutable_members(0)->mutable_users(0)->set_user(g.members(0).users(1).user());
    });
}

TEST(Genesis, ManyValidatorsAndMembers) {
    v1::GenesisState genesis = World::genesis();
    const v1::GenesisMember pattern = genesis.members(0);
    genesis.clear_members();
    const auto add = [&](std::size_t i) {
        auto& member = *genesis.add_members();
        member = pattern;
        const std::string name = "m" + std::to_string(1000 + i);
        member.set_member_id(name);
        member.clear_users();
        member.mutable_node()->set_validator_public_key(test_key("v" + name).public_key());
        member.mutable_keys(0)->set_public_key(test_key("k" + name).public_key());
    };
    for (std::size_t i = 0; i < limits::kValidatorsMax; ++i)
        add(i);
    EXPECT_TRUE(apply_genesis(proto::encode(genesis), contracts::registry()).ok());
    add(limits::kValidatorsMax);
    expect_refused(genesis, GenesisError::kTooManyValidators);
    for (std::size_t i = limits::kValidatorsMax; i <= limits::kMembersMax; ++i) {
        if (i > limits::kValidatorsMax) add(i);
        auto& node = *genesis.mutable_members(static_cast<int>(i))->mutable_node();
        node.clear_validator_public_key();
        node.clear_validator_power();
        if (i + 1 == limits::kMembersMax) {
            ASSERT_EQ(static_cast<std::size_t>(genesis.members_size()), limits::kMembersMax);
            EXPECT_TRUE(apply_genesis(proto::encode(genesis), contracts::registry()).ok());
        }
    }
    expect_refused(genesis, GenesisError::kTooManyMembers);
}

}  // namespace
}  // namespace consilium::execution
