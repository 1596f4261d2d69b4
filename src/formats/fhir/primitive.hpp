// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

#include "formats/fhir/definitions.hpp"
#include "formats/json/value.hpp"

namespace consilium::formats::fhir {

// R4 2.24.0.1: a string has at most so many bytes.
inline constexpr std::size_t kStringBytesMax = std::size_t{1024} * 1024;
// Longer literals are no measurement of anything.
inline constexpr std::size_t kDecimalBytesMax = 64;

// What is wrong with the value of a primitive, as a literal; nothing when it is right. Checks the
// kind of JSON value and what R4 2.24.0.1 says of the type in its regular expression and in prose:
// dates must be in the calendar, integers in 32 bits, and so on. Narratives are not looked into.
[[nodiscard]] std::string_view check_primitive(Primitive type, const json::Value& value);

// The same for the text of a type that is a string in JSON.
[[nodiscard]] std::string_view check_text(Primitive type, std::string_view text);

// Whether the text has the form of a logical id (R4 2.24.0.1): 1 to 64 of [A-Za-z0-9.-].
[[nodiscard]] bool is_logical_id(std::string_view text);

// Whether the text has characters that change the direction of what follows (U+202A..U+202E,
// U+2066..U+2069): legal, but able to make a name look like another.
[[nodiscard]] bool has_direction_control(std::string_view text);

// Whether the text is a time followed by a zone. R4 allows none there, but systems write it.
[[nodiscard]] bool is_zoned_time(std::string_view text);

// Codes that no table can list. BCP 47 language tags, MIME types, ISO 4217 currencies.
[[nodiscard]] bool is_language_tag(std::string_view text);
[[nodiscard]] bool is_mime_type(std::string_view text);
[[nodiscard]] bool is_currency(std::string_view text);

}  // namespace consilium::formats::fhir
