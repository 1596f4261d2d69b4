// SPDX-License-Identifier: Apache-2.0
#include "formats/fhir/fhirpath_decimal.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace consilium::formats::fhir {

namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

void drop_leading_zeros(std::string& digits) {
    digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
}

// The position of the first digit before the point: 10^(top - 1) <= |value| < 10^top.
std::int64_t top(const Decimal& value) {
    return std::int64_t{value.exponent} + static_cast<std::int64_t>(value.digits.size());
}

std::strong_ordering compare_digits(std::string_view a, std::string_view b) {
    const std::size_t common = std::min(a.size(), b.size());
    const int order = a.substr(0, common).compare(b.substr(0, common));
    if (order != 0) return order <=> 0;
    if (a.substr(common).find_first_not_of('0') != std::string_view::npos)
        return std::strong_ordering::greater;
    if (b.substr(common).find_first_not_of('0') != std::string_view::npos)
        return std::strong_ordering::less;
    return std::strong_ordering::equal;
}

std::strong_ordering compare_magnitudes(const Decimal& a, const Decimal& b) {
    if (a.is_zero() || b.is_zero()) return b.is_zero() <=> a.is_zero();
    if (top(a) != top(b)) return top(a) <=> top(b);
    return compare_digits(a.digits, b.digits);
}

// The digits of |value| in units of 10^exponent, which is not above its own.
std::string scaled(const Decimal& value, std::int32_t exponent) {
    CONSILIUM_ASSERT(exponent <= value.exponent);
    std::string digits = value.digits;
    if (!digits.empty()) digits.append(static_cast<std::size_t>(value.exponent - exponent), '0');
    return digits;
}

// a + b and a - b of digit strings; for the difference a is not below b.
std::string sum_of(std::string a, std::string b, bool subtract) {
    const std::size_t size = std::max(a.size(), b.size()) + 1;
    a.insert(0, size - a.size(), '0');
    b.insert(0, size - b.size(), '0');
    int carry = 0;
    for (std::size_t i = size; i-- > 0;) {
        int digit = (a[i] - '0') + carry + (subtract ? -(b[i] - '0') : b[i] - '0');
        carry = digit > 9 ? 1 : (digit < 0 ? -1 : 0);
        digit -= carry * 10;
        a[i] = static_cast<char>('0' + digit);
    }
    CONSILIUM_ASSERT(carry == 0);
    return a;
}

// Reads the exponent after its letter; nothing when it is not a number or out of range.
std::optional<std::int32_t> read_exponent(std::string_view text) {
    const bool negative = !text.empty() && text.front() == '-';
    if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
    if (text.empty() || text.size() > 4 || !std::all_of(text.begin(), text.end(), is_digit))
        return std::nullopt;
    std::int32_t value = 0;
    for (const char c : text)
        value = value * 10 + (c - '0');
    return negative ? -value : value;
}

}  // namespace

std::optional<Decimal> parse_decimal(std::string_view text) {
    Decimal out;
    if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
        out.negative = text.front() == '-';
        text.remove_prefix(1);
    }
    std::size_t at = 0;
    std::size_t written = 0;
    bool point = false;
    for (; at < text.size(); ++at) {
        if (text[at] == '.' && !point && written > 0) {
            point = true;
        } else if (is_digit(text[at])) {
            out.digits.push_back(text[at]);
            ++written;
            if (point) --out.exponent;
        } else {
            break;
        }
        if (written > kMaxDecimalDigits) return std::nullopt;
    }
    if (written == 0 || (point && text[at - 1] == '.')) return std::nullopt;
    if (at < text.size()) {
        if (text[at] != 'e' && text[at] != 'E') return std::nullopt;
        const auto exponent = read_exponent(text.substr(at + 1));
        if (!exponent) return std::nullopt;
        out.exponent += *exponent;
    }
    if (out.exponent > kMaxDecimalExponent || out.exponent < -kMaxDecimalExponent)
        return std::nullopt;
    drop_leading_zeros(out.digits);
    if (out.is_zero()) out.negative = false;
    return out;
}

std::strong_ordering compare(const Decimal& a, const Decimal& b) {
    if (a.negative != b.negative)
        return a.negative ? std::strong_ordering::less : std::strong_ordering::greater;
    return a.negative ? compare_magnitudes(b, a) : compare_magnitudes(a, b);
}

Decimal add(const Decimal& a, const Decimal& b) {
    Decimal out;
    out.exponent = std::min(a.exponent, b.exponent);
    std::string left = scaled(a, out.exponent);
    std::string right = scaled(b, out.exponent);
    if (a.negative == b.negative) {
        out.negative = a.negative;
        out.digits = sum_of(std::move(left), std::move(right), false);
    } else if (compare_magnitudes(a, b) >= 0) {
        out.negative = a.negative;
        out.digits = sum_of(std::move(left), std::move(right), true);
    } else {
        out.negative = b.negative;
        out.digits = sum_of(std::move(right), std::move(left), true);
    }
    drop_leading_zeros(out.digits);
    if (out.is_zero()) out.negative = false;
    return out;
}

Decimal negate(Decimal value) {
    value.negative = !value.negative && !value.is_zero();
    return value;
}

Decimal half_unit(const Decimal& value) {
    return {false, "5", value.exponent - 1};
}

Decimal tenth(Decimal value) {
    --value.exponent;
    return value;
}

void append_ordered(Bytes& out, const Decimal& value) {
    if (value.is_zero()) {
        out.push_back('\x01');
        return;
    }
    out.push_back(value.negative ? '\x00' : '\x02');
    const std::size_t start = out.size();
    const std::uint32_t biased = static_cast<std::uint32_t>(top(value) + 0x8000);
    out.push_back(static_cast<char>(biased >> 8U));
    out.push_back(static_cast<char>(biased));
    std::string_view digits = value.digits;
    digits = digits.substr(0, digits.find_last_not_of('0') + 1);
    for (std::size_t i = 0; i < digits.size(); i += 2) {
        const int low = i + 1 < digits.size() ? digits[i + 1] - '0' : 0;
        out.push_back(static_cast<char>((digits[i] - '0') * 10 + low + 1));
    }
    out.push_back('\x00');
    if (!value.negative) return;
    for (std::size_t i = start; i < out.size(); ++i)
        out[i] = static_cast<char>(~static_cast<unsigned char>(out[i]));
}

}  // namespace consilium::formats::fhir
