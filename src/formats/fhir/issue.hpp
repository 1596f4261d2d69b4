// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace consilium::formats::fhir {

enum class Severity : std::uint8_t { kError, kWarning, kInformation };

// What is wrong with a resource, and where. Never shows a value or a name that FHIR does not
// define: both could be a patient's data.
struct Issue {
    Severity severity = Severity::kError;
    // A code of http://hl7.org/fhir/issue-type: structure, required, value, invariant,
    // code-invalid, not-found, not-supported, duplicate, too-costly, informational.
    std::string_view code;
    // From the resource's type: Bundle.entry[3].resource.category.coding[0].code.
    std::string path;
    // A literal of ours, or the key of an invariant (obs-6) when `code` is invariant.
    std::string_view rule;
    // Which entry of the outermost Bundle it concerns, or -1.
    std::int32_t entry = -1;

    friend bool operator==(const Issue&, const Issue&) = default;
};

// The code of http://hl7.org/fhir/issue-severity.
[[nodiscard]] constexpr std::string_view to_string(Severity severity) {
    switch (severity) {
        case Severity::kError:
            return "error";
        case Severity::kWarning:
            return "warning";
        case Severity::kInformation:
            return "information";
    }
    return "error";
}

}  // namespace consilium::formats::fhir
