// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "base/assert.hpp"
#include "state/ledger_state.hpp"
#include "state/memory_disk.hpp"

namespace consilium::fuzz {

// A state of a few dozen keys after six blocks, and beside it the plain maps that say what is true
// after each of them.
class SmallState {
 public:
    static constexpr Height kHeight = 6;

    SmallState() {
        auto opened = state::LedgerState::open(disk_);
        CONSILIUM_ASSERT(opened.ok());
        state_ = std::move(*opened);
        std::map<Bytes, Bytes> rows;
        for (Height height = 0; height <= kHeight; ++height) {
            state::StateDiff diff;
            for (std::uint64_t i = 0; i < 10; ++i) {
                const std::uint64_t number = (height * 7 + i * 3) % 40;
                const Bytes key = key_of(number);
                if ((number + height) % 5 == 0) {
                    if (rows.erase(key) != 0) diff[key] = std::nullopt;
                } else {
                    rows[key] = "value " + std::to_string(height * 100 + i);
                    diff[key] = rows[key];
                }
            }
            apply(height, diff);
            rows_.push_back(rows);
        }
    }

    [[nodiscard]] static Bytes key_of(std::uint64_t number) {
        return Bytes("\x04\x01", 2) + static_cast<char>('a' + number % 4) + std::to_string(number);
    }
    [[nodiscard]] const state::LedgerState& state() const { return *state_; }
    [[nodiscard]] const std::map<Bytes, Bytes>& rows(Height height) const { return rows_[height]; }

 private:
    void apply(Height height, const state::StateDiff& diff) {
        auto pending = state_->plan(height, diff);
        CONSILIUM_ASSERT(pending.ok());
        const auto batch = disk_.new_batch();
        state_->stage(*pending, *batch);
        CONSILIUM_ASSERT(disk_.write(*batch, state::Durability::kSynced).ok());
        state_->adopt(std::move(*pending));
    }

    state::MemoryDisk disk_;
    std::unique_ptr<state::LedgerState> state_;
    std::vector<std::map<Bytes, Bytes>> rows_;  // by height
};

}  // namespace consilium::fuzz
