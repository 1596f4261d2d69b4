// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "telemetry/literal.hpp"

// What goes wrong in this service, as FHIR says it: an OperationOutcome with issue codes
// (http://hl7.org/fhir/issue-type) and the FHIRPath of the element. Texts are literals of ours and
// paths name elements, so no value of a resource can be in them.
namespace consilium::services::ehr {

struct Issue {
    std::string_view severity = "error";  // fatal | error | warning | information
    std::string_view code;                // of issue-type
    std::string text;                     // made of literals
    std::string expression;               // FHIRPath of the element, or empty
};

// A refusal with its HTTP status.
struct Problem {
    std::uint16_t status = 400;
    std::vector<Issue> issues;
};

[[nodiscard]] Problem problem_of(std::uint16_t status, std::string_view code,
                                 telemetry::Literal text, std::string expression = {});

// The OperationOutcome, JSON.
[[nodiscard]] Bytes operation_outcome(const std::vector<Issue>& issues);

}  // namespace consilium::services::ehr
