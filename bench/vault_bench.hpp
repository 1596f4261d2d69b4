// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "base/result.hpp"

// What `consilium bench vault` measures: a member's vault alone. Documents of 650 bytes with 12
// index keys and a service's row each, 110 of one patient in 10 categories.
namespace consilium::bench {

struct VaultBenchOptions {
    std::filesystem::path directory;                                   // exists and is empty
    std::vector<std::uint64_t> document_counts = {10'000, 1'000'000};  // ascending
    std::uint64_t seconds = 4;                                         // for puts one by one
    std::function<void(const std::string&)> progress;                  // may be empty
};

// One line of the result: the vault at `documents` documents. Times are medians of one thread.
struct VaultBenchRow {
    std::uint64_t documents = 0;
    double bulk_puts_per_s = 0;  // 256 in each call
    double puts_per_s = 0;       // 16 threads, one in each call
    double put_ms = 0;           // one thread, one in each call
    double read_us = 0;          // at random
    double reads_per_s = 0;      // 16 threads
    double find_us = 0;          // 11 hits, at random
    double finds_per_s = 0;      // 16 threads
    double row_us = 0;           // at random
    double shred_ms = 0;         // one document
    double shred_16_ms = 0;      // 16 threads, one each, all done
    double disk_bytes_per_document = 0;
    double rss_mib = 0;
    double open_ms = 0;  // closed and opened again
};

// The error is a sentence for the operator.
[[nodiscard]] Result<std::vector<VaultBenchRow>, std::string> run_vault_bench(
    const VaultBenchOptions& options);

}  // namespace consilium::bench
