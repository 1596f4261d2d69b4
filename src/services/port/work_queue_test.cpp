// SPDX-License-Identifier: Apache-2.0
#include "services/port/work_queue.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>

namespace consilium::services {
namespace {

TEST(WorkQueue, refuses_more_than_may_wait_and_runs_the_rest) {
    std::atomic<int> done{0};
    std::promise<void> go;
    std::promise<void> begun;
    {
        WorkQueue queue(1, 2);
        ASSERT_TRUE(queue.run([&] {
            begun.set_value();
            go.get_future().wait();
            ++done;
        }));
        begun.get_future().wait();
        EXPECT_TRUE(queue.run([&] { ++done; }));
        EXPECT_TRUE(queue.run([&] { ++done; }));
        EXPECT_FALSE(queue.run([&] { ++done; }));
        go.set_value();
    }
    EXPECT_EQ(done, 3);
}

}  // namespace
}  // namespace consilium::services
