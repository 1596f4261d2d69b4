// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include "formats/fhir/issue.hpp"
#include "formats/json/value.hpp"

namespace consilium::formats::fhir {

struct ValidateOptions {
    // Finding stops there, and a last issue says so.
    std::size_t issues_max = 100;
};

// Checks a resource against the definitions of FHIR R4 (docs/fhir.md says what is checked and what
// is not): structure, cardinality, JSON types, primitives, choices, extensions, contained
// resources, narrative, references, required bindings, invariants, and the rules of a Bundle with
// the resources in it. Empty when nothing is wrong. Pure: no clock, no storage, nothing outside the
// resource is looked at. Any thread may call it.
[[nodiscard]] std::vector<Issue> validate(const json::Value& resource,
                                          const ValidateOptions& options = {});

// Whether any of them is an error.
[[nodiscard]] bool has_errors(const std::vector<Issue>& issues);

}  // namespace consilium::formats::fhir
