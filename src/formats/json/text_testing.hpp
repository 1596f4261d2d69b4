// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/assert.hpp"

namespace consilium::formats::json {

// Appends a code point that is no surrogate.
inline void append_utf8(std::string& out, char32_t point) {
    CONSILIUM_ASSERT(point <= 0x10FFFF && (point < 0xD800 || point > 0xDFFF));
    const auto put = [&out](char32_t value) { out.push_back(static_cast<char>(value)); };
    if (point < 0x80) {
        put(point);
    } else if (point < 0x800) {
        put(0xC0U | (point >> 6U));
        put(0x80U | (point & 0x3FU));
    } else if (point < 0x10000) {
        put(0xE0U | (point >> 12U));
        put(0x80U | ((point >> 6U) & 0x3FU));
        put(0x80U | (point & 0x3FU));
    } else {
        put(0xF0U | (point >> 18U));
        put(0x80U | ((point >> 12U) & 0x3FU));
        put(0x80U | ((point >> 6U) & 0x3FU));
        put(0x80U | (point & 0x3FU));
    }
}

}  // namespace consilium::formats::json
