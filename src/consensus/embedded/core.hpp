// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/limits.hpp"
#include "base/parallel.hpp"
#include "consensus/embedded/chain.hpp"
#include "consensus/embedded/item_queue.hpp"

namespace consilium::consensus::embedded {

// One member whose copy of the ledger this process keeps. The pointers outlive the core.
struct Hosted {
    std::string name;  // the member's id, for messages
    Application* application = nullptr;
    const BlockSource* blocks = nullptr;
    const crypto::SigningKey* validator_key = nullptr;  // null: an observer
};

struct CoreOptions {
    ChainParameters chain;
    Bytes app_state;
    QueueLimits queue;
    std::size_t block_bytes_max = limits::kBlockBytesMax;
    // Under load a block waits until so many bytes wait, or the first of them this long.
    std::size_t batch_bytes = 512U * 1024U;
    std::uint64_t batch_delay_us = 5'000;
    ParallelFor parallel_for = serial_for;
};

enum class CoreError {
    kBadGenesis,  // a copy refuses the genesis, or it names no valid validators
    kQuorum,      // running copies hold no more than two thirds of the voting power
    kDiverged,    // no state root is shared by more than two thirds of the power
    kDisk,
    kCorruption,  // a stored chain contradicts itself
    kDisagrees,   // one copy computed another root or other results than the others
};

[[nodiscard]] const char* to_string(CoreError error);

struct CoreFailure {
    CoreError error = CoreError::kDisk;
    std::optional<std::size_t> host;  // whose copy; nothing: all of them
    std::string message;              // one sentence, without secrets or payload
};

// The engine without threads and clocks: queue, block making, execution on every copy, catching up.
// Whoever drives it says what time it is, so one seed drives the same history twice.
//
// Threads: submit(), bytes_waiting() and due() may be called from any; sync() from one thread of
// its own; everything else from one driving thread. stop_host() and start_host() only while every
// block made is synced.
class Core {
 public:
    Core(CoreOptions options, std::vector<Hosted> hosts);

    // Applies the genesis where a copy is new and brings every copy to the height of the highest,
    // checking header, commit and state root of each block. Copies that fail are stopped and
    // reported by take_failures(); the core is open when the rest holds more than two thirds.
    [[nodiscard]] Status<CoreFailure> open();

    // CheckTx at that member's copy, then its lane of the queue. `now_us` is monotonic.
    [[nodiscard]] Status<EngineError> submit(std::size_t host, const Bytes& item,
                                             std::uint64_t now_us);

    // Whether a block should be made now. `idle`: every block made so far is durable. When not due
    // and `wake_us` is given, it gets the time at which waiting items become due by themselves.
    [[nodiscard]] bool due(bool idle, std::uint64_t now_us,
                           std::optional<std::uint64_t>* wake_us = nullptr) const;

    // Makes the next block out of what waits (none: a block that proves the last one), executes it
    // on every running copy and writes it there, unsynced. A copy that disagrees with more than two
    // thirds of the power, or fails, is stopped and reported by take_failures(). Fails, with
    // nothing made, when the rest is no quorum.
    [[nodiscard]] Result<Height, CoreFailure> make_block(UnixMs now);

    // Makes durable at every running copy what make_block wrote before the call. Fails when copies
    // fail and the rest is no quorum: then nothing may be answered.
    [[nodiscard]] Status<CoreFailure> sync();

    [[nodiscard]] std::vector<CoreFailure> take_failures();

    // False, and nothing changes, when the others would be no quorum.
    [[nodiscard]] bool stop_host(std::size_t host);
    // Replays blocks from a running copy's store onto a stopped one until it has `up_to`. May run
    // on another thread while the core goes on; that copy belongs to the caller meanwhile.
    [[nodiscard]] Status<CoreFailure> catch_up(std::size_t host, Height up_to);
    // Brings a stopped copy level and lets it take part again.
    [[nodiscard]] Status<CoreFailure> start_host(std::size_t host);

    [[nodiscard]] bool running(std::size_t host) const { return running_[host].load(); }
    [[nodiscard]] std::size_t hosts() const { return hosts_.size(); }
    [[nodiscard]] const Tip& tip() const { return *tip_; }
    [[nodiscard]] Height height() const { return height_.load(); }
    [[nodiscard]] std::size_t bytes_waiting() const { return queue_.bytes(); }

 private:
    [[nodiscard]] Result<Tip, CoreFailure> read_tip(std::size_t host) const;
    [[nodiscard]] Result<Tip, CoreFailure> replay(std::size_t host, std::size_t source, Tip tip,
                                                  Height up_to);
    [[nodiscard]] bool power_is_quorum(const std::vector<std::size_t>& of,
                                       const ledger::ValidatorSet& validators) const;
    [[nodiscard]] std::vector<std::size_t> running_hosts() const;
    [[nodiscard]] std::vector<Bytes> prepare(const std::vector<std::size_t>& hosts);
    [[nodiscard]] Result<Finalized, CoreFailure> execute(const std::vector<std::size_t>& hosts,
                                                         const DecidedBlock& decided);
    [[nodiscard]] std::vector<std::size_t> write(const std::vector<std::size_t>& hosts,
                                                 const DecidedBlock& decided);
    void set_tip(Tip tip);
    void stop_failed(std::size_t host, CoreError error, const std::string& what);
    [[nodiscard]] std::string name(std::size_t host) const { return hosts_[host].name; }

    const CoreOptions options_;
    const std::vector<Hosted> hosts_;
    std::vector<std::atomic<bool>> running_;
    ItemQueue queue_;
    std::unique_ptr<Tip> tip_;
    std::atomic<Height> height_{0};
    std::atomic<bool> proof_due_{false};
    std::mutex mutex_;
    std::vector<CoreFailure> failures_;
    std::shared_ptr<const ledger::ValidatorSet> validators_;  // the tip's, for sync()
};

}  // namespace consilium::consensus::embedded
