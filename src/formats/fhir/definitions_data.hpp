// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace consilium::formats::fhir {

// The bytes of r4.def.
[[nodiscard]] std::string_view definitions_data();

}  // namespace consilium::formats::fhir
