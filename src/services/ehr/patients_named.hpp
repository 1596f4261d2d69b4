// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "formats/json/value.hpp"

// Whom a resource names: the release rule, the check of contributions, a patient's view of the own
// record and the access log all ask here. Pure; thread-safe.
namespace consilium::services::ehr {

// The id of the Patient that a Reference.reference means: "Patient/ID", with or without a version.
// Empty for a Patient of whom no id of ours is known: at another server's address, or by a search.
// Nothing for all else.
[[nodiscard]] std::optional<std::string_view> patient_meant(std::string_view reference);

// The ids of the Patients that a resource refers to in any element, extensions and contained
// resources included, and its own first when it is one; each once. Out of what was parsed, and out
// of the bytes that write_resource() made: for those, the same.
[[nodiscard]] std::vector<std::string_view> patients_named(const formats::json::Value& resource);
[[nodiscard]] std::vector<std::string_view> patients_named(BytesView stored);

// Whether it refers to no Patient but that one, and is none but that one.
[[nodiscard]] bool names_only(const formats::json::Value& resource, std::string_view patient);

}  // namespace consilium::services::ehr
