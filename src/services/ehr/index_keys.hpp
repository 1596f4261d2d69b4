// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "formats/json/value.hpp"

// The keys under which the vault finds a resource's current version: docs/formats/fhir-rows.md,
// and those of its search parameters: docs/formats/search-index.md.
// Pure.
namespace consilium::services::ehr {

// All current resources of a type.
[[nodiscard]] Bytes type_key(std::string_view type);
// All current resources in a Patient's compartment; with a type, those of it: the first is a prefix
// of the second.
[[nodiscard]] Bytes compartment_prefix(std::string_view patient);
[[nodiscard]] Bytes compartment_key(std::string_view patient, std::string_view type);
// A resource can be in the compartments of so many Patients.
inline constexpr std::size_t kCompartmentsMax = 100;

// All keys of a resource as it is stored, at most vault::kIndexKeysMax.
[[nodiscard]] std::vector<Bytes> index_keys(const formats::json::Value& resource,
                                            std::string_view type,
                                            const std::vector<std::string_view>& patients);

}  // namespace consilium::services::ehr
