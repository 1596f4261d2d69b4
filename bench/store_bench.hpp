// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/result.hpp"

// What `consilium bench store` measures: the authenticated state alone on RocksDB. Blocks of 4,096
// operations, each block one atomic, synced write, that of a block running while the next one is
// planned; 32-byte keys, 64-byte values, history kept.
namespace consilium::bench {

struct StoreBenchOptions {
    std::filesystem::path directory;  // made, and must be empty
    std::vector<std::uint64_t> key_counts = {50'000, 500'000, 5'000'000};  // ascending
    std::uint64_t measured_blocks = 100;  // per kind of operation; fewer where keys are few
    std::size_t threads = 2;
    std::function<void(const std::string&)> progress;  // may be empty
};

// One line of the result: the state at `keys` keys.
struct StoreBenchRow {
    std::uint64_t keys = 0;
    double creates_per_s = 0;     // random keys, up to `keys` of them
    double updates_per_s = 0;     // random existing keys, new values
    double appends_per_s = 0;     // runs of 64 under 64 existing prefixes of 24 bytes per block
    double bytes_per_create = 0;  // written to the disk by the process, log and compaction included
    double bytes_per_update = 0;
    double bytes_per_append = 0;
    // Processor time of the whole process, background threads included: what a machine that does
    // other things besides cannot distort.
    double cpu_us_per_create = 0;
    double cpu_us_per_update = 0;
    double cpu_us_per_append = 0;
    double rss_mib = 0;
    double open_ms = 0;  // closed and opened again
    // Proofs against this state, warm, one thread; medians.
    double presence_proof_bytes = 0;
    double absence_proof_bytes = 0;
    double presence_make_us = 0;
    double absence_make_us = 0;
    double presence_check_us = 0;
    double absence_check_us = 0;
    double completeness_100_bytes = 0;
    double completeness_100_check_us = 0;
};

// The error is a sentence for the operator.
[[nodiscard]] Result<std::vector<StoreBenchRow>, std::string> run_store_bench(
    const StoreBenchOptions& options);

}  // namespace consilium::bench
