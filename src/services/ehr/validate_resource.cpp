// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/validate_resource.hpp"

#include "formats/fhir/validate.hpp"
#include "services/ehr/names.hpp"

namespace consilium::services::ehr {

namespace {

// Conditional references are resolved here, in every write, before the resource is stored.
constexpr std::string_view kConditional = "conditional reference outside of a transaction";

}  // namespace

std::vector<Issue> validate_resource(const formats::json::Value& resource, const std::string& at) {
    const auto* type = resource.find("resourceType");
    if (type == nullptr || !type->is_string() || !is_resource_type(type->string()))
        return {{"error", "structure", "The resource is of no type that FHIR R4 knows", at}};
    std::vector<Issue> out;
    for (const formats::fhir::Issue& found : formats::fhir::validate(resource)) {
        if (found.rule == kConditional) continue;
        Issue issue;
        issue.severity = to_string(found.severity);
        issue.code = found.code;
        issue.text = found.rule;
        // Paths begin with the type, and stand for what is at `at` here.
        issue.expression = at;
        if (found.path.size() > type->string().size())
            issue.expression += found.path.substr(type->string().size());
        out.push_back(std::move(issue));
    }
    return out;
}

}  // namespace consilium::services::ehr
