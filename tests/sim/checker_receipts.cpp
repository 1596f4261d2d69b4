// SPDX-License-Identifier: Apache-2.0
// The checks that an outsider makes who has the genesis and files from one member's node.
#include "base/assert.hpp"
#include "node/ledger_reader.hpp"
#include "tests/sim/checker.hpp"
#include "verify/trust.hpp"

namespace consilium::sim {
namespace {

constexpr int kReceipts = 4;
constexpr int kProofs = 4;

}  // namespace

void Checker::check_receipts(std::size_t copy, const node::LedgerApplication& application) {
    if (failure_ || places_.empty()) return;
    const node::LedgerReader reads(application, world_.genesis, world_.members[copy].id,
                                   [] { return node::LedgerReader::Live{}; });
    const auto genesis = verify::read_genesis(world_.genesis.app_state);
    const auto history = reads.validator_history();
    if (!genesis || !history) {
        fail("the genesis or the history of validators cannot be read");
        return;
    }
    const auto trust = verify::Trust::make(*genesis, {}, *history);
    if (!trust) {
        fail(std::string("the history of validators: ") + to_string(trust.error()));
        return;
    }
    const verify::Freshness freshness{chain_.back().time, std::nullopt};
    for (int i = 0; i < kReceipts && !failure_; ++i) {
        auto chosen = places_.begin();
        std::advance(chosen, static_cast<std::ptrdiff_t>(random_.below(places_.size())));
        const ledger::TransactionId& id = chosen->first;
        if (chosen->second.height > application.published().newest->height) continue;
        const auto receipt = reads.outcome_receipt(id);
        if (!receipt) {
            // The block's outcomes are proven by the next header, which may not be there yet.
            const bool newest = chosen->second.height == chain_.size();
            if (newest && receipt.error() == services::ReadError::kNotYet) continue;
            fail("no receipt of transaction " + brief(id.view()) + ": " +
                 to_string(receipt.error()));
            return;
        }
        const auto verified = verify::verify_outcome_receipt(*receipt, *trust, freshness);
        if (!verified) {
            fail("the receipt of transaction " + brief(id.view()) + ": " +
                 to_string(verified.error()));
        } else if (verified->transaction_id != id || verified->height != chosen->second.height ||
                   ledger::encode_outcome(verified->outcome) != outcomes_.at(id)) {
            fail("the receipt of transaction " + brief(id.view()) + " proves something else");
        }
        ++receipts_;
    }
    check_state_receipts(reads, *trust, freshness);
}

void Checker::check_state_receipts(const services::Reads& reads, const verify::Trust& trust,
                                   const verify::Freshness& freshness) {
    for (int i = 0; i < kProofs && !failure_ && !kept_.empty(); ++i) {
        // As of a moment whose rows are known; the keys to ask for come from any known moment.
        auto moment = kept_.begin();
        std::advance(moment, static_cast<std::ptrdiff_t>(random_.below(kept_.size())));
        auto source = kept_.begin();
        std::advance(source, static_cast<std::ptrdiff_t>(random_.below(kept_.size())));
        if (moment->second.empty() || source->second.empty()) continue;
        auto row = source->second.begin();
        std::advance(row, static_cast<std::ptrdiff_t>(random_.below(source->second.size())));
        const bool list = random_.chance(400);
        const Bytes subject =
            list ? row->first.substr(0, random_.between(2, row->first.size())) : row->first;
        Rows expected;
        for (auto at = moment->second.lower_bound(subject); at != moment->second.end(); ++at) {
            if (list ? !at->first.starts_with(subject) : at->first != subject) break;
            expected.insert(*at);
        }
        Bytes receipt;
        if (list) {
            auto answer = reads.state_list(subject, {}, 100'000, moment->first, true);
            if (!answer && answer.error() == services::ReadError::kNotYet) continue;
            if (answer) receipt = std::move(answer->receipt);
        } else {
            auto answer = reads.state(subject, moment->first, true);
            if (!answer && answer.error() == services::ReadError::kNotYet) continue;
            if (answer) receipt = std::move(answer->receipt);
        }
        const auto verified = verify::verify_state_receipt(receipt, trust, freshness);
        if (!verified) {
            fail("a state proof as of block " + std::to_string(moment->first) + ": " +
                 to_string(verified.error()));
            return;
        }
        const Rows proven(verified->proven.rows.begin(), verified->proven.rows.end());
        // The newest state is shown as it stands; an earlier one names its block.
        const auto& as_of = verified->proven.question.as_of;
        const bool right_moment = as_of
                                      ? *as_of == moment->first && verified->as_of &&
                                            verified->as_of->covers(chain_[moment->first - 1].time)
                                      : moment->first + 1 >= verified->height;
        if (verified->proven.question.subject != subject || !right_moment || proven != expected) {
            fail("a state proof as of block " + std::to_string(moment->first) +
                 " proves something else: " + compare_rows(expected, proven));
        }
        ++receipts_;
    }
}

}  // namespace consilium::sim
