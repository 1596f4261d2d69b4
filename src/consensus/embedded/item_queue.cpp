// SPDX-License-Identifier: Apache-2.0
#include "consensus/embedded/item_queue.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "crypto/hash.hpp"

namespace consilium::consensus::embedded {

ItemQueue::ItemQueue(std::size_t lanes, QueueLimits limits) : limits_(limits), lanes_(lanes) {
    CONSILIUM_ASSERT(lanes > 0);
}

Status<EngineError> ItemQueue::push(std::size_t lane, const Bytes& item, std::uint64_t now_us) {
    const Hash32 hash = crypto::sha256(item);
    const std::lock_guard lock(mutex_);
    CONSILIUM_ASSERT(lane < lanes_.size());
    if (hashes_.contains(hash)) return Done{};
    Lane& to = lanes_[lane];
    if (to.waiting.size() >= limits_.items || to.bytes + item.size() > limits_.bytes) {
        return fail(EngineError::kOverloaded);
    }
    to.waiting.push_back({item, hash, now_us});
    to.bytes += item.size();
    bytes_ += item.size();
    hashes_.insert(hash);
    return Done{};
}

std::vector<Bytes> ItemQueue::take(std::size_t bytes_max) {
    const std::lock_guard lock(mutex_);
    std::vector<Bytes> taken;
    std::size_t sum = 0;
    std::size_t lanes_without = 0;
    while (lanes_without < lanes_.size()) {
        Lane& lane = lanes_[next_lane_];
        if (lane.waiting.empty()) {
            ++lanes_without;
            next_lane_ = (next_lane_ + 1) % lanes_.size();
            continue;
        }
        Waiting& first = lane.waiting.front();
        if (!taken.empty() && sum + first.item.size() > bytes_max) break;
        lanes_without = 0;
        sum += first.item.size();
        lane.bytes -= first.item.size();
        bytes_ -= first.item.size();
        hashes_.erase(first.hash);
        taken.push_back(std::move(first.item));
        lane.waiting.pop_front();
        next_lane_ = (next_lane_ + 1) % lanes_.size();
    }
    return taken;
}

void ItemQueue::clear(std::size_t lane) {
    const std::lock_guard lock(mutex_);
    CONSILIUM_ASSERT(lane < lanes_.size());
    for (const Waiting& waiting : lanes_[lane].waiting)
        hashes_.erase(waiting.hash);
    bytes_ -= lanes_[lane].bytes;
    lanes_[lane] = Lane{};
}

std::size_t ItemQueue::bytes() const {
    const std::lock_guard lock(mutex_);
    return bytes_;
}

std::optional<std::uint64_t> ItemQueue::oldest_us() const {
    const std::lock_guard lock(mutex_);
    std::optional<std::uint64_t> oldest;
    for (const Lane& lane : lanes_) {
        if (lane.waiting.empty()) continue;
        const std::uint64_t since = lane.waiting.front().since_us;
        oldest = oldest ? std::min(*oldest, since) : since;
    }
    return oldest;
}

}  // namespace consilium::consensus::embedded
