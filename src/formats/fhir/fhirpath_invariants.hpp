// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "formats/fhir/definitions.hpp"
#include "formats/json/value.hpp"

namespace consilium::formats::fhir {

// A rule that a resource breaks, and the element that breaks it: Observation.component[2].code.
// Names of elements and positions only, never a value.
struct BrokenInvariant {
    std::string path;
    const Invariant* rule = nullptr;
    bool too_costly = false;  // the rule was given up: fhirpath::Evaluator::kMaxWork
};

struct InvariantOptions {
    bool warnings = false;    // also rules of severity warning
    bool structural = true;   // also those that validate() checks without expressions
    std::size_t limit = 100;  // stops after so many
    std::string root = {};    // the path of the resource itself; nothing: its type
};

// Checks every invariant that the definitions give for the resource, its elements, their types and
// what it contains. A rule holds when its expression is true, or when it hangs on two values that
// cannot be compared (dates of other precision, quantities of other units) or on elements whose
// shape is wrong: those are the validator's to report. Elements that the definitions do not have
// are passed over. Thread-safe. Expects an object; anything else breaks nothing.
[[nodiscard]] std::vector<BrokenInvariant> check_invariants(const json::Value& resource,
                                                            const InvariantOptions& options = {});

}  // namespace consilium::formats::fhir
