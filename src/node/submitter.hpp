// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "consensus/port/port.hpp"
#include "crypto/random.hpp"
#include "crypto/sign.hpp"
#include "execution/replay_window.hpp"
#include "node/ledger_application.hpp"
#include "node/outbox.hpp"
#include "services/port/port.hpp"

namespace consilium::node {

struct SubmitterLimits {
    std::size_t queue_transactions = 65'536;  // accepted and not yet committed
    std::size_t queue_bytes = 64U << 20U;
    std::size_t bundles_in_flight = 16;
    std::uint64_t batch_delay_us = 5'000;  // longest wait for more transactions, under load
    std::uint64_t bundle_lifetime_ms = 60'000;
    std::uint64_t resubmit_after_us = 2'000'000;
};

// The steps of a submission between which a test may let the process die.
enum class SubmitStep { kSigned, kStored, kSubmitted, kResolved };

struct SubmitterOptions {
    ledger::NetworkId network_id;
    ledger::MemberId member_id;
    std::uint32_t key_id = 1;
    const crypto::SigningKey* key = nullptr;
    SubmitterLimits limits;
    Metrics* metrics = nullptr;                                       // may be null
    std::function<Bytes(std::size_t)> random = crypto::random_bytes;  // nonces of fences
    // Called after each step; true lets the submitter die there, as by a crash: it does nothing
    // more and answers nobody. Null in production.
    std::function<bool(SubmitStep)> dies_after;
    // Called (on any thread, under no lock) when step() should run soon. May be null.
    std::function<void()> wake;
};

// The command of the one transaction in a fence, of the ledger's own contract, which has none such
// and rejects it (docs/formats/store.md).
inline constexpr std::string_view kFencePayload = "fence";

// From a client's transaction to its durable outcome, exactly once: the ledger takes each number of
// a key once (docs/formats/transaction.md, "Replay window"). Gathers transactions into bundles,
// signs them, keeps each in the outbox before it is submitted, submits the same bytes again until a
// block resolves them. A transaction enters a second bundle only when the first can no longer apply
// on the committed state: its number is used or below the window, or its not_after is before the
// block time.
//
// A number is one above the highest of what the ledger's window and the outbox know. The disk that
// a node starts from may be an old copy, and bundles that it does not know may still be on their
// way: so bundles that do nothing (fences), each a whole window above the last, push every such
// number below the window before anything new is submitted. Only a key that has never signed starts
// without.
//
// Without threads or clocks: whoever drives it says what time it is. submit(), step(), block() may
// run on different threads; call backs run on the thread of whichever of them settles the outcome,
// outside all locks.
class Submitter {
 public:
    // `application`, `outbox`, `engine` and the key outlive it. Nothing happens before open().
    Submitter(SubmitterOptions options, const LedgerApplication& application, state::Disk& outbox,
              consensus::Engine& engine);
    ~Submitter();

    enum class OpenError { kDisk, kCorruption, kBadKey };
    // Reads the outbox and the ledger's window. The ledger must be caught up and published.
    [[nodiscard]] Status<OpenError> open();

    // A transaction from a client. `wall` and `now_us` as in step().
    void submit(Bytes transaction, UnixMs wall, std::uint64_t now_us,
                services::SubmitCallback done);
    // The same for several at once, which then stand in the queue together. `done` gets the index.
    void submit_batch(
        std::vector<Bytes> transactions, UnixMs wall, std::uint64_t now_us,
        std::function<void(std::size_t, Result<services::Committed, services::SubmitError>)> done);

    // Does what is due: closes bundles, stores and submits them, submits again. Returns the
    // monotonic time at which it wants to be called next, at the latest.
    std::uint64_t step(UnixMs wall, std::uint64_t now_us);

    // A published block, in order and without a gap since open(): answers what it resolved.
    void block(const std::shared_ptr<const AppliedBlock>& block, std::uint64_t now_us);

    // Answers everything with kStopping; later submissions too. What is in the outbox stays there.
    // step() may neither be running nor follow.
    void stop();

    [[nodiscard]] std::size_t waiting() const;  // accepted, not yet answered
    // A disk failed, and nothing is submitted any more: everything waiting was answered with kDisk,
    // later submissions are too. Nothing but a new submitter ends it.
    [[nodiscard]] bool failed() const { return failure().has_value(); }
    enum class Failure { kOutbox, kLedger };  // which disk: not written, not read
    [[nodiscard]] std::optional<Failure> failure() const;

 private:
    struct Entry;
    struct Candidate;
    struct OpenBundle;
    struct Answer {
        services::SubmitCallback done;
        Result<services::Committed, services::SubmitError> result;
    };
    using Answers = std::vector<Answer>;
    using Entries = std::unordered_map<ledger::TransactionId, Entry, FixedBytesHash>;
    using Slot = Entries::value_type;  // stays where it is until it is erased

    [[nodiscard]] Candidate examine(Bytes transaction, std::uint64_t now_us,
                                    services::SubmitCallback done) const;
    void refuse(const Candidate& candidate) const;

    // Under mutex_.
    [[nodiscard]] bool needs_block(UnixMs wall) const;
    [[nodiscard]] UnixMs not_after(UnixMs wall) const;
    [[nodiscard]] bool bundle_due(std::uint64_t now_us) const;
    [[nodiscard]] std::vector<Slot*> take_queue();
    // Takes the entry into the queue, or its call back to the entry of an equal transaction; or
    // leaves it as it was and says why not.
    void admit(Candidate& candidate, UnixMs wall, bool& wake);
    void enqueue(Slot* slot);
    void finish(Slot* slot, const Result<services::Committed, services::SubmitError>& result,
                Answers& answers);
    void resolve(const BundleNumber& number, const AppliedBlock& block, std::uint32_t item,
                 std::uint64_t now_us, Answers& answers);
    void settle_foreign(const AppliedBlock& block, std::uint32_t item, Answers& answers);
    void requeue(const BundleNumber& number);
    [[nodiscard]] bool can_never_apply(const BundleNumber& number, UnixMs not_after) const;
    // Of the member's key in the newest state seen.
    [[nodiscard]] Result<execution::ReplayWindow, state::DiskError> replay_window(
        std::uint32_t key_id) const;
    [[nodiscard]] std::uint64_t next_sequence(std::uint64_t top) const;  // of the window
    [[nodiscard]] std::uint64_t next_wake(std::uint64_t now_us) const;
    void set_gauges();
    // Answers everybody with `error` and forgets them, the open bundles too.
    void answer_all(services::SubmitError error, Answers& answers);

    // Without mutex_, on the thread of open() and step().
    [[nodiscard]] Status<OpenError> adopt_records(std::vector<Outbox::Record> records);
    void settle_known(std::vector<Slot*>& taken, UnixMs wall, Answers& answers);
    void make_bundle(std::vector<Slot*> taken, UnixMs wall, std::uint64_t now_us);
    void make_fence(UnixMs wall, std::uint64_t now_us);
    void sign_and_send(const BundleNumber& number, OpenBundle bundle,
                       const std::vector<Bytes>& transactions, std::uint64_t now_us);
    void send(const BundleNumber& number, const std::shared_ptr<const Bytes>& item,
              std::uint64_t now_us);
    void resubmit(std::uint64_t now_us);
    void forget_resolved();
    void fail_disk(Failure failure);
    [[nodiscard]] bool dies(SubmitStep step);
    static void give(Answers& answers);

    const SubmitterOptions options_;
    const LedgerApplication& application_;
    consensus::Engine& engine_;
    Outbox outbox_;  // used by open() and step() only

    mutable std::mutex mutex_;
    std::shared_ptr<const AppliedBlock> seen_;  // every block up to it went through block()
    Entries entries_;
    std::deque<Slot*> queue_;  // entries in no bundle, in order
    std::size_t queue_bytes_ = 0;
    std::size_t entries_bytes_ = 0;
    std::map<BundleNumber, OpenBundle> open_;
    std::vector<BundleNumber> resolved_;  // still in the outbox
    // Entries in neither: written with a block that is not published yet.
    std::vector<ledger::TransactionId> awaiting_block_;
    std::uint64_t last_sequence_ = 0;
    std::uint64_t forget_us_ = 0;
    std::uint64_t fence_until_ = 0;  // the window's top that ends the fencing; 0: none due
    bool died_ = false;              // a test let it die
    std::optional<Failure> failure_;
    bool stopping_ = false;
};

[[nodiscard]] const char* to_string(Submitter::OpenError error);
[[nodiscard]] const char* to_string(Submitter::Failure failure);

}  // namespace consilium::node
