// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "consilium/v1/exchange.pb.h"
#include "formats/json/value.hpp"

// Whether a Patient is the one that somebody names. docs/exchange.md, "Emergencies". Pure;
// thread-safe.
namespace consilium::services::ehr::exchange {

// All that is named has to match, and enough has to be named (is_named). Family and given name are
// compared whole, as FHIR's search folds strings (without case and accents), within one
// HumanName: `given` is one of its given names or all of them. birthDate is the full date and
// equal; system and value of an identifier are equal to the byte. A Patient that is not active is
// nobody.
[[nodiscard]] bool is_meant(const formats::json::Value& patient, const v1::NamedPatient& named);

// A search query that whoever is meant fits; others may too.
[[nodiscard]] std::string candidates_query(const v1::NamedPatient& named);

}  // namespace consilium::services::ehr::exchange
