// SPDX-License-Identifier: Apache-2.0
#include "node/submitter.hpp"

#include "base/assert.hpp"
#include "execution/replay_window.hpp"
#include "ledger/bundle.hpp"
#include "ledger/hashes.hpp"
#include "ledger/transaction.hpp"
#include "node/ledger_reader.hpp"
#include "node/submitter_entry.hpp"

namespace consilium::node {

using services::Committed;
using services::SubmitError;

const char* to_string(Submitter::OpenError error) {
    switch (error) {
        case Submitter::OpenError::kDisk:
            return "the outbox could not be read";
        case Submitter::OpenError::kCorruption:
            return "the outbox contradicts itself";
        case Submitter::OpenError::kBadKey:
            return "the ledger has another key, or none, under that number for this member";
    }
    return "unknown error";
}

const char* to_string(Submitter::Failure failure) {
    switch (failure) {
        case Submitter::Failure::kOutbox:
            return "the outbox could not be written";
        case Submitter::Failure::kLedger:
            return "the ledger could not be read";
    }
    return "unknown failure";
}

Submitter::Submitter(SubmitterOptions options, const LedgerApplication& application,
                     state::Disk& outbox, consensus::Engine& engine)
    : options_(std::move(options)), application_(application), engine_(engine), outbox_(outbox) {
    CONSILIUM_ASSERT(options_.key != nullptr);
}

Submitter::~Submitter() = default;

void Submitter::give(Answers& answers) {
    for (Answer& answer : answers)
        answer.done(std::move(answer.result));
    answers.clear();
}

void Submitter::set_gauges() {
    if (options_.metrics == nullptr) return;
    options_.metrics->queue_transactions.store(entries_.size(), std::memory_order_relaxed);
    options_.metrics->bundles_in_flight.store(open_.size(), std::memory_order_relaxed);
}

std::size_t Submitter::waiting() const {
    const std::lock_guard lock(mutex_);
    return entries_.size();
}

std::optional<Submitter::Failure> Submitter::failure() const {
    const std::lock_guard lock(mutex_);
    return failure_;
}

bool Submitter::dies(SubmitStep step) {
    if (!options_.dies_after || !options_.dies_after(step)) return false;
    const std::lock_guard lock(mutex_);
    died_ = true;
    return true;
}

void Submitter::enqueue(Slot* slot) {
    queue_.push_back(slot);
    queue_bytes_ += slot->second.size;
}

Submitter::Candidate Submitter::examine(Bytes transaction, std::uint64_t now_us,
                                        services::SubmitCallback done) const {
    Candidate candidate;
    Entry& entry = candidate.entry;
    entry.done.push_back(std::move(done));
    const auto decoded = ledger::decode_transaction(transaction);
    if (!decoded) {
        candidate.refused = decoded.error() == ledger::TransactionError::kTooLarge
                                ? SubmitError::kTooLarge
                                : SubmitError::kMalformed;
        return candidate;
    }
    candidate.id = ledger::transaction_id(options_.network_id, options_.member_id, transaction);
    entry.size = transaction.size();
    entry.not_after = decoded->not_after;
    entry.signatures = decoded->personal_signatures.size();
    entry.since_us = now_us;
    entry.bytes = std::move(transaction);
    return candidate;
}

void Submitter::submit(Bytes transaction, UnixMs wall, std::uint64_t now_us,
                       services::SubmitCallback done) {
    Candidate candidate = examine(std::move(transaction), now_us, std::move(done));
    bool wake = false;
    if (!candidate.refused) {
        const std::lock_guard lock(mutex_);
        admit(candidate, wall, wake);
    }
    if (candidate.refused) refuse(candidate);
    if (wake && options_.wake) options_.wake();
}

void Submitter::submit_batch(
    std::vector<Bytes> transactions, UnixMs wall, std::uint64_t now_us,
    std::function<void(std::size_t, Result<Committed, SubmitError>)> done) {
    const auto shared = std::make_shared<decltype(done)>(std::move(done));
    std::vector<Candidate> candidates;
    candidates.reserve(transactions.size());
    for (std::size_t i = 0; i < transactions.size(); ++i) {
        candidates.push_back(examine(std::move(transactions[i]), now_us,
                                     [shared, i](Result<Committed, SubmitError> result) {
                                         (*shared)(i, std::move(result));
                                     }));
    }
    bool wake = false;
    {
        // Under one lock, so that no bundle closes after the first of them.
        const std::lock_guard lock(mutex_);
        for (Candidate& candidate : candidates) {
            if (!candidate.refused) admit(candidate, wall, wake);
        }
    }
    if (wake && options_.wake) options_.wake();
    for (const Candidate& candidate : candidates) {
        if (candidate.refused) refuse(candidate);
    }
}

void Submitter::refuse(const Candidate& candidate) const {
    const services::SubmitCallback& answer = candidate.entry.done.front();
    if (candidate.refused == SubmitError::kExpired) {
        // Too late to apply, but it may have: then this is a retry, and it has an outcome.
        const auto committed = read_committed(application_.disk(), candidate.id);
        const auto seen = application_.published().newest;
        if (committed && *committed && seen && (*committed)->height <= seen->height)
            return answer(**committed);
    }
    answer(fail(*candidate.refused));
}

void Submitter::admit(Candidate& candidate, UnixMs wall, bool& wake) {
    Metrics* metrics = options_.metrics;
    Entry& entry = candidate.entry;
    const auto found = entries_.find(candidate.id);
    if (stopping_ || died_) {
        candidate.refused = SubmitError::kStopping;
    } else if (failure_) {
        candidate.refused = SubmitError::kDisk;
    } else if (found != entries_.end()) {
        found->second.done.push_back(std::move(entry.done.front()));
        if (metrics != nullptr) metrics->submit_duplicates_total.fetch_add(1);
    } else if (entry.not_after < wall) {
        candidate.refused = SubmitError::kExpired;
    } else if (entries_.size() >= options_.limits.queue_transactions ||
               entries_bytes_ + entry.size > options_.limits.queue_bytes) {
        candidate.refused = SubmitError::kOverloaded;
        if (metrics != nullptr) metrics->submit_overloaded_total.fetch_add(1);
    } else {
        entries_bytes_ += entry.size;
        enqueue(&*entries_.emplace(candidate.id, std::move(entry)).first);
        // The first of a batch sets the clock going, the last one fills it; those between change
        // nothing for the bundler.
        wake = wake || queue_.size() == 1 || queue_.size() == limits::kTransactionsPerBundleMax;
        if (metrics == nullptr) return;
        metrics->submitted_total.fetch_add(1, std::memory_order_relaxed);
        metrics->queue_transactions.store(entries_.size(), std::memory_order_relaxed);
    }
}

void Submitter::finish(Slot* slot, const Result<Committed, SubmitError>& result, Answers& answers) {
    entries_bytes_ -= slot->second.size;
    auto& done = slot->second.done;
    for (std::size_t i = 0; i < done.size(); ++i)
        answers.push_back({std::move(done[i]), result});
    const ledger::TransactionId id = slot->first;
    entries_.erase(id);
}

void Submitter::block(const std::shared_ptr<const AppliedBlock>& block, std::uint64_t now_us) {
    Answers answers;
    bool wake = false;
    {
        const std::lock_guard lock(mutex_);
        if (died_ || stopping_ || failure_) return;
        CONSILIUM_ASSERT(seen_ != nullptr && block->height == seen_->height + 1);
        for (std::uint32_t i = 0; i < block->outputs.size(); ++i) {
            const execution::ItemOutput& output = block->outputs[i];
            if (output.member_id != options_.member_id) continue;
            const BundleNumber number{output.key_id, output.sequence};
            const auto open = open_.find(number);
            const bool ours = open != open_.end() && open->second.id == output.bundle_id;
            if (output.code != execution::ItemCode::kAccepted) continue;
            if (ours) {
                resolve(number, *block, i, now_us, answers);
            } else {
                settle_foreign(*block, i, answers);
            }
        }
        seen_ = block;
        // What this block made impossible goes into new bundles.
        std::vector<BundleNumber> impossible;
        for (const auto& [number, bundle] : open_) {
            if (can_never_apply(number, bundle.not_after)) impossible.push_back(number);
        }
        for (const BundleNumber& number : impossible)
            requeue(number);
        // Those that this block did not answer are looked up again.
        for (const ledger::TransactionId& id : std::exchange(awaiting_block_, {})) {
            if (const auto found = entries_.find(id); found != entries_.end()) enqueue(&*found);
        }
        if (fence_until_ != 0) {
            const auto window = replay_window(options_.key_id);
            if (window && window->top >= fence_until_) fence_until_ = 0;
        }
        wake = !queue_.empty() || fence_until_ != 0;
        set_gauges();
    }
    if (dies(SubmitStep::kResolved)) return;
    give(answers);
    if (wake && options_.wake) options_.wake();
}

void Submitter::resolve(const BundleNumber& number, const AppliedBlock& block, std::uint32_t item,
                        std::uint64_t now_us, Answers& answers) {
    const auto open = open_.find(number);
    const execution::ItemOutput& output = block.outputs[item];
    CONSILIUM_ASSERT(open != open_.end());
    if (!open->second.fence) {
        CONSILIUM_ASSERT(open->second.slots.size() == output.outcomes.size());
        for (std::uint32_t t = 0; t < output.outcomes.size(); ++t) {
            Slot* slot = open->second.slots[t];
            if (slot == nullptr) continue;
            CONSILIUM_ASSERT(slot->first == output.transaction_ids[t]);
            if (options_.metrics != nullptr) {
                options_.metrics->submit_commit.observe_us(now_us - slot->second.since_us);
            }
            finish(slot, Committed{slot->first, block.height, item, t, output.outcomes[t]},
                   answers);
        }
    }
    open_.erase(open);
    resolved_.push_back(number);
}

// A bundle of this member that this submitter did not make: by a clone, or by an earlier life whose
// outbox is lost. Whoever waits for one of its transactions has an outcome now.
void Submitter::settle_foreign(const AppliedBlock& block, std::uint32_t item, Answers& answers) {
    const execution::ItemOutput& output = block.outputs[item];
    for (std::uint32_t t = 0; t < output.transaction_ids.size(); ++t) {
        const auto found = entries_.find(output.transaction_ids[t]);
        if (found == entries_.end()) continue;
        Committed committed{found->first, block.height, item, t, output.outcomes[t]};
        if (found->second.held) {
            found->second.settled = std::move(committed);
            continue;
        }
        Slot* slot = &*found;
        if (const auto queued = std::find(queue_.begin(), queue_.end(), slot);
            queued != queue_.end()) {
            queue_.erase(queued);
            queue_bytes_ -= slot->second.size;
        }
        for (auto& [number, bundle] : open_) {
            for (Slot*& of : bundle.slots) {
                if (of == slot) of = nullptr;
            }
        }
        finish(slot, committed, answers);
    }
}

// Gives the transactions of a bundle that can no longer apply back to the queue, first in line.
void Submitter::requeue(const BundleNumber& number) {
    const auto open = open_.find(number);
    CONSILIUM_ASSERT(open != open_.end());
    if (!open->second.fence) {
        const auto bundle = ledger::decode_item(*open->second.item);
        CONSILIUM_ASSERT(bundle.ok() && bundle->transactions.size() == open->second.slots.size());
        for (std::size_t t = open->second.slots.size(); t-- > 0;) {
            Slot* slot = open->second.slots[t];
            if (slot == nullptr) continue;
            slot->second.bytes = Bytes(bundle->transactions[t]);
            queue_.push_front(slot);
            queue_bytes_ += slot->second.size;
        }
    }
    open_.erase(open);
    resolved_.push_back(number);
}

bool Submitter::can_never_apply(const BundleNumber& number, UnixMs not_after) const {
    CONSILIUM_ASSERT(seen_ != nullptr);
    if (not_after < seen_->time) return true;
    const auto window = replay_window(number.key_id);
    if (!window) return false;
    const auto code = execution::judge_sequence(*window, number.sequence);
    return code == execution::ItemCode::kSequenceUsed ||
           code == execution::ItemCode::kSequenceTooOld;
}

void Submitter::stop() {
    Answers answers;
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        answer_all(SubmitError::kStopping, answers);
    }
    give(answers);
}

void Submitter::answer_all(SubmitError error, Answers& answers) {
    for (auto& [id, entry] : entries_) {
        Result<Committed, SubmitError> result = fail(error);
        if (entry.settled) result = std::move(*entry.settled);
        for (auto& done : entry.done)
            answers.push_back({std::move(done), result});
    }
    entries_.clear();
    queue_.clear();
    awaiting_block_.clear();
    open_.clear();
    queue_bytes_ = entries_bytes_ = 0;
    set_gauges();
}

}  // namespace consilium::node
