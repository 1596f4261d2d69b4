// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/json/fwd.hpp>
#include <string>

namespace consilium::node {

// JSON for people: two spaces for each level, numbers as decimals and never with an exponent below
// 10^15, no line end at the end. Boost.JSON itself writes one line.
[[nodiscard]] std::string pretty_json(const boost::json::value& value);

}  // namespace consilium::node
