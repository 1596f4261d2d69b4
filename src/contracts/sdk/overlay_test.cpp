// SPDX-License-Identifier: Apache-2.0
#include "contracts/sdk/overlay.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "execution/testing/memory_view.hpp"

namespace consilium::contracts::sdk {
namespace {

using execution::testing::MemoryView;
using Rows = std::map<Bytes, Bytes>;

Bytes random_key(std::mt19937_64& random) {
    Bytes key;
    for (std::uint64_t n = 1 + random() % 4; n > 0; --n)
        key.push_back("\x01\x02\xff"[random() % 3]);
    return key;
}

void expect_same(Overlay& overlay, const Rows& rows, std::mt19937_64& random) {
    const Bytes key = random_key(random);
    const auto got = overlay.get(key);
    const auto want = rows.find(key);
    ASSERT_EQ(got.has_value(), want != rows.end());
    if (got) {
        EXPECT_EQ(*got, want->second);
    }

    const Bytes prefix = random() % 8 == 0 ? Bytes{} : random_key(random);
    const Bytes from = random_key(random);
    std::vector<state::KeyValue> all;
    std::vector<state::KeyValue> listed;
    const std::size_t limit = random() % 6;
    for (const auto& [k, v] : rows) {
        if (k.compare(0, prefix.size(), prefix) != 0) continue;
        all.push_back({k, v});
        if (k >= from && listed.size() < limit) listed.push_back({k, v});
    }
    EXPECT_EQ(overlay.scan(prefix, from, limit), listed);
    const auto last = overlay.last(prefix);
    ASSERT_EQ(last.has_value(), !all.empty());
    if (last) {
        EXPECT_EQ(last->key, all.back().key);
        EXPECT_EQ(last->value, all.back().value);
    }
}

TEST(Overlay, AgreesWithAPlainMap) {
    std::mt19937_64 random(5);
    for (int run = 0; run < 60; ++run) {
        MemoryView base;
        Rows rows;
        state::StateDiff first;
        for (std::uint64_t n = random() % 40; n > 0; --n) {
            const Bytes key = random_key(random);
            rows[key] = std::to_string(random() % 100);
            first[key] = rows[key];
        }
        base.apply(first);
        const Rows before_block = rows;
        Overlay overlay(base);
        for (int transaction = 0; transaction < 12; ++transaction) {
            const Rows before = rows;
            overlay.begin();
            for (std::uint64_t n = random() % 12; n > 0; --n) {
                const Bytes key = random_key(random);
                if (random() % 3 == 0) {
                    overlay.erase(key);
                    rows.erase(key);
                } else {
                    rows[key] = std::to_string(random() % 100);
                    overlay.put(key, rows[key]);
                }
                expect_same(overlay, rows, random);
            }
            std::map<Bytes, int> seen;
            for (const auto& change : overlay.changes()) {
                const Bytes key(change.key);
                EXPECT_EQ(++seen[key], 1);
                const auto was = before.find(key);
                ASSERT_EQ(change.before.has_value(), was != before.end());
                if (change.before) {
                    EXPECT_EQ(*change.before, was->second);
                }
                const auto is = rows.find(key);
                ASSERT_EQ(change.after.has_value(), is != rows.end());
                if (change.after) {
                    EXPECT_EQ(*change.after, is->second);
                }
            }
            if (random() % 2 == 0) {
                overlay.undo();
                rows = before;
                expect_same(overlay, rows, random);
            }
        }
        base.apply(overlay.take_diff());
        EXPECT_TRUE(std::equal(base.rows().begin(), base.rows().end(), rows.begin(), rows.end()));
    }
}

TEST(Overlay, ADiskThatFailsIsLatched) {
    MemoryView base;
    base.apply({{"a", Bytes("1")}});
    Overlay overlay(base);
    base.fail_after(0, state::DiskError::kReadOnly);
    EXPECT_FALSE(overlay.get("a"));
    EXPECT_EQ(overlay.disk_error(), state::DiskError::kReadOnly);
    base.mend();
    EXPECT_FALSE(overlay.get("b"));
    EXPECT_FALSE(overlay.last("a"));
    EXPECT_TRUE(overlay.scan("a", "a", 9).empty());
    EXPECT_EQ(overlay.disk_error(), state::DiskError::kReadOnly);
}

TEST(Overlay, ReadsTheDiskOncePerKey) {
    MemoryView base;
    base.apply({{"a1", Bytes("1")}, {"a2", Bytes("2")}});
    Overlay overlay(base);
    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(overlay.get("a1"), "1");
        EXPECT_FALSE(overlay.get("b"));
        EXPECT_EQ(overlay.last("a")->key, "a2");
    }
    EXPECT_EQ(base.reads(), 3U);
    overlay.note_absent("a3");
    overlay.put("a3", "3");
    EXPECT_FALSE(overlay.changes().front().before);
    EXPECT_EQ(base.reads(), 3U);
}

}  // namespace
}  // namespace consilium::contracts::sdk
