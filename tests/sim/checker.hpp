// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "node/ledger_application.hpp"
#include "services/port/port.hpp"
#include "tests/sim/model.hpp"
#include "tests/sim/random.hpp"
#include "tests/sim/timeline.hpp"
#include "tests/sim/world.hpp"
#include "verify/receipt.hpp"

namespace consilium::sim {

// Watches what every copy shows and what clients were told, and remembers the first thing that is
// wrong. What was shown once is shown for ever: blocks, headers, outcomes and answers never move
// and never change, at any copy, after any crash.
class Checker {
 public:
    Checker(const World& world, Trace& trace, Random random);

    // A copy was opened: everything it holds is to be checked again.
    void opened(std::size_t copy) { checked_[copy] = 0; }
    // A copy shows its blocks up to `height`.
    void shown(std::size_t copy, const state::DiskReader& disk, Height height);
    // The copy's whole state against the model. The copy shows the newest block.
    void compare_state(std::size_t copy, const node::LedgerApplication& application);
    // Everything that the copy stores of its state, against its root: entries, bits, values,
    // indexes and the whole chain of links.
    void audit_state(std::size_t copy, const node::LedgerApplication& application);
    // Receipts and proofs of what this copy shows, verified as an outsider would, offline.
    void check_receipts(std::size_t copy, const node::LedgerApplication& application);

    // A client was told that this is what became of its transaction.
    void answered(const services::Committed& committed);
    // A client was told that its transaction came to nothing and never will come to anything.
    void refused(const ledger::TransactionId& id) { refused_.insert(id); }

    void fail(const std::string& what);
    [[nodiscard]] const std::optional<std::string>& failure() const { return failure_; }
    [[nodiscard]] Height height() const { return chain_.size(); }
    [[nodiscard]] std::size_t transactions() const { return places_.size(); }
    [[nodiscard]] std::size_t answers() const { return answers_.size(); }
    [[nodiscard]] std::uint64_t receipts() const { return receipts_; }

 private:
    struct BlockRecord {
        Bytes header;  // signed
        Bytes row;
        std::vector<Bytes> outcomes;  // one row per item, empty for a refused one
        Hash32 state_root;
        UnixMs time;
    };
    struct Place {
        Height height = 0;
        std::uint32_t item = 0;
        std::uint32_t transaction = 0;
        friend bool operator==(const Place&, const Place&) = default;
    };

    [[nodiscard]] std::optional<BlockRecord> read(const state::DiskReader& disk, Height height);
    void extend(const BlockRecord& block, Height height);
    void check_header(const BlockRecord& block, Height height);
    void place(const BlockRecord& block, Height height, std::uint32_t item,
               const std::vector<ledger::Outcome>& expected);
    void check_index(const state::DiskReader& disk, Height height);
    void check_state_receipts(const services::Reads& reads, const verify::Trust& trust,
                              const verify::Freshness& freshness);

    const World& world_;
    Trace& trace_;
    Random random_;
    Model model_;
    std::vector<BlockRecord> chain_;                       // by height - 1
    std::vector<Height> checked_;                          // per copy
    std::vector<std::vector<ledger::TransactionId>> ids_;  // of each block's executed transactions
    std::map<Height, Rows> kept_;                          // the model's rows after some blocks
    std::map<ledger::TransactionId, Place> places_;
    std::map<ledger::TransactionId, Bytes> outcomes_;
    std::map<ledger::TransactionId, services::Committed> answers_;
    std::set<ledger::TransactionId> refused_;
    std::uint64_t receipts_ = 0;
    std::optional<std::string> failure_;
};

}  // namespace consilium::sim
