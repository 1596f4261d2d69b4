// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <memory>

#include "state/ledger_state.hpp"
#include "state/memory_disk.hpp"
#include "state/reference_model.hpp"
#include "verify/state_proof.hpp"

namespace consilium::state {

// A small generator whose numbers are the same everywhere.
class TestRandom {
 public:
    explicit TestRandom(std::uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15ULL + 1) {}
    std::uint64_t operator()(std::uint64_t below) {
        state_ ^= state_ << 13U;
        state_ ^= state_ >> 7U;
        state_ ^= state_ << 17U;
        return (state_ >> 11U) % below;
    }

 private:
    std::uint64_t state_;
};

// A state over some disk, beside the model that says what it must be.
class StateFixture {
 public:
    explicit StateFixture(const StateDiff& genesis = {}, std::unique_ptr<Disk> disk_port = nullptr)
        : disk(disk_port ? std::move(disk_port) : std::make_unique<MemoryDisk>()),
          model(genesis),
          state(LedgerState::open(*disk).value()) {
        commit(0, genesis);
    }

    // Applies the next block to both and compares the roots.
    void apply(const StateDiff& diff) {
        const Height height = *state->height() + 1;
        model.apply(height, diff);
        commit(height, diff);
    }
    void reopen() {
        state.reset();
        state = LedgerState::open(*disk).value();
        ASSERT_EQ(state->root(), model.root());
    }

    [[nodiscard]] Result<verify::ProvenState, verify::StateProofError> check(
        BytesView proof) const {
        return verify::check_state_proof(proof, state->root(), *state->height());
    }

    // Proves and checks a key against the model, now or as of a height.
    void expect_key(const Bytes& key, std::optional<Height> as_of) const {
        const verify::StateQuestion question{verify::StateQuestion::Kind::kKey, key, as_of};
        const auto proof = state->prove(question);
        ASSERT_TRUE(proof.ok()) << to_string(proof.error());
        const auto proven = check(*proof);
        ASSERT_TRUE(proven.ok()) << to_string(proven.error());
        EXPECT_EQ(proven->question, question);
        const reference::Map& map = as_of ? model.at(*as_of) : model.now();
        std::vector<std::pair<Bytes, Bytes>> rows;
        if (const auto it = map.find(key); it != map.end()) rows.emplace_back(*it);
        EXPECT_EQ(proven->rows, rows);
    }
    void expect_prefix(const Bytes& prefix, std::optional<Height> as_of) const {
        const verify::StateQuestion question{verify::StateQuestion::Kind::kPrefix, prefix, as_of};
        const auto proof = state->prove(question);
        ASSERT_TRUE(proof.ok()) << to_string(proof.error());
        const auto proven = check(*proof);
        ASSERT_TRUE(proven.ok()) << to_string(proven.error());
        EXPECT_EQ(proven->question, question);
        EXPECT_EQ(proven->rows, rows_of(prefix, as_of));
    }
    [[nodiscard]] std::vector<std::pair<Bytes, Bytes>> rows_of(const Bytes& prefix,
                                                               std::optional<Height> as_of) const {
        std::vector<std::pair<Bytes, Bytes>> rows;
        for (const auto& row : as_of ? model.at(*as_of) : model.now())
            if (row.first.substr(0, prefix.size()) == prefix) rows.emplace_back(row);
        return rows;
    }

    std::unique_ptr<Disk> disk;
    reference::Model model;
    std::unique_ptr<LedgerState> state;

 private:
    void commit(Height height, const StateDiff& diff) {
        auto pending = state->plan(height, diff);
        ASSERT_TRUE(pending.ok()) << to_string(pending.error());
        ASSERT_EQ(pending->root(), model.root()) << "height " << height;
        ASSERT_EQ(pending->entry_count(), model.entries().size());
        auto batch = disk->new_batch();
        state->stage(*pending, *batch);
        ASSERT_TRUE(disk->write(*batch, Durability::kSynced).ok());
        state->adopt(std::move(*pending));
        ASSERT_EQ(state->root(), model.root());
    }
};

}  // namespace consilium::state
