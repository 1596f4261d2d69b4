// SPDX-License-Identifier: Apache-2.0
#include "contracts/membership/text.hpp"

#include <algorithm>
#include <cstdint>

#include "base/limits.hpp"

namespace consilium::contracts::membership {
namespace {

bool is_letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// Two bytes of UTF-8 for U+00C0..U+024F, all letters but two.
bool is_latin_pair(char first, char second) {
    const auto a = static_cast<std::uint8_t>(first);
    const auto b = static_cast<std::uint8_t>(second);
    if (a < 0xc3 || a > 0xc9 || b < 0x80 || b > 0xbf) return false;
    const unsigned code = ((a & 0x1fU) << 6U) | (b & 0x3fU);
    return code <= 0x24f && code != 0xd7 && code != 0xf7;
}

bool is_port(std::string_view text) {
    if (text.empty() || text.size() > 5 || text.front() == '0') return false;
    unsigned value = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') return false;
        value = value * 10 + static_cast<unsigned>(c - '0');
    }
    return value <= 65535;
}

bool is_host(std::string_view text) {
    if (text.empty()) return false;
    if (text.front() == '[') {
        if (text.size() < 4 || text.back() != ']') return false;
        text = text.substr(1, text.size() - 2);
        return std::all_of(text.begin(), text.end(), [](char c) {
            return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || c == ':';
        });
    }
    const auto edge = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
    return edge(text.front()) && edge(text.back()) &&
           std::all_of(text.begin(), text.end(),
                       [&](char c) { return edge(c) || c == '.' || c == '-'; });
}

}  // namespace

bool is_public_text(std::string_view text, std::size_t max) {
    static constexpr std::string_view kSigns = ".,'&()-/#";
    if (text.empty() || text.size() > max || text.front() == ' ' || text.back() == ' ')
        return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (is_letter_or_digit(c) || kSigns.find(c) != std::string_view::npos) continue;
        if (c == ' ' && text[i - 1] != ' ') continue;
        if (i + 1 < text.size() && is_latin_pair(c, text[i + 1])) {
            ++i;
            continue;
        }
        return false;
    }
    return true;
}

bool is_endpoint(std::string_view text) {
    static constexpr std::string_view kScheme = "https://";
    if (text.size() > limits::kEndpointBytesMax || text.substr(0, kScheme.size()) != kScheme)
        return false;
    text.remove_prefix(kScheme.size());
    const std::size_t colon = text.rfind(':');
    return colon != std::string_view::npos && is_host(text.substr(0, colon)) &&
           is_port(text.substr(colon + 1));
}

}  // namespace consilium::contracts::membership
