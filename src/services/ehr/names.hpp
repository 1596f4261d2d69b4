// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// FHIR R4's names as this service takes them: types, ids, references. Pure; thread-safe.
namespace consilium::services::ehr {

// One of R4's 146 concrete resource types that can stand alone on a server (Parameters cannot).
[[nodiscard]] bool is_resource_type(std::string_view text);
// Ascending.
[[nodiscard]] std::vector<std::string_view> resource_types();

// A random id as FHIR servers give it: RFC 4122 version 4, lower case.
[[nodiscard]] std::string new_fhir_id();

struct Reference {
    std::string_view type;
    std::string_view id;
    std::string_view version;  // may be empty
};
// "Type/id" or "Type/id/_history/version", relative or below `base` ("https://host/fhir", may be
// empty). Nothing for every other reference: fragments, URNs, other servers, searches.
[[nodiscard]] std::optional<Reference> parse_reference(std::string_view text,
                                                       std::string_view base);

struct ConditionalReference {
    std::string_view type;
    std::string_view query;
};
// "Type?query" (FHIR R4 http, section 3.1.0.11.2: conditional references).
[[nodiscard]] std::optional<ConditionalReference> parse_conditional_reference(
    std::string_view text);

// A decimal version number, 1 to 2^32 - 1, without leading zeros.
[[nodiscard]] std::optional<std::uint32_t> parse_version(std::string_view text);

}  // namespace consilium::services::ehr
