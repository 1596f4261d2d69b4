// SPDX-License-Identifier: Apache-2.0
#include "ledger/transaction.hpp"

#include <gtest/gtest.h>

#include <random>

#include "base/hex.hpp"
#include "base/limits.hpp"
#include "ledger/bundle.hpp"
#include "ledger/hashes.hpp"
#include "ledger/outcome.hpp"
#include "proto/canonical.hpp"

namespace consilium::ledger {
namespace {

v1::Body good_body(std::size_t commands = 1, std::size_t payload = 3) {
    v1::Body body;
    body.mutable_actor()->set_user(Bytes(16, 'u'));
    body.mutable_actor()->set_role(v1::ROLE_SERVICE);
    body.set_nonce(Bytes(16, 'n'));
    body.set_not_after_unix_ms(1);
    for (std::size_t i = 0; i < commands; ++i) {
        body.add_commands()->set_contract(4);
        body.mutable_commands(static_cast<int>(i))->set_payload(Bytes(payload, 'p'));
    }
    return body;
}

Bytes with_body(const v1::Body& body) {
    v1::Transaction transaction;
    transaction.set_body(proto::encode(body));
    return proto::encode(transaction);
}

v1::Transaction with_signatures(std::size_t count) {
    v1::Transaction out;
    out.set_body(proto::encode(good_body()));
    for (std::size_t i = 0; i < count; ++i) {
        auto& signature = *out.add_personal_signatures();
        signature.set_algorithm(v1::ALGORITHM_ED25519);
        signature.set_public_key(Bytes(32, static_cast<char>('a' + i)));
        signature.set_signature(Bytes(64, 's'));
    }
    return out;
}

void expect_refused(BytesView bytes, TransactionError error) {
    const auto got = decode_transaction(bytes);
    ASSERT_FALSE(got.ok()) << to_string(error);
    EXPECT_EQ(got.error(), error) << to_string(got.error());
}

template <typename Change>
void expect_body_refused(TransactionError error, const Change& change) {
    v1::Body body = good_body();
    change(body);
    expect_refused(with_body(body), error);
}

TEST(Transaction, DecodesToViewsOfTheBytes) {
    v1::Transaction from = with_signatures(2);
    const Bytes bytes = proto::encode(from);
    const auto got = decode_transaction(bytes);
    ASSERT_TRUE(got.ok());
    EXPECT_EQ(got->body, from.body());
    EXPECT_EQ(got->user, Bytes(16, 'u'));
    EXPECT_EQ(got->role, v1::ROLE_SERVICE);
    EXPECT_EQ(got->not_after.value, 1U);
    ASSERT_EQ(got->commands.size(), 1U);
    EXPECT_EQ(got->commands[0].contract, 4U);
    EXPECT_EQ(got->commands[0].payload, "ppp");
    ASSERT_EQ(got->personal_signatures.size(), 2U);
    EXPECT_EQ(got->personal_signatures[1].public_key, Bytes(32, 'b'));
}

TEST(Transaction, EachRuleRefusesItsBreach) {
    using E = TransactionError;
    expect_refused("", E::kNoActor);
    expect_refused("junk", E::kEncoding);
    expect_refused(*from_hex("0a0101"), E::kBodyEncoding);
    expect_body_refused(E::kNoActor, [](auto& b) { b.clear_actor(); });
    expect_body_refused(E::kUserLength, [](auto& b) { b.mutable_actor()->clear_user(); });
    expect_body_refused(E::kUserLength,
                        [](auto& b) { b.mutable_actor()->set_user(Bytes(17, 'u')); });
    expect_body_refused(E::kRole, [](auto& b) { b.mutable_actor()->clear_role(); });
    expect_body_refused(E::kNonceLength, [](auto& b) { b.set_nonce(Bytes(15, 'n')); });
    expect_body_refused(E::kNoNotAfter, [](auto& b) { b.clear_not_after_unix_ms(); });
    expect_body_refused(E::kNoCommand, [](auto& b) { b.clear_commands(); });
    expect_body_refused(E::kContract, [](auto& b) { b.mutable_commands(0)->clear_contract(); });
    expect_body_refused(E::kNoPayload, [](auto& b) { b.mutable_commands(0)->clear_payload(); });
    const auto signature = [](E error, const auto& change) {
        v1::Transaction from = with_signatures(2);
        change(*from.mutable_personal_signatures(1));
        expect_refused(proto::encode(from), error);
    };
    signature(E::kSignatureAlgorithm, [](auto& s) { s.clear_algorithm(); });
    signature(E::kPublicKeyLength, [](auto& s) { s.set_public_key(Bytes(33, 'z')); });
    signature(E::kPublicKeyLength, [](auto& s) { s.set_algorithm(v1::ALGORITHM_P256_SHA256); });
    signature(E::kSignatureLength, [](auto& s) { s.set_signature(Bytes(63, 's')); });
    signature(E::kSignatureOrder, [](auto& s) { s.set_public_key(Bytes(32, 'a')); });
    signature(E::kSignatureOrder, [](auto& s) { s.set_public_key(Bytes(32, 'A')); });
}

TEST(Transaction, LimitsAtTheirValueAndOneAbove) {
    using E = TransactionError;
    EXPECT_TRUE(decode_transaction(with_body(good_body(limits::kCommandsPerTransactionMax))).ok());
    expect_refused(with_body(good_body(limits::kCommandsPerTransactionMax + 1)),
                   E::kTooManyCommands);
    EXPECT_TRUE(
        decode_transaction(proto::encode(with_signatures(limits::kPersonalSignaturesMax))).ok());
    expect_refused(proto::encode(with_signatures(limits::kPersonalSignaturesMax + 1)),
                   E::kTooManySignatures);
    const std::size_t rest = with_body(good_body(1, 60000)).size() - 60000;
    const Bytes largest = with_body(good_body(1, limits::kTransactionBytesMax - rest));
    ASSERT_EQ(largest.size(), limits::kTransactionBytesMax);
    EXPECT_TRUE(decode_transaction(largest).ok());
    expect_refused(with_body(good_body(1, limits::kTransactionBytesMax - rest + 1)), E::kTooLarge);
}

// The decoder by hand and the generic grammar must agree on every input.
void expect_agreement(BytesView bytes) {
    v1::Transaction transaction;
    v1::Body body;
    const bool outer = proto::parse_canonical(bytes, transaction).ok();
    const bool inner = outer && proto::parse_canonical(transaction.body(), body).ok();
    const auto got = decode_transaction(bytes);
    if (!outer) {
        ASSERT_FALSE(got.ok()) << to_hex(bytes);
        EXPECT_EQ(got.error(), TransactionError::kEncoding) << to_hex(bytes);
    } else if (!inner) {
        ASSERT_FALSE(got.ok()) << to_hex(bytes);
        EXPECT_EQ(got.error(), TransactionError::kBodyEncoding) << to_hex(bytes);
    } else if (!got.ok()) {
        EXPECT_NE(got.error(), TransactionError::kEncoding) << to_hex(bytes);
        EXPECT_NE(got.error(), TransactionError::kBodyEncoding) << to_hex(bytes);
    } else {
        EXPECT_EQ(got->user, body.actor().user());
        EXPECT_EQ(got->commands.size(), static_cast<std::size_t>(body.commands_size()));
    }
}

TEST(Transaction, AgreesWithTheGenericGrammarOnEverySingleBitAndOnRandomDamage) {
    const Bytes bytes = proto::encode(with_signatures(1));
    for (std::size_t i = 0; i < bytes.size() * 8; ++i) {
        Bytes damaged = bytes;
        damaged[i / 8] = static_cast<char>(damaged[i / 8] ^ (1 << (i % 8)));
        expect_agreement(damaged);
    }
    for (std::size_t i = 0; i <= bytes.size(); ++i)
        expect_agreement(BytesView(bytes).substr(0, i));
    std::mt19937_64 random(3);
    for (int i = 0; i < 20000; ++i) {
        Bytes damaged = bytes;
        for (std::uint64_t n = 1 + random() % 3; n > 0; --n) {
            const std::size_t at = random() % damaged.size();
            switch (random() % 3) {
                case 0:
                    damaged[at] = static_cast<char>(random());
                    break;
                case 1:
                    damaged.erase(at, 1 + random() % 4);
                    break;
                default:
                    damaged.insert(at, 1, static_cast<char>(random() % 48));
            }
            if (damaged.empty()) damaged = "x";
        }
        expect_agreement(damaged);
    }
}

TEST(Transaction, MadeOnesDecodeAndTheirSignaturesAreRight) {
    const auto network = NetworkId{};
    const auto a = *crypto::SigningKey::from_seed(crypto::Algorithm::kEd25519, Bytes(32, 'a'));
    const auto b = *crypto::SigningKey::from_seed(crypto::Algorithm::kEd25519, Bytes(32, 'b'));
    const crypto::SigningKey* signers[] = {&a, &b};
    const crypto::SigningKey* reversed[] = {&b, &a};
    const Bytes made = make_transaction(network, "hospital", good_body(), signers);
    EXPECT_EQ(made, make_transaction(network, "hospital", good_body(), reversed));
    const auto got = decode_transaction(made);
    ASSERT_TRUE(got.ok());
    const Hash32 digest = personal_digest(network, "hospital", got->body);
    for (const auto& signature : got->personal_signatures)
        EXPECT_TRUE(crypto::verify(signature.algorithm, signature.public_key, digest.view(),
                                   signature.signature));
}

TEST(Outcome, RoundTripAndConsistency) {
    EXPECT_EQ(encode_outcome({}), "");
    EXPECT_EQ(*decode_outcome(""), Outcome{});
    const Outcome assigned{0, 0, 0, {7, 300}};
    EXPECT_EQ(to_hex(encode_outcome(assigned)), "220307ac02");
    EXPECT_EQ(*decode_outcome(encode_outcome(assigned)), assigned);
    const Outcome rejected{5, 4, 2, {}};
    EXPECT_EQ(to_hex(encode_outcome(rejected)), "080510041802");
    EXPECT_EQ(*decode_outcome(encode_outcome(rejected)), rejected);
    EXPECT_EQ(decode_outcome("junk").error(), OutcomeError::kEncoding);
    EXPECT_EQ(decode_outcome(*from_hex("1004")).error(), OutcomeError::kInconsistent);
    EXPECT_EQ(decode_outcome(*from_hex("1801")).error(), OutcomeError::kInconsistent);
    EXPECT_EQ(decode_outcome(*from_hex("0805")).error(), OutcomeError::kInconsistent);
    EXPECT_EQ(decode_outcome(*from_hex("08051004220107")).error(), OutcomeError::kInconsistent);
}

TEST(Outcome, TheEncoderByHandAgreesWithTheGeneratedOne) {
    std::mt19937_64 random(11);
    for (int i = 0; i < 2000; ++i) {
        Outcome outcome;
        v1::Outcome message;
        const auto number = [&] { return random() >> (random() % 64); };
        if (random() % 2 == 0) {
            outcome.code = 1 + static_cast<std::uint32_t>(number() % 0xffffffff);
            outcome.contract = 1 + static_cast<std::uint32_t>(number() % 0xffffffff);
            outcome.command_index = static_cast<std::uint32_t>(number());
        } else {
            for (std::uint64_t n = random() % 70; n > 0; --n)
                outcome.assigned.push_back(number());
        }
        message.set_code(outcome.code);
        message.set_contract(outcome.contract);
        message.set_command_index(outcome.command_index);
        message.mutable_assigned()->Assign(outcome.assigned.begin(), outcome.assigned.end());
        ASSERT_EQ(encode_outcome(outcome), proto::encode(message));
    }
}

TEST(Outcome, WhatTheLedgerItselfRejectsSaysHowToGoOn) {
    const auto retry = [](Rejection rejection) {
        return std::string_view(to_string(describe_rejection(rejection).retry));
    };
    for (const Rejection rejection :
         {Rejection::kExpired, Rejection::kUserNotValidNow, Rejection::kPersonalSignature,
          Rejection::kPersonalNotAfter, Rejection::kPersonalUnasked}) {
        EXPECT_EQ(retry(rejection), "new-transaction") << describe_rejection(rejection).name;
    }
    for (const Rejection rejection :
         {Rejection::kUserUnknown, Rejection::kUserRevoked, Rejection::kUserRole}) {
        EXPECT_EQ(retry(rejection), "other-actor") << describe_rejection(rejection).name;
    }
    EXPECT_EQ(retry(Rejection::kKeyExpired), "other-state");
    for (const Rejection rejection :
         {Rejection::kPersonalReplayed, Rejection::kUnknownContract, Rejection::kInvariant}) {
        EXPECT_EQ(retry(rejection), "never") << describe_rejection(rejection).name;
    }
}

TEST(Outcome, EveryRejectionIsDescribed) {
    const auto last = static_cast<std::uint32_t>(Rejection::kPersonalUnasked);
    for (std::uint32_t code = 1; code <= last; ++code)
        EXPECT_FALSE(describe_rejection(static_cast<Rejection>(code)).text.empty()) << code;
    EXPECT_TRUE(describe_rejection(Rejection{99}).name.empty());
}

}  // namespace
}  // namespace consilium::ledger
