// SPDX-License-Identifier: Apache-2.0
#include "state/ledger_state.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "base/limits.hpp"
#include "state/state_fixture.hpp"

namespace consilium::state {
namespace {

using verify::StateQuestion;

// Keys of a small alphabet, so that neighbours, prefixes and re-creations are frequent.
Bytes random_key(TestRandom& random) {
    static const Bytes alphabet(
        "\0\x01"
        "ab\xfe\xff",
        6);
    Bytes key;
    const std::uint64_t size = 1 + random(4);
    for (std::uint64_t i = 0; i < size; ++i)
        key.push_back(alphabet[random(alphabet.size())]);
    return key;
}

StateDiff random_diff(TestRandom& random, std::uint64_t size_max) {
    StateDiff diff;
    for (std::uint64_t n = random(size_max + 1); n > 0; --n) {
        const bool removed = random(3) == 0;
        const Bytes value(1 + random(3), static_cast<char>('0' + random(2)));
        diff[random_key(random)] = removed ? std::nullopt : std::optional<Bytes>(value);
    }
    return diff;
}

void compare_reads(const StateView& view, const reference::Map& map, TestRandom& random) {
    for (int i = 0; i < 4; ++i) {
        const Bytes key = random_key(random);
        const auto it = map.find(key);
        EXPECT_EQ(view.get(key).value(),
                  it == map.end() ? std::nullopt : std::optional<Bytes>(it->second));
        const Bytes prefix = random_key(random).substr(0, random(3));
        const Bytes from = random_key(random);
        std::vector<KeyValue> rows;
        std::vector<KeyValue> some;
        for (const auto& [k, v] : map) {
            if (k.substr(0, prefix.size()) != prefix) continue;
            rows.push_back({k, v});
            if (k >= from && some.size() < 5) some.push_back({k, v});
        }
        EXPECT_EQ(view.scan(prefix, "", 100000).value(), rows);
        EXPECT_EQ(view.scan(prefix, from, 5).value(), some);
        EXPECT_EQ(view.last(prefix).value(),
                  rows.empty() ? std::nullopt : std::optional<KeyValue>(rows.back()));
    }
}

TEST(LedgerState, FollowsTheModelThroughRandomBlocks) {
    for (const std::uint64_t seed : {1U, 2U, 3U, 4U}) {
        TestRandom random(seed);
        StateFixture fixture(random_diff(random, 10));
        for (int block = 0; block < 500; ++block) {
            fixture.apply(random_diff(random, block % 100 == 99 ? 300 : 5));
            if (::testing::Test::HasFatalFailure()) return;
            if (block % 97 == 0) fixture.reopen();
            const Height h = random(fixture.model.height() + 1);
            compare_reads(*fixture.state, fixture.model.now(), random);
            const auto past = fixture.state->at(h);
            ASSERT_TRUE(past.ok());
            compare_reads(**past, fixture.model.at(h), random);
            for (const std::optional<Height> as_of : {std::optional<Height>(), {h}}) {
                fixture.expect_key(random_key(random), as_of);
                fixture.expect_prefix(random_key(random).substr(0, 1 + random(3)), as_of);
            }
            if (block % 50 == 0) {
                fixture.expect_prefix("", std::nullopt);
                fixture.expect_prefix("", h);
            }
        }
    }
}

TEST(LedgerState, ProofsHoldAtEveryBoundaryOfTheLog) {
    // After genesis the log grows by one entry per block of this shape, or by many at once.
    for (const std::uint64_t count :
         {1U,    2U,    15U,   16U,   17U,   255U,  256U,  257U,  511U,  512U,  513U,   2047U,
          2048U, 2049U, 2304U, 2305U, 4095U, 4096U, 4097U, 6145U, 8192U, 8193U, 16384U, 16385U}) {
        StateDiff genesis;
        Bytes key;
        for (std::uint64_t i = 1; i < count; ++i) {
            key.clear();
            append_be32(key, static_cast<std::uint32_t>(i));
            genesis[key] = key;
        }
        StateFixture fixture(genesis);
        ASSERT_EQ(fixture.model.entries().size(), count);
        if (::testing::Test::HasFatalFailure()) return;
        fixture.reopen();
        if (key.empty()) {
            fixture.expect_key("k", std::nullopt);
            fixture.expect_prefix("", 0);
            continue;
        }
        fixture.expect_key(genesis.begin()->first, std::nullopt);
        fixture.expect_key(key, std::nullopt);
        fixture.expect_key(key + "x", 0);
        fixture.expect_key(Bytes("\0", 1), std::nullopt);
        fixture.expect_prefix(key.substr(0, 3), std::nullopt);
        // The next block begins where genesis ended.
        fixture.apply({{key, "new"}});
        fixture.apply({{key, std::nullopt}, {key + "z", "beyond"}});
        if (::testing::Test::HasFatalFailure()) return;
        fixture.reopen();
        for (const Height h : {0U, 1U, 2U}) {
            fixture.expect_key(key, h);
            fixture.expect_prefix(key, h);
            fixture.expect_key(genesis.begin()->first, h);
        }
    }
}

TEST(LedgerState, ABlockAppendsItsNetChangeOnly) {
    StateFixture fixture({{"a", "1"}, {"c", "1"}, {"e", "1"}});
    EXPECT_EQ(fixture.model.entries().size(), 4U);
    const Hash32 root = fixture.state->root();
    const auto entries_added = [&](const StateDiff& diff) {
        const std::uint64_t before = fixture.state->newest()->entry_count();
        fixture.apply(diff);
        return fixture.state->newest()->entry_count() - before;
    };
    EXPECT_EQ(entries_added({}), 0U);
    EXPECT_EQ(entries_added({{"a", "1"}, {"e", "1"}}), 0U);  // the same bytes
    EXPECT_EQ(entries_added({{"b", std::nullopt}}), 0U);     // created and deleted within it
    EXPECT_EQ(fixture.state->root(), root);
    EXPECT_EQ(fixture.state->height(), 3U);
    EXPECT_EQ(fixture.state->newest()->appended_height(), 0U);
    EXPECT_EQ(entries_added({{"c", "2"}}), 1U);  // deleted and created: a new value
    EXPECT_EQ(entries_added({{"cc", "1"}, {"cd", "1"}, {"ce", "1"}}), 4U);  // r + 1
    // Updated, and before a creation and a deletion: one entry.
    EXPECT_EQ(entries_added({{"a", "2"}, {"b", "1"}, {"c", std::nullopt}}), 3U);
    EXPECT_EQ(entries_added({{"a", std::nullopt}}), 2U);  // LOW's link and an end mark
    EXPECT_EQ(entries_added({{"a", "2"}}), 2U);           // re-created: ends nothing
    EXPECT_EQ(fixture.model.entries().back().ends, 0U);
    StateDiff all;
    for (const auto& [key, value] : fixture.model.now())
        all[key] = std::nullopt;
    const std::size_t live = all.size();
    EXPECT_EQ(entries_added(all), live + 1);
    fixture.expect_prefix("", std::nullopt);
    for (Height h = 0; h <= fixture.model.height(); ++h)
        fixture.expect_prefix("", h);
}

TEST(LedgerState, ValuesAndKeysAtTheirLimits) {
    const Bytes long_key(limits::kStateKeyBytesMax, '\xff');
    const Bytes long_value(limits::kStateValueBytesMax, 'v');
    StateFixture fixture({{long_key, long_value}, {"a", ""}, {"b", Bytes(256, 'i')}});
    fixture.apply({{"aa", Bytes(257, 'j')}});
    fixture.reopen();
    for (const char* key : {"a", "b", "aa"})
        fixture.expect_key(key, std::nullopt);
    fixture.expect_key(long_key, 0);
    EXPECT_EQ(fixture.state->get(long_key).value(), long_value);
    EXPECT_EQ(fixture.state->get("").value(), std::nullopt);
    const auto prove = [&](const Bytes& key) {
        return fixture.state->prove({StateQuestion::Kind::kKey, key, std::nullopt});
    };
    EXPECT_EQ(prove("").error(), StateError::kBadQuestion);
    EXPECT_EQ(prove(long_key + "x").error(), StateError::kBadQuestion);
    EXPECT_EQ(fixture.state->prove({StateQuestion::Kind::kKey, "a", 2}).error(),
              StateError::kNotYet);
    EXPECT_EQ(fixture.state->at(2).error(), StateError::kNotYet);
    EXPECT_DEATH((void)fixture.state->plan(2, {{long_key + "x", "v"}}), "internal error");
    EXPECT_DEATH((void)fixture.state->plan(2, {{"", "v"}}), "internal error");
    EXPECT_DEATH((void)fixture.state->plan(2, {{"k", long_value + "v"}}), "internal error");
}

TEST(LedgerState, ThePlanDoesNotDependOnHowWorkIsSpread) {
    const ParallelFor backwards = [](std::size_t count,
                                     const std::function<void(std::size_t)>& body) {
        for (std::size_t i = count; i > 0; --i)
            body(i - 1);
    };
    const ParallelFor threads = [](std::size_t count,
                                   const std::function<void(std::size_t)>& body) {
        std::atomic<std::size_t> next = 0;
        std::vector<std::thread> workers;
        for (int t = 0; t < 3; ++t)
            workers.emplace_back([&] {
                for (std::size_t i = next++; i < count; i = next++)
                    body(i);
            });
        for (std::thread& worker : workers)
            worker.join();
    };
    TestRandom random(7);
    StateFixture fixture;
    for (int block = 0; block < 12; ++block) {
        const StateDiff diff = random_diff(random, 3000);
        const Height height = *fixture.state->height() + 1;
        const Hash32 expected = fixture.state->plan(height, diff).value().root();
        EXPECT_EQ(fixture.state->plan(height, diff, backwards).value().root(), expected);
        EXPECT_EQ(fixture.state->plan(height, diff, threads).value().root(), expected);
        fixture.apply(diff);
    }
}

TEST(LedgerState, SnapshotsStayAndServeOtherThreads) {
    StateFixture fixture(StateDiff{{"a", "0"}});
    std::atomic<bool> stop = false;
    std::thread reader([&] {
        while (!stop) {
            const auto snapshot = fixture.state->newest();
            const auto proof =
                snapshot->prove({StateQuestion::Kind::kKey, "a", std::nullopt}).value();
            const auto proven =
                verify::check_state_proof(proof, snapshot->root(), snapshot->height());
            ASSERT_TRUE(proven.ok());
            EXPECT_EQ(proven->rows.at(0).second, std::to_string(snapshot->height()));
        }
    });
    const auto old = fixture.state->newest();
    for (int i = 1; i <= 300; ++i)
        fixture.apply({{"a", std::to_string(i)}, {"k" + std::to_string(i), "v"}});
    stop = true;
    reader.join();
    EXPECT_EQ(old->get("a").value(), "0");
    EXPECT_EQ(old->scan("", "", 10).value().size(), 1U);
    const auto proof = old->prove({StateQuestion::Kind::kPrefix, "", std::nullopt}).value();
    EXPECT_TRUE(verify::check_state_proof(proof, old->root(), 0).ok());
}

TEST(LedgerState, AnEmptyDiskHasNoState) {
    MemoryDisk disk;
    const auto state = LedgerState::open(disk).value();
    EXPECT_EQ(state->height(), std::nullopt);
    EXPECT_TRUE(state->root().is_zero());
    EXPECT_EQ(state->get("a").value(), std::nullopt);
    EXPECT_EQ(state->at(0).error(), StateError::kNotYet);
    EXPECT_EQ(state->prove({StateQuestion::Kind::kKey, "a", std::nullopt}).error(),
              StateError::kNotYet);
}

TEST(LedgerState, OpenRefusesWhatContradictsTheRoot) {
    for (const Space space : {Space::kTwigs, Space::kMeta, Space::kEntries}) {
        StateFixture fixture({{"a", "1"}, {"b", "1"}});
        fixture.apply({{"a", "2"}});
        auto cursor = fixture.disk->cursor(space);
        std::vector<KeyValue> stored;
        for (cursor->seek_first(); cursor->valid(); cursor->next())
            stored.push_back({Bytes(cursor->key()), Bytes(cursor->value())});
        for (const KeyValue& record : stored) {
            if (record.key.substr(0, 1) == "h") continue;  // read when history is
            for (const bool removed : {false, true}) {
                // Without its counters it is an empty disk; a list is only needed until the twigs
                // that it names are written, and here they all were.
                if (removed && (record.key == "state" || record.key[0] == 'j')) continue;
                auto batch = fixture.disk->new_batch();
                Bytes bad = record.value;
                if (bad.empty()) bad.push_back('\0');
                char& byte = bad[std::min<std::size_t>(4, bad.size() - 1)];
                byte = static_cast<char>(byte ^ 1);
                removed ? batch->erase(space, record.key) : batch->put(space, record.key, bad);
                ASSERT_TRUE(fixture.disk->write(*batch, Durability::kSynced).ok());
                const auto opened = LedgerState::open(*fixture.disk);
                ASSERT_FALSE(opened.ok()) << static_cast<int>(space) << record.key;
                EXPECT_EQ(opened.error(), StateError::kCorruption);
                batch->put(space, record.key, record.value);
                ASSERT_TRUE(fixture.disk->write(*batch, Durability::kSynced).ok());
            }
        }
        fixture.reopen();
    }
}

}  // namespace
}  // namespace consilium::state
