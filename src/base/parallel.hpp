// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>

namespace consilium {

// Runs body(i) for every i in [0, count), in any order and on any threads, and returns when all
// are done. The kernel owns no thread: work that may run in parallel is handed one of these.
using ParallelFor =
    std::function<void(std::size_t count, const std::function<void(std::size_t)>& body)>;

// The one that needs no thread.
inline void serial_for(std::size_t count, const std::function<void(std::size_t)>& body) {
    for (std::size_t i = 0; i < count; ++i)
        body(i);
}

}  // namespace consilium
