// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "tests/sim/random.hpp"

namespace consilium::sim {

// A bug put in on purpose, to see that the checkers find it.
enum class Planted {
    kNone,
    kSyncDropped,    // every disk says "synced" and is not
    kAnsweredEarly,  // blocks are published when made, not when durable
    kOutboxForgets,  // records of the outbox are not written
    kBundledTwice,   // a node puts transactions into a second bundle while the first is on its way
    kCopyDiverges,   // one copy leaves an item out when it executes a block
    kRuleBroken,     // every copy accepts an erasure and leaves the record as it was
};

// Which faults this seed has and how often, in a thousand or per simulated minute. A seed takes
// some of them only, so that they are also seen apart.
struct Faults {
    Planted planted = Planted::kNone;

    // Between a client and its node.
    std::uint64_t request_lost = 0;
    std::uint64_t answer_lost = 0;
    std::uint64_t request_twice = 0;
    std::uint64_t delay_us_max = 2'000;
    // Between a node and the others, for items.
    std::uint64_t item_lost = 0;
    std::uint64_t item_twice = 0;
    std::uint64_t item_delayed = 0;
    std::uint64_t item_delay_us_max = 50'000;
    std::uint64_t item_repeated = 0;  // old ones, in a thousand clients' steps

    // In a thousand clients' steps.
    std::uint64_t crash = 0;
    std::uint64_t crash_in_recovery = 0;  // in a thousand starts
    std::uint64_t power_lost = 0;         // in a thousand crashes
    std::uint64_t member_stopped = 0;
    std::uint64_t disk_full = 0;
    std::uint64_t backup = 0;
    std::uint64_t restore =
        0;  // in a thousand stops and crashes: a member comes back as its backup
    std::uint64_t slow_disk = 0;
    std::uint64_t clock_jump = 0;
    std::int64_t clock_jump_ms_max = 0;
    bool clock_back = false;

    std::uint64_t transactions = 60;
    std::uint64_t step_us_max = 20'000;  // between two transactions that clients begin

    // "Expired" is final only while clocks and outboxes tell the truth.
    [[nodiscard]] bool expiry_is_final() const {
        return clock_jump == 0 && restore == 0 && planted == Planted::kNone;
    }
};

[[nodiscard]] Faults draw_faults(Random& random);

}  // namespace consilium::sim
