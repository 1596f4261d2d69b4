// SPDX-License-Identifier: Apache-2.0
#include "node/thread_pool.hpp"

#include <atomic>

#include "consensus/embedded/thread_name.hpp"

namespace consilium::node {

struct ThreadPool::Job {
    Job(std::size_t n, const std::function<void(std::size_t)>& b) : count(n), body(&b) {}

    const std::size_t count;
    const std::function<void(std::size_t)>* body;  // the caller's; not touched once all are done
    std::atomic<std::size_t> next{0};
    std::size_t done = 0;  // under mutex
    std::mutex mutex;
    std::condition_variable all_done;

    // Takes indices until none is left.
    void work() {
        std::size_t finished = 0;
        for (std::size_t i = next.fetch_add(1); i < count; i = next.fetch_add(1)) {
            (*body)(i);
            ++finished;
        }
        if (finished == 0) return;
        const std::lock_guard lock(mutex);
        done += finished;
        if (done == count) all_done.notify_all();
    }
};

ThreadPool::ThreadPool(unsigned threads) {
    for (unsigned i = 1; i < threads; ++i)
        threads_.emplace_back([this] {
            consensus::name_thread("pool");
            help();
        });
}

ThreadPool::~ThreadPool() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    work_.notify_all();
    for (std::thread& thread : threads_)
        thread.join();
}

ParallelFor ThreadPool::parallel_for() {
    return [this](std::size_t count, const std::function<void(std::size_t)>& body) {
        run(count, body);
    };
}

void ThreadPool::run(std::size_t count, const std::function<void(std::size_t)>& body) {
    if (count <= 1 || threads_.empty()) {
        serial_for(count, body);
        return;
    }
    const auto job = std::make_shared<Job>(count, body);
    {
        const std::lock_guard lock(mutex_);
        jobs_.push_back(job);
    }
    work_.notify_all();
    job->work();
    {
        const std::lock_guard lock(mutex_);
        jobs_.remove(job);
    }
    std::unique_lock lock(job->mutex);
    job->all_done.wait(lock, [&] { return job->done == job->count; });
}

void ThreadPool::help() {
    std::unique_lock lock(mutex_);
    while (true) {
        work_.wait(lock, [&] { return stopping_ || !jobs_.empty(); });
        if (stopping_) return;
        const std::shared_ptr<Job> job = jobs_.front();
        lock.unlock();
        job->work();
        lock.lock();
        // Nothing is left to take; its caller waits for what others still work on.
        jobs_.remove(job);
    }
}

}  // namespace consilium::node
