// SPDX-License-Identifier: Apache-2.0
#include "services/port/work_queue.hpp"

#include "base/assert.hpp"

namespace consilium::services {

WorkQueue::WorkQueue(unsigned threads, std::size_t waiting_max) : waiting_max_(waiting_max) {
    CONSILIUM_ASSERT(threads >= 1 && threads <= 64);
    for (unsigned i = 0; i < threads; ++i)
        threads_.emplace_back([this] { work(); });
}

WorkQueue::~WorkQueue() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    changed_.notify_all();
    for (auto& thread : threads_)
        thread.join();
}

bool WorkQueue::run(std::function<void()> work) {
    {
        const std::lock_guard lock(mutex_);
        if (waiting_.size() >= waiting_max_) return false;
        waiting_.push_back(std::move(work));
    }
    changed_.notify_one();
    return true;
}

void WorkQueue::go_on(std::function<void()> work) {
    {
        const std::lock_guard lock(mutex_);
        waiting_.push_back(std::move(work));
    }
    changed_.notify_one();
}

void WorkQueue::work() {
    std::unique_lock lock(mutex_);
    while (true) {
        changed_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
        if (waiting_.empty()) return;
        auto next = std::move(waiting_.front());
        waiting_.pop_front();
        lock.unlock();
        next();
        next = nullptr;
        lock.lock();
    }
}

}  // namespace consilium::services
