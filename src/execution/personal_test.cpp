// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "base/limits.hpp"
#include "contracts/sdk/ledger_tables.hpp"
#include "execution/apply_block.hpp"
#include "execution/blocks_fixture.hpp"
#include "ledger/transaction.hpp"
#include "proto/canonical.hpp"

// Bodies that a person signed.
namespace consilium::execution {
namespace {

class PersonalTest : public ::testing::Test {
 protected:
    PersonalTest() {
        signed_.member = "payer";
        signed_.role = v1::ROLE_CLERK;
        signed_.signers = {&patient_};
    }
    void open(std::string_view name, const crypto::SigningKey& key) {
        ASSERT_TRUE(world_.submit(kClerk, {open_link(test_bytes(name, 16), key)}).applied());
    }
    [[nodiscard]] static Bytes digest_key(std::size_t number, std::uint64_t not_after_ms) {
        const auto digest = test_id<Hash32>("digest " + std::to_string(number));
        return Bytes(contracts::sdk::replay_key(UnixMs{not_after_ms}, digest).view());
    }
    // So many rows that have expired when the next block is made.
    void give_expired(std::size_t count) {
        state::StateDiff rows;
        for (std::size_t i = 0; i < count; ++i)
            rows[digest_key(i, world_.time.value + 999)] = Bytes{};
        world_.state.apply(rows);
    }
    [[nodiscard]] std::size_t digests() const {
        const auto prefix = contracts::sdk::replay_prefix();
        return world_.state.scan(prefix, prefix, 10'000)->size();
    }
    World world_;
    crypto::SigningKey patient_ = test_key("patient");
    Sender signed_;
    Bytes link_ = test_bytes("link", 16);
};

TEST_F(PersonalTest, ASignatureIsForOneMemberOnly) {
    open("link", patient_);
    const Bytes for_payer = world_.transaction(signed_, {close_link(link_, 1)});
    // The same bytes in another member's bundle: the signature is for the payer.
    Sender auditor = signed_;
    auditor.member = "auditor";
    auditor.user = World::user("auditor", v1::ROLE_CLERK);
    v1::Transaction taken;
    ASSERT_TRUE(taken.ParseFromString(for_payer));
    v1::Transaction own;
    Sender unsigned_one = auditor;
    unsigned_one.signers.clear();
    ASSERT_TRUE(own.ParseFromString(world_.transaction(unsigned_one, {close_link(link_, 1)})));
    *own.mutable_personal_signatures() = taken.personal_signatures();
    const auto block = world_.apply({world_.item("auditor", {proto::encode(own)})});
    expect_rejected(*ledger::decode_outcome(block.items[0].outcomes[0]),
                    Rejection::kPersonalSignature);
    const auto right = world_.apply({world_.item("payer", {for_payer})});
    EXPECT_TRUE(ledger::decode_outcome(right.items[0].outcomes[0])->applied());
}

TEST_F(PersonalTest, ABodyIsAppliedOnceAlsoUnderAnotherId) {
    open("link", patient_);
    const auto another = test_key("another");
    const v1::Body own = world_.body(signed_, {close_link(link_, 1)});
    const crypto::SigningKey* one[] = {&patient_};
    const crypto::SigningKey* two[] = {&patient_, &another};
    const Bytes first = ledger::make_transaction(world_.network, "payer", own, one);
    const Bytes second = ledger::make_transaction(world_.network, "payer", own, two);
    const auto block = world_.apply({world_.item("payer", {first, second})});
    EXPECT_TRUE(ledger::decode_outcome(block.items[0].outcomes[0])->applied());
    expect_rejected(*ledger::decode_outcome(block.items[0].outcomes[1]),
                    Rejection::kPersonalReplayed);
    const auto later = world_.apply({world_.item("payer", {second})});
    expect_rejected(*ledger::decode_outcome(later.items[0].outcomes[0]),
                    Rejection::kPersonalReplayed);
}

TEST_F(PersonalTest, ASignatureIsGoodForADayAtMost) {
    open("link", patient_);
    signed_.not_after_ms = world_.time.value + 1000 + limits::kPersonalNotAfterMsMax + 1;
    expect_rejected(world_.submit(signed_, {close_link(link_, 1)}), Rejection::kPersonalNotAfter);
    signed_.not_after_ms = world_.time.value + 1000 + limits::kPersonalNotAfterMsMax;
    EXPECT_TRUE(world_.submit(signed_, {close_link(link_, 1)}).applied());
}

TEST_F(PersonalTest, AfterTheyChangedTheirMindTheOldSignatureIsOfNoUse) {
    open("link", patient_);
    const Bytes withheld = world_.transaction(signed_, {close_link(link_, 1)});
    // The custodian closes the link meanwhile: it is at version 2.
    ASSERT_TRUE(world_.submit(kClerk, {close_link(link_, 1)}).applied());
    const auto block = world_.apply({world_.item("payer", {withheld})});
    EXPECT_FALSE(ledger::decode_outcome(block.items[0].outcomes[0])->applied());
}

TEST_F(PersonalTest, ASignatureThatNoCommandAsksForIsRefused) {
    expect_rejected(world_.submit(signed_, {anchor("a")}), Rejection::kPersonalUnasked);
    signed_.role = v1::ROLE_SERVICE;
    expect_rejected(world_.submit(signed_, {anchor("a"), anchor("b")}),
                    Rejection::kPersonalUnasked);
    EXPECT_EQ(digests(), 0U);
    // Nothing of it was written: the list still begins at 1.
    signed_.signers.clear();
    const auto outcome = world_.submit(signed_, {anchor("a")});
    EXPECT_EQ(outcome.assigned, std::vector<std::uint64_t>{1});
}

TEST_F(PersonalTest, EverySignatureMustBeAskedFor) {
    const auto another = test_key("another");
    const auto stranger = test_key("stranger");
    open("link", patient_);
    open("other", another);
    const std::vector<v1::Command> both = {close_link(link_, 1),
                                           close_link(test_bytes("other", 16), 1)};
    signed_.signers = {&patient_, &another, &stranger};
    expect_rejected(world_.submit(signed_, both), Rejection::kPersonalUnasked);
    signed_.signers = {&patient_, &another};
    expect_rejected(world_.submit(signed_, {both[0]}), Rejection::kPersonalUnasked);
    expect_rejected(world_.submit(signed_, {both[1], anchor("a")}), Rejection::kPersonalUnasked);
    EXPECT_EQ(digests(), 0U);
    EXPECT_TRUE(world_.submit(signed_, both).applied());
    EXPECT_EQ(digests(), 1U);
}

TEST_F(PersonalTest, OneCommandOfManyThatAsksIsEnough) {
    open("link", patient_);
    std::vector<v1::Command> commands(limits::kCommandsPerTransactionMax - 1, anchor("a"));
    commands.push_back(close_link(link_, 1));
    EXPECT_TRUE(world_.submit(signed_, commands).applied());
    EXPECT_EQ(digests(), 1U);
}

TEST_F(PersonalTest, ACommandAsksAlsoWhereItWouldApplyWithout) {
    open("link", patient_);
    Sender custodian = kClerk;  // may close by right of the member
    custodian.signers = {&patient_};
    EXPECT_TRUE(world_.submit(custodian, {close_link(link_, 1)}).applied());
    EXPECT_EQ(digests(), 1U);
}

TEST_F(PersonalTest, WhatACommandRejectsComesFirst) {
    const auto another = test_key("another");
    open("link", patient_);
    signed_.signers = {&patient_, &another};
    const auto outcome = world_.submit(signed_, {anchor("a"), close_link(link_, 7)});
    EXPECT_EQ(outcome.contract, static_cast<std::uint32_t>(ContractId::kCharts));
    EXPECT_EQ(outcome.command_index, 1U);
}

TEST_F(PersonalTest, ARefusedSignatureDoesNotSpendTheBody) {
    open("link", patient_);
    const auto another = test_key("another");
    const v1::Body own = world_.body(signed_, {close_link(link_, 1)});
    const crypto::SigningKey* one[] = {&patient_};
    const crypto::SigningKey* two[] = {&patient_, &another};
    const Bytes more = ledger::make_transaction(world_.network, "payer", own, two);
    const Bytes right = ledger::make_transaction(world_.network, "payer", own, one);
    const auto block = world_.apply({world_.item("payer", {more, right})});
    expect_rejected(*ledger::decode_outcome(block.items[0].outcomes[0]),
                    Rejection::kPersonalUnasked);
    EXPECT_TRUE(ledger::decode_outcome(block.items[0].outcomes[1])->applied());
}

TEST_F(PersonalTest, ExpiredDigestsGoABoundedNumberPerBlock) {
    give_expired(limits::kReplayDigestsRemovedPerBlock + 1);
    const auto live = contracts::sdk::replay_key(UnixMs{world_.time.value + kHourMs}, Hash32{});
    world_.state.apply({{Bytes(live.view()), Bytes{}}});
    EXPECT_EQ(world_.apply({}).diff.size(), limits::kReplayDigestsRemovedPerBlock);
    EXPECT_EQ(world_.apply({}).diff.size(), 1U);
    EXPECT_TRUE(world_.apply({}).diff.empty());
    EXPECT_TRUE(world_.state.rows().contains(live.view()));
}

TEST_F(PersonalTest, ADigestGoesInTheBlockAfterItsLastMoment) {
    // The next block is a second later: at its own time a body may still be applied.
    const auto last = contracts::sdk::replay_key(UnixMs{world_.time.value + 1000}, Hash32{});
    world_.state.apply({{Bytes(last.view()), Bytes{}}});
    EXPECT_TRUE(world_.apply({}).diff.empty());
    EXPECT_EQ(world_.apply({}).diff.size(), 1U);
    EXPECT_EQ(digests(), 0U);
}

TEST_F(PersonalTest, ABlockThatAddsDigestsRemovesTwiceAsManyMore) {
    constexpr std::size_t kAdded = 3;
    std::vector<crypto::SigningKey> patients;
    for (std::size_t i = 0; i < kAdded; ++i) {
        patients.push_back(test_key("patient " + std::to_string(i)));
        open("link " + std::to_string(i), patients.back());
    }
    std::vector<Bytes> closings;
    for (std::size_t i = 0; i < kAdded; ++i) {
        signed_.signers = {&patients[i]};
        const Bytes link = test_bytes("link " + std::to_string(i), 16);
        closings.push_back(world_.transaction(signed_, {close_link(link, 1)}));
    }
    give_expired(limits::kReplayDigestsRemovedPerBlock + 2 * kAdded + 1);
    const auto block = world_.apply({world_.item("payer", closings)});
    EXPECT_EQ(block.transactions_applied, kAdded);
    EXPECT_EQ(digests(), 1 + kAdded);
    world_.apply({});
    EXPECT_EQ(digests(), kAdded);
}

TEST_F(PersonalTest, ABlockReadsOneDigestWhereNoneHasExpired) {
    const std::uint64_t begun = world_.state.rows_scanned();
    world_.apply({});
    EXPECT_EQ(world_.state.rows_scanned() - begun, 0U);
    state::StateDiff rows;
    for (std::size_t i = 0; i < 300; ++i)
        rows[digest_key(i, world_.time.value + kHourMs)] = Bytes{};
    world_.state.apply(rows);
    const std::uint64_t before = world_.state.rows_scanned();
    world_.apply({});
    EXPECT_EQ(world_.state.rows_scanned() - before, 1U);
}

}  // namespace
}  // namespace consilium::execution
