// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace consilium::formats::fhir {

// The form in which search compares strings (R4 3.1.1.4.8: insensitive to case and accents): Latin
// letters without marks and in lower case, ligatures and letters with strokes spelt out (ae, oe,
// ss, o, d, l), Greek and Cyrillic in lower case without marks, combining marks (U+0300..U+036F)
// dropped, runs of blanks as one blank and none at the ends. Everything else stays as it is. A
// fixed table, no locale: stored index keys depend on it, so it only ever grows by a new index
// version.
[[nodiscard]] std::string fold_string(std::string_view utf8);

// ASCII letters in lower case, everything else as it is: how codes are compared (R4 3.1.1.4.10:
// when in doubt, insensitive to case).
[[nodiscard]] std::string fold_code(std::string_view text);

// Appends a code point that is no surrogate.
void append_utf8(std::string& out, char32_t point);

// The longest prefix of at most `bytes_max` bytes that does not end inside a character.
[[nodiscard]] std::string_view utf8_prefix(std::string_view text, std::size_t bytes_max);

}  // namespace consilium::formats::fhir
