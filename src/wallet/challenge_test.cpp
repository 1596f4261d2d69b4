// SPDX-License-Identifier: Apache-2.0
#include "wallet/challenge.hpp"

#include <gtest/gtest.h>

#include "base/hex.hpp"
#include "proto/canonical.hpp"

namespace consilium::wallet {
namespace {

constexpr UnixMs kNow{1'800'000'000'000};

v1::PatientChallenge example() {
    v1::PatientChallenge challenge;
    challenge.set_network_id(Bytes(32, 'n'));
    challenge.set_member_id("hospital");
    challenge.set_link_id(Bytes(16, 'l'));
    challenge.set_nonce(Bytes(32, 'o'));
    challenge.set_expires_unix_ms(kNow.value + kChallengeLifeMs);
    return challenge;
}

std::string outcome(const v1::PatientChallenge& challenge, UnixMs now = kNow) {
    ledger::NetworkId network;
    network.value.fill('n');
    const ledger::MemberId member = "hospital";
    const auto error = check_challenge(challenge, {network, member, now});
    return error ? to_string(*error) : "ok";
}

TEST(Challenge, is_for_one_network_and_member_and_soon) {
    EXPECT_EQ(outcome(example()), "ok");
    auto other = example();
    other.set_network_id(Bytes(32, 'm'));
    EXPECT_EQ(outcome(other), "network");
    other = example();
    other.set_member_id("clinic");
    EXPECT_EQ(outcome(other), "member");
    EXPECT_EQ(outcome(example(), {kNow.value + kChallengeLifeMs - 1}), "ok");
    EXPECT_EQ(outcome(example(), {kNow.value + kChallengeLifeMs}), "expired");
    EXPECT_EQ(outcome(example(), {kNow.value - kChallengeLifeMs / 2}), "ok");
    EXPECT_EQ(outcome(example(), {kNow.value - kChallengeLifeMs / 2 - 1}), "expired");
}

TEST(Challenge, refuses_what_is_none) {
    const auto reads = [](auto change) {
        auto challenge = example();
        change(challenge);
        return read_challenge(proto::encode(challenge)).has_value();
    };
    using C = v1::PatientChallenge;
    EXPECT_TRUE(reads([](C&) {}));
    EXPECT_FALSE(reads([](C& c) { c.set_nonce(Bytes(31, 'o')); }));
    EXPECT_FALSE(reads([](C& c) { c.set_link_id(Bytes(17, 'l')); }));
    EXPECT_FALSE(reads([](C& c) { c.set_network_id(""); }));
    EXPECT_FALSE(reads([](C& c) { c.set_member_id("Hospital"); }));
    EXPECT_FALSE(read_challenge(proto::encode(example()) + '\0'));
    EXPECT_FALSE(read_challenge(""));
}

TEST(Challenge, has_the_digest_that_the_format_says) {
    EXPECT_EQ(to_hex(challenge_digest("abc").view()),
              "e02b6b5969ff39f46615f65295064ef82dc7a8f9840cf9b2a425fadc8952f800");
}

}  // namespace
}  // namespace consilium::wallet
