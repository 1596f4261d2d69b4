// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "formats/json/value.hpp"
#include "services/ehr/issue.hpp"

namespace consilium::services::ehr {

// What is wrong with a resource by FHIR R4's definitions; `at` is its FHIRPath. Pure.
[[nodiscard]] std::vector<Issue> validate_resource(const formats::json::Value& resource,
                                                   const std::string& at);

}  // namespace consilium::services::ehr
