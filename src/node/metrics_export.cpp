// SPDX-License-Identifier: Apache-2.0
#include "node/metrics_export.hpp"

namespace consilium::node {

namespace {

constexpr double kSecondsPerUs = 1e-6;

std::vector<double> bounds_seconds() {
    std::vector<double> bounds;
    for (std::size_t i = 0; i + 1 < DurationHistogram::kBuckets; ++i)
        bounds.push_back(static_cast<double>(DurationHistogram::bucket_bound_us(i)) *
                         kSecondsPerUs);
    return bounds;
}

}  // namespace

MetricsExport::MetricsExport(telemetry::Metrics& to, const Metrics& from) {
    const auto total = [&](telemetry::Literal name, telemetry::Literal help,
                           const std::atomic<std::uint64_t>& value) {
        totals_.push_back({to.counter(name, help), &value, 0});
    };
    const auto level = [&](telemetry::Literal name, telemetry::Literal help,
                           const std::atomic<std::uint64_t>& value) {
        levels_.push_back({to.gauge(name, help), &value});
    };
    const auto duration = [&](telemetry::Literal name, telemetry::Literal help,
                              const DurationHistogram& value) {
        durations_.push_back({to.histogram(name, help, bounds_seconds()), &value, {}, 0});
    };
    level("consilium_ledger_height", "Height of the last durable block", from.height);
    level("consilium_ledger_block_time_unix_ms", "Time of the last durable block",
          from.block_time_unix_ms);
    level("consilium_ledger_queue_transactions", "Transactions accepted and not yet committed",
          from.queue_transactions);
    level("consilium_ledger_bundles_in_flight", "Bundles submitted and not yet committed",
          from.bundles_in_flight);
    level("consilium_ledger_failed",
          "1 when the node stopped by itself, by a failed disk or the like", from.failed);
    total("consilium_ledger_blocks_total", "Blocks committed", from.blocks_total);
    total("consilium_ledger_items_executed_total", "Ordered items that were executed",
          from.items_executed_total);
    total("consilium_ledger_items_refused_total", "Ordered items that were refused whole",
          from.items_refused_total);
    total("consilium_ledger_transactions_applied_total", "Transactions applied",
          from.transactions_applied_total);
    total("consilium_ledger_transactions_rejected_total", "Transactions rejected by a rule",
          from.transactions_rejected_total);
    total("consilium_ledger_invariant_breaks_total", "Transactions that broke an invariant",
          from.invariant_breaks_total);
    total("consilium_ledger_signature_cache_hits_total", "Bundle signatures known already",
          from.signature_cache_hits_total);
    total("consilium_ledger_signature_cache_misses_total", "Bundle signatures checked",
          from.signature_cache_misses_total);
    total("consilium_ledger_submitted_total", "Transactions taken from clients",
          from.submitted_total);
    total("consilium_ledger_submit_duplicates_total", "Transactions that were known already",
          from.submit_duplicates_total);
    total("consilium_ledger_submit_overloaded_total", "Transactions refused for back-pressure",
          from.submit_overloaded_total);
    total("consilium_ledger_bundles_total", "Bundles made", from.bundles_total);
    total("consilium_ledger_bundles_resubmitted_total", "Bundles submitted again",
          from.bundles_resubmitted_total);
    duration("consilium_ledger_block_apply_seconds", "Executing a block and working out its root",
             from.block_apply);
    duration("consilium_ledger_block_write_seconds", "Writing a block, without the sync",
             from.block_write);
    duration("consilium_ledger_block_sync_seconds", "Syncing the blocks written", from.block_sync);
    duration("consilium_ledger_outbox_sync_seconds", "Writing and syncing a bundle to the outbox",
             from.outbox_sync);
    duration("consilium_ledger_submit_commit_seconds",
             "From a transaction's submission to its durable outcome", from.submit_commit);
    to.before_render([this] { update(); });
}

void MetricsExport::update() {
    const std::lock_guard lock(mutex_);
    for (auto& total : totals_) {
        const std::uint64_t value = total.from->load(std::memory_order_relaxed);
        total.counter.add(value - total.shown);
        total.shown = value;
    }
    for (const auto& level : levels_)
        level.gauge.set(static_cast<std::int64_t>(level.from->load(std::memory_order_relaxed)));
    for (auto& duration : durations_)
        update(duration);
}

void MetricsExport::update(Duration& duration) {
    std::vector<double> grown;
    for (std::size_t i = 0; i < DurationHistogram::kBuckets; ++i) {
        const std::uint64_t count = duration.from->bucket(i);
        grown.push_back(static_cast<double>(count - duration.shown[i]));
        duration.shown[i] = count;
    }
    const std::uint64_t sum_us = duration.from->sum_us();
    duration.histogram.observe_counted(
        grown, static_cast<double>(sum_us - duration.shown_us) * kSecondsPerUs);
    duration.shown_us = sum_us;
}

}  // namespace consilium::node
