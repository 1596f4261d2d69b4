// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/fhir/search_query.hpp"

// The inner parts of parse_query: escapes and single values.
namespace consilium::formats::fhir {

// Splits at a character that no backslash stands before; the escapes stay.
[[nodiscard]] std::vector<std::string_view> split_unescaped(std::string_view text, char separator);

// Decodes \, \| \$ and \\ (R4 3.1.1.4.0.1); another backslash stands for itself.
[[nodiscard]] std::string unescape(std::string_view text);

// Reads one alternative of a parameter of that type; nothing when it has not the form. `components`
// are those of a composite.
[[nodiscard]] std::optional<SearchValue> parse_search_value(
    SearchType type, Modifier modifier, std::string_view text,
    std::span<const SearchComponent> components);

}  // namespace consilium::formats::fhir
