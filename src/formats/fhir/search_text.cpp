// SPDX-License-Identifier: Apache-2.0
#include "formats/fhir/search_text.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "formats/json/text.hpp"

namespace consilium::formats::fhir {

namespace {

// The base letters of U+00C0..U+024F and U+1E00..U+1EFF, by Unicode's decompositions; a dot stands
// for a character that stays or is in kSpecial.
constexpr char32_t kLatinStart = 0xc0;
constexpr std::string_view kLatin =
    "aaaaaa.ceeeeiiiidnooooo.ouuuuy..aaaaaa.ceeeeiiiidnooooo.ouuuuy.y"
    "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii..jjkkkllllllllllnnnnnnnnnoooooo..rrrrrrssss"
    "ssssttttttuuuuuuuuuuuuwwyyyzzzzzzs"
    "................................oo.............uu............................aaiioouuuuuuuuuu."
    "aa"
    "aa....ggkkoooo..j...gg..nnaa....aaaaeeeeiiiioooorrrruuuusstt..hh......aaeeooooooooyy.........."
    ".."
    "................";
static_assert(kLatin.size() == 0x250 - 0xc0);
constexpr char32_t kVietnameseStart = 0x1e00;
constexpr std::string_view kVietnamese =
    "aabbbbbbccddddddddddeeeeeeeeeeffgghhhhhhhhhhiiiikkkkkkllllllllmmmmmmnnnnnnnnoooooooopppprrrrrr"
    "rr"
    "ssssssssssttttttttuuuuuuuuuuvvvvwwwwwwwwwwxxxxyyzzzzzzhtwy.s...."
    "aaaaaaaaaaaaaaaaaaaaaaaaeeeeeeee"
    "eeeeeeeeiiiioooooooooooooooooooooooouuuuuuuuuuuuuuyyyyyyyy......";
static_assert(kVietnamese.size() == 256);

struct Special {
    char32_t from;
    std::string_view to;
};
constexpr std::array<Special, 32> kSpecial = {{
    {0xc6, "ae"},  {0xde, "th"},   {0xdf, "ss"},  {0xe6, "ae"},  {0xfe, "th"},  {0x132, "ij"},
    {0x133, "ij"}, {0x152, "oe"},  {0x153, "oe"}, {0x1c4, "dz"}, {0x1c5, "dz"}, {0x1c6, "dz"},
    {0x1c7, "lj"}, {0x1c8, "lj"},  {0x1c9, "lj"}, {0x1ca, "nj"}, {0x1cb, "nj"}, {0x1cc, "nj"},
    {0x1e2, "ae"}, {0x1e3, "ae"},  {0x1f1, "dz"}, {0x1f2, "dz"}, {0x1f3, "dz"}, {0x1fc, "ae"},
    {0x1fd, "ae"}, {0x1fe, "o"},   {0x1ff, "o"},  {0x218, "s"},  {0x219, "s"},  {0x21a, "t"},
    {0x21b, "t"},  {0x1e9e, "ss"},
}};

// Greek and Cyrillic letters with marks, and final sigma.
constexpr std::array<std::pair<char32_t, char32_t>, 34> kMarked = {{
    {0x386, 0x3b1}, {0x388, 0x3b5}, {0x389, 0x3b7}, {0x38a, 0x3b9}, {0x38c, 0x3bf}, {0x38e, 0x3c5},
    {0x38f, 0x3c9}, {0x390, 0x3b9}, {0x3aa, 0x3b9}, {0x3ab, 0x3c5}, {0x3ac, 0x3b1}, {0x3ad, 0x3b5},
    {0x3ae, 0x3b7}, {0x3af, 0x3b9}, {0x3b0, 0x3c5}, {0x3c2, 0x3c3}, {0x3ca, 0x3b9}, {0x3cb, 0x3c5},
    {0x3cc, 0x3bf}, {0x3cd, 0x3c5}, {0x3ce, 0x3c9}, {0x401, 0x435}, {0x403, 0x433}, {0x407, 0x456},
    {0x40c, 0x43a}, {0x40d, 0x438}, {0x40e, 0x443}, {0x419, 0x438}, {0x439, 0x438}, {0x451, 0x435},
    {0x453, 0x433}, {0x457, 0x456}, {0x45c, 0x43a}, {0x45e, 0x443},
}};

char ascii_lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

bool blank(char32_t c) {
    return c == ' ' || (c >= 0x9 && c <= 0xd) || c == 0x85 || c == 0xa0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f ||
           c == 0x205f || c == 0x3000;
}

// Decodes the character at `at`, which moves behind it. A stray byte counts as one character.
char32_t decode(std::string_view text, std::size_t& at) {
    const std::size_t length = json::utf8_length(text.substr(at));
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
    char32_t code = byte(0);
    if (length == 2) code = ((byte(0) & 0x1fU) << 6U) | (byte(1) & 0x3fU);
    if (length == 3)
        code = ((byte(0) & 0x0fU) << 12U) | ((byte(1) & 0x3fU) << 6U) | (byte(2) & 0x3fU);
    if (length == 4)
        code = ((byte(0) & 0x07U) << 18U) | ((byte(1) & 0x3fU) << 12U) | ((byte(2) & 0x3fU) << 6U) |
               (byte(3) & 0x3fU);
    at += std::max<std::size_t>(length, 1);
    return code;
}

void append_folded(std::string& out, char32_t c) {
    const auto from_table = [&](std::string_view table, char32_t start) {
        if (c < start || c - start >= table.size() || table[c - start] == '.') return false;
        out.push_back(table[c - start]);
        return true;
    };
    if (c >= 0x300 && c <= 0x36f) return;
    if (from_table(kLatin, kLatinStart) || from_table(kVietnamese, kVietnameseStart)) return;
    for (const Special& special : kSpecial) {
        if (special.from != c) continue;
        out.append(special.to);
        return;
    }
    for (const auto& [from, to] : kMarked) {
        if (from == c) return append_utf8(out, to);
    }
    if ((c >= 0x391 && c <= 0x3a9) || (c >= 0x410 && c <= 0x42f)) c += 0x20;
    if (c >= 0x400 && c <= 0x40f) c += 0x50;
    append_utf8(out, c);
}

}  // namespace

std::string fold_string(std::string_view utf8) {
    std::string out;
    out.reserve(utf8.size());
    bool gap = false;
    for (std::size_t at = 0; at < utf8.size();) {
        const auto byte = static_cast<unsigned char>(utf8[at]);
        const char32_t c = byte < 0x80 ? static_cast<unsigned char>(utf8[at++]) : decode(utf8, at);
        if (blank(c)) {
            gap = !out.empty();
            continue;
        }
        if (gap) out.push_back(' ');
        gap = false;
        if (c < 0x80)
            out.push_back(ascii_lower(static_cast<char>(c)));
        else
            append_folded(out, c);
    }
    return out;
}

void append_utf8(std::string& out, char32_t point) {
    const auto tail = [&](unsigned shift) {
        out.push_back(static_cast<char>(0x80U | ((point >> shift) & 0x3fU)));
    };
    if (point < 0x80) {
        out.push_back(static_cast<char>(point));
    } else if (point < 0x800) {
        out.push_back(static_cast<char>(0xc0U | (point >> 6U)));
        tail(0);
    } else if (point < 0x10000) {
        out.push_back(static_cast<char>(0xe0U | (point >> 12U)));
        tail(6);
        tail(0);
    } else {
        out.push_back(static_cast<char>(0xf0U | (point >> 18U)));
        tail(12);
        tail(6);
        tail(0);
    }
}

std::string fold_code(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), ascii_lower);
    return out;
}

std::string_view utf8_prefix(std::string_view text, std::size_t bytes_max) {
    if (text.size() <= bytes_max) return text;
    std::size_t end = bytes_max;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U)
        --end;
    return text.substr(0, end);
}

}  // namespace consilium::formats::fhir
