// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "formats/fhir/fhirpath.hpp"

// Equality and order of items, as FHIRPath N1 defines them for the types that the subset has.
namespace consilium::formats::fhir::fhirpath {

enum class Order : std::uint8_t {
    kLess,
    kEqual,
    kGreater,
    kUndecided,  // dates of other precision, quantities of other units
    kUnordered,  // types that have no order, or different ones
};

[[nodiscard]] Order order_of(const Item& a, const Item& b);

enum class Sameness : std::uint8_t { kDifferent, kSame, kUndecided };

// `=` of two items: primitives by value (1.0 equals 1.00), everything else member by member in any
// order. `work` counts the values that were looked at.
[[nodiscard]] Sameness same(const Item& a, const Item& b, std::size_t& work);

// Two JSON values by the same rule.
[[nodiscard]] bool same_json(const json::Value& a, const json::Value& b, std::size_t& work);

}  // namespace consilium::formats::fhir::fhirpath
