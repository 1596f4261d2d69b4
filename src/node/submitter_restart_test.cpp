// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <tuple>

#include "execution/replay_window.hpp"
#include "node/submitter_fixture.hpp"

// A node that comes back: after a crash between any two steps, and with an old copy of its disk.
namespace consilium::node {
namespace {

using consensus::EngineError;
using services::SubmitError;
using testing::Answer;
using testing::applied;
using testing::Disks;
using testing::SubmitterTest;

// Which step ends the node, the how manieth of its kind, and whether clients try again.
class Crash : public SubmitterTest,
              public ::testing::WithParamInterface<std::tuple<SubmitStep, int, bool>> {};

// The node dies after any step of any bundle; clients send everything again.
TEST_P(Crash, BetweenAnyTwoSteps) {
    const auto [step, which, clients_retry] = GetParam();
    rig.dies_after = [step = step, left = which](SubmitStep now) mutable {
        return now == step && --left == 0;
    };
    std::vector<Bytes> transactions{chart};
    for (std::uint64_t i = 2; i < 5; ++i)
        transactions.push_back(rig.anchor(i));
    for (const Bytes& transaction : transactions) {
        submit(transaction);
        rig.turns(2);
    }
    const std::size_t answered_before = answers.size();
    rig.crash();
    rig.dies_after = nullptr;
    rig.start();
    if (clients_retry) {
        for (const Bytes& transaction : transactions)
            submit(transaction);
    }
    rig.turns(10);
    auto times = rig.executed();
    for (const auto& [id, count] : times)
        EXPECT_EQ(count, 1);
    if (!clients_retry) return;
    ASSERT_EQ(answers.size(), answered_before + transactions.size());
    for (const Answer& answer : answers) {
        if (answer) {
            EXPECT_TRUE(applied(answer));
        } else {
            EXPECT_EQ(answer.error(), SubmitError::kStopping);
        }
    }
    for (const Bytes& transaction : transactions)
        EXPECT_EQ(times[rig.id(transaction)], 1);
}

INSTANTIATE_TEST_SUITE_P(
    Submitter, Crash,
    ::testing::Combine(::testing::Values(SubmitStep::kSigned, SubmitStep::kStored,
                                         SubmitStep::kSubmitted, SubmitStep::kResolved),
                       ::testing::Values(1, 2, 3), ::testing::Bool()));

TEST_F(SubmitterTest, TheOutboxIsReplayedWithoutItsClients) {
    rig.dies_after = [](SubmitStep step) { return step == SubmitStep::kStored; };
    submit(chart);
    rig.turn();
    rig.crash();
    const Bytes stored = Outbox(*rig.outbox).load()->at(0).item;
    rig.dies_after = nullptr;
    rig.start();
    rig.turns(3);
    EXPECT_EQ(rig.executed()[rig.id(chart)], 1);
    EXPECT_EQ((*rig.applications[1]->kept_block(1))->items.at(0), stored) << "the same bytes";
}

TEST_F(SubmitterTest, ABlockThatIsDurableButNotPublishedIsFoundAfterACrash) {
    submit(chart);
    (void)rig.submitter->step(rig.wall, rig.now_us);
    ASSERT_TRUE(rig.core->make_block(rig.wall).ok());
    ASSERT_TRUE(rig.core->sync().ok());
    rig.crash();
    EXPECT_TRUE(answers.empty());
    rig.start();
    submit(chart);
    rig.turns(5);
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_TRUE(applied(answers[0]));
    EXPECT_EQ(rig.executed()[rig.id(chart)], 1);
}

// The ledger copy, the outbox or both of a node are put back to an earlier day while one of its
// bundles is still on its way. The client tries again; both bundles arrive; one applies.
// The parameters: whether something was ordered since the copy, and which disks are put back.
class Restored : public SubmitterTest,
                 public ::testing::WithParamInterface<std::tuple<bool, Disks>> {};

TEST_P(Restored, ANodeFencesOffWhatItDoesNotRemember) {
    open_chart();
    auto old = backup();
    if (std::get<0>(GetParam())) {
        submit(rig.anchor(2));
        rig.turns(3);
    }
    rig.holds = true;
    submit(rig.anchor(4));
    rig.turn();
    const Bytes wanted = rig.anchor(3);
    submit(wanted);
    rig.turn();
    ASSERT_EQ(rig.held.size(), 2U);
    const Bytes on_its_way = rig.held.at(1);
    put_back(std::move(old), std::get<1>(GetParam()));
    EXPECT_EQ(rig.applications[0]->info().app_hash, rig.applications[1]->info().app_hash);

    std::vector<Answer> retried;
    rig.submit(wanted, retried);
    rig.submit(rig.anchor(2), retried);  // committed after the copy was made
    rig.turns(8);
    ASSERT_EQ(retried.size(), 2U);
    EXPECT_TRUE(applied(retried[0]) && applied(retried[1]));
    // The old bundle can never apply now, whoever brings it.
    EXPECT_EQ(rig.core->submit(1, on_its_way, rig.now_us).error(), EngineError::kStale);
    auto times = rig.executed();
    EXPECT_EQ(times[rig.id(wanted)], 1);
    EXPECT_EQ(times[rig.id(rig.anchor(2))], 1);
}

INSTANTIATE_TEST_SUITE_P(Submitter, Restored,
                         ::testing::Combine(::testing::Bool(),
                                            ::testing::Values(Disks::kBoth, Disks::kLedger,
                                                              Disks::kOutbox)));

// The same, and the forgotten bundle arrives before the fences are up.
TEST_F(SubmitterTest, ARestoredNodeTakesWhatArrivesBeforeTheFences) {
    open_chart();
    auto old = backup();
    submit(rig.anchor(2));
    rig.turns(3);
    rig.holds = true;
    const Bytes wanted = rig.anchor(3);
    submit(wanted);
    rig.turn();
    const Bytes on_its_way = rig.held.at(0);
    put_back(std::move(old));
    std::vector<Answer> retried;
    rig.submit(wanted, retried);
    ASSERT_TRUE(rig.core->submit(1, on_its_way, rig.now_us).ok());
    rig.turns(8);
    ASSERT_EQ(retried.size(), 1U);
    EXPECT_TRUE(applied(retried[0]));
    EXPECT_EQ(rig.executed()[rig.id(wanted)], 1);
}

// The outbox is lost while the member's very first bundle is on its way: neither the ledger's
// window nor an outbox knows of a number, and yet one may be out.
TEST_F(SubmitterTest, ANodeWithoutItsOutboxFencesAlthoughTheLedgerKnowsOfNoBundle) {
    rig.make_block();
    hold_chart();
    const Bytes on_its_way = rig.held.at(0);
    rig.crash();
    rig.outbox = std::make_unique<state::MemoryDisk>();
    rig.held.clear();
    rig.start();
    // What it would send unfenced: its first number again, then the retry under the second.
    std::vector<Answer> retried;
    submit(rig.consortium.open_chart(0, 2));
    rig.turns(2);
    rig.submit(chart, retried);
    rig.turns(2);
    rig.holds = false;
    ASSERT_TRUE(rig.core->submit(1, on_its_way, rig.now_us).ok());
    rig.make_block();
    for (const Bytes& item : rig.held)
        (void)rig.core->submit(0, item, rig.now_us);
    rig.turns(8);
    ASSERT_EQ(retried.size(), 1U);
    EXPECT_TRUE(applied(retried[0]));
    EXPECT_EQ(rig.executed()[rig.id(chart)], 1);
}

TEST_F(SubmitterTest, NumbersGoOnFromTheLedgerAndTheOutbox) {
    for (std::uint64_t i = 0; i < 3; ++i) {
        submit(rig.anchor(i));
        rig.turns(6);
        rig.crash();
        rig.start();
    }
    const auto window = execution::read_replay_window(
        *rig.applications[0]->published().newest->state, rig.consortium.ids[0], 1);
    // One bundle, then twice two fences and a bundle.
    EXPECT_EQ(window->top, 3U + 4 * limits::kReplayWindow);
    EXPECT_EQ(*Outbox(*rig.outbox).top(1), window->top);
    EXPECT_EQ(answers.size(), 3U);
}

}  // namespace
}  // namespace consilium::node
