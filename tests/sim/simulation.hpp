// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "tests/sim/faults.hpp"

namespace consilium::sim {

// What one seed came to. Everything in it is a function of the seed and the program.
struct Report {
    std::uint64_t seed = 0;
    std::optional<std::string> failure;
    std::string trace_hash;
    std::uint64_t trace_lines = 0;
    std::deque<std::string> trace_tail;

    std::uint64_t blocks = 0;
    std::uint64_t transactions = 0;  // executed, applied or rejected
    std::uint64_t answered = 0;
    std::uint64_t expired = 0;
    std::uint64_t crashes = 0;
    std::uint64_t stops = 0;
    std::uint64_t restores = 0;
    std::uint64_t full_disks = 0;
    std::uint64_t receipts = 0;
};

struct SimOptions {
    std::uint64_t seed = 1;
    Planted planted = Planted::kNone;
    bool print_trace = false;
};

// Runs the whole consortium from one seed: clients, four members' nodes, engine, disks and the ways
// between them, on fake time in this thread. First faults strike, then they end, and within a
// simulated hour every client must have its answer and every copy must be the same.
[[nodiscard]] Report simulate(const SimOptions& options);

}  // namespace consilium::sim
