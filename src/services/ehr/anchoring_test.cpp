// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/anchoring.hpp"

#include "services/ehr/fake_ledger_testing.hpp"
#include "services/ehr/fhir_fixture.hpp"

namespace consilium::services::ehr {
namespace {

class AnchoringTest : public FhirTest {
 protected:
    FakeLedger fake;
    telemetry::Metrics metrics;
    std::unique_ptr<Anchoring> anchoring;

    AnchoringTest() { restart(); }
    void restart() {
        anchoring.reset();
        open();
        anchoring = std::make_unique<Anchoring>(*store, Anchoring::Ports{fake, fake, fake}, 0,
                                                telemetry::Logger(), metrics);
    }
    void run() {
        for (int i = 0; i < 50 && anchoring->round(); ++i) {
        }
    }
    std::size_t waiting() { return store->pending({}, 1000)->size(); }
    // The kept leaves lead to the root on the ledger, and the record is where its row says.
    void expect_leaf(const ResourceRow& row, const AnchorRow& anchor) {
        std::vector<ledger::ManifestEntry> entries;
        const auto rows = vault->rows(leaves_prefix(row.chart, anchor.manifest), {}, 100);
        ASSERT_TRUE(rows.ok());
        for (const auto& leaves : *rows)
            ASSERT_TRUE(decode_leaves(*leaves.value, entries));
        const auto manifest = ledger::Manifest::build(entries);
        ASSERT_TRUE(manifest.has_value());
        EXPECT_EQ(manifest->root(), fake.manifests[row.chart][anchor.manifest].root);
        EXPECT_EQ(manifest->entries()[anchor.leaf].record_id, row.record);
        EXPECT_EQ(manifest->entries()[anchor.leaf].commitment,
                  vault->info({row.record, 1})->commitment);
    }
    // The ledger holds the commitment of every version of what has that name.
    void expect_anchored(const std::string& name) {
        const auto slash = name.find('/');
        const auto row = **store->find(name.substr(0, slash), name.substr(slash + 1));
        const auto anchor = store->anchor_of(row.record);
        ASSERT_TRUE(anchor.ok() && *anchor);
        EXPECT_EQ((*anchor)->version, row.version);
        if ((*anchor)->sequence == 0) {
            expect_leaf(row, **anchor);
            return;
        }
        for (std::uint32_t version = 1; version <= row.version; ++version) {
            EXPECT_EQ(fake.commitment(row.chart, (*anchor)->sequence, version),
                      vault->info({row.record, version})->commitment)
                << version;
        }
    }
};

TEST_F(AnchoringTest, OneManifestPerChartAndOneForWhatHasNone) {
    const std::string patient = new_patient();
    const std::string other = new_patient("Andere");
    std::vector<std::string> names = {patient, other};
    for (int i = 0; i < 5; ++i)
        names.push_back(create("Observation", observation_of(patient)));
    names.push_back(create("Organization", R"({"resourceType":"Organization"})"));
    run();
    EXPECT_EQ(waiting(), 0U);
    EXPECT_EQ(fake.charts.size(), 2U);
    EXPECT_EQ(fake.transactions.size(), 3U);
    for (const auto& [list, manifests] : fake.manifests) {
        EXPECT_EQ(manifests.size(), 1U);
        EXPECT_EQ(manifests.begin()->second.leaf_count,
                  list == (**store->chart_of(patient.substr(8))).chart ? 8U : 2U);
    }
}

TEST_F(AnchoringTest, LaterVersionsSupersede) {
    const std::string patient = new_patient();
    const std::string name = create("Observation", observation_of(patient));
    Bytes next = observation_of(patient);
    next.insert(1, R"("id":")" + name.substr(12) + R"(",)");
    EXPECT_TRUE(put(name, next).ok());
    EXPECT_TRUE(put(name, next).ok());
    run();
    EXPECT_EQ(waiting(), 0U);
    expect_anchored(name);
    EXPECT_TRUE(remove(name).ok());
    run();
    expect_anchored(name);
    expect_anchored(patient);
}

TEST_F(AnchoringTest, ManyVersionsGoInSeveralTransactions) {
    const std::string patient = new_patient();
    std::vector<std::string> names;
    for (int i = 0; i < 40; ++i)
        names.push_back(create("Observation", observation_of(patient)));
    run();
    for (const std::string& name : names)
        EXPECT_TRUE(remove(name).ok());
    run();
    EXPECT_EQ(waiting(), 0U);
    for (const std::string& name : names)
        expect_anchored(name);
}

TEST_F(AnchoringTest, WhatWasHandedOverBeforeARestartIsNotAnchoredTwice) {
    const std::string patient = new_patient();
    // The ledger takes it, but the answer never comes.
    fake.lose_answers = true;
    std::thread lost([&] { EXPECT_FALSE(anchoring->round()); });
    while (fake.taken == 0)
        std::this_thread::yield();
    anchoring->stop();
    lost.join();
    fake.lose_answers = false;
    EXPECT_EQ(waiting(), 1U);
    restart();
    const std::string name = create("Observation", observation_of(patient));
    run();
    EXPECT_EQ(waiting(), 0U);
    EXPECT_EQ(fake.transactions.size(), 2U);
    expect_anchored(patient);
    expect_anchored(name);
}

TEST_F(AnchoringTest, ARefusalIsTriedAgainWithTheSameBytesAndAnExpiryWithNewOnes) {
    const std::string patient = new_patient();
    fake.refuse = SubmitError::kOverloaded;
    run();
    ASSERT_EQ(fake.seen.size(), 1U);
    restart();
    run();
    ASSERT_EQ(fake.seen.size(), 2U);
    EXPECT_EQ(fake.seen[0], fake.seen[1]);
    fake.refuse = SubmitError::kExpired;
    restart();
    run();
    fake.refuse.reset();
    restart();
    run();
    EXPECT_NE(fake.seen.back(), fake.seen[0]);
    EXPECT_EQ(waiting(), 0U);
    expect_anchored(patient);
}

// As when an older vault was put back. Others go on meanwhile.
TEST_F(AnchoringTest, ARejectionIsTriedAgainAfterEverLongerWaits) {
    const auto began = std::chrono::steady_clock::now();
    const auto tries_at = [&](std::chrono::milliseconds after) {
        const std::size_t before = fake.seen.size();
        anchoring->begin_tick(began + after);
        run();
        return fake.seen.size() - before;
    };
    const std::string patient = new_patient();
    fake.rejects = true;
    EXPECT_EQ(tries_at({}), 1U);
    std::chrono::milliseconds last{0};
    for (std::chrono::milliseconds wait = kAnchorRetry; wait < kAnchorRetryMax; wait *= 2) {
        EXPECT_EQ(tries_at(last + wait - std::chrono::milliseconds(1)), 0U) << wait.count();
        EXPECT_EQ(tries_at(last + wait), 1U) << wait.count();
        last += wait;
    }
    for (int i = 0; i < 8; ++i) {
        EXPECT_EQ(tries_at(last + kAnchorRetryMax - std::chrono::milliseconds(1)), 0U) << i;
        EXPECT_EQ(tries_at(last + kAnchorRetryMax), 1U) << i;
        last += kAnchorRetryMax;
    }
    fake.rejects = false;
    const std::string other = new_patient("Andere");
    EXPECT_EQ(tries_at(last + std::chrono::milliseconds(1)), 1U);
    expect_anchored(other);
    EXPECT_EQ(tries_at(last + kAnchorRetryMax), 1U);
    EXPECT_EQ(waiting(), 0U);
    expect_anchored(patient);
    // What the ledger has taken since begins with a short wait again.
    fake.rejects = true;
    (void)create("Observation", observation_of(patient));
    last += 2 * kAnchorRetryMax;
    EXPECT_EQ(tries_at(last), 1U);
    EXPECT_EQ(tries_at(last + kAnchorRetry), 1U);
}

TEST_F(AnchoringTest, WithoutAUserWhatIsStoredWaits) {
    const std::string patient = new_patient();
    fake.no_user = true;
    run();
    EXPECT_EQ(waiting(), 1U);
    fake.no_user = false;
    restart();
    run();
    expect_anchored(patient);
}

}  // namespace
}  // namespace consilium::services::ehr
