// SPDX-License-Identifier: Apache-2.0
#include "services/identity/patient_tokens.hpp"

#include <gtest/gtest.h>

#include "base/hex.hpp"
#include "consilium/v1/charts.pb.h"
#include "crypto/sign.hpp"
#include "proto/canonical.hpp"
#include "services/port/map_reads_testing.hpp"
#include "wallet/challenge.hpp"

namespace consilium::services::identity {
namespace {

class PatientTokensTest : public ::testing::Test {
 protected:
    ledger::NetworkId network{};
    ledger::MemberId member = "hospital";
    MapReads reads;
    std::unique_ptr<http::Tokens> tokens =
        *http::Tokens::create("i", "a", {*http::make_token_key()});
    UnixMs now{1'800'000'000'000};
    PatientTokens patients{{network, member, reads, *tokens}, [this] { return now; }};
    crypto::SigningKey key = crypto::SigningKey::generate();
    ledger::LinkId link;

    PatientTokensTest() {
        link.value.fill(7);
        put(link, key, "hospital", "clinic");
    }
    void put(const ledger::LinkId& id, const crypto::SigningKey& of, const std::string& custodian,
             const std::string& counterparty, bool closed = false) {
        v1::Link row;
        row.set_custodian(custodian);
        row.set_counterparty(counterparty);
        row.set_algorithm(static_cast<v1::Algorithm>(of.algorithm()));
        row.set_public_key(of.public_key());
        row.set_version(1);
        row.set_closed(closed);
        reads.rows[Bytes("\x03\x03", 2).append(id.view())] = proto::encode(row);
    }
    static Bytes sign(const crypto::SigningKey& with, BytesView issued) {
        v1::IssuedChallenge read;
        EXPECT_TRUE(proto::parse_canonical(issued, read).ok());
        return with.sign(wallet::challenge_digest(read.challenge()).view());
    }
    std::string outcome(BytesView issued, BytesView signature) {
        const auto token = patients.token(issued, signature);
        return token ? "ok" : to_string(token.error());
    }
    std::string try_link(const ledger::LinkId& id, const crypto::SigningKey& with) {
        const auto issued = patients.challenge(id);
        return outcome(issued, sign(with, issued));
    }
};

TEST_F(PatientTokensTest, the_links_key_gets_a_token_for_that_link) {
    const auto issued = patients.challenge(link);
    const auto token = patients.token(issued, sign(key, issued));
    ASSERT_TRUE(token.ok());
    const auto principal = *tokens->verify(token->token, now);
    EXPECT_EQ(principal->link, to_hex(link.view()));
    EXPECT_EQ(principal->purpose_of_use, "PATRQT");
    EXPECT_TRUE(principal->scopes.grants_patient({"Observation", 'r'}));
    EXPECT_TRUE(principal->scopes.grants_patient({"Observation", 's'}));
    EXPECT_FALSE(principal->scopes.grants_patient({"Observation", 'c'}));
    EXPECT_FALSE(principal->scopes.grants({"Observation", 'r'}));
    EXPECT_FALSE(principal->break_glass);
    EXPECT_EQ(principal->expires.value, now.value + kPatientTokenLifeMs);
}

TEST_F(PatientTokensTest, both_ends_of_the_link_let_the_patient_in) {
    ledger::LinkId other;
    other.value.fill(8);
    put(other, key, "payer", "hospital");
    EXPECT_EQ(try_link(other, key), "ok");
    put(other, key, "payer", "clinic");
    EXPECT_EQ(try_link(other, key), "refused");
}

TEST_F(PatientTokensTest, takes_every_algorithm_that_links_have) {
    const auto p256 = crypto::SigningKey::generate(crypto::Algorithm::kP256Sha256);
    put(link, p256, "hospital", "clinic");
    EXPECT_EQ(try_link(link, p256), "ok");
    EXPECT_EQ(try_link(link, key), "refused");
}

TEST_F(PatientTokensTest, refuses_other_keys_and_links) {
    EXPECT_EQ(try_link(link, crypto::SigningKey::generate()), "refused");
    ledger::LinkId unknown;
    EXPECT_EQ(try_link(unknown, key), "refused");
    put(link, key, "hospital", "clinic", true);
    EXPECT_EQ(try_link(link, key), "refused");  // closed
    const auto issued = patients.challenge(link);
    EXPECT_EQ(outcome(issued, ""), "refused");
    EXPECT_EQ(outcome(issued, Bytes(64, '\0')), "refused");
}

TEST_F(PatientTokensTest, a_challenge_is_used_once) {
    const auto issued = patients.challenge(link);
    const auto signature = sign(key, issued);
    EXPECT_EQ(outcome(issued, signature), "ok");
    EXPECT_EQ(outcome(issued, signature), "used");
    now.value += wallet::kChallengeLifeMs - 1;
    EXPECT_EQ(outcome(issued, signature), "used");
    now.value += 1;
    EXPECT_EQ(outcome(issued, signature), "expired");
    // Whoever has not the key uses up nothing.
    const auto mine = patients.challenge(link);
    EXPECT_EQ(outcome(mine, Bytes(64, 's')), "refused");
    EXPECT_EQ(outcome(mine, sign(key, mine)), "ok");
}

TEST_F(PatientTokensTest, a_challenge_ends) {
    const auto issued = patients.challenge(link);
    now.value += wallet::kChallengeLifeMs - 1;
    EXPECT_EQ(outcome(issued, sign(key, issued)), "ok");
    const auto late = patients.challenge(link);
    now.value += wallet::kChallengeLifeMs;
    EXPECT_EQ(outcome(late, sign(key, late)), "expired");
}

TEST_F(PatientTokensTest, takes_only_challenges_of_its_own) {
    const auto issued = patients.challenge(link);
    for (std::size_t i = 0; i < issued.size(); ++i) {
        auto changed = issued;
        changed[i] = static_cast<char>(changed[i] ^ 1);
        EXPECT_NE(patients.token(changed, sign(key, issued)).ok(), true) << i;
    }
    // One that another node made, or this one before its last start.
    PatientTokens other({network, member, reads, *tokens}, [this] { return now; });
    const auto foreign = other.challenge(link);
    EXPECT_EQ(outcome(foreign, sign(key, foreign)), "challenge");
    // One that the patient made.
    v1::PatientChallenge forged;
    forged.set_network_id(network.bytes());
    forged.set_member_id(member);
    forged.set_link_id(link.bytes());
    forged.set_nonce(Bytes(32, 'n'));
    forged.set_expires_unix_ms(now.value + 1000);
    v1::IssuedChallenge wrapped;
    wrapped.set_challenge(proto::encode(forged));
    wrapped.set_code(Bytes(32, 'c'));
    const auto bytes = proto::encode(wrapped);
    EXPECT_EQ(outcome(bytes, sign(key, bytes)), "challenge");
    EXPECT_EQ(outcome("", ""), "challenge");
    EXPECT_EQ(outcome("nonsense", ""), "malformed");
    EXPECT_EQ(outcome(issued, sign(key, issued)), "ok");
}

TEST_F(PatientTokensTest, a_signature_for_one_node_opens_no_other) {
    const ledger::MemberId clinic = "clinic";
    PatientTokens at_clinic({network, clinic, reads, *tokens}, [this] { return now; });
    const auto theirs = at_clinic.challenge(link);
    EXPECT_EQ(outcome(theirs, sign(key, theirs)), "challenge");
    const auto ours = patients.challenge(link);
    EXPECT_FALSE(at_clinic.token(ours, sign(key, ours)).ok());
}

}  // namespace
}  // namespace consilium::services::identity
