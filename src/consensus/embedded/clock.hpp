// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "base/time.hpp"

namespace consilium::consensus {

// The only source of time outside the kernel, injected so that tests and the simulation own it.
// Thread-safe.
class Clock {
 public:
    virtual ~Clock() = default;
    // Wall time. May jump; the engine keeps block time strictly increasing regardless.
    [[nodiscard]] virtual UnixMs wall() const = 0;
    // Never goes back; for waiting and measuring only.
    [[nodiscard]] virtual std::uint64_t monotonic_us() const = 0;
};

// The machine's clocks.
[[nodiscard]] const Clock& system_clock();

}  // namespace consilium::consensus
