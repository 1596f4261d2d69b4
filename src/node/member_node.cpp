// SPDX-License-Identifier: Apache-2.0
#include "node/member_node.hpp"

#include <chrono>

#include "base/assert.hpp"
#include "consensus/embedded/thread_name.hpp"
#include "contracts/registry/registry.hpp"

namespace consilium::node {

MemberNode::MemberNode(MemberOptions options, const Genesis& genesis, const Limits& limits,
                       const consensus::Clock& clock,
                       std::function<void(const NodeFailure& failure)> on_failure)
    : options_(std::move(options)),
      genesis_(genesis),
      limits_(limits),
      clock_(clock),
      on_failure_(std::move(on_failure)) {}

MemberNode::~MemberNode() {
    stop_submitting();
}

Status<NodeFailure> MemberNode::open_ledger(std::unique_ptr<state::Disk> disk,
                                            std::unique_ptr<state::Disk> outbox,
                                            const ParallelFor& parallel_for,
                                            execution::SignatureCache* cache) {
    disk_ = std::move(disk);
    outbox_ = std::move(outbox);
    ApplicationOptions options;
    options.network_id = genesis_.network_id;
    options.parallel_for = parallel_for;
    options.signature_cache = cache;
    options.metrics = &metrics_;
    options.writes_beside = true;
    auto application = LedgerApplication::open(*disk_, contracts::registry(), options);
    if (!application) {
        NodeError error = NodeError::kDisk;
        if (application.error() == LedgerApplication::OpenError::kCorruption) {
            error = NodeError::kCorruption;
        } else if (application.error() == LedgerApplication::OpenError::kOtherNetwork) {
            error = NodeError::kOtherNetwork;
        }
        return fail(NodeFailure{error, id(), id() + ": " + to_string(application.error())});
    }
    application_ = std::move(*application);
    reader_ = std::make_unique<LedgerReader>(*application_, genesis_, id(), [this] {
        LedgerReader::Live live;
        live.catching_up = state() == MemberState::kCatchingUp;
        live.failed = state() == MemberState::kFailed;
        live.queue_transactions = metrics_.queue_transactions.load();
        return live;
    });
    return Done{};
}

void MemberNode::publish_stored() {
    (void)application_->publish(application_->info().height);
    if (!follower_) follower_ = std::make_unique<Follower>(*application_, genesis_.network_id);
    const auto newest = application_->published().newest;
    metrics_.height.store(newest->height);
    metrics_.block_time_unix_ms.store(newest->time.value);
}

Status<NodeFailure> MemberNode::attach(consensus::Engine& engine) {
    SubmitterOptions options;
    options.network_id = genesis_.network_id;
    options.member_id = options_.member_id;
    options.key_id = options_.key_id;
    options.key = &options_.bundle_key;
    options.limits.queue_transactions = limits_.queue_transactions;
    options.limits.queue_bytes = limits_.queue_bytes;
    options.limits.bundles_in_flight = limits_.bundles_in_flight;
    options.limits.batch_delay_us = limits_.batch_delay_us;
    options.limits.bundle_lifetime_ms = limits_.bundle_lifetime_ms;
    options.limits.resubmit_after_us = limits_.resubmit_after_ms * 1000;
    options.metrics = &metrics_;
    options.wake = [this] { wake(); };
    auto submitter =
        std::make_shared<Submitter>(std::move(options), *application_, *outbox_, engine);
    if (auto opened = submitter->open(); !opened) {
        NodeError error = NodeError::kDisk;
        if (opened.error() == Submitter::OpenError::kBadKey) error = NodeError::kBadKey;
        if (opened.error() == Submitter::OpenError::kCorruption) error = NodeError::kCorruption;
        return fail(NodeFailure{error, id(), id() + ": " + to_string(opened.error())});
    }
    const std::lock_guard lock(mutex_);
    submitter_ = std::move(submitter);
    return Done{};
}

void MemberNode::start_submitting() {
    CONSILIUM_ASSERT(!driver_.joinable() && submitter() != nullptr);
    {
        const std::lock_guard lock(mutex_);
        stopping_ = false;
        news_ = true;
    }
    driver_ = std::thread([this] {
        consensus::name_thread("bundler");
        drive();
    });
}

void MemberNode::stop_submitting() {
    const std::lock_guard stopping(stop_mutex_);
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    woken_.notify_all();
    if (driver_.joinable()) driver_.join();
    std::shared_ptr<Submitter> gone;
    {
        const std::lock_guard lock(mutex_);
        gone = std::move(submitter_);
        submitter_.reset();
    }
    if (gone) gone->stop();
}

void MemberNode::wake() {
    {
        const std::lock_guard lock(mutex_);
        news_ = true;
    }
    woken_.notify_one();
}

void MemberNode::drive() {
    const auto submitter = this->submitter();
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        news_ = false;
        lock.unlock();
        const std::uint64_t now_us = clock_.monotonic_us();
        const std::uint64_t next_us = submitter->step(clock_.wall(), now_us);
        // The submitter answers what comes with kDisk, which needs no thread; its copy goes on.
        if (const auto failure = submitter->failure()) return report(*failure);
        const std::uint64_t then_us = clock_.monotonic_us();
        lock.lock();
        if (next_us <= then_us) continue;
        woken_.wait_for(lock, std::chrono::microseconds(next_us - then_us),
                        [&] { return stopping_ || news_; });
    }
}

void MemberNode::report(Submitter::Failure failure) {
    const std::string message = id() + ": " + to_string(failure) +
                                "; nothing is submitted until its disk is mended and the node "
                                "is started again";
    set_failed(message);
    if (on_failure_) on_failure_({NodeError::kDisk, id(), message});
}

std::shared_ptr<Submitter> MemberNode::submitter() const {
    const std::lock_guard lock(mutex_);
    return submitter_;
}

void MemberNode::publish(Height height) {
    const auto submitter = this->submitter();
    for (const auto& block : application_->publish(height)) {
        if (submitter) submitter->block(block, clock_.monotonic_us());
        follower_->published(*block);
    }
}

void MemberNode::submit(Bytes transaction, services::SubmitCallback done) {
    const auto submitter = this->submitter();
    if (!submitter) {
        done(fail(services::SubmitError::kStopping));
        return;
    }
    submitter->submit(std::move(transaction), clock_.wall(), clock_.monotonic_us(),
                      std::move(done));
}

void MemberNode::submit_batch(
    std::vector<Bytes> transactions,
    std::function<void(std::size_t, Result<services::Committed, services::SubmitError>)> done) {
    const auto submitter = this->submitter();
    if (!submitter) {
        for (std::size_t i = 0; i < transactions.size(); ++i)
            done(i, fail(services::SubmitError::kStopping));
        return;
    }
    submitter->submit_batch(std::move(transactions), clock_.wall(), clock_.monotonic_us(),
                            std::move(done));
}

consensus::embedded::Hosted MemberNode::hosted() {
    return {id(), application_.get(), application_.get(),
            options_.validator_key ? &*options_.validator_key : nullptr};
}

void MemberNode::set_failed(const std::string& reason) {
    {
        const std::lock_guard lock(mutex_);
        failure_ = reason;
    }
    set_state(MemberState::kFailed);
}

std::string MemberNode::failure_reason() const {
    const std::lock_guard lock(mutex_);
    return state() == MemberState::kFailed ? failure_ : std::string{};
}

}  // namespace consilium::node
