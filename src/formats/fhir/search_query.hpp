// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "formats/fhir/definitions.hpp"
#include "formats/fhir/fhirpath_date.hpp"
#include "formats/fhir/fhirpath_decimal.hpp"

// A FHIR search (https://hl7.org/fhir/R4/search.html), read and checked against the definitions.
// Pure; issues never hold a value of the query.
namespace consilium::formats::fhir {

enum class Modifier : std::uint8_t {
    kNone,
    kExact,       // of strings
    kContains,    // of strings
    kNot,         // of tokens
    kMissing,     // of all
    kIdentifier,  // of references: the value is that of Reference.identifier
    kType,        // of references: subject:Patient
};

enum class Prefix : std::uint8_t { kEq, kNe, kGt, kGe, kLt, kLe, kSa, kEb, kAp };

// One of the alternatives that commas separate, its escapes decoded.
struct SearchValue {
    Prefix prefix = Prefix::kEq;
    std::string text;                // string as written, code, uri, reference, identifier's value
    bool any_system = true;          // no bar was written
    std::string system;              // before the bar; empty with a bar: no system
    std::optional<Decimal> number;   // number and quantity
    std::optional<Moment> moment;    // date
    std::vector<SearchValue> parts;  // of a composite, one for each component
};

struct Criterion {
    std::string type;  // whose parameter it is
    std::string code;
    const SearchParameter* parameter = nullptr;
    Modifier modifier = Modifier::kNone;
    bool missing = false;             // of kMissing
    std::string target;               // of kType
    std::vector<SearchValue> values;  // any of them
    // A chain, subject:Patient.name=x: `inner` is a criterion of each of these types, and the
    // reference must point at a resource that fits it.
    std::vector<std::string> chain_types;
    std::shared_ptr<const std::vector<Criterion>> inner;  // one for each chain type
    // _has:Observation:subject:code=x: `inner` is one criterion of `has_type`, whose parameter
    // `has_reference` must point at the resource. `code` is then "_has".
    std::string has_type;
    std::string has_reference;

    [[nodiscard]] bool is_chain() const { return !chain_types.empty(); }
    [[nodiscard]] bool is_has() const { return !has_type.empty(); }
};

struct SortKey {
    const SearchParameter* parameter = nullptr;
    bool descending = false;
};

// _include=Type:parameter[:target] and _revinclude; `parameter` is nullptr for *.
struct Include {
    std::string type;
    const SearchParameter* parameter = nullptr;
    std::string target;
    bool reverse = false;
    bool iterate = false;
};

enum class Total : std::uint8_t { kUnsaid, kNone, kEstimate, kAccurate };
enum class Summary : std::uint8_t { kFalse, kTrue, kText, kData, kCount };

struct Query {
    std::string type;
    std::vector<Criterion> criteria;  // all of them
    std::vector<SortKey> sort;
    std::optional<std::uint32_t> count;
    Total total = Total::kUnsaid;
    Summary summary = Summary::kFalse;
    std::vector<std::string> elements;
    std::vector<Include> includes;
    std::vector<std::size_t> ignored;  // positions of unknown parameters, with `lenient`
};

// Why a query is refused. `parameter` is a name of the definitions (or of FHIR's search), or empty
// when the query's own name is not known: that might hold anything.
struct QueryIssue {
    std::string_view code;    // FHIR issue-type: invalid, value, not-supported, too-long
    std::string_view reason;  // a literal
    std::string parameter;
    std::size_t position = 0;  // of the parameter in the query, from 0
};

struct QueryOptions {
    bool lenient = false;  // Prefer: handling=lenient: unknown parameters are ignored
    std::span<const std::string_view> own = {};  // the server's own parameters, passed over
};

inline constexpr std::size_t kMaxQueryParameters = 64;
inline constexpr std::size_t kMaxQueryValueBytes = 4096;
inline constexpr std::size_t kMaxQueryValues = 256;  // alternatives of one parameter
inline constexpr std::size_t kMaxSortKeys = 8;

using QueryParameters = std::vector<std::pair<std::string, std::string>>;

// Reads the decoded names and values of a search over `type` in their order. _format and _pretty
// are passed over.
[[nodiscard]] Result<Query, std::vector<QueryIssue>> parse_query(std::string_view type,
                                                                 const QueryParameters& parameters,
                                                                 const QueryOptions& options = {});

// What a chain or _has becomes once the inner search has been made. `references` are the "Type/id"
// of what fitted the inner criterion.
[[nodiscard]] Criterion resolve_chain(const Criterion& chain,
                                      std::span<const std::string> references);
// `ids` are the ids of the resources that the found ones point at.
[[nodiscard]] Criterion resolve_has(const Criterion& has, std::span<const std::string> ids);

}  // namespace consilium::formats::fhir
