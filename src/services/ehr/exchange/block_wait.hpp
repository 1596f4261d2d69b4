// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace consilium::services::ehr::exchange {

// Lets a thread wait for a moment until this member's copy of the ledger has caught up with what
// another member says. Thread-safe.
class BlockWait {
 public:
    void on_block() {
        {
            const std::lock_guard lock(mutex_);
            ++blocks_;
        }
        changed_.notify_all();
    }
    // Calls `look` after every block until it answers true (true) or the time is over (false).
    template <typename Look>
    [[nodiscard]] bool until(std::chrono::milliseconds patience, const Look& look) {
        const auto deadline = std::chrono::steady_clock::now() + patience;
        std::unique_lock lock(mutex_);
        for (;;) {
            const auto seen = blocks_;
            lock.unlock();
            if (look()) return true;
            lock.lock();
            if (!changed_.wait_until(lock, deadline, [&] { return blocks_ != seen; })) return false;
        }
    }

 private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::uint64_t blocks_ = 0;
};

}  // namespace consilium::services::ehr::exchange
