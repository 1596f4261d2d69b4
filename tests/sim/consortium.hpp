// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "consensus/embedded/core.hpp"
#include "execution/signature_cache.hpp"
#include "node/submitter.hpp"
#include "tests/sim/checker.hpp"
#include "tests/sim/crash_disk.hpp"
#include "tests/sim/faults.hpp"
#include "tests/sim/timeline.hpp"
#include "tests/sim/world.hpp"

namespace consilium::sim {

// The process that hosts the four members' nodes, and its machines' disks: the same core, ledger
// copies and submitters as in production, driven step by step on fake time. The steps between which
// production changes threads are separate events here: bundles, block making, syncing.
class Consortium {
 public:
    Consortium(World& world, Timeline& timeline, Trace& trace, Checker& checker, Random random,
               const Faults& faults);
    ~Consortium();

    [[nodiscard]] bool up() const { return process_ != nullptr; }
    // False when nobody listens there: the process or that member's node is down.
    bool submit(std::size_t member, const Bytes& transaction, services::SubmitCallback done);

    // Faults. The process comes back by itself.
    void crash(bool power_too);
    void crash_in(std::uint64_t disk_steps);
    void stop_member(std::size_t member);
    void fill_disk(std::size_t member);
    void take_backup(std::size_t member);
    void slow_disk_until(std::uint64_t us) { slow_until_us_ = us; }
    // Sends an item again that was sent before, or a damaged one.
    void repeat_old_item();

    // Ends all faults, at once or as soon as the process is up: disks work, everybody returns.
    void heal();
    [[nodiscard]] bool healthy() const;
    void check_everything();

    struct Counts {
        std::uint64_t lives = 0;
        std::uint64_t crashes = 0;
        std::uint64_t stops = 0;
        std::uint64_t restores = 0;
        std::uint64_t full_disks = 0;
    };
    [[nodiscard]] const Counts& counts() const { return counts_; }

 private:
    struct Process;
    class Slot;
    class Port;
    friend class Port;

    void start();
    bool open_copy(std::size_t member);
    bool attach(std::size_t member);
    void detach(std::size_t member);
    void restart_later(std::uint64_t delay_us);
    void start_member(std::size_t member);
    void retry_start(std::size_t member);
    void return_later(std::size_t member, std::uint64_t delay_us);
    [[nodiscard]] bool quiet() const;
    [[nodiscard]] bool may_be_missing(std::size_t member) const;

    void pump();
    void pump_at(std::uint64_t us);
    bool step_submitters(std::uint64_t& wake_us);
    bool make_block();
    void start_sync();
    void finish_sync(Height height);
    void publish(Height height);
    // True when the process died or halted, which this sees to.
    bool look_after();
    void halt(const consensus::embedded::CoreFailure& failure);
    [[nodiscard]] bool is_in_outbox(std::size_t member, const ledger::BundleView& bundle,
                                    const Bytes& item) const;
    Status<consensus::EngineError> send_item(std::size_t member, const Bytes& item);
    Status<consensus::EngineError> route_item(std::size_t member, const Bytes& item);
    void deliver(std::size_t member, const Bytes& item);

    World& world_;
    Timeline& timeline_;
    Trace& trace_;
    Checker& checker_;
    Random random_;
    const Faults faults_;

    // What survives of a member's machine: the ledger copy and the outbox lie apart.
    struct Machine {
        Platter ledger;
        Platter outbox;
    };
    void lose_power(Machine& machine);
    void restore(std::size_t member);

    std::vector<Machine> machines_;
    std::vector<std::optional<Machine>> backups_;
    std::vector<bool> disk_full_;
    std::vector<bool> stopped_;  // on purpose; they return later
    std::vector<Bytes> old_items_;
    std::unique_ptr<Process> process_;
    std::uint64_t life_ = 0;
    bool healing_ = false;
    bool restart_planned_ = false;
    bool pumping_ = false;
    std::uint64_t slow_until_us_ = 0;
    std::uint64_t pump_planned_us_ = 0;
    Counts counts_;
};

}  // namespace consilium::sim
