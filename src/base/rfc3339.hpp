// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.hpp"

namespace consilium {

// RFC 3339 in UTC with milliseconds: 2026-11-23T05:31:52.417Z. RFC 3339 ends with the year 9999;
// what a sender made up beyond it gets a plus sign and as many digits as its year takes (ISO 8601's
// expanded form), which from_rfc3339 does not read.
[[nodiscard]] std::string to_rfc3339(UnixMs time);

// Reads YYYY-MM-DDThh:mm:ss[.fraction](Z|+hh:mm|-hh:mm), or a date alone as its first moment in
// UTC. Digits beyond milliseconds are cut; a leap second counts as the second after it. Nothing for
// another form, a date that does not exist or a time before 1970.
[[nodiscard]] std::optional<UnixMs> from_rfc3339(std::string_view text);

}  // namespace consilium
