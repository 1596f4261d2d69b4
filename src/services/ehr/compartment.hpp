// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "formats/json/value.hpp"

// FHIR R4's Patient compartment (https://hl7.org/fhir/R4/compartmentdefinition-patient.html), by
// the elements behind its search parameters, and Device.patient, which that definition leaves out
// although a patient's own device belongs nowhere else. Pure.
namespace consilium::services::ehr {

// The ids of the Patients whose compartments hold the resource, each once; the first is the one
// whose chart keeps it. References must be relative ("Patient/id"). Of a Patient: `own_id` first.
[[nodiscard]] std::vector<std::string_view> patients_of(const formats::json::Value& resource,
                                                        std::string_view type,
                                                        std::string_view own_id);

// Whether resources of that type can be in a Patient's compartment.
[[nodiscard]] bool is_in_patient_compartment(std::string_view type);

}  // namespace consilium::services::ehr
