// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace consilium::formats::json {

// The length of the well-formed UTF-8 sequence (Unicode table 3-7: no overlong form, no surrogate,
// nothing above U+10FFFF) at the start of `text`; 0 when there is none. Also 0 for the
// noncharacters that RFC 7493 section 2.1 forbids (U+FDD0..U+FDEF, and the last two of each plane).
[[nodiscard]] std::size_t utf8_length(std::string_view text);

// Whether all of `text` is made of such sequences, without U+0000.
[[nodiscard]] bool is_text(std::string_view text);

// `text`, with U+FFFD in place of every byte that keeps it from being such text.
[[nodiscard]] std::string as_text(std::string_view text);

// The length of the number (RFC 8259 section 6) at the start of `text`; 0 when there is none.
[[nodiscard]] std::size_t number_length(std::string_view text);

}  // namespace consilium::formats::json
