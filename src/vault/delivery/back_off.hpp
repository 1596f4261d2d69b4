// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>

namespace consilium::vault::delivery {

struct BackOff {
    std::chrono::milliseconds first{200};
    std::chrono::milliseconds most{300'000};
};

// How long to wait after the `failures`-th failure in a row (1 or more): twice as long each time,
// of which a random half is taken off, so that nodes which failed together do not come back
// together. `random` is uniform. Pure.
[[nodiscard]] std::chrono::milliseconds delay_after(const BackOff& back_off, std::uint32_t failures,
                                                    std::uint32_t random);

}  // namespace consilium::vault::delivery
