// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "formats/json/value.hpp"

namespace consilium::formats::json {

// Where a text stops being acceptable, and why: a literal of ours, never a part of the text.
struct ParseError {
    std::size_t offset = 0;  // in bytes
    std::string_view reason;

    friend bool operator==(const ParseError&, const ParseError&) = default;
};

// The most that any caller may ask for: sizes inside a Value have 32 bits.
inline constexpr std::size_t kBytesMax = std::size_t{1} << 31U;

// Reads one JSON text (RFC 8259) that is also I-JSON (RFC 7493): UTF-8 without a byte order mark,
// no member name twice in an object (compared decoded), no surrogate without its partner, no
// noncharacter; U+0000 is refused too. Arrays and objects nest at most kDepthMax deep. Numbers are
// of any length and are not interpreted. `bytes_max` is at most kBytesMax; a longer text is refused
// unread, with its limit as the offset. Takes the text, because values point into it.
[[nodiscard]] Result<Document, ParseError> parse(std::string text, std::size_t bytes_max);

}  // namespace consilium::formats::json
