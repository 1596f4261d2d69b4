// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace consilium::services::ehr::exchange {

// Looks after what changes with time alone: calls `look` at once and then again and again, on a
// thread of its own.
class Watch {
 public:
    Watch(std::chrono::milliseconds every, std::function<void()> look)
        : thread_([this, every, look = std::move(look)] {
              std::unique_lock lock(mutex_);
              while (!ending_) {
                  lock.unlock();
                  look();
                  lock.lock();
                  changed_.wait_for(lock, every, [this] { return ending_; });
              }
          }) {}
    // Waits for a look that is under way.
    ~Watch() {
        {
            const std::lock_guard lock(mutex_);
            ending_ = true;
        }
        changed_.notify_all();
        thread_.join();
    }
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

 private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool ending_ = false;
    std::thread thread_;
};

}  // namespace consilium::services::ehr::exchange
