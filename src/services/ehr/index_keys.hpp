// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "formats/json/value.hpp"

// The keys under which the vault finds a resource's current version: docs/formats/fhir-rows.md.
// They are cut hashes, so they are short and of one length, and equal keys stand for equal terms.
// Pure.
namespace consilium::services::ehr {

// All current resources of a type.
[[nodiscard]] Bytes type_key(std::string_view type);
// All current resources in a Patient's compartment; with a type, those of it: the first is a prefix
// of the second.
[[nodiscard]] Bytes compartment_prefix(std::string_view patient);
[[nodiscard]] Bytes compartment_key(std::string_view patient, std::string_view type);
// A search term, such as ("code", "http://loinc.org|8480-6"); in a compartment or (empty) anywhere.
[[nodiscard]] Bytes term_key(std::string_view type, std::string_view patient,
                             std::string_view parameter, std::string_view value);

// All keys of a resource as it is stored, at most vault::kIndexKeysMax.
[[nodiscard]] std::vector<Bytes> index_keys(const formats::json::Value& resource,
                                            std::string_view type,
                                            const std::vector<std::string_view>& patients);

}  // namespace consilium::services::ehr
