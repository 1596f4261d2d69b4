// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "formats/json/value.hpp"

namespace consilium::formats::json {

// The canonical form in which two sides compare meaning: RFC 8785 (no spaces, members sorted by the
// UTF-16 code units of their names, its escapes), except that numbers keep their literal text,
// because in health data 1.50 says more than 1.5.
[[nodiscard]] std::string canonical(const Value& value);

// RFC 8785 section 3.2.3: whether name a sorts before name b. Both are UTF-8.
[[nodiscard]] bool utf16_less(std::string_view a, std::string_view b);

}  // namespace consilium::formats::json
