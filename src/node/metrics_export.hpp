// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <vector>

#include "node/metrics.hpp"
#include "telemetry/metrics.hpp"

namespace consilium::node {

// Shows what a member's node counts to whoever scrapes: consilium_ledger_height,
// consilium_transactions_applied_total and so on. Both must outlive it.
class MetricsExport {
 public:
    MetricsExport(telemetry::Metrics& to, const Metrics& from);

 private:
    struct Total {
        telemetry::Counter counter;
        const std::atomic<std::uint64_t>* from;
        std::uint64_t shown = 0;
    };
    struct Level {
        telemetry::Gauge gauge;
        const std::atomic<std::uint64_t>* from;
    };
    struct Duration {
        telemetry::Histogram histogram;
        const DurationHistogram* from;
        std::array<std::uint64_t, DurationHistogram::kBuckets> shown{};
        std::uint64_t shown_us = 0;
    };
    void update();
    static void update(Duration& duration);

    std::mutex mutex_;
    std::vector<Total> totals_;
    std::vector<Level> levels_;
    std::vector<Duration> durations_;
};

}  // namespace consilium::node
