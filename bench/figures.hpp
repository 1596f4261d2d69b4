// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

// What `consilium bench` measures. Each function is the core of one part, in a file of its own, in
// a library consilium_bench_NAME; the command only prints. An error is a sentence.
namespace consilium::bench {

struct Settings {
    std::filesystem::path folder;  // empty, on the disk to measure; removed by the caller
    unsigned seconds = 10;         // how long a throughput is measured
    std::uint64_t seed = 1;
    // Says what runs now, for a person who waits. May be called from the calling thread only.
    std::function<void(std::string_view what)> progress = [](std::string_view) {};
};

// One embedded node in process, durable commits; and four members' ledger copies in one process.
struct LedgerFigures {
    double committed_per_s = 0;
    double committed_four_members_per_s = 0;
    double lone_ms_p50 = 0;
    double manifest_100k_ms = 0;
};
[[nodiscard]] Result<LedgerFigures, std::string> measure_ledger(const Settings& settings);

// The same through TLS, client on the same cores.
struct HttpFigures {
    double http_per_s = 0;        // one transaction per request, 1,000 in flight
    double http_batch_per_s = 0;  // batches of 100
    double http_lone_ms_p50 = 0;
};
[[nodiscard]] Result<HttpFigures, std::string> measure_http(const Settings& settings);

// The state alone, blocks of 4,096, one sync each, 32-byte keys, 64-byte values, history on.
struct StoreFigures {
    std::uint64_t keys = 0;
    double updates_per_s = 0;
    double creates_per_s = 0;
    double appends_per_s = 0;  // creations under existing prefixes
    double bytes_per_update = 0;
    double bytes_per_create = 0;
    double rss_mib = 0;
};
// One row per count: the state grown to that many keys, then measured.
[[nodiscard]] Result<std::vector<StoreFigures>, std::string> measure_store(
    const Settings& settings, const std::vector<std::uint64_t>& keys);

// On one core.
struct VerifyFigures {
    double receipts_per_s = 0;           // outcome receipts that share a commit
    double receipts_distinct_per_s = 0;  // with distinct commits
    double receipt_bytes = 0;
    std::uint64_t keys = 0;  // in the state of the following
    double presence_proof_bytes = 0;
    double absence_proof_bytes = 0;
    double presence_make_us = 0;
    double presence_check_us = 0;
    double absence_make_us = 0;
    double absence_check_us = 0;
    double completeness_100_bytes = 0;
    double completeness_100_check_us = 0;
};
[[nodiscard]] Result<VerifyFigures, std::string> measure_verify(const Settings& settings,
                                                                std::uint64_t keys);

}  // namespace consilium::bench
