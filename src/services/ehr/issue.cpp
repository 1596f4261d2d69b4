// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/issue.hpp"

#include "formats/json/write.hpp"

namespace consilium::services::ehr {

Problem problem_of(std::uint16_t status, std::string_view code, telemetry::Literal text,
                   std::string expression) {
    Problem out;
    out.status = status;
    out.issues.push_back({"error", code, std::string(text.view()), std::move(expression)});
    return out;
}

Bytes operation_outcome(const std::vector<Issue>& issues) {
    Bytes out = R"({"resourceType":"OperationOutcome","issue":[)";
    bool first = true;
    for (const Issue& issue : issues) {
        if (!first) out += ',';
        first = false;
        out += R"({"severity":)";
        formats::json::append_string(out, issue.severity);
        out += R"(,"code":)";
        formats::json::append_string(out, issue.code);
        out += R"(,"diagnostics":)";
        formats::json::append_string(out, issue.text);
        if (!issue.expression.empty()) {
            out += R"(,"expression":[)";
            formats::json::append_string(out, issue.expression);
            out += ']';
        }
        out += '}';
    }
    out += "]}";
    return out;
}

}  // namespace consilium::services::ehr
