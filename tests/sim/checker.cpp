// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/checker.hpp"

#include "base/assert.hpp"
#include "ledger/hashes.hpp"
#include "node/ledger_rows.hpp"
#include "state/audit.hpp"
#include "verify/trust.hpp"

namespace consilium::sim {

using services::Committed;

Checker::Checker(const World& world, Trace& trace, Random random)
    : world_(world),
      trace_(trace),
      random_(random),
      model_(world.genesis.state, world.genesis.network_id),
      checked_(world.members.size(), 0) {}

void Checker::fail(const std::string& what) {
    if (failure_) return;
    failure_ = what;
    trace_.add("FAILURE " + what);
}

std::optional<Checker::BlockRecord> Checker::read(const state::DiskReader& disk, Height height) {
    const auto row = disk.get(state::Space::kBlocks, node::height_key(height));
    const auto header = disk.get(state::Space::kHeaders, node::height_key(height));
    if (!row || !header || !*row || !*header) return std::nullopt;
    const auto block = node::decode_block_row(**row);
    if (!block) return std::nullopt;
    BlockRecord out{**header, **row, {}, block->state_root, block->time};
    for (std::uint32_t i = 0; i < block->items.size(); ++i) {
        const auto outcomes = disk.get(state::Space::kOutcomes, node::outcomes_key(height, i));
        if (!outcomes) return std::nullopt;
        out.outcomes.push_back(outcomes->value_or(Bytes{}));
    }
    return out;
}

void Checker::shown(std::size_t copy, const state::DiskReader& disk, Height height) {
    const std::string who = world_.members[copy].id;
    if (height < chain_.size() && checked_[copy] == 0) {
        fail("durability: " + who + " has " + std::to_string(height) + " blocks, " +
             std::to_string(chain_.size()) + " were shown before");
        return;
    }
    while (checked_[copy] < height && !failure_) {
        const Height next = ++checked_[copy];
        const auto block = read(disk, next);
        if (!block) {
            fail(who + " shows block " + std::to_string(next) + " and cannot read it");
        } else if (next > chain_.size()) {
            extend(*block, next);
        } else if (const BlockRecord& known = chain_[next - 1]; known.header != block->header ||
                                                                known.row != block->row ||
                                                                known.outcomes != block->outcomes) {
            fail("agreement: " + who + " has another block " + std::to_string(next) +
                 " than was shown before");
        }
        if (!failure_) check_index(disk, next);
    }
}

// The index must lead to each transaction of the block, and to no other place.
void Checker::check_index(const state::DiskReader& disk, Height height) {
    for (const ledger::TransactionId& id : ids_[height - 1]) {
        const auto row = disk.get(state::Space::kIndex, id.view());
        const auto found = row && *row ? node::decode_place(**row) : std::nullopt;
        const Place& place = places_.at(id);
        if (!found || found->height != place.height || found->item != place.item ||
            found->transaction != place.transaction) {
            fail("the index of transactions does not lead to " + brief(id.view()));
        }
    }
}

void Checker::extend(const BlockRecord& block, Height height) {
    chain_.push_back(block);
    ids_.emplace_back();
    check_header(block, height);
    const auto row = node::decode_block_row(block.row);
    CONSILIUM_ASSERT(row.has_value());
    const auto expected = model_.apply_block(height, row->time, row->items);
    for (std::uint32_t i = 0; i < row->items.size(); ++i) {
        if ((row->results[i].code == 0) != expected[i].has_value()) {
            fail("item " + std::to_string(i) + " of block " + std::to_string(height) +
                 " has code " + std::to_string(row->results[i].code) + ", the model " +
                 (expected[i] ? "executes" : "refuses") + " it");
            return;
        }
        if (expected[i]) place(block, height, i, *expected[i]);
    }
    if (random_.chance(40)) kept_[height] = model_.rows();
    trace_.add("block " + std::to_string(height) + " items " + std::to_string(row->items.size()) +
               " transactions " + std::to_string(ids_.back().size()) + " root " +
               brief(block.state_root.view()) + " time " + std::to_string(block.time.value));
}

void Checker::check_header(const BlockRecord& block, Height height) {
    const auto decoded = ledger::decode_signed_header(block.header);
    if (!decoded || decoded->header.height != height ||
        ledger::unix_ms(decoded->header.time) != block.time) {
        fail("the header of block " + std::to_string(height) + " is not that block's");
        return;
    }
    if (height == 1) return;
    const BlockRecord& before = chain_[height - 2];
    if (decoded->header.app_hash != before.state_root.bytes() || !(before.time < block.time))
        fail("the header of block " + std::to_string(height) + " does not follow");
}

void Checker::place(const BlockRecord& block, Height height, std::uint32_t item,
                    const std::vector<ledger::Outcome>& expected) {
    const auto row = node::decode_block_row(block.row);
    const auto bundle = ledger::decode_item(row->items[item]);
    const auto outcomes = node::decode_outcomes_row(block.outcomes[item]);
    if (!outcomes || outcomes->outcomes.size() != expected.size()) {
        fail("block " + std::to_string(height) + " does not hold the outcomes of item " +
             std::to_string(item));
        return;
    }
    for (std::uint32_t t = 0; t < expected.size(); ++t) {
        const auto id = ledger::transaction_id(world_.genesis.network_id, bundle->member_id,
                                               bundle->transactions[t]);
        if (outcomes->outcomes[t] != ledger::encode_outcome(expected[t])) {
            const auto found = ledger::decode_outcome(outcomes->outcomes[t]);
            fail("transaction " + brief(id.view()) + " came to code " +
                 (found ? std::to_string(found->contract) + "/" + std::to_string(found->code)
                        : std::string("?")) +
                 ", the model says " + std::to_string(expected[t].contract) + "/" +
                 std::to_string(expected[t].code));
            return;
        }
        if (!places_.emplace(id, Place{height, item, t}).second) {
            fail("exactly once: transaction " + brief(id.view()) + " was executed in block " +
                 std::to_string(places_.at(id).height) + " and again in block " +
                 std::to_string(height));
            return;
        }
        if (refused_.contains(id)) {
            fail("transaction " + brief(id.view()) +
                 " was executed after its client was told "
                 "that it had expired");
        }
        outcomes_.emplace(id, outcomes->outcomes[t]);
        ids_.back().push_back(id);
    }
}

void Checker::answered(const Committed& committed) {
    const auto [first, fresh] = answers_.emplace(committed.id, committed);
    const Committed& known = first->second;
    if (!fresh && (known.height != committed.height || known.outcome != committed.outcome ||
                   known.bundle_index != committed.bundle_index ||
                   known.transaction_index != committed.transaction_index)) {
        fail("exactly once: two answers about transaction " + brief(committed.id.view()));
        return;
    }
    const auto found = places_.find(committed.id);
    if (found == places_.end()) {
        fail("a client was told of transaction " + brief(committed.id.view()) +
             ", which no block shown has");
        return;
    }
    const Place place{committed.height, committed.bundle_index, committed.transaction_index};
    if (found->second != place || outcomes_.at(committed.id) != committed.outcome) {
        fail("a client was told of another place or outcome of transaction " +
             brief(committed.id.view()) + " than the ledger has");
    }
}

void Checker::compare_state(std::size_t copy, const node::LedgerApplication& application) {
    const auto newest = application.published().newest;
    CONSILIUM_ASSERT(newest != nullptr && newest->height == chain_.size());
    const auto found = newest->state->scan("", "", 1'000'000);
    if (!found) {
        fail(world_.members[copy].id + ": its state cannot be read");
        return;
    }
    Rows rows;
    for (const state::KeyValue& row : *found)
        rows.emplace(row.key, row.value);
    const std::string result = compare_rows(model_.rows(), rows);
    if (result != "same") {
        fail("state of " + world_.members[copy].id + " after block " +
             std::to_string(newest->height) + ": " + result);
    }
    if (newest->height > 0 && newest->state->root() != chain_.back().state_root)
        fail("state of " + world_.members[copy].id + ": its root is not that of the block");
    if (newest->height > 0) kept_[newest->height] = model_.rows();
}

void Checker::audit_state(std::size_t copy, const node::LedgerApplication& application) {
    const auto report = state::audit(*application.published().newest->state);
    if (!report) {
        fail("audit of " + world_.members[copy].id + ": " + to_string(report.error()));
    } else if (report->problems != 0) {
        fail("audit of " + world_.members[copy].id + ": entry " +
             std::to_string(report->findings.front().serial) + ": " +
             to_string(report->findings.front().problem));
    }
}

}  // namespace consilium::sim
