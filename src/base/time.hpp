// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>

namespace consilium {

// A point in time: milliseconds since 1970-01-01T00:00:00Z. There is no clock in the kernel; block
// time comes from the header, wall time from the edge.
struct UnixMs {
    std::uint64_t value = 0;
    friend auto operator<=>(const UnixMs&, const UnixMs&) = default;
};

using Height = std::uint64_t;

}  // namespace consilium
