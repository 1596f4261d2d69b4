// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace consilium::services {

// Threads (1 to 64) for work that must not hold up the threads of the server. Thread-safe.
class WorkQueue {
 public:
    WorkQueue(unsigned threads, std::size_t waiting_max);
    // Runs what is waiting, then ends.
    ~WorkQueue();
    WorkQueue(const WorkQueue&) = delete;
    WorkQueue& operator=(const WorkQueue&) = delete;

    // False, and `work` is dropped, when waiting_max are waiting.
    [[nodiscard]] bool run(std::function<void()> work);
    // The next part of what was begun, of which its owner limits the number.
    void go_on(std::function<void()> work);

 private:
    void work();
    const std::size_t waiting_max_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::function<void()>> waiting_;
    bool ending_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace consilium::services
