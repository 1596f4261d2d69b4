// SPDX-License-Identifier: Apache-2.0
#include "node/genesis.hpp"

#include <gtest/gtest.h>

#include "base/hex.hpp"
#include "proto/canonical.hpp"

namespace consilium::node {
namespace {

v1::GenesisState example() {
    v1::GenesisState state;
    state.set_protocol_version(1);
    state.set_time_unix_ms(1'795'411'912'417);
    state.set_salt(std::string(32, 's'));
    for (const char* id : {"clinic", "hospital", "observer"}) {
        auto& member = *state.add_members();
        member.set_member_id(id);
        member.mutable_member()->set_name("A name");
        member.mutable_node()->set_endpoint("https://127.0.0.1:7443");
        if (std::string_view(id) == "observer") continue;
        member.mutable_node()->set_validator_public_key(std::string(32, id[0]));
        member.mutable_node()->set_validator_power(10);
    }
    return state;
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
    const auto at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
}

TEST(Genesis, ReadsBackWhatItWrote) {
    const auto state = example();
    const std::string document = make_genesis_document(state);
    const auto genesis = parse_genesis(document);
    ASSERT_TRUE(genesis.ok()) << genesis.error();
    EXPECT_EQ(genesis->document, document);
    EXPECT_EQ(genesis->app_state, proto::encode(state));
    EXPECT_EQ(genesis->network_id, network_id_of(genesis->app_state));
    EXPECT_EQ(genesis->chain_id, "consilium-" + to_hex(genesis->network_id.view()).substr(0, 32));
    EXPECT_EQ(genesis->time.value, 1'795'411'912'417U);
    ASSERT_EQ(genesis->validators.size(), 2U);
    EXPECT_EQ(genesis->validators[1].public_key, std::string(32, 'h'));
    EXPECT_EQ(genesis->validators[1].power, 10U);
}

TEST(Genesis, TheSameStateMakesTheSameDocument) {
    EXPECT_EQ(make_genesis_document(example()), make_genesis_document(example()));
    auto other = example();
    other.set_salt(std::string(32, 't'));
    EXPECT_NE(parse_genesis(make_genesis_document(other))->network_id,
              parse_genesis(make_genesis_document(example()))->network_id);
}

TEST(Genesis, FormIsFreeButContentIsNot) {
    const std::string document = make_genesis_document(example());
    EXPECT_TRUE(parse_genesis(replaced(document, "\n", "  ")).ok());
    const auto error = [](const std::string& text) {
        const auto read = parse_genesis(text);
        return read ? std::string() : read.error();
    };
    EXPECT_EQ(error(replaced(document, "417Z", "418Z")),
              "does not agree with itself: genesis_time is not what app_state says");
    EXPECT_EQ(error(replaced(document, "consilium-", "consilium_")),
              "does not agree with itself: chain_id is not what app_state says");
    EXPECT_EQ(error(replaced(document, "\"power\": \"10\"", "\"power\": \"11\"")),
              "does not agree with itself: validators is not what app_state says");
    EXPECT_EQ(error(replaced(document, "\"max_gas\": \"-1\"", "\"max_gas\": \"1\"")),
              "does not agree with itself: consensus_params is not what app_state says");
    EXPECT_EQ(error(replaced(document, "\"initial_height\": \"1\",", "")),
              "does not agree with itself: initial_height is not what app_state says");
    EXPECT_EQ(error(replaced(document, "{\n", "{\n\"x\": 1,")),
              "has members that a genesis document does not have");
}

// Readers differ in which of two members of one name they take.
TEST(Genesis, RefusesAMemberTwice) {
    const std::string document = make_genesis_document(example());
    for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
             {"{\n", "{\"app_state\": \"\","},
             {"{\n", R"({"app\u005fstate": "",)"},
             {"{\n", R"({"chain_id": "a \\\" : {",)"},
             {"\"max_gas\"", R"("max_gas": "-1", "max_gas")"},
             {"\"power\"", R"("power": {"x": 1}, "power")"}}) {
        const auto read = parse_genesis(replaced(document, from, to));
        ASSERT_FALSE(read.ok()) << to;
        EXPECT_EQ(read.error(), "names a member twice") << to;
    }
    // A colon, a quote and a brace within a string are none of these.
    auto quoting = example();
    quoting.mutable_members(0)->set_member_id("a\":{\\");
    EXPECT_TRUE(parse_genesis(make_genesis_document(quoting)).ok());
}

TEST(Genesis, RefusesBadInput) {
    const std::string document = make_genesis_document(example());
    for (std::size_t i = 0; i < document.size() - 1; ++i) {
        EXPECT_FALSE(parse_genesis(document.substr(0, i)).ok()) << i;
    }
    EXPECT_FALSE(parse_genesis("[]").ok());
    EXPECT_FALSE(parse_genesis("{}").ok());
    EXPECT_FALSE(parse_genesis("{\"app_state\": 1}").ok());
    EXPECT_FALSE(parse_genesis("{\"app_state\": \"AA=A\"}").ok());
    EXPECT_FALSE(parse_genesis("{\"app_state\": \"AB==\"}").ok());
    EXPECT_FALSE(parse_genesis(std::string(200'000, '[')).ok());
    auto lone = example();
    lone.mutable_members()->DeleteSubrange(0, 2);
    EXPECT_EQ(parse_genesis(make_genesis_document(lone)).error(), "names no validator");
    EXPECT_FALSE(load_genesis("/nonexistent/genesis.json").ok());
}

}  // namespace
}  // namespace consilium::node
