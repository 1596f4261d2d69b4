// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace consilium::formats::fhir {

// An exact decimal number, from its literal text: (-1)^negative * digits * 10^exponent. No double
// is ever made of it. Zero has no digits; otherwise the first digit is not zero. Digits at the end
// are kept, because they are the precision that the author stated: 1.50 has the unit 0.01.
struct Decimal {
    bool negative = false;
    std::string digits;         // '0' to '9'
    std::int32_t exponent = 0;  // of the last digit that was written

    [[nodiscard]] bool is_zero() const { return digits.empty(); }
};

inline constexpr std::size_t kMaxDecimalDigits = 128;
inline constexpr std::int32_t kMaxDecimalExponent = 1000;

// Reads [+-]digits[.digits][(e|E)[+-]digits]. Nothing for another form, and for a number beyond the
// two limits above, which no clinical quantity reaches.
[[nodiscard]] std::optional<Decimal> parse_decimal(std::string_view text);

// By value: 1.0 equals 1.00.
[[nodiscard]] std::strong_ordering compare(const Decimal& a, const Decimal& b);

// a + b, exactly, in the finer unit of the two.
[[nodiscard]] Decimal add(const Decimal& a, const Decimal& b);
[[nodiscard]] Decimal negate(Decimal value);

// Half of the unit of the last digit that was written: 0.005 for 1.50, 0.5 for 100.
[[nodiscard]] Decimal half_unit(const Decimal& value);
// A tenth of the value.
[[nodiscard]] Decimal tenth(Decimal value);

// Bytes whose order is the order of the values, equal for equal values.
// At most kMaxDecimalDigits / 2 + 5 bytes.
void append_ordered(Bytes& out, const Decimal& value);

}  // namespace consilium::formats::fhir
