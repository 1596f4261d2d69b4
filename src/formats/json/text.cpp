// SPDX-License-Identifier: Apache-2.0
#include "formats/json/text.hpp"

#include <cstdint>
#include <cstring>

#include "base/assert.hpp"

namespace consilium::formats::json {

namespace {

constexpr unsigned byte(char c) {
    return static_cast<unsigned char>(c);
}

constexpr bool is_noncharacter(char32_t point) {
    return (point >= 0xFDD0 && point <= 0xFDEF) || (point & 0xFFFE) == 0xFFFE;
}

}  // namespace

std::size_t utf8_length(std::string_view text) {
    if (text.empty()) return 0;
    const unsigned lead = byte(text[0]);
    if (lead < 0x80) return 1;
    std::size_t length = 0;
    char32_t point = 0;
    unsigned second_min = 0x80;
    unsigned second_max = 0xBF;
    if (lead >= 0xC2 && lead <= 0xDF) {
        length = 2;
        point = lead & 0x1FU;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
        length = 3;
        point = lead & 0x0FU;
        if (lead == 0xE0) second_min = 0xA0;
        if (lead == 0xED) second_max = 0x9F;
    } else if (lead >= 0xF0 && lead <= 0xF4) {
        length = 4;
        point = lead & 0x07U;
        if (lead == 0xF0) second_min = 0x90;
        if (lead == 0xF4) second_max = 0x8F;
    } else {
        return 0;
    }
    if (text.size() < length) return 0;
    for (std::size_t i = 1; i < length; ++i) {
        const unsigned next = byte(text[i]);
        const unsigned min = i == 1 ? second_min : 0x80;
        const unsigned max = i == 1 ? second_max : 0xBF;
        if (next < min || next > max) return 0;
        point = (point << 6U) | (next & 0x3FU);
    }
    return is_noncharacter(point) ? 0 : length;
}

bool is_text(std::string_view text) {
    while (!text.empty()) {
        // Most text is ASCII: eight of its bytes at a time, none of them zero.
        std::uint64_t word = 0;
        while (text.size() >= sizeof word) {
            std::memcpy(&word, text.data(), sizeof word);
            if ((((word - 0x0101010101010101U) | word) & 0x8080808080808080U) != 0) break;
            text.remove_prefix(sizeof word);
        }
        if (text.empty()) break;
        const std::size_t length = text[0] == '\0' ? 0 : utf8_length(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

std::string as_text(std::string_view text) {
    if (is_text(text)) return std::string(text);
    std::string out;
    while (!text.empty()) {
        const std::size_t length = text[0] == '\0' ? 0 : utf8_length(text);
        if (length == 0) {
            out += "\xEF\xBF\xBD";
            text.remove_prefix(1);
            continue;
        }
        out += text.substr(0, length);
        text.remove_prefix(length);
    }
    return out;
}

std::size_t number_length(std::string_view text) {
    std::size_t at = 0;
    const auto digits = [&] {
        const std::size_t first = at;
        while (at < text.size() && text[at] >= '0' && text[at] <= '9')
            ++at;
        return at - first;
    };
    if (at < text.size() && text[at] == '-') ++at;
    if (at < text.size() && text[at] == '0') {
        ++at;
    } else if (digits() == 0) {
        return 0;
    }
    if (at < text.size() && text[at] == '.') {
        ++at;
        if (digits() == 0) return 0;
    }
    if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
        ++at;
        if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
        if (digits() == 0) return 0;
    }
    return at;
}

}  // namespace consilium::formats::json
