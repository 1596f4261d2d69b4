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

}  // namespace consilium::bench
