// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/time.hpp"
#include "consilium/v1/exchange.pb.h"

// The FHIR R4 resources that tell of a contribution: a Task at either side, and the Provenance of
// what a custodian accepted. docs/exchange.md, "Contributions". Pure.
namespace consilium::services::ehr::exchange {

inline constexpr std::string_view kMemberSystem = "urn:consilium:member";
inline constexpr std::string_view kUserSystem = "urn:consilium:user";
inline constexpr std::string_view kContributionSystem = "urn:consilium:contribution";
inline constexpr std::string_view kStageSystem = "urn:consilium:contribution-stage";
inline constexpr std::string_view kRejectionSystem = "urn:consilium:contribution-rejection";
inline constexpr std::string_view kDecisionSystem = "urn:consilium:decision-rule";

// "LINK/NUMBER", as Task.identifier and Provenance.entity have it.
[[nodiscard]] std::string contribution_name(BytesView link, std::uint32_t number);

// What the Task of a contribution says; `now` is its lastModified.
[[nodiscard]] Bytes task_of(const v1::Offering& offering, const std::string& contributor,
                            UnixMs now);
[[nodiscard]] Bytes task_of(const v1::Offered& offered, const std::string& custodian, UnixMs now);

// Of the version that `offered` became.
[[nodiscard]] Bytes provenance_of(const v1::Offered& offered, const std::string& custodian,
                                  UnixMs recorded);

}  // namespace consilium::services::ehr::exchange
