// SPDX-License-Identifier: Apache-2.0
#include "formats/fhir/primitive.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace consilium::formats::fhir {

namespace {

constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
constexpr bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

// Reads fixed-width numbers and signs off the front of a text.
class Reader {
 public:
    explicit Reader(std::string_view text) : text_(text) {}

    [[nodiscard]] bool at_end() const { return text_.empty(); }
    [[nodiscard]] char next() const { return text_.empty() ? '\0' : text_.front(); }
    bool take(char c) {
        if (text_.empty() || text_.front() != c) return false;
        text_.remove_prefix(1);
        return true;
    }
    // Exactly `width` digits, or -1.
    int number(std::size_t width) {
        if (text_.size() < width) return -1;
        int out = 0;
        for (std::size_t i = 0; i < width; ++i) {
            if (!is_digit(text_[i])) return -1;
            out = out * 10 + (text_[i] - '0');
        }
        text_.remove_prefix(width);
        return out;
    }
    // At least one digit.
    bool digits() {
        std::size_t count = 0;
        while (count < text_.size() && is_digit(text_[count]))
            ++count;
        text_.remove_prefix(count);
        return count > 0;
    }

 private:
    std::string_view text_;
};

bool in_range(int value, int min, int max) {
    return value >= min && value <= max;
}

int days_in(int year, int month) {
    constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : kDays[month - 1];
}

// How much of year, month and day is there: 1, 2 or 3; 0 when it is no date.
int date_parts(Reader& in) {
    const int year = in.number(4);
    if (!in_range(year, 1, 9999)) return 0;
    if (!in.take('-')) return 1;
    const int month = in.number(2);
    if (!in_range(month, 1, 12)) return 0;
    if (!in.take('-')) return 2;
    return in_range(in.number(2), 1, days_in(year, month)) ? 3 : 0;
}

// A leap second has the number 60.
bool time_of_day(Reader& in) {
    if (!in_range(in.number(2), 0, 23) || !in.take(':')) return false;
    if (!in_range(in.number(2), 0, 59) || !in.take(':')) return false;
    if (!in_range(in.number(2), 0, 60)) return false;
    return !in.take('.') || in.digits();
}

bool zone(Reader& in) {
    if (in.take('Z')) return true;
    if (!in.take('+') && !in.take('-')) return false;
    const int hours = in.number(2);
    if (!in_range(hours, 0, 14) || !in.take(':')) return false;
    return in_range(in.number(2), 0, hours == 14 ? 0 : 59);
}

bool is_date(std::string_view text) {
    Reader in(text);
    return date_parts(in) > 0 && in.at_end();
}

// A date, or with a time then whole to the seconds and with its zone.
bool is_date_time(std::string_view text, bool needs_time) {
    Reader in(text);
    const int parts = date_parts(in);
    if (parts == 0) return false;
    if (in.at_end()) return !needs_time;
    return parts == 3 && in.take('T') && time_of_day(in) && zone(in) && in.at_end();
}

bool is_time(std::string_view text) {
    Reader in(text);
    return time_of_day(in) && in.at_end();
}

bool has_space(std::string_view text) {
    return std::any_of(text.begin(), text.end(), is_space);
}

// Single white space between words, none around them.
bool is_code(std::string_view text) {
    bool after_space = true;
    for (const char c : text) {
        if (is_space(c) && after_space) return false;
        after_space = is_space(c);
    }
    return !after_space;
}

bool is_oid(std::string_view text) {
    if (!text.starts_with("urn:oid:")) return false;
    Reader in(text.substr(8));
    if (!in_range(in.number(1), 0, 2) || in.at_end()) return false;
    while (!in.at_end()) {
        if (!in.take('.')) return false;
        const bool zero = in.take('0');
        if (zero ? is_digit(in.next()) : !in.digits()) return false;
    }
    return true;
}

bool is_uuid(std::string_view text) {
    if (text.size() != 45 || !text.starts_with("urn:uuid:")) return false;
    text.remove_prefix(9);
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        const char c = text[i];
        if (dash ? c != '-' : !is_digit(c) && !(c >= 'a' && c <= 'f')) return false;
    }
    return true;
}

// Groups of four, the last of which may be padded; white space only between groups.
bool is_base64(std::string_view text) {
    std::size_t in_group = 0;
    std::size_t padding = 0;
    bool any = false;
    for (const char c : text) {
        if (is_space(c)) {
            if (in_group != 0) return false;
            continue;
        }
        if (c == '=') {
            if (in_group < 2) return false;
            ++padding;
        } else if (padding > 0 || !(is_letter(c) || is_digit(c) || c == '+' || c == '/')) {
            return false;
        }
        in_group = (in_group + 1) % 4;
        any = true;
    }
    return any && in_group == 0;
}

// White space but tab, newline and return, and all other control characters, have no place in it.
bool is_string(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) >= 0x20 || c == '\t' || c == '\n' || c == '\r';
    });
}

std::string_view check_integer(Primitive type, std::string_view literal) {
    std::int32_t value = 0;
    const char* end = literal.data() + literal.size();
    const auto [stop, error] = std::from_chars(literal.data(), end, value);
    if (error == std::errc::result_out_of_range) return "integer outside of 32 bits";
    if (error != std::errc() || stop != end) return "not an integer";
    if (type == Primitive::kPositiveInt && value < 1) return "integer below 1";
    if (type == Primitive::kUnsignedInt && (value < 0 || literal[0] == '-'))
        return "integer below 0";
    return {};
}

std::string_view check(bool holds, std::string_view rule) {
    return holds ? std::string_view() : rule;
}

}  // namespace

std::string_view check_text(Primitive type, std::string_view text) {
    if (text.empty()) return "empty string";
    switch (type) {
        case Primitive::kBase64Binary:
            return check(is_base64(text), "not base64");
        case Primitive::kCanonical:
        case Primitive::kUri:
        case Primitive::kUrl:
        case Primitive::kSystemUri:
            if (text.size() > kStringBytesMax) return "string longer than 1 MiB";
            return check(!has_space(text) && is_string(text), "not a uri");
        case Primitive::kCode:
            if (text.size() > kStringBytesMax) return "string longer than 1 MiB";
            return check(is_code(text) && is_string(text), "not a code");
        case Primitive::kDate:
            return check(is_date(text), "not a date");
        case Primitive::kDateTime:
            return check(is_date_time(text, false), "not a dateTime");
        case Primitive::kInstant:
            return check(is_date_time(text, true), "not an instant");
        case Primitive::kTime:
            return check(is_time(text), "not a time");
        case Primitive::kId:
            return check(is_logical_id(text), "not an id");
        case Primitive::kOid:
            return check(is_oid(text), "not an oid");
        case Primitive::kUuid:
            return check(is_uuid(text), "not a uuid");
        case Primitive::kMarkdown:
        case Primitive::kString:
        case Primitive::kSystemString:
        case Primitive::kXhtml:
            if (text.size() > kStringBytesMax) return "string longer than 1 MiB";
            return check(is_string(text), "control character in a string");
        case Primitive::kNone:
        case Primitive::kBoolean:
        case Primitive::kDecimal:
        case Primitive::kInteger:
        case Primitive::kPositiveInt:
        case Primitive::kUnsignedInt:
            break;
    }
    return "must not be a string";
}

std::string_view check_primitive(Primitive type, const json::Value& value) {
    switch (type) {
        case Primitive::kBoolean:
            return check(value.is_boolean(), "must be true or false");
        case Primitive::kInteger:
        case Primitive::kPositiveInt:
        case Primitive::kUnsignedInt:
            if (!value.is_number()) return "must be a number";
            return check_integer(type, value.number());
        case Primitive::kDecimal:
            if (!value.is_number()) return "must be a number";
            return check(value.number().size() <= kDecimalBytesMax,
                         "decimal of more than 64 characters");
        default:
            if (!value.is_string()) return "must be a string";
            return check_text(type, value.string());
    }
}

bool is_logical_id(std::string_view text) {
    return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
        return is_letter(c) || is_digit(c) || c == '-' || c == '.';
    });
}

bool has_direction_control(std::string_view text) {
    for (std::size_t at = text.find('\xE2'); at != std::string_view::npos;
         at = text.find('\xE2', at + 1)) {
        const std::string_view point = text.substr(at, 3);
        if (point >= "\xE2\x80\xAA" && point <= "\xE2\x80\xAE") return true;
        if (point >= "\xE2\x81\xA6" && point <= "\xE2\x81\xA9") return true;
    }
    return false;
}

bool is_zoned_time(std::string_view text) {
    Reader in(text);
    return time_of_day(in) && zone(in) && in.at_end();
}

bool is_language_tag(std::string_view text) {
    std::size_t length = 0;
    bool is_first = true;
    for (const char c : text) {
        if (c == '-') {
            if (length == 0) return false;
            length = 0;
            is_first = false;
        } else if (++length > 8 || !(is_letter(c) || (!is_first && is_digit(c)))) {
            return false;
        }
    }
    return length > 0;
}

bool is_mime_type(std::string_view text) {
    const std::string_view essence = text.substr(0, text.find(';'));
    const std::size_t slash = essence.find('/');
    if (slash == std::string_view::npos) return false;
    const auto is_token = [](std::string_view token) {
        while (token.ends_with(' '))
            token.remove_suffix(1);
        return !token.empty() && std::all_of(token.begin(), token.end(), [](char c) {
            return is_letter(c) || is_digit(c) ||
                   std::string_view("!#$&-^_.+*%'`|~").find(c) != std::string_view::npos;
        });
    };
    return is_token(essence.substr(0, slash)) && is_token(essence.substr(slash + 1));
}

bool is_currency(std::string_view text) {
    return text.size() == 3 &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

}  // namespace consilium::formats::fhir
