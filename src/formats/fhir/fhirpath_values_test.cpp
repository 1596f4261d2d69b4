// SPDX-License-Identifier: Apache-2.0
// Decimals and dates: the values that FHIRPath and search compare.
#include <gtest/gtest.h>

#include "formats/fhir/fhirpath_date.hpp"
#include "formats/fhir/fhirpath_decimal.hpp"

namespace consilium::formats::fhir {
namespace {

Decimal decimal(std::string_view text) {
    const auto out = parse_decimal(text);
    EXPECT_TRUE(out.has_value()) << text;
    return out.value_or(Decimal{});
}

std::string shown(const Decimal& value) {
    return (value.negative ? "-" : "") + (value.is_zero() ? "0" : value.digits) + "e" +
           std::to_string(value.exponent);
}

TEST(Decimal, ReadsAndRefuses) {
    EXPECT_EQ(shown(decimal("1.50")), "150e-2");
    EXPECT_EQ(shown(decimal("-0.00")), "0e-2");
    EXPECT_EQ(shown(decimal("007")), "7e0");
    EXPECT_EQ(shown(decimal("-12E+3")), "-12e3");
    EXPECT_EQ(shown(decimal("1.5e-3")), "15e-4");
    for (const std::string_view bad :
         {"", "-", ".5", "5.", "1e", "1e+", "1.2.3", "0x1", "1e99999", "NaN", " 1", "1 "})
        EXPECT_FALSE(parse_decimal(bad)) << bad;
}

TEST(Decimal, Limits) {
    EXPECT_TRUE(parse_decimal(std::string(kMaxDecimalDigits, '1')));
    EXPECT_FALSE(parse_decimal(std::string(kMaxDecimalDigits + 1, '1')));
    EXPECT_TRUE(parse_decimal("1e1000"));
    EXPECT_FALSE(parse_decimal("1e1001"));
    EXPECT_TRUE(parse_decimal("1e-1000"));
    EXPECT_FALSE(parse_decimal("1.0e-1000"));
}

TEST(Decimal, OrderAndOrderedBytesAgree) {
    // Ascending; the pairs within one string are equal.
    const std::vector<std::vector<std::string_view>> ascending = {{"-1e1000"},
                                                                  {"-101", "-101.000"},
                                                                  {"-100", "-1e2"},
                                                                  {"-99.99"},
                                                                  {"-1.5"},
                                                                  {"-1.49"},
                                                                  {"-0.1", "-1e-1"},
                                                                  {"-0.01"},
                                                                  {"0", "-0", "0.00", "0e7"},
                                                                  {"1e-1000"},
                                                                  {"0.001"},
                                                                  {"0.01", "1e-2"},
                                                                  {"0.1"},
                                                                  {"0.11"},
                                                                  {"0.2"},
                                                                  {"1", "1.0", "1.00"},
                                                                  {"1.00001"},
                                                                  {"1.49"},
                                                                  {"1.5"},
                                                                  {"9"},
                                                                  {"10", "1e1"},
                                                                  {"10.1"},
                                                                  {"99"},
                                                                  {"100"},
                                                                  {"1234567890123456789.1"},
                                                                  {"1234567890123456789.2"},
                                                                  {"1e1000"}};
    for (std::size_t i = 0; i < ascending.size(); ++i) {
        for (std::size_t k = 0; k < ascending.size(); ++k) {
            for (const std::string_view a : ascending[i]) {
                for (const std::string_view b : ascending[k]) {
                    Bytes x;
                    Bytes y;
                    append_ordered(x, decimal(a));
                    append_ordered(y, decimal(b));
                    EXPECT_EQ(compare(decimal(a), decimal(b)), i <=> k) << a << " " << b;
                    EXPECT_EQ(x.compare(y) <=> 0, i <=> k) << a << " " << b;
                    EXPECT_LE(x.size(), kMaxDecimalDigits / 2 + 5);
                }
            }
        }
    }
}

TEST(Decimal, Arithmetic) {
    EXPECT_EQ(shown(add(decimal("1.50"), decimal("0.005"))), "1505e-3");
    EXPECT_EQ(shown(add(decimal("100"), negate(decimal("0.5")))), "995e-1");
    EXPECT_EQ(shown(add(decimal("0.5"), negate(decimal("100")))), "-995e-1");
    EXPECT_EQ(shown(add(decimal("-1"), decimal("1"))), "0e0");
    EXPECT_EQ(shown(add(decimal("-9"), decimal("-1"))), "-10e0");
    EXPECT_EQ(shown(half_unit(decimal("5.40"))), "5e-3");
    EXPECT_EQ(shown(half_unit(decimal("1e2"))), "5e1");
    EXPECT_EQ(shown(tenth(decimal("5.4"))), "54e-2");
}

Moment moment(std::string_view text) {
    const auto out = parse_moment(text);
    EXPECT_TRUE(out.has_value()) << text;
    return out.value_or(Moment{});
}

TEST(Moment, ReadsAndRefuses) {
    for (const std::string_view good :
         {"0001", "9999", "2020-02", "2020-02-29", "2020-02-29T23:59:60Z", "2020-01-01T10:00",
          "2020-01-01T10:00Z", "2020-01-01T10:00:00", "2020-01-01T10:00:00.1234567890123+14:00",
          "2020-01-01T10:00:00-12:30", "2000-02-29"})
        EXPECT_TRUE(parse_moment(good)) << good;
    for (const std::string_view bad : {"",
                                       "0000",
                                       "20",
                                       "20200",
                                       "2020-",
                                       "2020-13",
                                       "2020-00",
                                       "2020-1",
                                       "2021-02-29",
                                       "1900-02-29",
                                       "2020-01-32",
                                       "2020-01-01T",
                                       "2020-01-01T24:00:00Z",
                                       "2020-01-01T10",
                                       "2020-01-01T10:60:00Z",
                                       "2020-01-01T10:00:61Z",
                                       "2020-01-01T10:00:00.Z",
                                       "2020-01-01T10:00:00+15:00",
                                       "2020-01-01T10:00:00+14:01",
                                       "2020-01-01T10:00:00z",
                                       "2020-01-01 10:00:00",
                                       "2020-01-01Z",
                                       "-2020",
                                       "2020-01-01T10:00:00ZZ"})
        EXPECT_FALSE(parse_moment(bad)) << bad;
}

TEST(Moment, Ranges) {
    const auto range = [](std::string_view text) {
        const MomentRange out = range_of(moment(text));
        return std::pair(out.low_ms, out.high_ms);
    };
    EXPECT_EQ(range("1970"), std::pair(std::int64_t{0}, std::int64_t{365} * 86'400'000 - 1));
    EXPECT_EQ(range("1970-02").second - range("1970-02").first, std::int64_t{28} * 86'400'000 - 1);
    EXPECT_EQ(range("1972-02").second - range("1972-02").first, std::int64_t{29} * 86'400'000 - 1);
    EXPECT_EQ(range("1970-01-02"), std::pair(std::int64_t{86'400'000}, std::int64_t{172'799'999}));
    EXPECT_EQ(range("1969-12-31T23:59:59.999Z"), std::pair(std::int64_t{-1}, std::int64_t{-1}));
    EXPECT_EQ(range("1970-01-01T00:00:01Z"), std::pair(std::int64_t{1000}, std::int64_t{1999}));
    EXPECT_EQ(range("1970-01-01T02:00:00.5+02:00"),
              std::pair(std::int64_t{500}, std::int64_t{500}));
    EXPECT_EQ(range("0001-01-01").first, std::int64_t{-62'135'596'800'000});
    EXPECT_EQ(range("9999").second, std::int64_t{253'402'300'799'999});
}

TEST(Moment, Order) {
    EXPECT_EQ(compare(moment("2020"), moment("2021")), -1);
    EXPECT_EQ(compare(moment("2020"), moment("2020")), 0);
    EXPECT_EQ(compare(moment("2020"), moment("2020-01")), std::nullopt);
    EXPECT_EQ(compare(moment("2020-02-01"), moment("2020-01")), 1);
    EXPECT_EQ(compare(moment("2020-01-01"), moment("2020-01-01T10:00:00Z")), std::nullopt);
    EXPECT_EQ(compare(moment("2020-01-01"), moment("2020-01-01T00:30:00+01:00")), 1);
    EXPECT_EQ(compare(moment("0001-01-01"), moment("0001-01-01T00:30:00-01:00")), std::nullopt);
    EXPECT_EQ(compare(moment("2020-01-01T10:00:00Z"), moment("2020-01-01T10:00:00.000Z")), 0);
    EXPECT_EQ(compare(moment("2020-01-01T10:00:00.0000001Z"), moment("2020-01-01T10:00:00Z")), 1);
    EXPECT_EQ(compare(moment("2020-01-01T10:00Z"), moment("2020-01-01T10:00:30Z")), std::nullopt);
    EXPECT_EQ(compare(moment("2020-01-01T10:00Z"), moment("2020-01-01T10:01:30Z")), -1);
}

TEST(Moment, Times) {
    EXPECT_EQ(parse_time("00:00:01.5"), std::int64_t{1'500'000'000});
    EXPECT_FALSE(parse_time("10:00"));
    EXPECT_FALSE(parse_time("10:00:00Z"));
    EXPECT_FALSE(parse_time("24:00:00"));
}

}  // namespace
}  // namespace consilium::formats::fhir
