// SPDX-License-Identifier: Apache-2.0
#include "node/submitter.hpp"

#include <gmock/gmock.h>

#include "ledger/bundle.hpp"
#include "node/submitter_fixture.hpp"

namespace consilium::node {
namespace {

using consensus::EngineError;
using services::SubmitError;
using testing::Answer;
using testing::applied;
using testing::Consortium;
using testing::SubmitterTest;

TEST_F(SubmitterTest, AnswersWithTheDurableOutcome) {
    submit(chart);
    rig.turns(2);
    submit(rig.anchor(2));
    EXPECT_EQ(answers.size(), 1U);
    rig.turns(2);
    ASSERT_EQ(answers.size(), 2U);
    EXPECT_TRUE(applied(answers[0]) && applied(answers[1]));
    EXPECT_EQ(rig.submitter->waiting(), 0U);
    EXPECT_TRUE(Outbox(*rig.outbox).load()->size() <= 1U);
    rig.turns(150);
    EXPECT_TRUE(Outbox(*rig.outbox).load()->empty()) << "what is resolved leaves the outbox";
}

TEST_F(SubmitterTest, ARetryIsAnsweredWithTheOutcomeThereIs) {
    submit(chart);
    submit(chart);  // before it is in a bundle
    (void)rig.submitter->step(rig.wall, rig.now_us);
    submit(chart);  // while it is in one
    rig.make_block();
    EXPECT_EQ(answers.size(), 3U);
    submit(chart);  // when it is on the ledger
    rig.turns(2);
    rig.crash();
    rig.start();
    submit(chart);  // after a restart, and after its fences
    rig.turns(6);
    // When its not_after has passed, too.
    rig.wall.value += 48ULL * 3600 * 1000;
    submit(chart);
    ASSERT_EQ(answers.size(), 6U);
    for (const Answer& answer : answers) {
        ASSERT_TRUE(applied(answer));
        EXPECT_EQ(answer->height, answers[0]->height);
    }
    EXPECT_EQ(rig.executed()[rig.id(chart)], 1);
}

TEST_F(SubmitterTest, ABatchIsOneBundleAndAnsweredByIndex) {
    std::map<std::size_t, Answer> by_index;
    rig.holds = true;
    rig.submitter->submit_batch(
        {chart, "no transaction", rig.anchor(2), rig.anchor(2)}, rig.wall, rig.now_us,
        [&](std::size_t index, Answer answer) { by_index.emplace(index, std::move(answer)); });
    ASSERT_EQ(by_index.size(), 1U);
    EXPECT_EQ(by_index.at(1).error(), SubmitError::kMalformed);
    rig.turn();
    ASSERT_EQ(rig.held.size(), 1U);
    EXPECT_EQ(ledger::decode_item(rig.held.at(0))->transactions.size(), 2U) << "the copy joins";
    ASSERT_TRUE(rig.core->submit(0, rig.held.at(0), rig.now_us).ok());
    rig.turns(2);
    ASSERT_EQ(by_index.size(), 4U);
    EXPECT_EQ(by_index.at(0)->id, rig.id(chart));
    for (const std::size_t index : {0U, 2U, 3U})
        EXPECT_TRUE(applied(by_index.at(index))) << index;
    EXPECT_EQ(by_index.at(2)->id, by_index.at(3)->id);
}

TEST_F(SubmitterTest, RefusesWhatCanNeverApply) {
    submit("nonsense");
    submit(Bytes(limits::kTransactionBytesMax + 1, 'x'));
    submit(rig.consortium.anchor_until(0, Consortium::chart(1), 7, 999));
    ASSERT_EQ(answers.size(), 3U);
    EXPECT_EQ(answers[0].error(), SubmitError::kMalformed);
    EXPECT_EQ(answers[1].error(), SubmitError::kTooLarge);
    EXPECT_EQ(answers[2].error(), SubmitError::kExpired);
    submit(rig.consortium.anchor_until(0, Consortium::chart(1), 7, 1000));
    EXPECT_EQ(answers.size(), 3U) << "until the very millisecond";
}

TEST_F(SubmitterTest, BackPressure) {
    rig.crash();
    rig.limits.queue_transactions = 3;
    rig.start();
    for (std::uint64_t i = 0; i < 4; ++i)
        submit(rig.anchor(i));
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_EQ(answers[0].error(), SubmitError::kOverloaded);
    submit(rig.anchor(2));
    EXPECT_EQ(answers.size(), 1U) << "one that waits already needs no room";
    rig.turns(2);
    EXPECT_EQ(answers.size(), 5U);
    submit(rig.anchor(3));
    rig.turns(2);
    EXPECT_TRUE(answers.back().ok()) << "there is room again";
}

TEST_F(SubmitterTest, SeveralBundlesInFlightAndNoMore) {
    rig.crash();
    rig.limits.bundles_in_flight = 2;
    rig.start();
    rig.holds = true;
    for (std::uint64_t i = 0; i < 5; ++i) {
        submit(rig.anchor(i));
        rig.turns(2);
    }
    EXPECT_EQ(rig.held.size(), 2U);
    rig.holds = false;
    for (const Bytes& item : rig.held)
        ASSERT_TRUE(rig.core->submit(0, item, rig.now_us).ok());
    rig.turns(5);
    EXPECT_EQ(answers.size(), 5U);
    for (const auto& [id, times] : rig.executed())
        EXPECT_EQ(times, 1);
}

TEST_F(SubmitterTest, TheSameBytesTwiceInTheChainApplyOnce) {
    hold_chart();
    rig.holds = false;
    ASSERT_TRUE(rig.core->submit(0, rig.held.at(0), rig.now_us).ok());
    ASSERT_TRUE(rig.core->make_block(rig.wall).ok());
    ASSERT_TRUE(rig.core->sync().ok());
    for (const auto& block : rig.applications[0]->publish(1))
        rig.submitter->block(block, rig.now_us);
    EXPECT_EQ(rig.core->submit(0, rig.held.at(0), rig.now_us).error(), EngineError::kStale);
    ASSERT_EQ(answers.size(), 1U);
    rig.turns(5);
    EXPECT_EQ(rig.executed()[rig.id(chart)], 1);
}

// Lost on the way until its not_after is before the block time: then, and not before, its
// transactions enter another bundle, and the first one does nothing when it comes after all.
TEST_F(SubmitterTest, AnExpiredBundleIsReplacedAndCannotComeBack) {
    hold_chart();
    ASSERT_EQ(rig.held.size(), 1U);
    const Bytes first = rig.held.at(0);
    rig.turns(250);
    ASSERT_GE(rig.held.size(), 2U) << "submitted again, the same bytes";
    EXPECT_EQ(rig.held, std::vector<Bytes>(rig.held.size(), first));
    rig.wall.value += rig.limits.bundle_lifetime_ms;  // its not_after passes, no block says so
    rig.held.clear();
    rig.turns(250);
    // Wall time alone kills no bundle; beside it goes a fence, for the block that tells.
    EXPECT_THAT(rig.held, ::testing::Contains(first));
    EXPECT_THAT(rig.held, ::testing::Contains(::testing::Ne(first)));
    rig.make_block();  // now the committed block time does
    rig.turns(1);
    ASSERT_NE(rig.held.back(), first);
    rig.holds = false;
    ASSERT_TRUE(rig.core->submit(0, rig.held.back(), rig.now_us).ok());
    rig.turns(3);
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_TRUE(applied(answers[0]));
    EXPECT_EQ(rig.core->submit(0, first, rig.now_us).error(), EngineError::kStale);
    EXPECT_EQ(rig.executed()[rig.id(chart)], 1);
}

// Found by the simulation: bundles were good for a minute of the wall clock, which block time had
// overtaken, so that none applied until the clock had caught up.
TEST_F(SubmitterTest, AClockThatWasSetBackHoldsNobodyUp) {
    open_chart();
    ASSERT_EQ(answers.size(), 1U);
    rig.wall.value -= 10 * rig.limits.bundle_lifetime_ms;
    submit(rig.anchor(1));
    rig.turns(3);
    ASSERT_EQ(answers.size(), 2U);
    EXPECT_TRUE(applied(answers[1]));
}

TEST_F(SubmitterTest, ATransactionThatExpiresInTheQueueIsAnswered) {
    rig.holds = true;
    submit(rig.consortium.anchor_until(0, Consortium::chart(1), 9, 30'000));
    rig.turn();
    rig.wall.value += rig.limits.bundle_lifetime_ms + 1000;
    rig.make_block();
    rig.turn();
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_EQ(answers[0].error(), SubmitError::kExpiredInQueue);
}

// Another process signs with the same key and takes the number.
TEST_F(SubmitterTest, ANumberTakenByAnotherBundleFreesTheTransactions) {
    hold_chart();
    const std::vector<Bytes> others{rig.consortium.open_chart(0, 77)};
    const Bytes clone = ledger::make_item(ledger::make_bundle(
        rig.consortium.genesis.network_id, {rig.consortium.ids[0], 1, 1, {rig.wall.value + 60'000}},
        others, rig.consortium.bundle_key(0)));
    // Its lane already admitted our number 1, so it comes through the other member's copy.
    ASSERT_TRUE(rig.core->submit(1, clone, rig.now_us).ok());
    rig.make_block();
    rig.turns(1);
    rig.holds = false;
    ASSERT_EQ(rig.held.size(), 2U);
    for (const Bytes& item : rig.held)
        (void)rig.core->submit(0, item, rig.now_us);
    rig.turns(3);
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_TRUE(applied(answers[0]));
    EXPECT_EQ(rig.executed()[rig.id(chart)], 1);
}

TEST_F(SubmitterTest, OpeningWithAKeyThatTheLedgerDoesNotHave) {
    const crypto::SigningKey other = rig.consortium.bundle_key(1);
    SubmitterOptions options;
    options.network_id = rig.consortium.genesis.network_id;
    options.member_id = rig.consortium.ids[0];
    options.key = &other;
    Submitter wrong(options, *rig.applications[0], *rig.outbox, rig);
    EXPECT_EQ(wrong.open().error(), Submitter::OpenError::kBadKey);
    const crypto::SigningKey right = rig.consortium.bundle_key(0);
    options.key = &right;
    options.key_id = 2;
    Submitter number(options, *rig.applications[0], *rig.outbox, rig);
    EXPECT_EQ(number.open().error(), Submitter::OpenError::kBadKey);
}

TEST_F(SubmitterTest, StoppingAnswersEverybody) {
    rig.holds = true;
    submit(rig.anchor(1));
    rig.turn();
    submit(rig.anchor(2));
    rig.submitter->stop();
    submit(rig.anchor(3));
    ASSERT_EQ(answers.size(), 3U);
    for (const Answer& answer : answers)
        EXPECT_EQ(answer.error(), SubmitError::kStopping);
}

}  // namespace
}  // namespace consilium::node
