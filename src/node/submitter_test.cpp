// SPDX-License-Identifier: Apache-2.0
#include "node/submitter.hpp"

#include <gmock/gmock.h>

#include "consensus/embedded/core.hpp"
#include "contracts/registry/registry.hpp"
#include "execution/replay_window.hpp"
#include "ledger/bundle.hpp"
#include "ledger/hashes.hpp"
#include "ledger/outcome.hpp"
#include "node/consortium_fixture.hpp"
#include "node/ledger_rows.hpp"
#include "state/memory_disk.hpp"

namespace consilium::node {
namespace {

using consensus::EngineError;
using services::Committed;
using services::SubmitError;
using testing::Consortium;

constexpr UnixMs kGenesis{1'795'000'000'000};
using Answer = Result<Committed, SubmitError>;

void copy_disk(state::Disk& from, state::Disk& to) {
    const auto batch = to.new_batch();
    for (std::size_t space = 0; space < state::kSpaces; ++space) {
        const auto cursor = from.cursor(static_cast<state::Space>(space));
        for (cursor->seek_first(); cursor->valid(); cursor->next())
            batch->put(static_cast<state::Space>(space), cursor->key(), cursor->value());
    }
    ASSERT_TRUE(to.write(*batch, state::Durability::kSynced).ok());
}

// Two members on one core, in one thread with a clock of its own. Member 0 submits; what it sends
// can be held back as a slow network would. A crash throws away everything but the disks.
class Rig : public consensus::Engine {
 public:
    Consortium consortium{kGenesis, 2};
    std::array<std::unique_ptr<state::MemoryDisk>, 2> disks;
    std::array<std::unique_ptr<LedgerApplication>, 2> applications;
    std::unique_ptr<consensus::embedded::Core> core;
    std::unique_ptr<Submitter> submitter;
    Metrics metrics;
    SubmitterLimits limits;
    UnixMs wall{kGenesis.value + 1000};
    std::uint64_t now_us = 1;
    bool holds = false;  // items do not reach the engine
    std::vector<Bytes> held;
    std::function<bool(SubmitStep)> dies_after;

    Rig() {
        for (auto& disk : disks)
            disk = std::make_unique<state::MemoryDisk>();
        start();
    }
    ~Rig() override { crash(); }

    void crash() {
        submitter.reset();
        core.reset();
        for (auto& application : applications)
            application.reset();
    }
    void start() {
        std::vector<consensus::embedded::Hosted> hosted;
        for (std::size_t i = 0; i < 2; ++i) {
            ApplicationOptions options;
            options.network_id = consortium.genesis.network_id;
            options.metrics = i == 0 ? &metrics : nullptr;
            options.writes_beside = i == 1;  // both ways must come to the same state
            auto opened = LedgerApplication::open(*disks[i], contracts::registry(), options);
            ASSERT_TRUE(opened.ok());
            applications[i] = std::move(*opened);
            hosted.push_back({consortium.ids[i], applications[i].get(), applications[i].get(),
                              &validator_keys_[i]});
        }
        consensus::embedded::CoreOptions options;
        options.chain = {consortium.genesis.chain_id, 1, kGenesis, 4 << 20, -1};
        options.app_state = consortium.genesis.app_state;
        core = std::make_unique<consensus::embedded::Core>(options, hosted);
        const auto opened = core->open();
        ASSERT_TRUE(opened.ok()) << opened.error().message;
        for (auto& application : applications)
            (void)application->publish(application->info().height);
        make_submitter();
        const auto attached = submitter->open();
        ASSERT_TRUE(attached.ok()) << to_string(attached.error());
    }
    void make_submitter() {
        SubmitterOptions options;
        options.network_id = consortium.genesis.network_id;
        options.member_id = consortium.ids[0];
        options.key = &bundle_key_;
        options.limits = limits;
        options.metrics = &metrics;
        options.dies_after = [this](SubmitStep step) { return dies_after && dies_after(step); };
        submitter =
            std::make_unique<Submitter>(std::move(options), *applications[0], *disks[0], *this);
    }
    [[nodiscard]] Status<EngineError> submit_item(const Bytes& item) override {
        if (!holds) return core->submit(0, item, now_us);
        held.push_back(item);
        return Done{};
    }
    void submit(const Bytes& transaction, std::vector<Answer>& answers) {
        submitter->submit(transaction, wall, now_us,
                          [&answers](Answer answer) { answers.push_back(std::move(answer)); });
    }
    // Makes one block of what waits and publishes it.
    void make_block() {
        ASSERT_TRUE(core->make_block(wall).ok());
        ASSERT_TRUE(core->sync().ok());
        (void)applications[1]->publish(core->height());
        for (const auto& block : applications[0]->publish(core->height()))
            submitter->block(block, now_us);
    }
    void turn() {
        now_us += 10'000;
        wall.value += 10;
        (void)submitter->step(wall, now_us);
        if (core->due(true, now_us)) make_block();
    }
    void turns(int count) {
        for (int i = 0; i < count; ++i)
            turn();
    }
    // How often each transaction was executed, over the whole chain, as member 1 has it.
    [[nodiscard]] std::map<ledger::TransactionId, int> executed() const {
        std::map<ledger::TransactionId, int> times;
        for (Height h = 1; h <= applications[1]->info().height; ++h) {
            const auto kept = applications[1]->kept_block(h);
            for (std::size_t i = 0; i < (*kept)->items.size(); ++i) {
                if ((*kept)->results[i].code != 0) continue;
                const auto bundle = ledger::decode_item((*kept)->items[i]);
                for (const BytesView t : bundle->transactions)
                    ++times[ledger::transaction_id(consortium.genesis.network_id, bundle->member_id,
                                                   t)];
            }
        }
        return times;
    }
    [[nodiscard]] std::vector<std::uint32_t> codes() const {
        std::vector<std::uint32_t> out;
        for (Height h = 1; h <= applications[1]->info().height; ++h) {
            for (const auto& result : (*applications[1]->kept_block(h))->results)
                out.push_back(result.code);
        }
        return out;
    }
    [[nodiscard]] Bytes anchor(std::uint64_t number) const {
        return consortium.anchor(0, Consortium::chart(1), number);
    }
    [[nodiscard]] ledger::TransactionId id(const Bytes& transaction) const {
        return consortium.id_of(0, transaction);
    }

 private:
    const crypto::SigningKey bundle_key_ = consortium.bundle_key(0);
    const std::array<crypto::SigningKey, 2> validator_keys_{consortium.validator_key(0),
                                                            consortium.validator_key(1)};
};

bool applied(const Answer& answer) {
    return answer.ok() && ledger::decode_outcome(answer->outcome)->applied();
}

TEST(Submitter, AnswersWithTheDurableOutcome) {
    Rig rig;
    std::vector<Answer> answers;
    rig.submit(rig.consortium.open_chart(0, 1), answers);
    rig.turns(2);
    rig.submit(rig.anchor(2), answers);
    EXPECT_EQ(answers.size(), 1U);
    rig.turns(2);
    ASSERT_EQ(answers.size(), 2U);
    EXPECT_TRUE(applied(answers[0]) && applied(answers[1]));
    EXPECT_EQ(rig.submitter->waiting(), 0U);
    EXPECT_TRUE(Outbox(*rig.disks[0]).load()->size() <= 1U);
    rig.turns(150);
    EXPECT_TRUE(Outbox(*rig.disks[0]).load()->empty()) << "what is resolved leaves the outbox";
}

TEST(Submitter, ARetryIsAnsweredWithTheOutcomeThereIs) {
    Rig rig;
    std::vector<Answer> answers;
    const Bytes chart = rig.consortium.open_chart(0, 1);
    rig.submit(chart, answers);
    rig.submit(chart, answers);  // before it is in a bundle
    (void)rig.submitter->step(rig.wall, rig.now_us);
    rig.submit(chart, answers);  // while it is in one
    rig.make_block();
    EXPECT_EQ(answers.size(), 3U);
    rig.submit(chart, answers);  // when it is on the ledger
    rig.turns(2);
    rig.crash();
    rig.start();
    rig.submit(chart, answers);  // after a restart, and after its fences
    rig.turns(6);
    // When its not_after has passed, too.
    rig.wall.value += 48ULL * 3600 * 1000;
    rig.submit(chart, answers);
    ASSERT_EQ(answers.size(), 6U);
    for (const Answer& answer : answers) {
        ASSERT_TRUE(applied(answer));
        EXPECT_EQ(answer->height, answers[0]->height);
    }
    EXPECT_EQ(rig.executed()[rig.id(chart)], 1);
}

TEST(Submitter, RefusesWhatCanNeverApply) {
    Rig rig;
    std::vector<Answer> answers;
    rig.submit("nonsense", answers);
    rig.submit(Bytes(limits::kTransactionBytesMax + 1, 'x'), answers);
    rig.submit(rig.consortium.anchor_until(0, Consortium::chart(1), 7, 999), answers);
    ASSERT_EQ(answers.size(), 3U);
    EXPECT_EQ(answers[0].error(), SubmitError::kMalformed);
    EXPECT_EQ(answers[1].error(), SubmitError::kTooLarge);
    EXPECT_EQ(answers[2].error(), SubmitError::kExpired);
    rig.submit(rig.consortium.anchor_until(0, Consortium::chart(1), 7, 1000), answers);
    EXPECT_EQ(answers.size(), 3U) << "until the very millisecond";
}

TEST(Submitter, BackPressure) {
    Rig rig;
    rig.crash();
    rig.limits.queue_transactions = 3;
    rig.start();
    std::vector<Answer> answers;
    for (std::uint64_t i = 0; i < 4; ++i)
        rig.submit(rig.anchor(i), answers);
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_EQ(answers[0].error(), SubmitError::kOverloaded);
    rig.submit(rig.anchor(2), answers);
    EXPECT_EQ(answers.size(), 1U) << "one that waits already needs no room";
    rig.turns(2);
    EXPECT_EQ(answers.size(), 5U);
    rig.submit(rig.anchor(3), answers);
    rig.turns(2);
    EXPECT_TRUE(answers.back().ok()) << "there is room again";
}

TEST(Submitter, SeveralBundlesInFlightAndNoMore) {
    Rig rig;
    rig.crash();
    rig.limits.bundles_in_flight = 2;
    rig.start();
    rig.holds = true;
    std::vector<Answer> answers;
    for (std::uint64_t i = 0; i < 5; ++i) {
        rig.submit(rig.anchor(i), answers);
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

// The node dies after any step of any bundle; clients send everything again.
TEST(Submitter, ACrashBetweenAnyTwoSteps) {
    const std::array steps{SubmitStep::kSigned, SubmitStep::kStored, SubmitStep::kSubmitted,
                           SubmitStep::kResolved};
    for (const SubmitStep step : steps) {
        for (int which = 1; which <= 3; ++which) {
            for (const bool clients_retry : {true, false}) {
                Rig rig;
                int seen = 0;
                rig.dies_after = [&](SubmitStep now) { return now == step && ++seen == which; };
                std::vector<Answer> answers;
                std::vector<Bytes> transactions{rig.consortium.open_chart(0, 1)};
                for (std::uint64_t i = 2; i < 5; ++i)
                    transactions.push_back(rig.anchor(i));
                for (const Bytes& transaction : transactions) {
                    rig.submit(transaction, answers);
                    rig.turns(2);
                }
                const std::size_t answered_before = answers.size();
                rig.crash();
                rig.dies_after = nullptr;
                rig.start();
                if (clients_retry) {
                    for (const Bytes& transaction : transactions)
                        rig.submit(transaction, answers);
                }
                rig.turns(10);
                auto times = rig.executed();
                for (const auto& [id, count] : times)
                    EXPECT_EQ(count, 1);
                if (!clients_retry) continue;
                ASSERT_EQ(answers.size(), answered_before + transactions.size());
                for (const Answer& answer : answers) {
                    if (!answer) {
                        EXPECT_EQ(answer.error(), SubmitError::kStopping);
                        continue;
                    }
                    EXPECT_TRUE(applied(answer));
                }
                for (const Bytes& transaction : transactions)
                    EXPECT_EQ(times[rig.id(transaction)], 1);
            }
        }
    }
}

TEST(Submitter, TheOutboxIsReplayedWithoutItsClients) {
    Rig rig;
    rig.dies_after = [](SubmitStep step) { return step == SubmitStep::kStored; };
    std::vector<Answer> answers;
    const Bytes chart = rig.consortium.open_chart(0, 1);
    rig.submit(chart, answers);
    rig.turn();
    rig.crash();
    const Bytes stored = Outbox(*rig.disks[0]).load()->at(0).item;
    rig.dies_after = nullptr;
    rig.start();
    rig.turns(3);
    EXPECT_EQ(rig.executed()[rig.id(chart)], 1);
    EXPECT_EQ((*rig.applications[1]->kept_block(1))->items.at(0), stored) << "the same bytes";
}

TEST(Submitter, ABlockThatIsDurableButNotPublishedIsFoundAfterACrash) {
    Rig rig;
    std::vector<Answer> answers;
    const Bytes chart = rig.consortium.open_chart(0, 1);
    rig.submit(chart, answers);
    (void)rig.submitter->step(rig.wall, rig.now_us);
    ASSERT_TRUE(rig.core->make_block(rig.wall).ok());
    ASSERT_TRUE(rig.core->sync().ok());
    rig.crash();
    EXPECT_TRUE(answers.empty());
    rig.start();
    rig.submit(chart, answers);
    rig.turns(5);
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_TRUE(applied(answers[0]));
    EXPECT_EQ(rig.executed()[rig.id(chart)], 1);
}

TEST(Submitter, TheSameBytesTwiceInTheChainApplyOnce) {
    Rig rig;
    rig.holds = true;
    std::vector<Answer> answers;
    const Bytes chart = rig.consortium.open_chart(0, 1);
    rig.submit(chart, answers);
    rig.turn();
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
TEST(Submitter, AnExpiredBundleIsReplacedAndCannotComeBack) {
    Rig rig;
    rig.holds = true;
    std::vector<Answer> answers;
    const Bytes chart = rig.consortium.open_chart(0, 1);
    rig.submit(chart, answers);
    rig.turn();
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
TEST(Submitter, AClockThatWasSetBackHoldsNobodyUp) {
    Rig rig;
    std::vector<Answer> answers;
    rig.submit(rig.consortium.open_chart(0, 1), answers);
    rig.turns(3);
    ASSERT_EQ(answers.size(), 1U);
    rig.wall.value -= 10 * rig.limits.bundle_lifetime_ms;
    rig.submit(rig.anchor(1), answers);
    rig.turns(3);
    ASSERT_EQ(answers.size(), 2U);
    EXPECT_TRUE(applied(answers[1]));
}

TEST(Submitter, ATransactionThatExpiresInTheQueueIsAnswered) {
    Rig rig;
    rig.holds = true;
    std::vector<Answer> answers;
    rig.submit(rig.consortium.anchor_until(0, Consortium::chart(1), 9, 30'000), answers);
    rig.turn();
    rig.wall.value += rig.limits.bundle_lifetime_ms + 1000;
    rig.make_block();
    rig.turn();
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_EQ(answers[0].error(), SubmitError::kExpiredInQueue);
}

// The ledger copy and outbox of a node are put back to an earlier day while one of its bundles is
// still on its way. The client tries again; both bundles arrive; one applies.
class Restored : public ::testing::TestWithParam<bool> {};  // something was ordered since the copy

TEST_P(Restored, ANodeFencesOffWhatItDoesNotRemember) {
    Rig rig;
    std::vector<Answer> answers;
    rig.submit(rig.consortium.open_chart(0, 1), answers);
    rig.turns(3);
    auto old = std::make_unique<state::MemoryDisk>();
    copy_disk(*rig.disks[0], *old);

    if (GetParam()) {
        rig.submit(rig.anchor(2), answers);
        rig.turns(3);
    }
    rig.holds = true;
    rig.submit(rig.anchor(4), answers);
    rig.turn();
    const Bytes wanted = rig.anchor(3);
    rig.submit(wanted, answers);
    rig.turn();
    ASSERT_EQ(rig.held.size(), 2U);
    const Bytes on_its_way = rig.held.at(1);
    rig.crash();
    rig.disks[0] = std::move(old);
    rig.holds = false;
    rig.start();
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

INSTANTIATE_TEST_SUITE_P(Submitter, Restored, ::testing::Bool());

// The same, and the forgotten bundle arrives before the fences are up.
TEST(Submitter, ARestoredNodeTakesWhatArrivesBeforeTheFences) {
    Rig rig;
    std::vector<Answer> answers;
    rig.submit(rig.consortium.open_chart(0, 1), answers);
    rig.turns(3);
    auto old = std::make_unique<state::MemoryDisk>();
    copy_disk(*rig.disks[0], *old);
    rig.submit(rig.anchor(2), answers);
    rig.turns(3);
    rig.holds = true;
    const Bytes wanted = rig.anchor(3);
    rig.submit(wanted, answers);
    rig.turn();
    const Bytes on_its_way = rig.held.at(0);
    rig.crash();
    rig.disks[0] = std::move(old);
    rig.holds = false;
    rig.start();
    std::vector<Answer> retried;
    rig.submit(wanted, retried);
    ASSERT_TRUE(rig.core->submit(1, on_its_way, rig.now_us).ok());
    rig.turns(8);
    ASSERT_EQ(retried.size(), 1U);
    EXPECT_TRUE(applied(retried[0]));
    EXPECT_EQ(rig.executed()[rig.id(wanted)], 1);
}

// Another process signs with the same key and takes the number.
TEST(Submitter, ANumberTakenByAnotherBundleFreesTheTransactions) {
    Rig rig;
    rig.holds = true;
    std::vector<Answer> answers;
    const Bytes chart = rig.consortium.open_chart(0, 1);
    rig.submit(chart, answers);
    rig.turn();
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

TEST(Submitter, NumbersGoOnFromTheLedgerAndTheOutbox) {
    Rig rig;
    std::vector<Answer> answers;
    for (std::uint64_t i = 0; i < 3; ++i) {
        rig.submit(rig.anchor(i), answers);
        rig.turns(6);
        rig.crash();
        rig.start();
    }
    const auto window = execution::read_replay_window(
        *rig.applications[0]->published().newest->state, rig.consortium.ids[0], 1);
    // One bundle, then twice two fences and a bundle.
    EXPECT_EQ(window->top, 3U + 4 * limits::kReplayWindow);
    EXPECT_EQ(*Outbox(*rig.disks[0]).top(1), window->top);
    EXPECT_EQ(answers.size(), 3U);
}

TEST(Submitter, OpeningWithAKeyThatTheLedgerDoesNotHave) {
    Rig rig;
    const crypto::SigningKey other = rig.consortium.bundle_key(1);
    SubmitterOptions options;
    options.network_id = rig.consortium.genesis.network_id;
    options.member_id = rig.consortium.ids[0];
    options.key = &other;
    Submitter wrong(options, *rig.applications[0], *rig.disks[0], rig);
    EXPECT_EQ(wrong.open().error(), Submitter::OpenError::kBadKey);
    const crypto::SigningKey right = rig.consortium.bundle_key(0);
    options.key = &right;
    options.key_id = 2;
    Submitter number(options, *rig.applications[0], *rig.disks[0], rig);
    EXPECT_EQ(number.open().error(), Submitter::OpenError::kBadKey);
}

TEST(Submitter, StoppingAnswersEverybody) {
    Rig rig;
    rig.holds = true;
    std::vector<Answer> answers;
    rig.submit(rig.anchor(1), answers);
    rig.turn();
    rig.submit(rig.anchor(2), answers);
    rig.submitter->stop();
    rig.submit(rig.anchor(3), answers);
    ASSERT_EQ(answers.size(), 3U);
    for (const Answer& answer : answers)
        EXPECT_EQ(answer.error(), SubmitError::kStopping);
}

}  // namespace
}  // namespace consilium::node
