// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "formats/json/value.hpp"
#include "services/ehr/call.hpp"

// How far a token reaches: to all resources of a type, or to those of its patient's own record.
// Pure; thread-safe.
namespace consilium::services::ehr {

enum class Reach : std::uint8_t { kNothing, kOwnRecord, kAll };

// By the call's scopes. `permission` is r or s: at the level of a patient nothing is written. A
// null call is the member itself.
[[nodiscard]] Reach reach_of(const Call* call, std::string_view type, char permission);

// The patient to whose own record a reach is confined; nothing when it is not.
[[nodiscard]] std::optional<std::string> confined_to(const Call* call, Reach reach);

// Whether a stored resource is shown to the patient themselves (45 CFR 164.524): it belongs to that
// patient's record, refers to no other patient, and carries no label that keeps it from them: of
// v3-ActCode PSYTHPN (psychotherapy notes, 164.524(a)(1)(i)), NOPAT and TABOO (only with a
// provider's word, 164.524(a)(3)). Other labels of sensitivity do not hide a record from whom it
// is about. A patient's Patient resource may name others that are linked to it.
[[nodiscard]] bool is_own(BytesView stored, std::string_view patient);

// Whether the call's scopes reach that resource.
[[nodiscard]] bool reaches(const Call& call, BytesView stored, char permission);

}  // namespace consilium::services::ehr
