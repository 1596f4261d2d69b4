// SPDX-License-Identifier: Apache-2.0
#include "formats/fhir/primitive.hpp"

#include <gtest/gtest.h>

#include <regex>
#include <string>
#include <vector>

#include "formats/json/parse.hpp"

namespace consilium::formats::fhir {
namespace {

bool accepts(Primitive type, std::string_view text) {
    return check_text(type, text).empty();
}

std::string_view check_json(Primitive type, std::string text) {
    const auto read = json::parse(std::move(text), 1000);
    EXPECT_TRUE(read.ok());
    return check_primitive(type, read->root());
}

TEST(Primitive, Dates) {
    for (const char* good :
         {"2024", "0001", "9999", "2024-02", "2024-12-31", "2024-02-29", "2000-02-29"})
        EXPECT_TRUE(accepts(Primitive::kDate, good)) << good;
    for (const char* bad :
         {"0000", "24", "02024", "2024-", "2024-00", "2024-13", "2024-1", "2023-02-29",
          "1900-02-29", "2024-04-31", "2024-01-00", "2024-01-32", "2024-01-1", "2024-01-01T",
          "2024-01-01T00:00:00Z", " 2024", "2024 ", "-2024", "2024/01/01"})
        EXPECT_FALSE(accepts(Primitive::kDate, bad)) << bad;
}

TEST(Primitive, DateTimesAndInstants) {
    for (const char* good : {"2024-02-29T23:59:59Z", "2024-02-29T00:00:00.0+14:00",
                             "2016-12-31T23:59:60.123456789-13:59", "2024-01-01T12:00:00-00:00"}) {
        EXPECT_TRUE(accepts(Primitive::kDateTime, good)) << good;
        EXPECT_TRUE(accepts(Primitive::kInstant, good)) << good;
    }
    for (const char* good : {"2024", "2024-02", "2024-02-29"}) {
        EXPECT_TRUE(accepts(Primitive::kDateTime, good)) << good;
        EXPECT_FALSE(accepts(Primitive::kInstant, good)) << good;
    }
    for (const char* bad :
         {"2024-02-29T23:59:59", "2024-02-29T24:00:00Z", "2024-02-29T23:60:00Z",
          "2024-02-29T23:59:61Z", "2024-02-29T23:59Z", "2024-02-29T23:59:59.Z",
          "2024-02-29T23:59:59z", "2024-02-29 23:59:59Z", "2024-02T10:00:00Z",
          "2024-02-29T23:59:59+14:01", "2024-02-29T23:59:59+15:00", "2024-02-29T23:59:59+1400",
          "2024-02-29T23:59:59ZZ", "2023-02-29T10:00:00Z"}) {
        EXPECT_FALSE(accepts(Primitive::kDateTime, bad)) << bad;
        EXPECT_FALSE(accepts(Primitive::kInstant, bad)) << bad;
    }
    EXPECT_TRUE(accepts(Primitive::kTime, "23:59:60.5"));
    EXPECT_FALSE(accepts(Primitive::kTime, "23:59"));
    EXPECT_FALSE(accepts(Primitive::kTime, "23:59:59Z"));
    EXPECT_TRUE(is_zoned_time("18:23:47.376-05:00"));
    EXPECT_FALSE(is_zoned_time("18:23:47.376"));
    EXPECT_FALSE(is_zoned_time("18:23:47.376-05:00Z"));
}

TEST(Primitive, Numbers) {
    EXPECT_EQ(check_json(Primitive::kInteger, "2147483647"), "");
    EXPECT_EQ(check_json(Primitive::kInteger, "-2147483648"), "");
    EXPECT_EQ(check_json(Primitive::kInteger, "2147483648"), "integer outside of 32 bits");
    EXPECT_EQ(check_json(Primitive::kInteger, "-2147483649"), "integer outside of 32 bits");
    EXPECT_EQ(check_json(Primitive::kInteger, "1.0"), "not an integer");
    EXPECT_EQ(check_json(Primitive::kInteger, "1e2"), "not an integer");
    EXPECT_EQ(check_json(Primitive::kInteger, "\"1\""), "must be a number");
    EXPECT_EQ(check_json(Primitive::kPositiveInt, "1"), "");
    EXPECT_EQ(check_json(Primitive::kPositiveInt, "0"), "integer below 1");
    EXPECT_EQ(check_json(Primitive::kUnsignedInt, "0"), "");
    EXPECT_EQ(check_json(Primitive::kUnsignedInt, "-0"), "integer below 0");
    EXPECT_EQ(check_json(Primitive::kUnsignedInt, "-1"), "integer below 0");
    EXPECT_EQ(check_json(Primitive::kDecimal, "1.50"), "");
    EXPECT_EQ(check_json(Primitive::kDecimal, "-1E-7"), "");
    EXPECT_EQ(check_json(Primitive::kDecimal, "\"1.5\""), "must be a number");
    EXPECT_EQ(check_json(Primitive::kDecimal, std::string(64, '1')), "");
    EXPECT_NE(check_json(Primitive::kDecimal, std::string(65, '1')), "");
    EXPECT_EQ(check_json(Primitive::kBoolean, "true"), "");
    EXPECT_EQ(check_json(Primitive::kBoolean, "\"true\""), "must be true or false");
    EXPECT_EQ(check_json(Primitive::kBoolean, "1"), "must be true or false");
    EXPECT_EQ(check_json(Primitive::kString, "1"), "must be a string");
    EXPECT_EQ(check_json(Primitive::kDate, "2024"), "must be a string");
}

TEST(Primitive, Texts) {
    EXPECT_TRUE(accepts(Primitive::kId, std::string(64, 'a')));
    EXPECT_FALSE(accepts(Primitive::kId, std::string(65, 'a')));
    EXPECT_TRUE(accepts(Primitive::kId, "A-z.0"));
    EXPECT_FALSE(accepts(Primitive::kId, "a_b"));
    EXPECT_FALSE(accepts(Primitive::kId, "a/b"));
    EXPECT_TRUE(accepts(Primitive::kCode, "in progress"));
    for (const char* bad : {" a", "a ", "a  b", "a\n\nb", " "})
        EXPECT_FALSE(accepts(Primitive::kCode, bad)) << bad;
    EXPECT_TRUE(accepts(Primitive::kUri, "urn:oid:1.2"));
    EXPECT_FALSE(accepts(Primitive::kUri, "http://a b"));
    EXPECT_FALSE(accepts(Primitive::kUri, ""));
    EXPECT_TRUE(accepts(Primitive::kOid, "urn:oid:2.16.0.840"));
    for (const char* bad :
         {"urn:oid:3.1", "urn:oid:1", "urn:oid:1.", "urn:oid:1.02", "1.2.3", "urn:oid:1..2"})
        EXPECT_FALSE(accepts(Primitive::kOid, bad)) << bad;
    EXPECT_TRUE(accepts(Primitive::kUuid, "urn:uuid:c757873d-ec9a-4326-a141-556f43239520"));
    EXPECT_FALSE(accepts(Primitive::kUuid, "urn:uuid:C757873D-ec9a-4326-a141-556f43239520"));
    EXPECT_FALSE(accepts(Primitive::kUuid, "urn:uuid:c757873dec9a-4326-a141-556f43239520-"));
    EXPECT_TRUE(accepts(Primitive::kString, "a\tb\r\n \xC3\xA9"));
    EXPECT_FALSE(accepts(Primitive::kString, "a\x01"));
    EXPECT_FALSE(accepts(Primitive::kString, "a\v"));
    EXPECT_FALSE(accepts(Primitive::kString, ""));
    EXPECT_TRUE(accepts(Primitive::kString, std::string(kStringBytesMax, 'a')));
    EXPECT_FALSE(accepts(Primitive::kString, std::string(kStringBytesMax + 1, 'a')));
    EXPECT_FALSE(accepts(Primitive::kMarkdown, std::string(kStringBytesMax + 1, 'a')));
}

TEST(Primitive, Base64) {
    for (const char* good : {"QQ==", "QUI=", "QUJD", "QUJDQUJD", "QUJD\n QUJD\n", "+/+/"})
        EXPECT_TRUE(accepts(Primitive::kBase64Binary, good)) << good;
    for (const char* bad :
         {"Q", "QQ", "QQ=", "QQ===", "Q===", "=QQQ", "QQ==QQ==", "QU JD", "QU-_", " ", "QUJDQ"})
        EXPECT_FALSE(accepts(Primitive::kBase64Binary, bad)) << bad;
    EXPECT_TRUE(accepts(Primitive::kBase64Binary, std::string(4 * kStringBytesMax, 'A')));
}

TEST(Primitive, Shapes) {
    for (const char* good : {"en", "en-US", "zh-Hant-TW", "de-CH-1996", "x-private", "i-klingon"})
        EXPECT_TRUE(is_language_tag(good)) << good;
    for (const char* bad : {"", "en_US", "-en", "en-", "en--US", "123", "abcdefghi", "en US"})
        EXPECT_FALSE(is_language_tag(bad)) << bad;
    for (const char* good : {"text/plain", "application/fhir+json", "text/plain; charset=utf-8",
                             "application/vnd.a-b.c"})
        EXPECT_TRUE(is_mime_type(good)) << good;
    for (const char* bad : {"", "text", "/plain", "text/", "text/pl ain", "te xt/plain", "a/b/c"})
        EXPECT_FALSE(is_mime_type(bad)) << bad;
    EXPECT_TRUE(is_currency("USD"));
    EXPECT_FALSE(is_currency("usd"));
    EXPECT_FALSE(is_currency("US"));
    EXPECT_FALSE(is_currency("USDX"));
    EXPECT_TRUE(has_direction_control("a\u202Eb"));
    EXPECT_TRUE(has_direction_control("\u2066"));
    EXPECT_FALSE(has_direction_control("\u200E\u2029\u206A\u20AC"));
}

// What is accepted by hand the published regular expressions accept as well; what they accept and
// we do not is listed: the calendar, 32 bits, and padding in the middle of base64.
TEST(Primitive, AgreesWithThePublishedRegularExpressions) {
    const std::vector<std::string> texts = {"2024",
                                            "2024-02-30",
                                            "2024-02-29",
                                            "2023-02-29",
                                            "0000",
                                            "2024-13",
                                            "2024-01-01T00:00:00Z",
                                            "2024-01-01T24:00:00Z",
                                            "2024-01-01T00:00:00+14:00",
                                            "2024-01-01T00:00:00+14:30",
                                            "2024-01-01T00:00:60.1Z",
                                            "12:00:00",
                                            "12:00",
                                            "a",
                                            "a b",
                                            "a  b",
                                            " a",
                                            "a/b",
                                            "",
                                            "urn:oid:1.2.3",
                                            "urn:oid:1.02",
                                            "urn:uuid:c757873d-ec9a-4326-a141-556f43239520",
                                            "QUJD",
                                            "QQ==",
                                            "Q===",
                                            "====",
                                            "QUI",
                                            "http://example.org/a",
                                            "http://example.org/a b",
                                            "a\tb",
                                            "a\nb"};
    for (const Type& type : definitions().types()) {
        if (type.kind != TypeKind::kPrimitive || type.regex.empty()) continue;
        switch (type.primitive) {
            case Primitive::kBoolean:
            case Primitive::kDecimal:
            case Primitive::kInteger:
            case Primitive::kPositiveInt:
            case Primitive::kUnsignedInt:
                continue;
            default:
                break;
        }
        const std::regex published{std::string(type.regex)};
        for (const std::string& text : texts) {
            const bool by_regex = !text.empty() && std::regex_match(text, published);
            const bool by_hand = accepts(type.primitive, text);
            const bool stricter = text == "2024-02-30" || text == "2023-02-29" ||
                                  (type.primitive == Primitive::kBase64Binary && by_regex);
            if (stricter && !by_hand) continue;
            EXPECT_EQ(by_hand, by_regex) << type.name << " " << text;
        }
    }
}

}  // namespace
}  // namespace consilium::formats::fhir
