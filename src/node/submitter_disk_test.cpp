// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <algorithm>

#include "ledger/bundle.hpp"
#include "node/faulty_disk_testing.hpp"
#include "node/submitter_fixture.hpp"

// A node whose disks fail, one or the other: everybody is answered, and nothing runs without end.
namespace consilium::node {
namespace {

using services::SubmitError;
using testing::Answer;
using testing::applied;
using testing::SubmitterTest;

constexpr int kMany = 200;  // reads that one step can have no reason for

class SubmitterDisk : public SubmitterTest {
 protected:
    SubmitterDisk() {
        rig.crash();
        auto to_ledger = std::make_unique<FaultyDisk>();
        auto to_outbox = std::make_unique<FaultyDisk>();
        ledger = to_ledger.get();
        outbox = to_outbox.get();
        rig.disks[0] = std::move(to_ledger);
        rig.outbox = std::move(to_outbox);
        rig.start();
    }
    void expect_all(SubmitError error) const {
        for (const Answer& answer : answers) {
            ASSERT_FALSE(answer.ok());
            EXPECT_EQ(answer.error(), error);
        }
    }
    // By another process with the member's key, through the other member's copy: in a block that is
    // durable and that member 0 has not published.
    void clone_chart_unpublished() {
        const std::vector<Bytes> same{chart};
        const Bytes clone = ledger::make_item(
            ledger::make_bundle(rig.consortium.genesis.network_id,
                                {rig.consortium.ids[0], 1, 1, {rig.wall.value + 60'000}}, same,
                                rig.consortium.bundle_key(0)));
        ASSERT_TRUE(rig.core->submit(1, clone, rig.now_us).ok());
        ASSERT_TRUE(rig.core->make_block(rig.wall).ok());
        ASSERT_TRUE(rig.core->sync().ok());
    }

    FaultyDisk* ledger = nullptr;
    FaultyDisk* outbox = nullptr;
};

TEST_F(SubmitterDisk, AnOutcomeThatCannotBeReadIsAnsweredOnce) {
    open_chart();
    ledger->outcomes_to_fail = kMany;
    submit(chart);
    rig.turn();
    ASSERT_EQ(answers.size(), 2U);
    ASSERT_FALSE(answers[1].ok());
    EXPECT_EQ(answers[1].error(), SubmitError::kDisk);
    EXPECT_EQ(ledger->outcomes_to_fail, kMany - 1) << "read once";
    // The others are none the worse; and when the row can be read again, it is the answer.
    EXPECT_FALSE(rig.submitter->failed());
    submit(rig.anchor(2));
    rig.turns(2);
    ledger->outcomes_to_fail = 0;
    submit(chart);
    rig.turns(2);
    ASSERT_EQ(answers.size(), 4U);
    EXPECT_TRUE(applied(answers[2]) && applied(answers[3]));
    EXPECT_EQ(answers[3]->height, answers[0]->height);
    EXPECT_EQ(rig.executed()[rig.id(chart)], 1);
}

TEST_F(SubmitterDisk, WhatAnUnpublishedBlockHoldsWaitsForIt) {
    clone_chart_unpublished();
    ledger->lookups_left = kMany;
    submit(chart);
    submit(rig.anchor(2));
    for (int i = 0; i < 3; ++i) {
        rig.now_us += 10'000;
        (void)rig.submitter->step(rig.wall, rig.now_us);
    }
    EXPECT_EQ(ledger->lookups_left, kMany - 1) << "looked up once";
    EXPECT_EQ(rig.submitter->waiting(), 2U);
    submit(chart);  // joins
    EXPECT_TRUE(answers.empty());
    for (const auto& block : rig.applications[0]->publish(1))
        rig.submitter->block(block, rig.now_us);
    ASSERT_EQ(answers.size(), 2U);
    rig.turns(3);
    ASSERT_EQ(answers.size(), 3U);
    for (const Answer& answer : answers)
        EXPECT_TRUE(applied(answer));
    EXPECT_EQ(rig.submitter->waiting(), 0U);
    EXPECT_EQ(rig.executed()[rig.id(chart)], 1);
}

// The engine halted between the write and the publishing.
TEST_F(SubmitterDisk, WhatWaitsForABlockThatNeverComesIsAnsweredAtTheStop) {
    clone_chart_unpublished();
    ledger->lookups_left = kMany;
    submit(chart);
    (void)rig.submitter->step(rig.wall, rig.now_us);
    rig.submitter->stop();
    ASSERT_EQ(answers.size(), 1U);
    expect_all(SubmitError::kStopping);
}

TEST_F(SubmitterDisk, AnIndexThatCannotBeReadAnswersTheWholeQueue) {
    constexpr std::size_t kCount = limits::kTransactionsPerBundleMax + 100;
    rig.holds = true;
    submit(chart);
    rig.turn();  // in a bundle
    ledger->lookups_left = 0;
    for (std::uint64_t i = 0; i < kCount; ++i)
        submit(rig.anchor(i));
    rig.turn();
    EXPECT_EQ(answers.size(), kCount + 1) << "more than one bundle takes, and what is in one";
    expect_all(SubmitError::kDisk);
    EXPECT_EQ(rig.submitter->waiting(), 0U);
    EXPECT_EQ(rig.submitter->failure(), Submitter::Failure::kLedger);
    submit(rig.anchor(kCount));
    ASSERT_EQ(answers.size(), kCount + 2);
    expect_all(SubmitError::kDisk);
}

TEST_F(SubmitterDisk, AnOutboxThatCannotBeWrittenAnswersWhatIsInBundlesToo) {
    hold_chart();  // stored and sent
    outbox->writes_fail = true;
    submit(rig.anchor(2));
    rig.turn();  // its put fails
    submit(rig.anchor(3));
    ASSERT_EQ(answers.size(), 3U);
    expect_all(SubmitError::kDisk);
    EXPECT_EQ(rig.submitter->failure(), Submitter::Failure::kOutbox);
    EXPECT_EQ(rig.submitter->waiting(), 0U);
    ASSERT_EQ(rig.held.size(), 1U) << "what is not stored is not sent";
    // What was sent commits after all; and what expires finds nobody waiting.
    rig.holds = false;
    ASSERT_TRUE(rig.core->submit(0, rig.held.at(0), rig.now_us).ok());
    rig.turns(3);
    rig.wall.value += 2 * rig.limits.bundle_lifetime_ms;
    rig.make_block();
    rig.turns(3);
    EXPECT_EQ(answers.size(), 3U) << "nobody is answered twice";
    // Room was made, the node starts again, the clients send the same bytes.
    rig.crash();
    outbox->writes_fail = false;
    rig.start();
    answers.clear();
    for (const Bytes& transaction : {chart, rig.anchor(2), rig.anchor(3)})
        submit(transaction);
    rig.turns(10);
    ASSERT_EQ(answers.size(), 3U);
    for (const Answer& answer : answers)
        EXPECT_TRUE(applied(answer));
    for (const auto& [id, times] : rig.executed())
        EXPECT_EQ(times, 1);
}

TEST_F(SubmitterDisk, AnOutboxThatCannotForgetHasFailed) {
    open_chart();
    outbox->writes_fail = true;
    rig.turns(150);
    EXPECT_EQ(rig.submitter->failure(), Submitter::Failure::kOutbox);
    submit(rig.anchor(2));
    ASSERT_EQ(answers.size(), 2U);
    EXPECT_EQ(answers[1].error(), SubmitError::kDisk);
}

TEST(Outbox, TopNeverGoesBack) {
    FaultyDisk disk;
    Outbox outbox(disk);
    EXPECT_EQ(*outbox.top(1), 0U);
    ASSERT_TRUE(outbox.put({1, 5}, "five", {}).ok());
    ASSERT_TRUE(outbox.put({1, 3}, "three", {}).ok());
    EXPECT_EQ(*outbox.top(1), 5U);
    ASSERT_TRUE(outbox.put({1, 6}, "six", {{1, 5}, {1, 3}}).ok());
    EXPECT_EQ(*outbox.top(1), 6U);
    EXPECT_EQ(*outbox.top(2), 0U) << "another key's";
    ASSERT_TRUE(outbox.put({2, 1}, "one", {}).ok());
    EXPECT_EQ(*outbox.top(2), 1U);
    EXPECT_EQ(*outbox.top(1), 6U);
    const auto records = outbox.load();
    ASSERT_TRUE(records.ok());
    ASSERT_EQ(records->size(), 2U);
    EXPECT_EQ((*records)[0].item, "six");
    // Not knowing the highest, it writes none.
    disk.node_rows_fail = true;
    EXPECT_FALSE(outbox.put({1, 7}, "seven", {}).ok());
    disk.node_rows_fail = false;
    EXPECT_EQ(*outbox.top(1), 6U);
    EXPECT_EQ(outbox.load()->size(), 2U);
}

}  // namespace
}  // namespace consilium::node
