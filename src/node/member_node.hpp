// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "consensus/embedded/clock.hpp"
#include "consensus/embedded/core.hpp"
#include "node/follower.hpp"
#include "node/ledger_application.hpp"
#include "node/ledger_reader.hpp"
#include "node/node.hpp"
#include "node/submitter.hpp"

namespace consilium::node {

// One member's node within the process: its ledger copy, bundler, reads and events, whatever engine
// orders its items. Its life: construct, open_ledger, (the engine levels the copies),
// publish_stored, attach, start_submitting, ..., stop_submitting. Thread-safe where not said.
class MemberNode final : public services::Submit {
 public:
    // `on_failure` as in HostOptions, for what the node itself finds: disks under its submitter.
    MemberNode(MemberOptions options, const Genesis& genesis, const Limits& limits,
               const consensus::Clock& clock,
               std::function<void(const NodeFailure& failure)> on_failure);
    ~MemberNode() override;

    // `disk` and `outbox` are this member's own: two, so that bundles need not wait for the write
    // of a block. `parallel_for` and `cache` are shared by the process.
    [[nodiscard]] Status<NodeFailure> open_ledger(std::unique_ptr<state::Disk> disk,
                                                  std::unique_ptr<state::Disk> outbox,
                                                  const ParallelFor& parallel_for,
                                                  execution::SignatureCache* cache);
    // Once the engine has it level: everything stored may be shown.
    void publish_stored();
    // Reads the outbox; the engine's port must outlive it.
    [[nodiscard]] Status<NodeFailure> attach(consensus::Engine& engine);
    void start_submitting();
    // Answers what is in flight with kStopping and ends the bundler. The engine must not call
    // publish() meanwhile or afterwards, until attach() is called again.
    void stop_submitting();

    // Everything up to `height` is durable. One thread at a time.
    void publish(Height height);

    void submit(Bytes transaction, services::SubmitCallback done) override;
    void submit_batch(
        std::vector<Bytes> transactions,
        std::function<void(std::size_t, Result<services::Committed, services::SubmitError>)> done)
        override;

    [[nodiscard]] consensus::embedded::Hosted hosted();
    [[nodiscard]] services::Events& events() { return *follower_; }
    [[nodiscard]] services::Reads& reads() { return *reader_; }
    [[nodiscard]] const Metrics& metrics() const { return metrics_; }
    [[nodiscard]] const ledger::MemberId& id() const { return options_.member_id; }
    [[nodiscard]] const LedgerApplication& application() const { return *application_; }

    [[nodiscard]] MemberState state() const { return state_.load(); }
    void set_state(MemberState state) {
        state_.store(state);
        metrics_.failed.store(state == MemberState::kFailed ? 1 : 0);
    }
    void set_failed(const std::string& reason);
    [[nodiscard]] std::string failure_reason() const;

 private:
    [[nodiscard]] std::shared_ptr<Submitter> submitter() const;
    void drive();
    void report(Submitter::Failure failure);
    void wake();

    const MemberOptions options_;
    const Genesis& genesis_;
    const Limits limits_;
    const consensus::Clock& clock_;
    const std::function<void(const NodeFailure& failure)> on_failure_;
    Metrics metrics_;
    std::atomic<MemberState> state_{MemberState::kStopped};

    std::unique_ptr<state::Disk> disk_;
    std::unique_ptr<state::Disk> outbox_;
    std::unique_ptr<LedgerApplication> application_;
    std::unique_ptr<LedgerReader> reader_;
    std::unique_ptr<Follower> follower_;

    mutable std::mutex mutex_;
    std::condition_variable woken_;
    std::shared_ptr<Submitter> submitter_;  // null while the node is stopped
    std::string failure_;
    bool news_ = false;
    bool stopping_ = false;
    std::mutex stop_mutex_;  // one stop_submitting at a time
    std::thread driver_;
};

}  // namespace consilium::node
