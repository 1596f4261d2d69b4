// SPDX-License-Identifier: Apache-2.0
// The half of the submitter that makes bundles: opening, closing bundles, the outbox, resubmission.
#include <algorithm>

#include "base/assert.hpp"
#include "base/limits.hpp"
#include "execution/replay_window.hpp"
#include "ledger/bundle.hpp"
#include "ledger/hashes.hpp"
#include "ledger/transaction.hpp"
#include "node/ledger_reader.hpp"
#include "node/steady_us.hpp"
#include "node/submitter.hpp"
#include "node/submitter_entry.hpp"

namespace consilium::node {

using services::Committed;
using services::SubmitError;

namespace {

// Room in a bundle for its header, signature and tags, and per transaction for tag and length.
constexpr std::size_t kBundleOverhead = 1024;
constexpr std::size_t kTransactionOverhead = 8;
// Resolved bundles leave the outbox with the next one that enters it, or after this long.
constexpr std::uint64_t kForgetAfterUs = 1'000'000;
constexpr std::uint64_t kIdleStepUs = 1'000'000;

}  // namespace

Status<Submitter::OpenError> Submitter::open() {
    const auto published = application_.published();
    CONSILIUM_ASSERT(published.newest != nullptr && published.newest->state != nullptr);
    seen_ = published.newest;
    const auto key = execution::read_key(*seen_->state, application_.registry(), options_.member_id,
                                         options_.key_id);
    if (!key) return fail(OpenError::kDisk);
    if (!*key || (*key)->public_key != options_.key->public_key()) return fail(OpenError::kBadKey);

    const auto window = replay_window(options_.key_id);
    const auto top = outbox_.top(options_.key_id);
    if (!window || !top) return fail(OpenError::kDisk);
    last_sequence_ = std::max(window->top, *top);
    // The disk may be an old copy, and what was sent since it was made still on its way; where no
    // block has resolved any of it, nothing here tells. So every start fences, but one at genesis
    // with an outbox that never held anything: the very first.
    if (window->top > 0 || *top > 0 || seen_->height > 0)
        fence_until_ = window->top + 2 * limits::kReplayWindow;

    auto records = outbox_.load();
    if (!records) return fail(OpenError::kDisk);
    return adopt_records(std::move(*records));
}

Status<Submitter::OpenError> Submitter::adopt_records(std::vector<Outbox::Record> records) {
    // Open bundles first, so that a transaction of a dead one that has moved on stays where it is.
    for (const bool dead_ones : {false, true}) {
        for (Outbox::Record& record : records) {
            const auto item = std::make_shared<const Bytes>(record.item);
            const auto bundle = ledger::decode_item(*item);
            if (!bundle) return fail(OpenError::kCorruption);
            const bool dead = can_never_apply(record.number, bundle->not_after);
            if (dead != dead_ones) continue;
            OpenBundle open;
            open.item = item;
            open.id = ledger::bundle_id(options_.network_id, bundle->header);
            open.not_after = bundle->not_after;
            for (const BytesView bytes : bundle->transactions) {
                const auto decoded = ledger::decode_transaction(bytes);
                if (!decoded) return fail(OpenError::kCorruption);
                const auto id =
                    ledger::transaction_id(options_.network_id, options_.member_id, bytes);
                const auto known = read_committed(application_.disk(), id);
                if (!known) return fail(OpenError::kDisk);
                if (*known || entries_.contains(id)) {
                    open.slots.push_back(nullptr);
                    continue;
                }
                Entry entry;
                entry.size = bytes.size();
                entry.not_after = decoded->not_after;
                entry.signatures = decoded->personal_signatures.size();
                entries_bytes_ += entry.size;
                open.slots.push_back(&*entries_.emplace(id, std::move(entry)).first);
            }
            open_.emplace(record.number, std::move(open));
            if (dead) requeue(record.number);
        }
    }
    set_gauges();
    return Done{};
}

std::uint64_t Submitter::step(UnixMs wall, std::uint64_t now_us) {
    resubmit(now_us);
    while (true) {
        std::vector<Slot*> taken;
        bool fence = false;
        {
            const std::lock_guard lock(mutex_);
            if (died_ || stopping_ || failure_) return now_us + kIdleStepUs;
            const bool fencing = std::any_of(open_.begin(), open_.end(),
                                             [](const auto& open) { return open.second.fence; });
            fence = !fencing && (fence_until_ != 0 || needs_block(wall));
            if (!fence && fence_until_ == 0 && bundle_due(now_us)) taken = take_queue();
        }
        if (fence) {
            make_fence(wall, now_us);
            continue;
        }
        if (taken.empty()) break;
        Answers answers;
        settle_known(taken, wall, answers);
        give(answers);
        if (!taken.empty()) make_bundle(std::move(taken), wall, now_us);
    }
    if (now_us >= forget_us_) {
        forget_us_ = now_us + kForgetAfterUs;
        forget_resolved();
    }
    const std::lock_guard lock(mutex_);
    return next_wake(now_us);
}

// An engine that makes no block without work lets no time pass on the ledger: a bundle that came
// too late would then stay open for ever, neither applied nor known to be impossible. A fence makes
// the block that tells.
bool Submitter::needs_block(UnixMs wall) const {
    return std::any_of(open_.begin(), open_.end(),
                       [&](const auto& open) { return open.second.not_after < wall; });
}

// As both clocks have it: after the wall clock was set back, block time is ahead of it.
UnixMs Submitter::not_after(UnixMs wall) const {
    const std::uint64_t now = std::max(wall.value, seen_->time.value);
    return {now + options_.limits.bundle_lifetime_ms};
}

std::uint64_t Submitter::next_wake(std::uint64_t now_us) const {
    std::uint64_t wake = now_us + kIdleStepUs;
    if (!queue_.empty() && open_.size() < options_.limits.bundles_in_flight && fence_until_ == 0) {
        wake = std::min(wake, queue_.front()->second.since_us + options_.limits.batch_delay_us);
    }
    for (const auto& [number, bundle] : open_)
        wake = std::min(wake, bundle.next_try_us);
    return std::max(wake, now_us);
}

bool Submitter::bundle_due(std::uint64_t now_us) const {
    if (queue_.empty() || open_.size() >= options_.limits.bundles_in_flight) return false;
    if (open_.empty() || queue_.size() >= limits::kTransactionsPerBundleMax) return true;
    if (queue_bytes_ >= limits::kBundleBytesMax) return true;
    return now_us >= queue_.front()->second.since_us + options_.limits.batch_delay_us;
}

std::vector<Submitter::Slot*> Submitter::take_queue() {
    std::vector<Slot*> taken;
    std::size_t bytes = kBundleOverhead;
    std::size_t signatures = 0;
    while (!queue_.empty() && taken.size() < limits::kTransactionsPerBundleMax) {
        Slot* slot = queue_.front();
        bytes += slot->second.size + kTransactionOverhead;
        signatures += slot->second.signatures;
        const bool full =
            bytes > limits::kBundleBytesMax || signatures > limits::kPersonalSignaturesPerBundleMax;
        if (full && !taken.empty()) break;
        slot->second.held = true;
        queue_bytes_ -= slot->second.size;
        queue_.pop_front();
        taken.push_back(slot);
    }
    return taken;
}

// Answers those that need no bundle: already on the ledger (a retry), or expired while they waited.
void Submitter::settle_known(std::vector<Slot*>& taken, UnixMs wall, Answers& answers) {
    std::vector<BytesView> ids;
    ids.reserve(taken.size());
    for (const Slot* slot : taken)
        ids.push_back(slot->first.view());
    const auto places = application_.disk().multi_get(state::Space::kIndex, ids);
    if (!places) {
        taken.clear();
        fail_disk(Failure::kLedger);
        return;
    }
    std::vector<Slot*> rest;
    rest.reserve(taken.size());
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < taken.size(); ++i) {
        Slot* slot = taken[i];
        if (slot->second.settled) {
            finish(slot, *std::exchange(slot->second.settled, std::nullopt), answers);
            continue;
        }
        if ((*places)[i]) {
            const auto committed = read_committed(application_.disk(), slot->first);
            if (!committed || !*committed) {
                // It has an outcome, which this copy cannot read; the others are none the worse.
                finish(slot, fail(SubmitError::kDisk), answers);
            } else if ((*committed)->height <= seen_->height) {
                if (options_.metrics != nullptr) {
                    options_.metrics->submit_duplicates_total.fetch_add(1);
                }
                finish(slot, **committed, answers);
            } else {
                // In a block that is about to be published. block() will bring it, and nothing else
                // may: in the queue this step would come upon it again, without end.
                slot->second.held = false;
                awaiting_block_.push_back(slot->first);
            }
            continue;
        }
        if (slot->second.not_after < wall) {
            finish(slot, fail(SubmitError::kExpiredInQueue), answers);
            continue;
        }
        rest.push_back(slot);
    }
    taken = std::move(rest);
    set_gauges();
}

Result<execution::ReplayWindow, state::DiskError> Submitter::replay_window(
    std::uint32_t key_id) const {
    return execution::read_replay_window(*seen_->state, options_.member_id, key_id);
}

std::uint64_t Submitter::next_sequence(std::uint64_t top) const {
    const std::uint64_t next = std::max(top, last_sequence_) + 1;
    if (next <= top + limits::kReplayWindow) return next;
    // Bundles that expired left their numbers unused; what has expired can no longer apply, so a
    // number that no open bundle has may be given again.
    for (std::uint64_t sequence = top + 1;; ++sequence) {
        if (!open_.contains({options_.key_id, sequence})) return sequence;
    }
}

void Submitter::make_bundle(std::vector<Slot*> taken, UnixMs wall, std::uint64_t now_us) {
    std::vector<Bytes> transactions;
    transactions.reserve(taken.size());
    BundleNumber number{options_.key_id, 0};
    OpenBundle open;
    {
        std::unique_lock lock(mutex_);
        const auto window = replay_window(options_.key_id);
        if (!window) {
            lock.unlock();
            return fail_disk(Failure::kLedger);
        }
        for (Slot* slot : taken)
            transactions.push_back(std::move(slot->second.bytes));
        number.sequence = next_sequence(window->top);
        last_sequence_ = std::max(last_sequence_, number.sequence);
        open.not_after = not_after(wall);
    }
    open.slots = std::move(taken);
    sign_and_send(number, std::move(open), transactions, now_us);
}

// A bundle whose one transaction is made to be rejected: its number is what counts.
void Submitter::make_fence(UnixMs wall, std::uint64_t now_us) {
    BundleNumber number{options_.key_id, 0};
    OpenBundle open;
    open.fence = true;
    {
        std::unique_lock lock(mutex_);
        const auto window = replay_window(options_.key_id);
        if (!window) {
            lock.unlock();
            return fail_disk(Failure::kLedger);
        }
        // Beyond the window where an old copy's numbers must fall below it; else just the next.
        number.sequence = next_sequence(window->top);
        if (fence_until_ != 0) {
            // An outbox of a start that died while it fenced may hold that number already.
            number.sequence = window->top + limits::kReplayWindow;
            while (open_.contains(number))
                --number.sequence;
        }
        last_sequence_ = std::max(last_sequence_, number.sequence);
        open.not_after = not_after(wall);
    }
    v1::Body body;
    body.mutable_actor()->set_user(Bytes(ledger::UserId::kSize, '\0'));
    body.mutable_actor()->set_role(v1::ROLE_SERVICE);
    body.set_nonce(options_.random(16));
    body.set_not_after_unix_ms(open.not_after.value);
    v1::Command* command = body.add_commands();
    command->set_contract(static_cast<std::uint32_t>(ledger::ContractId::kLedger));
    command->set_payload(Bytes(kFencePayload));
    const std::vector<Bytes> transactions{
        ledger::make_transaction(options_.network_id, options_.member_id, body)};
    sign_and_send(number, std::move(open), transactions, now_us);
}

void Submitter::sign_and_send(const BundleNumber& number, OpenBundle bundle,
                              const std::vector<Bytes>& transactions, std::uint64_t now_us) {
    bundle.item = std::make_shared<const Bytes>(ledger::make_item(ledger::make_bundle(
        options_.network_id, {options_.member_id, number.key_id, number.sequence, bundle.not_after},
        transactions, *options_.key)));
    if (dies(SubmitStep::kSigned)) return;
    const auto decoded = ledger::decode_item(*bundle.item);
    CONSILIUM_ASSERT(decoded.ok());
    bundle.id = ledger::bundle_id(options_.network_id, decoded->header);
    const auto item = bundle.item;
    std::vector<BundleNumber> resolved;
    {
        const std::lock_guard lock(mutex_);
        resolved.swap(resolved_);
        for (Slot* slot : bundle.slots)
            slot->second.held = false;
        bundle.next_try_us = now_us + options_.limits.resubmit_after_us;
        CONSILIUM_ASSERT(!open_.contains(number));
        open_.emplace(number, std::move(bundle));
        set_gauges();
    }
    const std::uint64_t start = steady_us();
    if (!outbox_.put(number, *item, resolved)) return fail_disk(Failure::kOutbox);
    if (options_.metrics != nullptr) options_.metrics->outbox_sync.observe_us(steady_us() - start);
    if (dies(SubmitStep::kStored)) return;
    if (options_.metrics != nullptr) options_.metrics->bundles_total.fetch_add(1);
    send(number, item, now_us);
    (void)dies(SubmitStep::kSubmitted);
}

void Submitter::send(const BundleNumber& number, const std::shared_ptr<const Bytes>& item,
                     std::uint64_t now_us) {
    const auto taken = engine_.submit_item(*item);
    std::uint64_t wait_us = options_.limits.resubmit_after_us;
    if (!taken && taken.error() == consensus::EngineError::kOverloaded) {
        wait_us = kOverloadedRetryUs;
    } else if (!taken && taken.error() == consensus::EngineError::kStale) {
        wait_us = kStaleRetryUs;
    }
    const std::lock_guard lock(mutex_);
    const auto open = open_.find(number);
    if (open != open_.end()) open->second.next_try_us = now_us + wait_us;
}

void Submitter::resubmit(std::uint64_t now_us) {
    std::vector<std::pair<BundleNumber, std::shared_ptr<const Bytes>>> due;
    {
        const std::lock_guard lock(mutex_);
        if (died_ || stopping_ || failure_) return;
        for (const auto& [number, bundle] : open_) {
            if (bundle.next_try_us <= now_us) due.emplace_back(number, bundle.item);
        }
    }
    for (const auto& [number, item] : due) {
        if (options_.metrics != nullptr) options_.metrics->bundles_resubmitted_total.fetch_add(1);
        send(number, item, now_us);
    }
}

void Submitter::forget_resolved() {
    std::vector<BundleNumber> resolved;
    {
        const std::lock_guard lock(mutex_);
        resolved.swap(resolved_);
    }
    if (!resolved.empty() && !outbox_.forget(resolved)) fail_disk(Failure::kOutbox);
}

// Without its disks nothing may be submitted, nor known of what was: what is open may still commit,
// but nobody submits it again. So everybody is told now that the node does not know, and may send
// the same bytes when it works again.
void Submitter::fail_disk(Failure failure) {
    Answers answers;
    {
        const std::lock_guard lock(mutex_);
        failure_ = failure;
        answer_all(SubmitError::kDisk, answers);
    }
    give(answers);
}

}  // namespace consilium::node
