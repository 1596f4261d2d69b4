// SPDX-License-Identifier: Apache-2.0
#include "state/audit.hpp"

#include <gtest/gtest.h>

#include <set>

#include "base/limits.hpp"
#include "state/entry.hpp"
#include "state/state_fixture.hpp"

namespace consilium::state {
namespace {

StateDiff numbered(int from, int to, const std::optional<Bytes>& value) {
    StateDiff diff;
    for (int i = from; i < to; ++i)
        diff["k" + std::to_string(1000 + i)] = value;
    return diff;
}

StateFixture some_state() {
    StateFixture fixture(numbered(0, 300, Bytes("first")));
    fixture.apply(numbered(50, 100, Bytes(300, 'l')));
    fixture.apply(numbered(60, 70, std::nullopt));
    fixture.apply(numbered(65, 68, Bytes("again")));
    fixture.apply(numbered(50, 55, Bytes("short")));
    return fixture;
}

std::set<AuditProblem> problems(const StateFixture& fixture) {
    const auto report = audit(*fixture.state->newest());
    std::set<AuditProblem> out;
    if (!report.ok()) {
        ADD_FAILURE() << to_string(report.error());
        return out;
    }
    for (const AuditFinding& finding : report->findings)
        out.insert(finding.problem);
    EXPECT_EQ(report->problems == 0, out.empty());
    return out;
}

// Adopts whatever lies on the disk, as a state that was opened before the damage would.
void damage(StateFixture& fixture, const std::function<void(WriteBatch&)>& how) {
    auto batch = fixture.disk->new_batch();
    how(*batch);
    ASSERT_TRUE(fixture.disk->write(*batch, Durability::kSynced).ok());
    fixture.apply({});  // the next snapshot shows it
}

TEST(Audit, FindsNothingInASoundState) {
    StateFixture fixture = some_state();
    const auto report = audit(*fixture.state->newest()).value();
    EXPECT_EQ(report.problems, 0U);
    EXPECT_EQ(report.entries, fixture.model.entries().size());
    EXPECT_EQ(report.active, fixture.model.now().size() + 1);
    EXPECT_EQ(report.pruned, 0U);
}

TEST(Audit, NamesEveryDamage) {
    const auto expect = [](AuditProblem problem, const std::function<void(WriteBatch&)>& how) {
        StateFixture fixture = some_state();
        damage(fixture, how);
        EXPECT_TRUE(problems(fixture).contains(problem)) << to_string(problem);
    };
    StateFixture fixture = some_state();
    const Bytes pack = fixture.disk->get(Space::kEntries, serial_key(2)).value().value();
    expect(AuditProblem::kEntryUnreadable,
           [](WriteBatch& batch) { batch.erase(Space::kEntries, serial_key(2)); });
    expect(AuditProblem::kEntryUnreadable, [&](WriteBatch& batch) {
        batch.put(Space::kEntries, serial_key(2), pack.substr(0, pack.size() - 3));
    });
    expect(AuditProblem::kPageHash, [&](WriteBatch& batch) {
        Bytes other = pack;
        const std::size_t key = other.find("k1");
        other[key + 4] ^= 1;
        batch.put(Space::kEntries, serial_key(2), other);
    });
    expect(AuditProblem::kValue, [&](WriteBatch& batch) {
        Bytes other = pack;
        other[other.find("first")] ^= 1;
        batch.put(Space::kEntries, serial_key(2), other);
    });
    expect(AuditProblem::kValue,
           [](WriteBatch& batch) { batch.erase_range(Space::kValues, "", "\xff"); });
    expect(AuditProblem::kPageNodes,
           [](WriteBatch& batch) { batch.put(Space::kTwigs, page_nodes_key(0), Bytes(512, 'n')); });
    expect(AuditProblem::kCurrentIndex,
           [](WriteBatch& batch) { batch.erase(Space::kCurrent, "k1007"); });
    expect(AuditProblem::kCurrentIndex,
           [](WriteBatch& batch) { batch.put(Space::kCurrent, "k1007", serial_key(3)); });
    expect(AuditProblem::kCurrentIndex,
           [](WriteBatch& batch) { batch.put(Space::kCurrent, "kx", serial_key(9)); });
    expect(AuditProblem::kChain, [](WriteBatch& batch) { batch.erase(Space::kCurrent, "k1007"); });
    expect(AuditProblem::kChain, [](WriteBatch& batch) { batch.erase(Space::kCurrent, ""); });
    expect(AuditProblem::kHistory,
           [](WriteBatch& batch) { batch.erase_range(Space::kHistory, "", Bytes(300, '\xff')); });
    expect(AuditProblem::kHistory, [](WriteBatch& batch) {
        batch.put(Space::kHistory, history_key("k1007", 9), serial_key(10));
    });
}

TEST(Prune, ForgetsThePastAndKeepsEverythingElse) {
    for (const std::uint64_t limit : {7U, 100'000U}) {
        TestRandom random(3);
        StateFixture fixture(numbered(0, 50, Bytes("v")));
        const auto block = [&] {
            StateDiff diff;
            for (int i = 0; i < 6; ++i)
                diff["k" + std::to_string(1000 + random(80))] =
                    random(3) == 0 ? std::nullopt : std::optional<Bytes>(Bytes(random(400), 'v'));
            fixture.apply(diff);
        };
        for (int i = 0; i < 60; ++i)
            block();
        const auto before = fixture.state->newest();
        const Hash32 root = fixture.state->root();
        for (const Height retained : {20U, 45U}) {
            while (!fixture.state->prune(retained, limit).value()) {
            }
            EXPECT_EQ(fixture.state->root(), root);
            EXPECT_TRUE(problems(fixture).empty());
            for (int i = 0; i < 2; ++i) {
                EXPECT_EQ(fixture.state->at(retained - 1).error(), StateError::kPruned);
                for (Height h = retained; h <= 60; h += 5) {
                    fixture.expect_prefix("k", h);
                    fixture.expect_prefix("k10", h);
                    fixture.expect_key("k1007", h);
                    EXPECT_TRUE(fixture.state->at(h).ok());
                }
                fixture.expect_prefix("", std::nullopt);
                fixture.reopen();
            }
        }
        EXPECT_GT(audit(*fixture.state->newest())->pruned, 100U);
        // A snapshot from before still reads what it showed.
        const auto old = before->at(3).value();
        EXPECT_EQ(old->scan("", "", 1000)->size(), fixture.model.at(3).size());
        for (int i = 0; i < 20; ++i)
            block();
        fixture.reopen();
        fixture.expect_prefix("", 45);
        EXPECT_TRUE(problems(fixture).empty());
    }
}

}  // namespace
}  // namespace consilium::state
