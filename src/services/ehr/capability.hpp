// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "services/ehr/fhir.hpp"

namespace consilium::services::ehr {

// The CapabilityStatement of what this service does:
// https://hl7.org/fhir/R4/capabilitystatement.html
[[nodiscard]] Reply capability_answer(const Fhir& fhir);

}  // namespace consilium::services::ehr
