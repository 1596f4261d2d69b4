// SPDX-License-Identifier: Apache-2.0
// Regular expressions, narratives, references and folded text.
#include <gtest/gtest.h>

#include "formats/fhir/fhirpath_evaluation.hpp"
#include "formats/fhir/fhirpath_regex.hpp"
#include "formats/fhir/primitive.hpp"
#include "formats/fhir/search_reference.hpp"
#include "formats/fhir/search_text.hpp"
#include "formats/json/parse.hpp"

namespace consilium::formats::fhir {
namespace {

bool matches(std::string_view pattern, std::string_view text) {
    const auto regex = Regex::compile(pattern);
    EXPECT_TRUE(regex.has_value()) << pattern;
    return regex && regex->matches(text);
}

TEST(FhirRegex, Matches) {
    EXPECT_TRUE(matches("^[A-Z]([A-Za-z0-9_]){0,254}$", "Abc_1"));
    EXPECT_FALSE(matches("^[A-Z]([A-Za-z0-9_]){0,254}$", "abc"));
    EXPECT_TRUE(matches("^[A-Z]([A-Za-z0-9_]){0,254}$", "A" + std::string(254, 'x')));
    EXPECT_FALSE(matches("^[A-Z]([A-Za-z0-9_]){0,254}$", "A" + std::string(255, 'x')));
    EXPECT_TRUE(matches("b+", "aabb"));
    EXPECT_FALSE(matches("^b", "ab"));
    EXPECT_TRUE(matches("^(a|bc)*$", "abcbca"));
    EXPECT_FALSE(matches("^(a|bc)*$", "abcb"));
    EXPECT_TRUE(matches("^\\w+\\s\\d{2,3}$", "ab 12"));
    EXPECT_FALSE(matches("^\\w+\\s\\d{2,3}$", "ab 1"));
    EXPECT_TRUE(matches("^[^\\s\\.]{2}$", "ab"));
    EXPECT_FALSE(matches("^[^\\s\\.]{2}$", "a."));
    EXPECT_TRUE(matches("^a{2,}$", "aaaa"));
    EXPECT_FALSE(matches("^a{2,}$", "a"));
    EXPECT_TRUE(matches("^a?b$", "b"));
    EXPECT_TRUE(matches("^\\[x\\]$", "[x]"));
    EXPECT_TRUE(matches("", ""));
    EXPECT_TRUE(matches("^$", ""));
    EXPECT_TRUE(matches("^(a*)*$", "aaa"));
}

TEST(FhirRegex, RefusesWhatItDoesNotHave) {
    for (const std::string_view bad :
         {"(", ")", "[a", "a{2", "*a", "a**b{", "[b-a]", "\\", "a{3,2}", "(a{4096})", "+",
          "((((((((((((((((((((((((((((((((((a))))))))))))))))))))))))))))))))))"}) {
        const auto regex = Regex::compile(bad);
        if (std::string_view(bad) == "a{2" || std::string_view(bad) == "a{3,2}") {
            EXPECT_TRUE(regex.has_value()) << bad;  // a brace that is no count is a brace
            continue;
        }
        EXPECT_EQ(regex.has_value(), std::string_view(bad) == "a**b{") << bad;
    }
}

TEST(FhirRegex, NoPatternExplodes) {
    std::string text(20'000, 'a');
    text.push_back('b');
    EXPECT_FALSE(matches("^(a|a)*$", text));
    EXPECT_FALSE(matches("^(a*)*b$", std::string(20'000, 'a')));
}

TEST(FhirRegex, FindsTheLongest) {
    const auto regex = Regex::compile("b|bcd|bc");
    ASSERT_TRUE(regex.has_value());
    EXPECT_EQ(regex->find("abcde"), std::pair(std::size_t{1}, std::size_t{4}));
    EXPECT_EQ(regex->find("xyz"), std::nullopt);
}

TEST(Narrative, WhatMayStandInIt) {
    const auto ok = [](std::string_view inner) {
        return fhirpath::html_checks("<div xmlns=\"http://www.w3.org/1999/xhtml\">" +
                                     std::string(inner) + "</div>");
    };
    EXPECT_TRUE(ok("text"));
    EXPECT_TRUE(ok("<p class='a' style=\"color:red\">a &amp; b &#160;<br/></p>"));
    EXPECT_TRUE(ok("<a href=\"x\">y</a><!-- note -->"));
    EXPECT_TRUE(ok("<img src='#p' alt='x'/>"));
    EXPECT_TRUE(ok("<table border='1'><tr><td nowrap='nowrap'>1</td></tr></table>"));
    for (const std::string_view bad : {"",
                                       "  ",
                                       "<script>x</script>",
                                       "<p onclick='x'>y</p>",
                                       "<p>x",
                                       "x</p>",
                                       "<p>x</b></p>",
                                       "&nbsp;",
                                       "&#x110000;",
                                       "&#1;",
                                       "<p class=a>x</p>",
                                       "<p class='a' class='b'>x</p>",
                                       "<p title='<'>x</p>",
                                       "<![CDATA[x]]>",
                                       "<?xml?>x",
                                       "<!-- a -- b -->x",
                                       "]]>x",
                                       "<iframe src='x'/>y",
                                       "<a onfocus='x' href='y'>z</a>",
                                       "<p xmlns='urn:x'>y</p>",
                                       "<form>x</form>",
                                       "<div",
                                       "x<p",
                                       "x\x01",
                                       "<p class='a'id='b'>x</p>",
                                       "<P>x</P>"})
        EXPECT_FALSE(ok(bad)) << bad;
    EXPECT_FALSE(fhirpath::html_checks("<p>x</p>"));
    EXPECT_FALSE(fhirpath::html_checks("<div>x</div><div>y</div>"));
    EXPECT_FALSE(fhirpath::html_checks("x<div>x</div>"));
    EXPECT_TRUE(fhirpath::html_checks(" <div>x</div>\n"));
}

TEST(Reference, Parts) {
    const auto relative = parse_reference_text("Patient/1.a-B");
    EXPECT_EQ(relative.type, "Patient");
    EXPECT_EQ(relative.id, "1.a-B");
    EXPECT_EQ(relative.base, "");
    const auto version = parse_reference_text("Patient/1/_history/3");
    EXPECT_EQ(version.id, "1");
    EXPECT_EQ(version.version, "3");
    EXPECT_EQ(version.url, "Patient/1");
    const auto absolute = parse_reference_text("https://a.example/fhir/Patient/1");
    EXPECT_EQ(absolute.base, "https://a.example/fhir");
    EXPECT_EQ(absolute.id, "1");
    for (const std::string_view other :
         {"", "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0", "Patient?identifier=a|b",
          "patient/1", "Patient/", "Patient/a_b", "x/Patient/1", "/Patient/1", "1",
          "http://Patient/1"}) {
        EXPECT_FALSE(parse_reference_text(other).is_literal()) << other;
        EXPECT_EQ(parse_reference_text(other).url, other);
    }
    EXPECT_EQ(parse_reference_text("#p1").contained, "p1");
    EXPECT_TRUE(is_logical_id(std::string(64, 'a')));
    EXPECT_FALSE(is_logical_id(std::string(65, 'a')));
}

TEST(Reference, Objects) {
    const auto document = json::parse(
        R"({"type":"Patient","identifier":{"system":"s","value":"v"},"display":"d"})", 1000);
    ASSERT_TRUE(document.ok());
    const auto parts = parse_reference(document.value().root());
    EXPECT_EQ(parts.type, "Patient");
    EXPECT_EQ(parts.identifier_system, "s");
    EXPECT_EQ(parts.identifier_value, "v");
    EXPECT_FALSE(parts.is_literal());
}

TEST(SearchText, Folds) {
    EXPECT_EQ(fold_string("  Müller\t LÜDENSCHEID "), "muller ludenscheid");
    EXPECT_EQ(fold_string("Mu\xcc\x88ller"), "muller");
    EXPECT_EQ(fold_string("Straße Æsir Łódź Đorđe Þór Œuvre"),
              "strasse aesir lodz dorde thor oeuvre");
    EXPECT_EQ(fold_string("Nguyễn Thị Hồng"), "nguyen thi hong");
    EXPECT_EQ(fold_string("ΣΊΣΥΦΟΣ Ёлка Їжак"), fold_string("σίσυφος елка їжак"));
    EXPECT_EQ(fold_string("李小龍"), "李小龍");
    EXPECT_EQ(fold_string("O'Brien-Smith"), "o'brien-smith");
    EXPECT_EQ(fold_string("a\xc2\xa0\xe3\x80\x80"
                          "b"),
              "a b");
    EXPECT_EQ(fold_string(""), "");
    EXPECT_EQ(fold_code("ÄbC"), "Äbc");
    EXPECT_EQ(utf8_prefix("aäb", 2), "a");
    EXPECT_EQ(utf8_prefix("aäb", 3), "aä");
    EXPECT_EQ(utf8_prefix("ab", 2), "ab");
}

}  // namespace
}  // namespace consilium::formats::fhir
