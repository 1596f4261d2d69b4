// SPDX-License-Identifier: Apache-2.0
#include "vault/delivery/back_off.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace consilium::vault::delivery {

std::chrono::milliseconds delay_after(const BackOff& back_off, std::uint32_t failures,
                                      std::uint32_t random) {
    CONSILIUM_ASSERT(failures >= 1 && back_off.first.count() >= 0);
    auto whole = std::min(back_off.first, back_off.most);
    for (std::uint32_t i = 1; i < failures && whole < back_off.most; ++i)
        whole = std::min(whole * 2, back_off.most);
    const auto half = static_cast<std::uint64_t>(whole.count()) / 2;
    const auto taken_off = (half * random) >> 32U;
    return whole - std::chrono::milliseconds(taken_off);
}

}  // namespace consilium::vault::delivery
