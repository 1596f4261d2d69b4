// SPDX-License-Identifier: Apache-2.0
#include "cli/verification.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <sstream>

#include "base/hex.hpp"

namespace consilium::cli {
namespace {

using Kind = verify::StateQuestion::Kind;

verify::VerifiedState shown(Kind kind, Bytes subject) {
    verify::VerifiedState state;
    state.proven.question.kind = kind;
    state.proven.question.subject = std::move(subject);
    return state;
}

TEST(StateAskedTest, AnAbsentRowIsNoEmptyList) {
    const StateAsked list{"p", true, {}, {}};
    EXPECT_TRUE(is_about(shown(Kind::kPrefix, "p"), list));
    EXPECT_FALSE(is_about(shown(Kind::kKey, "p"), list));
    EXPECT_FALSE(is_about(shown(Kind::kPrefix, "pq"), list));
    EXPECT_FALSE(is_about(shown(Kind::kPrefix, ""), list));
    const StateAsked row{"p", false, {}, {}};
    EXPECT_TRUE(is_about(shown(Kind::kKey, "p"), row));
    EXPECT_FALSE(is_about(shown(Kind::kPrefix, "p"), row));
    EXPECT_FALSE(is_about(shown(Kind::kKey, "q"), row));
}

TEST(StateAskedTest, WhatOnceWasIsNotWhatIs) {
    const verify::VerifiedState now = shown(Kind::kKey, "k");
    verify::VerifiedState then = now;
    then.as_of = verify::AsOfMoment{7, {1000}, {2000}};
    EXPECT_TRUE(is_of_moment(now, {}));
    EXPECT_FALSE(is_of_moment(then, {}));
    StateAsked asked;
    asked.height = 7;
    EXPECT_FALSE(is_of_moment(now, asked));
    EXPECT_TRUE(is_of_moment(then, asked));
    // The newest state that is proven is the state as of its own height, and of no other.
    verify::VerifiedState newest = now;
    newest.height = 7;
    EXPECT_TRUE(is_of_moment(newest, asked));
    newest.height = 8;
    EXPECT_FALSE(is_of_moment(newest, asked));
    asked.height = 8;
    EXPECT_FALSE(is_of_moment(then, asked));
    asked.height.reset();
    for (const std::uint64_t time : {1000U, 1999U}) {
        asked.time = UnixMs{time};
        EXPECT_TRUE(is_of_moment(then, asked));
        EXPECT_FALSE(is_of_moment(now, asked));
    }
    for (const std::uint64_t time : {999U, 2000U}) {
        asked.time = UnixMs{time};
        EXPECT_FALSE(is_of_moment(then, asked));
    }
}

// tests/vectors/genesis, which the second verifier makes and reads as well.
TEST(MakeTrust, TakesTheGenesisDocumentsThatTheVectorsTake) {
    std::ifstream file(CONSILIUM_SOURCE_DIR "/tests/vectors/genesis/documents.json");
    std::stringstream content;
    content << file.rdbuf();
    const boost::json::value vectors = boost::json::parse(content.str());
    ASSERT_GE(vectors.at("cases").as_array().size(), 40U);
    for (const auto& each : vectors.at("cases").as_array()) {
        const std::string name(each.at("name").as_string());
        const auto* text = each.as_object().if_contains("document");
        const auto document = text != nullptr
                                  ? std::optional<Bytes>(Bytes(text->as_string()))
                                  : from_hex(std::string(each.at("document_hex").as_string()));
        ASSERT_TRUE(document.has_value()) << name;
        const auto trust = make_trust(*document, {}, {});
        EXPECT_EQ(trust.ok(), each.at("verdict").as_string() == "ok") << name;
        EXPECT_TRUE(trust.ok() || trust.error().code == Exit::kUsage) << name;
    }
}

}  // namespace
}  // namespace consilium::cli
