// SPDX-License-Identifier: Apache-2.0
// Single members' nodes that stop and return, and what becomes of their disks.
#include <algorithm>

#include "base/assert.hpp"
#include "tests/sim/process.hpp"

namespace consilium::sim {

// Copies come and go only while every block made is durable.
bool Consortium::quiet() const {
    return process_ != nullptr && !process_->halted && !process_->syncing &&
           process_->made == process_->durable;
}

void Consortium::detach(std::size_t member) {
    Process::Copy& copy = process_->copies[member];
    if (copy.submitter == nullptr) return;
    copy.submitter->stop();
    copy.submitter.reset();
}

void Consortium::lose_power(Machine& machine) {
    for (Platter* platter : {&machine.ledger, &machine.outbox})
        platter->lose_power(random_.below(platter->unsynced() + 1));
}

// The two disks need not come back together.
void Consortium::restore(std::size_t member) {
    const std::uint64_t which = random_.below(4);
    if (which != 1) machines_[member].ledger = backups_[member]->ledger.backup();
    if (which != 2) machines_[member].outbox = backups_[member]->outbox.backup();
    ++counts_.restores;
    trace_.add("restored " + world_.members[member].id);
}

void Consortium::stop_member(std::size_t member) {
    if (!quiet() || process_->copies[member].submitter == nullptr) return;
    if (!process_->core->stop_host(member)) {
        trace_.add("cannot stop " + world_.members[member].id);
        return;
    }
    ++counts_.stops;
    trace_.add("stop " + world_.members[member].id);
    stopped_[member] = true;
    detach(member);
    // Its machine may lose its power too; or be given back as it was when the backup was made.
    process_->copies[member].application.reset();
    process_->copies[member].disk.reset();
    process_->copies[member].outbox.reset();
    if (random_.chance(faults_.power_lost)) lose_power(machines_[member]);
    if (backups_[member] && random_.chance(faults_.restore)) restore(member);
    return_later(member, random_.between(10'000, 5'000'000));
}

void Consortium::return_later(std::size_t member, std::uint64_t delay_us) {
    const std::uint64_t life = life_;
    timeline_.after(delay_us, [this, member, life] {
        if (process_ != nullptr && life == life_) start_member(member);
    });
}

void Consortium::start_member(std::size_t member) {
    if (process_->core == nullptr || process_->core->running(member)) return;
    if (!quiet()) {
        return_later(member, random_.between(500, 20'000));
        return;
    }
    trace_.add("return " + world_.members[member].id);
    disk_full_[member] = false;
    process_->copies[member].submitter.reset();
    if (!open_copy(member)) {
        (void)look_after();
        return;
    }
    const auto joined = process_->core->start_host(member);
    if (look_after()) return;
    if (!joined) {
        checker_.fail("a copy cannot return: " + joined.error().message);
        return;
    }
    stopped_[member] = false;
    if (!attach(member)) {
        (void)look_after();
        return;
    }
    checker_.compare_state(member, *process_->copies[member].application);
    pump_at(timeline_.now_us());
}

void Consortium::fill_disk(std::size_t member) {
    if (process_ == nullptr || process_->copies[member].disk == nullptr || disk_full_[member])
        return;
    ++counts_.full_disks;
    trace_.add("disk full at " + world_.members[member].id);
    disk_full_[member] = true;
    process_->copies[member].disk->fail_writes(state::DiskError::kFull);
    process_->copies[member].outbox->fail_writes(state::DiskError::kFull);
}

void Consortium::take_backup(std::size_t member) {
    trace_.add("backup of " + world_.members[member].id);
    const Machine& machine = machines_[member];
    backups_[member].emplace(Machine{machine.ledger.backup(), machine.outbox.backup()});
}

void Consortium::heal() {
    healing_ = true;
    if (process_ == nullptr) {
        std::fill(disk_full_.begin(), disk_full_.end(), false);
        return;
    }
    process_->power.off_at = 0;
    for (std::size_t i = 0; i < machines_.size(); ++i) {
        if (!disk_full_[i]) continue;
        // The copy fails at its next write, or is opened again now.
        if (!quiet()) return;
        (void)process_->core->stop_host(i);
        detach(i);
        start_member(i);
        if (process_ == nullptr) return;
    }
}

bool Consortium::healthy() const {
    if (!quiet()) return false;
    for (std::size_t i = 0; i < machines_.size(); ++i) {
        if (disk_full_[i] || process_->copies[i].submitter == nullptr ||
            process_->copies[i].submitter->failed())
            return false;
    }
    return true;
}

}  // namespace consilium::sim
