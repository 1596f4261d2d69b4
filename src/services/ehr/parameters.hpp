// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "services/ehr/call.hpp"

namespace consilium::services::ehr {

// As a query that http::parse_form reads back.
[[nodiscard]] std::string format_parameters(const Parameters& parameters);

}  // namespace consilium::services::ehr
