// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <unordered_set>
#include <vector>

#include "base/bytes.hpp"
#include "consensus/port/port.hpp"

namespace consilium::consensus::embedded {

struct QueueLimits {
    std::size_t items = 256;         // waiting, per member
    std::size_t bytes = 16U << 20U;  // waiting, per member
};

// Items that wait for a block, one lane per hosted member. Members are taken in turn, so that none
// crowds out the others; within a lane the order is that of arrival. Thread-safe.
class ItemQueue {
 public:
    ItemQueue(std::size_t lanes, QueueLimits limits);

    // kOverloaded when the lane is full. Bytes that already wait are not queued twice.
    [[nodiscard]] Status<EngineError> push(std::size_t lane, const Bytes& item,
                                           std::uint64_t now_us);
    // Takes items in turn while their sum stays within bytes_max; at least one when any waits.
    [[nodiscard]] std::vector<Bytes> take(std::size_t bytes_max);
    // Forgets what a member that goes away had waiting.
    void clear(std::size_t lane);

    [[nodiscard]] std::size_t bytes() const;
    // When the item that waits longest came; nothing when none waits.
    [[nodiscard]] std::optional<std::uint64_t> oldest_us() const;

 private:
    struct Waiting {
        Bytes item;
        Hash32 hash;
        std::uint64_t since_us = 0;
    };
    struct Lane {
        std::deque<Waiting> waiting;
        std::size_t bytes = 0;
    };

    const QueueLimits limits_;
    mutable std::mutex mutex_;
    std::vector<Lane> lanes_;
    std::unordered_set<Hash32, FixedBytesHash> hashes_;
    std::size_t next_lane_ = 0;
    std::size_t bytes_ = 0;
};

}  // namespace consilium::consensus::embedded
