// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace consilium::node {

// The place of the first name that an object of the text gives twice, "commands[0].charts"; nothing
// where there is none before the text ends or is no longer JSON. RFC 8259 leaves it to the reader
// which of the values counts, and Boost.JSON takes the last.
[[nodiscard]] std::optional<std::string> name_given_twice(std::string_view text);

// JSON that a person wrote and that will be signed. A name that an object gives twice is refused.
// The error says what is wrong, and where: "gives commands[0].charts twice".
[[nodiscard]] Result<boost::json::value, std::string> read_json(std::string_view text);

}  // namespace consilium::node
