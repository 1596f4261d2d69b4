// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace consilium::node {

// A histogram of durations in powers of two: bucket i counts values below 2^i microseconds, the
// last one everything above. Thread-safe, lock-free; a reader may see a sum one sample ahead of
// its buckets.
class DurationHistogram {
 public:
    static constexpr std::size_t kBuckets = 28;  // up to 134 s

    void observe_us(std::uint64_t us) {
        std::size_t bucket = 0;
        while (bucket + 1 < kBuckets && (std::uint64_t{1} << bucket) <= us)
            ++bucket;
        buckets_[bucket].fetch_add(1, std::memory_order_relaxed);
        sum_us_.fetch_add(us, std::memory_order_relaxed);
        count_.fetch_add(1, std::memory_order_relaxed);
    }
    // Not cumulative.
    [[nodiscard]] std::uint64_t bucket(std::size_t i) const {
        return buckets_[i].load(std::memory_order_relaxed);
    }
    [[nodiscard]] static std::uint64_t bucket_bound_us(std::size_t i) {
        return std::uint64_t{1} << i;
    }
    [[nodiscard]] std::uint64_t sum_us() const { return sum_us_.load(std::memory_order_relaxed); }
    [[nodiscard]] std::uint64_t count() const { return count_.load(std::memory_order_relaxed); }

 private:
    std::array<std::atomic<std::uint64_t>, kBuckets> buckets_{};
    std::atomic<std::uint64_t> sum_us_{0};
    std::atomic<std::uint64_t> count_{0};
};

// What one member's node counts about itself, since it was opened. Filled by the node, read by
// whoever exports metrics. Names follow Prometheus: counters end in _total.
struct Metrics {
    std::atomic<std::uint64_t> height{0};
    std::atomic<std::uint64_t> block_time_unix_ms{0};
    std::atomic<std::uint64_t> blocks_total{0};
    std::atomic<std::uint64_t> items_executed_total{0};
    std::atomic<std::uint64_t> items_refused_total{0};  // ordered, but code != 0
    std::atomic<std::uint64_t> transactions_applied_total{0};
    std::atomic<std::uint64_t> transactions_rejected_total{0};
    std::atomic<std::uint64_t> invariant_breaks_total{0};
    std::atomic<std::uint64_t> signature_cache_hits_total{0};
    std::atomic<std::uint64_t> signature_cache_misses_total{0};
    std::atomic<std::uint64_t> submitted_total{0};          // transactions taken from clients
    std::atomic<std::uint64_t> submit_duplicates_total{0};  // answered from the ledger or joined
    std::atomic<std::uint64_t> submit_overloaded_total{0};
    std::atomic<std::uint64_t> bundles_total{0};
    std::atomic<std::uint64_t> bundles_resubmitted_total{0};
    std::atomic<std::uint64_t> queue_transactions{0};  // accepted, not yet committed
    std::atomic<std::uint64_t> bundles_in_flight{0};
    std::atomic<std::uint64_t> failed{0};  // 1: the node stopped by itself
    DurationHistogram block_apply;         // execution and the new root
    DurationHistogram block_write;         // the atomic write, without the sync
    DurationHistogram block_sync;
    DurationHistogram outbox_sync;    // one synced write of a bundle
    DurationHistogram submit_commit;  // from submit to the durable outcome
};

}  // namespace consilium::node
