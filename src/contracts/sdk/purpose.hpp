// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "consilium/v1/access.pb.h"
#include "consilium/v1/ehr.pb.h"

// What purposes of use mean to each other and to a custodian's policy: docs/formats/contracts.md,
// "Purposes". Pure; thread-safe.
namespace consilium::contracts::sdk {

// Whether a consent or objection that names `named` covers `asked`: the same one, or one below it
// in HL7 v3-PurposeOfUse (TREAT over ETREAT and COC, HOPERAT over CAREMGT, HRESCH over CLINTRCH).
// BTG is covered only where it is named: permitting treatment permits no breaking of the glass.
[[nodiscard]] bool covers(v1::PurposeOfUse named, v1::PurposeOfUse asked);

// The parameter of a custodian's policy that decides on requests for `purpose`; unspecified for an
// unspecified purpose.
[[nodiscard]] v1::PolicyParameter parameter_of(v1::PurposeOfUse purpose);

// What the policy says of that parameter; what holds by default when it does not, or when the
// custodian has none (null).
[[nodiscard]] v1::PolicyRule rule_of(const v1::Policy* policy, v1::PolicyParameter parameter);

}  // namespace consilium::contracts::sdk
