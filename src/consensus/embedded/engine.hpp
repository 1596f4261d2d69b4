// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "consensus/embedded/clock.hpp"
#include "consensus/embedded/core.hpp"

namespace consilium::consensus::embedded {

// What the engine tells its process. Called on its threads; neither may call back into start_host
// or stop_host.
struct EngineHooks {
    // Every block up to `height` is durable at every running copy: it may be answered and shown.
    // In order, from one thread.
    std::function<void(Height height)> durable;
    // A copy stopped by itself, or (without a host) the whole engine did.
    std::function<void(const CoreFailure& failure)> failed;
};

// Drives the core with two threads: one makes blocks, the other syncs them, so that block n + 1
// executes while block n is synced. Thread-safe.
class EmbeddedEngine {
 public:
    EmbeddedEngine(CoreOptions options, std::vector<Hosted> hosts, const Clock& clock,
                   EngineHooks hooks);
    ~EmbeddedEngine();

    // Levels the copies (core.hpp). Nothing is ordered before start().
    [[nodiscard]] Status<CoreFailure> open();
    void start();
    // Finishes the block at work, syncs and joins. Idempotent. Items still waiting are forgotten:
    // their submitters have them in their outboxes.
    void stop();

    // The port for one hosted member's node.
    [[nodiscard]] Engine& port(std::size_t host) { return *ports_[host]; }

    // Takes a copy out, once everything made is synced and published. False: no quorum without it.
    [[nodiscard]] bool stop_host(std::size_t host);
    // Catches up beside the running engine, then joins it. `joined` runs before the first block
    // that the copy takes part in.
    [[nodiscard]] Status<CoreFailure> start_host(std::size_t host,
                                                 const std::function<void()>& joined);

    [[nodiscard]] const Core& core() const { return core_; }

 private:
    class Port;
    void make_blocks();
    void sync_blocks();
    void report_failures();
    void halt(const CoreFailure& failure);
    // Runs `step` on the block-making thread's turn, with everything made so far published.
    void while_quiet(const std::function<void()>& step);
    void item_came();

    Core core_;
    const Clock& clock_;
    const EngineHooks hooks_;
    std::vector<std::unique_ptr<Engine>> ports_;

    std::mutex mutex_;
    std::condition_variable work_;   // for the block maker: items, requests, room in the pipeline
    std::condition_variable made_;   // for the syncer: blocks to sync
    std::condition_variable quiet_;  // for while_quiet: nothing in flight
    Height height_made_ = 0;
    Height height_published_ = 0;
    std::uint64_t news_ = 0;  // counts reasons to look again
    std::size_t waiting_for_quiet_ = 0;
    bool making_ = false;
    bool stopping_ = false;
    bool halted_ = false;
    std::thread maker_;
    std::thread syncer_;
};

}  // namespace consilium::consensus::embedded
