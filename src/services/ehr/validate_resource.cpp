// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/validate_resource.hpp"

#include "services/ehr/names.hpp"

namespace consilium::services::ehr {

std::vector<Issue> validate_resource(const formats::json::Value& resource, const std::string& at) {
    const auto* type = resource.find("resourceType");
    if (type != nullptr && type->is_string() && is_resource_type(type->string())) return {};
    return {{"error", "structure", "The resource is of no type that FHIR R4 knows", at}};
}

}  // namespace consilium::services::ehr
