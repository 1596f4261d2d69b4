// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "consilium/v1/exchange.pb.h"
#include "formats/json/value.hpp"

// What of a chart leaves the custodian, decided from the resource alone: docs/formats/exchange.md,
// "Rules". Pure; thread-safe.
namespace consilium::services::ehr::exchange {

inline constexpr std::uint32_t kRulesVersion = 2;

// Whether meta.security, of the resource or of any inside it, and every inline label say no more
// than that the resource is of normal confidentiality: v3-Confidentiality up to N, purposes of use,
// marks of integrity. Whatever else they say, or say in a shape that FHIR does not know, keeps the
// resource at home.
[[nodiscard]] bool is_unlabelled(const formats::json::Value& resource);

struct Judged {
    std::string_view type;  // what the store says that it is
    std::string_view id;
    std::span<const std::string> patients;  // in whose compartments it is, as the store says
    BytesView stored;
};
[[nodiscard]] v1::Verdict judge(const Judged& what, std::string_view patient);

}  // namespace consilium::services::ehr::exchange
