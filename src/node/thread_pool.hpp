// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/parallel.hpp"

namespace consilium::node {

// Threads that lend a hand to work that may run in parallel. The caller of parallel_for() works
// too, so calls may nest and never wait for a thread that is not there. Thread-safe.
class ThreadPool {
 public:
    // `threads` counts the caller: 1 starts none.
    explicit ThreadPool(unsigned threads);
    ~ThreadPool();

    // Valid as long as the pool.
    [[nodiscard]] ParallelFor parallel_for();

 private:
    struct Job;
    void run(std::size_t count, const std::function<void(std::size_t)>& body);
    void help();

    std::mutex mutex_;
    std::condition_variable work_;
    std::list<std::shared_ptr<Job>> jobs_;
    bool stopping_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace consilium::node
