// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string_view>

#include "base/bytes.hpp"
#include "formats/fhir/definitions.hpp"
#include "formats/fhir/fhirpath_date.hpp"

// The grammar of the index keys, for what writes and what plans: docs/formats/search-index.md.
namespace consilium::formats::fhir {

namespace index_kind {
inline constexpr char kToken = 't';
inline constexpr char kReference = 'r';
inline constexpr char kIdentifier = 'i';  // of a reference
inline constexpr char kString = 'x';
inline constexpr char kUri = 'u';
inline constexpr char kNarrowDate = 'd';
inline constexpr char kWideDate = 'w';
inline constexpr char kNumber = 'n';
inline constexpr char kNotPoint = 'm';  // a number that is a range, or beyond the limits
inline constexpr char kOverflow = 'o';
}  // namespace index_kind

// Texts are cut to this; one that is shorter than kExactTermBytes was not cut.
inline constexpr std::size_t kMaxTermBytes = 160;
inline constexpr std::size_t kExactTermBytes = kMaxTermBytes - 4;

// A date's range is narrow up to 31 days.
inline constexpr std::int64_t kNarrowMs = std::int64_t{31} * 86'400'000;

// A resource of more patients than this has no keys in their scopes, but one overflow key under
// this name.
inline constexpr std::size_t kMaxScopes = 4;
inline constexpr std::string_view kManyPatients = "*";

// The system of a code that has none of its own (gender): found under any.
inline constexpr std::string_view kAnySystem = "\x01";

// 's' type 00, or in a patient's scope 'p' id 00 type 00.
[[nodiscard]] Bytes index_scope(std::string_view type);
[[nodiscard]] Bytes index_scope(std::string_view type, std::string_view patient);

// kind parameter 00
void append_kind(Bytes& out, char kind, std::string_view parameter);
// The text, cut, and a zero byte.
void append_term(Bytes& out, std::string_view text);
void append_time(Bytes& out, std::int64_t ms);
[[nodiscard]] std::int64_t read_time(BytesView bytes);

// The first parameter of the type that has the same values, under whose name they are in the index:
// `name` for `phonetic`, `patient` for `subject` where the one says that the other is a Patient.
[[nodiscard]] const SearchParameter& indexed_as(std::string_view type,
                                                const SearchParameter& parameter);

// Whether a parameter's values are in the index, and whether also in patients' scopes.
[[nodiscard]] bool is_indexed(const SearchParameter& parameter);
[[nodiscard]] bool is_scoped(const SearchParameter& parameter);

// The parameter that names the patient of a type; nullptr when it has none.
[[nodiscard]] const SearchParameter* patient_parameter(std::string_view type);

// A reference's target without a canonical's version.
[[nodiscard]] std::string_view without_version(std::string_view target);

}  // namespace consilium::formats::fhir
