// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace consilium::cli {

// JSON that a person wrote and that will be signed. A name that an object gives twice is refused,
// where RFC 8259 leaves it to the reader which of the values counts and Boost.JSON takes the last.
// The error says what is wrong, and where: "gives commands[0].charts twice".
[[nodiscard]] Result<boost::json::value, std::string> read_json(std::string_view text);

}  // namespace consilium::cli
