// SPDX-License-Identifier: Apache-2.0
#include "state/snapshot.hpp"

#include <gtest/gtest.h>

#include "consilium/v1/state.pb.h"
#include "crypto/hash.hpp"
#include "proto/canonical.hpp"
#include "state/state_fixture.hpp"
#include "verify/state_tree.hpp"

namespace consilium::state {
namespace {

using verify::StateQuestion;

std::vector<Bytes> export_all(const LedgerState& state) {
    const auto snapshot = state.newest();
    std::vector<Bytes> chunks;
    for (std::uint64_t serial = 1; serial <= snapshot->entry_count();) {
        auto piece = export_chunk(*snapshot, serial).value();
        EXPECT_GT(piece.next_serial, serial);
        EXPECT_LE(piece.chunk.size(), kSnapshotChunkBytesMax);
        serial = piece.next_serial;
        chunks.push_back(std::move(piece.chunk));
    }
    return chunks;
}

std::string text(const Status<SnapshotError>& status) {
    return status.ok() ? "ok" : to_string(status.error());
}

// A state whose snapshot has several chunks.
StateFixture large_state(char variant) {
    StateDiff genesis;
    for (std::uint32_t i = 0; i < 400; ++i) {
        Bytes key = "k";
        append_be32(key, i);
        genesis[key] = Bytes(i % 2 == 0 ? 60'000 : i % 300, variant);
    }
    StateFixture fixture(genesis);
    StateDiff diff;
    for (std::uint32_t i = 0; i < 400; i += 5) {
        Bytes key = "k";
        append_be32(key, i);
        diff[key] = i % 2 == 0 ? std::nullopt : std::optional<Bytes>("new");
    }
    fixture.apply(diff);
    fixture.apply({});
    return fixture;
}

TEST(Snapshot, ImportedStateGoesOnAsTheOriginal) {
    StateFixture fixture = large_state('a');
    const auto chunks = export_all(*fixture.state);
    ASSERT_GE(chunks.size(), 2U);
    MemoryDisk disk;
    auto import = SnapshotImport::begin(disk, fixture.state->root(), 2).value();
    for (const Bytes& chunk : chunks) {
        EXPECT_EQ(LedgerState::open(disk).value()->height(), std::nullopt);
        ASSERT_EQ(text(import->take(chunk)), "ok");
    }
    ASSERT_EQ(text(import->finish()), "ok");
    EXPECT_EQ(SnapshotImport::begin(disk, fixture.state->root(), 2).error(),
              SnapshotError::kNotEmpty);
    auto state = LedgerState::open(disk).value();
    ASSERT_EQ(state->height(), 2U);
    ASSERT_EQ(state->root(), fixture.state->root());
    EXPECT_EQ(state->at(1).error(), StateError::kPruned);
    EXPECT_EQ(state->prove({StateQuestion::Kind::kKey, "k", 1}).error(), StateError::kPruned);
    EXPECT_EQ(state->scan("", "", 1000).value(), fixture.state->scan("", "", 1000).value());
    // Both take the same blocks, and both prove what was and is.
    TestRandom random(5);
    for (Height height = 3; height < 40; ++height) {
        StateDiff diff;
        for (int i = 0; i < 20; ++i) {
            Bytes key = "k";
            append_be32(key, static_cast<std::uint32_t>(random(500)));
            diff[key] =
                random(3) == 0 ? std::nullopt : std::optional<Bytes>(Bytes(random(400), 'x'));
        }
        fixture.apply(diff);
        auto pending = state->plan(height, diff).value();
        ASSERT_EQ(pending.root(), fixture.state->root());
        auto batch = disk.new_batch();
        state->stage(pending, *batch);
        ASSERT_TRUE(disk.write(*batch, Durability::kSynced).ok());
        state->adopt(std::move(pending));
    }
    state = LedgerState::open(disk).value();
    ASSERT_EQ(state->root(), fixture.state->root());
    for (const Height h : {2U, 20U, 39U}) {
        const StateQuestion question{StateQuestion::Kind::kPrefix, "k", h};
        const auto proof = state->prove(question);
        ASSERT_TRUE(proof.ok()) << to_string(proof.error());
        const auto proven = verify::check_state_proof(*proof, state->root(), 39);
        ASSERT_TRUE(proven.ok());
        EXPECT_EQ(proven->rows, fixture.rows_of("k", h));
    }
}

TEST(Snapshot, EachBadChunkIsNamed) {
    StateFixture fixture = large_state('a');
    StateFixture foreign = large_state('b');
    const auto chunks = export_all(*fixture.state);
    const auto others = export_all(*foreign.state);
    MemoryDisk disk;
    auto import = SnapshotImport::begin(disk, fixture.state->root(), 2).value();
    const auto expect = [&](const Bytes& chunk, SnapshotError error) {
        const auto taken = import->take(chunk);
        ASSERT_FALSE(taken.ok());
        EXPECT_STREQ(to_string(taken.error()), to_string(error));
    };
    const auto altered = [&](const std::function<void(v1::SnapshotChunk&)>& change) {
        v1::SnapshotChunk chunk;
        EXPECT_TRUE(proto::parse_canonical(chunks[0], chunk).ok());
        change(chunk);
        return proto::encode(chunk);
    };
    expect(Bytes(kSnapshotChunkBytesMax + 1, 'x'), SnapshotError::kTooLarge);
    expect(Bytes(kSnapshotChunkBytesMax, 'x'), SnapshotError::kMalformed);
    expect(chunks[0].substr(0, chunks[0].size() / 2), SnapshotError::kMalformed);
    expect(chunks[1], SnapshotError::kMissing);
    expect(others[0], SnapshotError::kRoot);
    Bytes flipped = chunks[0];
    flipped[flipped.size() / 2] = static_cast<char>(flipped[flipped.size() / 2] ^ 1);
    expect(flipped, SnapshotError::kRoot);
    expect(altered([](auto& c) { c.clear_entries(); }), SnapshotError::kEntry);
    expect(altered([](auto& c) { c.mutable_entries(0)->mutable_entry()->set_serial(9); }),
           SnapshotError::kEntry);
    expect(altered([](auto& c) { c.mutable_entries(1)->mutable_entry()->clear_content(); }),
           SnapshotError::kEntry);
    expect(altered([](auto& c) { c.mutable_entries(1)->clear_form(); }), SnapshotError::kEntry);
    expect(altered([](auto& c) { c.mutable_siblings()->clear(); }), SnapshotError::kRoot);
    expect(altered([](auto& c) { c.mutable_pages()->clear(); }), SnapshotError::kRoot);
    expect(altered([](auto& c) { c.set_height(3); }), SnapshotError::kForeign);
    expect(altered([](auto& c) { c.set_count(0); }), SnapshotError::kForeign);
    expect(altered([](auto& c) {
               const auto leaf = verify::checked_leaf(c.entries(3).entry()).value();
               c.mutable_entries(3)->set_leaf(leaf.bytes());
           }),
           SnapshotError::kForm);
    ASSERT_EQ(text(import->take(chunks[0])), "ok");
    expect(chunks[0], SnapshotError::kRepeated);
    EXPECT_EQ(import->finish().error(), SnapshotError::kMissing);
    expect(altered([](auto& c) { c.set_count(c.count() + 1); }), SnapshotError::kForeign);
    // Begun anew, nothing of the first attempt counts.
    import = SnapshotImport::begin(disk, foreign.state->root(), 2).value();
    for (const Bytes& chunk : others)
        ASSERT_EQ(text(import->take(chunk)), "ok");
    ASSERT_EQ(text(import->finish()), "ok");
    EXPECT_EQ(LedgerState::open(disk).value()->root(), foreign.state->root());
}

// A log whose root fits, but whose links do not: only the audit at the end can tell.
struct Link {
    v1::EntryKind kind;
    Bytes key;
    Bytes next;
};

SnapshotError import_links(const std::vector<Link>& links) {
    v1::SnapshotChunk chunk;
    std::vector<Hash32> leaves;
    verify::PageBits bits;
    chunk.set_count(links.size());
    chunk.set_first_serial(1);
    for (std::size_t i = 0; i < links.size(); ++i) {
        v1::StateEntry& entry = *chunk.add_entries()->mutable_entry();
        entry.set_kind(links[i].kind);
        entry.set_serial(i + 1);
        entry.set_key(links[i].key);
        entry.set_next(links[i].next);
        entry.set_high(links[i].next.empty());
        if (entry.kind() == v1::ENTRY_KIND_KEY) entry.set_value("v");
        leaves.push_back(verify::checked_leaf(entry).value());
        verify::set_page_bit(bits, i, true);
    }
    while (leaves.size() > 1) {
        std::vector<Hash32> above;
        for (std::size_t i = 0; i < leaves.size(); i += 2)
            above.push_back(i + 1 < leaves.size() ? verify::inner_node(leaves[i], leaves[i + 1])
                                                  : leaves[i]);
        leaves = above;
    }
    chunk.set_pages(bits.bytes());
    const Hash32 root =
        verify::state_root(links.size(), 0, verify::page_node(leaves.front(), bits));
    MemoryDisk disk;
    auto import = SnapshotImport::begin(disk, root, 0).value();
    EXPECT_EQ(text(import->take(proto::encode(chunk))), "ok");
    const auto finished = import->finish();
    if (finished.ok()) {
        EXPECT_EQ(LedgerState::open(disk).value()->root(), root);
        return SnapshotError::kNotEmpty;  // stands for "taken"
    }
    EXPECT_EQ(LedgerState::open(disk).value()->height(), std::nullopt);
    return finished.error();
}

TEST(Snapshot, TheAuditRefusesEveryChainThatIsNotClosed) {
    constexpr auto kKey = v1::ENTRY_KIND_KEY;
    constexpr auto kLow = v1::ENTRY_KIND_LOW;
    constexpr auto kTaken = SnapshotError::kNotEmpty;
    constexpr auto kChain = SnapshotError::kChain;
    EXPECT_EQ(import_links({{kLow, "", "a"}, {kKey, "a", "b"}, {kKey, "b", ""}}), kTaken);
    EXPECT_EQ(import_links({{kLow, "", ""}}), kTaken);
    EXPECT_EQ(import_links({{kLow, "", "b"}, {kKey, "a", "b"}, {kKey, "b", ""}}), kChain);
    EXPECT_EQ(import_links({{kLow, "", "a"}, {kKey, "a", ""}, {kKey, "b", ""}}), kChain);
    EXPECT_EQ(import_links({{kLow, "", "a"}, {kKey, "a", "c"}, {kKey, "b", ""}}), kChain);
    EXPECT_EQ(import_links({{kLow, "", "a"}, {kKey, "a", "b"}, {kKey, "b", "c"}}), kChain);
    EXPECT_EQ(import_links({{kKey, "a", "b"}, {kKey, "b", ""}}), kChain);
    EXPECT_EQ(import_links({{kLow, "", "a"}, {kLow, "", "a"}, {kKey, "a", ""}}), kChain);
    EXPECT_EQ(import_links({{kLow, "", "a"}, {kKey, "a", ""}, {kKey, "a", ""}}), kChain);
    EXPECT_EQ(import_links({{kLow, "", "a"}}), kChain);
}

}  // namespace
}  // namespace consilium::state
