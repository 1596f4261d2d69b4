// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "formats/fhir/search_query.hpp"
#include "formats/json/value.hpp"

// What a search finds, judged by reading the resource: the reference for the index, and the filter
// for what is not in it. docs/fhir.md gives the rules. Pure, thread-safe.
namespace consilium::formats::fhir {

// Whether a resource fits. Chains and _has must have been resolved. `base`: see IndexOptions.
[[nodiscard]] bool matches(const json::Value& resource, const Criterion& criterion,
                           std::string_view base = {});
// All criteria.
[[nodiscard]] bool matches(const json::Value& resource, const Query& query,
                           std::string_view base = {});

// Bytes whose order is the order of the resources by that parameter: the smallest value ascending,
// the largest descending; resources without a value come last in both. Already turned round for
// descending keys, so that bytes ascend always.
[[nodiscard]] Bytes sort_key(const json::Value& resource, const SortKey& key);

// The references of a parameter as "Type/id" (below `base` or relative), each once: for _include,
// _revinclude and _has. With `target`, those to that type only. nullptr: of all its reference
// parameters.
[[nodiscard]] std::vector<std::string> references_of(const json::Value& resource,
                                                     const SearchParameter* parameter,
                                                     std::string_view target = {},
                                                     std::string_view base = {});

// The resource with only what _elements or _summary asks for, mandatory elements always, tagged
// SUBSETTED (R4 3.1.1.5.8). As JSON text. kFalse and no elements: the resource as it is. Elements
// are names at the top of the resource; those that it does not have are passed over.
[[nodiscard]] std::string subset_of(const json::Value& resource, Summary summary,
                                    const std::vector<std::string>& elements);

}  // namespace consilium::formats::fhir
