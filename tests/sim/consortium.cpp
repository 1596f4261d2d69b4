// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/consortium.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "ledger/genesis.hpp"
#include "tests/sim/planted.hpp"
#include "tests/sim/process.hpp"

namespace consilium::sim {

using consensus::embedded::Core;
using consensus::embedded::CoreFailure;

Consortium::Consortium(World& world, Timeline& timeline, Trace& trace, Checker& checker,
                       Random random, const Faults& faults)
    : world_(world),
      timeline_(timeline),
      trace_(trace),
      checker_(checker),
      random_(random),
      faults_(faults),
      machines_(world.members.size()),
      backups_(world.members.size()),
      disk_full_(world.members.size(), false),
      stopped_(world.members.size(), false) {
    start();
}

Consortium::~Consortium() = default;

bool Consortium::open_copy(std::size_t member) {
    Process::Copy& copy = process_->copies[member];
    copy.application.reset();
    const CrashDisk::Lies lies{faults_.planted == Planted::kSyncDropped,
                               faults_.planted == Planted::kOutboxForgets};
    Machine& machine = machines_[member];
    copy.disk = std::make_unique<CrashDisk>(machine.ledger, process_->power, lies);
    copy.outbox = std::make_unique<CrashDisk>(machine.outbox, process_->power, lies);
    if (disk_full_[member]) {
        copy.disk->fail_writes(state::DiskError::kFull);
        copy.outbox->fail_writes(state::DiskError::kFull);
    }
    node::ApplicationOptions options;
    options.network_id = world_.genesis.network_id;
    options.signature_cache = &process_->cache;
    // None, one that often has no room, and the usual: the copies' roots must not differ.
    constexpr std::size_t kRowCacheBytes[] = {0, 4000, 16U << 20U};
    options.row_cache_bytes = kRowCacheBytes[member % 3];
    const auto& registry =
        faults_.planted == Planted::kRuleBroken ? broken_registry() : contracts::registry();
    auto application = node::LedgerApplication::open(*copy.disk, registry, options);
    if (!application) {
        if (!process_->power.off) {
            checker_.fail("the ledger of " + world_.members[member].id +
                          " does not open: " + to_string(application.error()));
        }
        return false;
    }
    copy.application = std::move(*application);
    copy.slot->show(copy.application.get(),
                    faults_.planted == Planted::kCopyDiverges && member == 2);
    return true;
}

// Everything that the copy holds may be shown; its submitter reads its outbox.
bool Consortium::attach(std::size_t member) {
    Process::Copy& copy = process_->copies[member];
    (void)copy.application->publish(copy.application->info().height);
    checker_.opened(member);
    checker_.shown(member, *copy.disk, copy.application->published().newest->height);
    SimMember& of = world_.members[member];
    of.key_in_use = of.key_wanted;
    node::SubmitterOptions options;
    options.network_id = world_.genesis.network_id;
    options.member_id = of.id;
    options.key_id = of.key_in_use;
    options.key = &of.keys.at(of.key_in_use);
    options.random = [this](std::size_t size) { return random_.bytes(size); };
    options.wake = [&copy] { copy.woken = true; };
    copy.port = std::make_unique<Port>(*this, member);
    copy.submitter =
        std::make_unique<node::Submitter>(options, *copy.application, *copy.outbox, *copy.port);
    copy.woken = true;
    const auto opened = copy.submitter->open();
    if (opened) return true;
    if (!process_->power.off) {
        checker_.fail("the node of " + of.id + " does not open: " + to_string(opened.error()));
    }
    return false;
}

void Consortium::start() {
    CONSILIUM_ASSERT(process_ == nullptr);
    ++life_;
    ++counts_.lives;
    process_ = std::make_unique<Process>();
    process_->copies.resize(world_.members.size());
    if (!healing_ && random_.chance(faults_.crash_in_recovery))
        process_->power.off_at = random_.between(1, 12);
    trace_.add("start life " + std::to_string(life_));

    consensus::embedded::CoreOptions options;
    options.chain = {world_.genesis.chain_id, ledger::kProtocolVersion, world_.genesis.time,
                     static_cast<std::int64_t>(world_.genesis.block_bytes_max),
                     world_.genesis.block_gas_max};
    options.app_state = world_.genesis.app_state;
    std::vector<consensus::embedded::Hosted> hosted;
    for (std::size_t i = 0; i < world_.members.size(); ++i) {
        stopped_[i] = false;
        if (!open_copy(i)) {
            (void)look_after();
            return;
        }
        Process::Copy& copy = process_->copies[i];
        hosted.push_back(
            {world_.members[i].id, copy.slot.get(), copy.slot.get(), &world_.members[i].validator});
    }
    process_->core = std::make_unique<Core>(std::move(options), std::move(hosted));
    const auto opened = process_->core->open();
    if (look_after()) return;
    if (!opened) {
        halt(opened.error());
        return;
    }
    process_->made = process_->durable = process_->core->height();
    for (std::size_t i = 0; i < world_.members.size(); ++i) {
        if (process_->core->running(i) && !attach(i)) {
            (void)look_after();
            return;
        }
    }
    trace_.add("up at height " + std::to_string(process_->made));
    pump_at(timeline_.now_us());
}

void Consortium::restart_later(std::uint64_t delay_us) {
    if (restart_planned_) return;
    restart_planned_ = true;
    timeline_.after(delay_us, [this] {
        restart_planned_ = false;
        if (process_ == nullptr) start();
    });
}

void Consortium::crash(bool power_too) {
    if (process_ == nullptr) return;
    ++counts_.crashes;
    process_->power.off = true;
    process_.reset();
    trace_.add(power_too ? "power lost" : "killed");
    for (Machine& machine : machines_) {
        if (power_too) lose_power(machine);
    }
    // An operator may bring one member's machine back from its backup while all are down.
    if (!healing_ && random_.chance(faults_.restore / 4)) {
        const std::size_t member = random_.below(machines_.size());
        if (backups_[member]) restore(member);
    }
    restart_later(random_.between(10'000, 3'000'000));
}

void Consortium::crash_in(std::uint64_t disk_steps) {
    if (process_ != nullptr) process_->power.off_at = process_->power.steps + disk_steps;
}

bool Consortium::look_after() {
    if (process_ == nullptr) return true;
    if (process_->power.off) {
        crash(random_.chance(faults_.power_lost));
        return true;
    }
    if (process_->core == nullptr) return false;
    for (const CoreFailure& failure : process_->core->take_failures()) {
        trace_.add("engine: " + failure.message);
        if (!failure.host || !process_->copies[*failure.host].disk->failing()) {
            checker_.fail("the engine stopped a copy: " + failure.message);
            continue;
        }
        detach(*failure.host);
        return_later(*failure.host, random_.between(100'000, 5'000'000));
    }
    return false;
}

bool Consortium::may_be_missing(std::size_t member) const {
    return stopped_[member] || disk_full_[member] || process_->copies[member].disk == nullptr ||
           process_->copies[member].disk->failing();
}

// The engine cannot go on. That is right when too few copies can work.
void Consortium::halt(const CoreFailure& failure) {
    trace_.add("halt: " + failure.message);
    std::size_t missing = 0;
    for (std::size_t i = 0; i < machines_.size(); ++i) {
        if (may_be_missing(i)) ++missing;
    }
    if (missing < 2) checker_.fail("the engine halted: " + failure.message);
    process_->halted = true;
    // Its operator makes room on the disks and starts the process again.
    std::fill(disk_full_.begin(), disk_full_.end(), false);
    const std::uint64_t life = life_;
    timeline_.after(random_.between(1'000, 500'000), [this, life] {
        if (process_ != nullptr && life == life_) crash(false);
    });
}

bool Consortium::submit(std::size_t member, const Bytes& transaction,
                        services::SubmitCallback done) {
    if (process_ == nullptr || process_->copies[member].submitter == nullptr) return false;
    const std::uint64_t life = life_;
    process_->copies[member].submitter->submit(
        transaction, timeline_.wall(), timeline_.now_us(),
        [this, life,
         done = std::move(done)](Result<services::Committed, services::SubmitError> result) {
            // A dead process answers nobody.
            if (process_ != nullptr && life == life_ && !process_->power.off)
                done(std::move(result));
        });
    pump_at(timeline_.now_us() + random_.below(500));
    return true;
}

void Consortium::check_everything() {
    CONSILIUM_ASSERT(process_ != nullptr);
    for (std::size_t i = 0; i < machines_.size(); ++i) {
        if (process_->copies[i].submitter == nullptr) continue;
        checker_.opened(i);
        checker_.shown(i, *process_->copies[i].disk, process_->durable);
        checker_.compare_state(i, *process_->copies[i].application);
        checker_.audit_state(i, *process_->copies[i].application);
    }
    const std::size_t i = random_.below(machines_.size());
    if (process_->copies[i].submitter != nullptr)
        checker_.check_receipts(i, *process_->copies[i].application);
}

}  // namespace consilium::sim
