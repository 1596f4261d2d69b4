// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "formats/fhir/search_query.hpp"
#include "formats/json/value.hpp"

// The index keys of a resource and the scans that find it: docs/formats/search-index.md. Pure,
// thread-safe.
namespace consilium::formats::fhir {

inline constexpr std::size_t kMaxIndexKeyBytes = 512;
// Fewer than the vault takes per version, so that a caller has room for keys of its own.
inline constexpr std::size_t kMaxIndexKeys = 112;

struct IndexOptions {
    // This server's own base: absolute references below it count as relative. May be empty.
    std::string_view base = {};
    std::size_t limit = kMaxIndexKeys;
};

// The keys of a resource as it is stored, each once, at most `limit`, in no particular order. All
// begin with 's' or 'p'. A parameter whose terms would not fit gets one key instead that makes
// every search by it look at this resource.
[[nodiscard]] std::vector<Bytes> index_keys(const json::Value& resource,
                                            const IndexOptions& options = {});

// The ends of a date's range, both included.
struct DateBounds {
    std::int64_t low_least = std::numeric_limits<std::int64_t>::min();
    std::int64_t low_most = std::numeric_limits<std::int64_t>::max();
    std::int64_t high_least = std::numeric_limits<std::int64_t>::min();
    std::int64_t high_most = std::numeric_limits<std::int64_t>::max();
};

// Keys k with first <= k < end that admits() takes. All of them begin with `prefix`.
struct KeyRange {
    Bytes prefix;
    Bytes first;
    Bytes end;
    bool exact = true;
    std::optional<DateBounds> dates;
};
[[nodiscard]] bool admits(const KeyRange& range, BytesView key);

// How to find what fits a query. Every resource that fits has a key in one of the ranges (often
// several). One that has a key there fits when it fits the criteria `residual` (positions in
// Query::criteria) by matches(), and, when no key of its lies in an exact range, also those of
// `driving`. `all`: no criterion is in the index, so every resource of the type must be looked at.
struct Plan {
    bool all = false;
    std::vector<KeyRange> ranges;
    std::vector<std::size_t> driving;
    std::vector<std::size_t> residual;
};

// Chains and _has must have been resolved. _id is not in the index: the caller knows its ids.
[[nodiscard]] Plan plan_of(const Query& query, std::string_view base = {});

// The keys of the resources of `type` that refer to "Type/id" by that parameter, for _revinclude.
[[nodiscard]] KeyRange references_to(std::string_view type, const SearchParameter& parameter,
                                     std::string_view target);

}  // namespace consilium::formats::fhir
