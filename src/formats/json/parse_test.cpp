// SPDX-License-Identifier: Apache-2.0
#include "formats/json/parse.hpp"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "formats/json/write.hpp"

namespace consilium::formats::json {
namespace {

using namespace std::string_literals;

Document read(std::string text) {
    auto out = parse(std::move(text), kBytesMax);
    EXPECT_TRUE(out.ok());
    return out ? std::move(*out) : Document();
}

void expect_refused(const std::string& text, std::size_t offset, std::string_view reason) {
    const auto out = parse(text, kBytesMax);
    ASSERT_FALSE(out.ok()) << testing::PrintToString(text);
    EXPECT_EQ(out.error().offset, offset) << testing::PrintToString(text);
    EXPECT_EQ(out.error().reason, reason) << testing::PrintToString(text);
}

TEST(Parse, ReadsEachKind) {
    EXPECT_TRUE(read("null").root().is_null());
    EXPECT_TRUE(read("true").root().boolean());
    EXPECT_FALSE(read("false").root().boolean());
    EXPECT_EQ(read(" -0.10E+02\n").root().number(), "-0.10E+02");
    EXPECT_EQ(read(R"("text")").root().string(), "text");
    EXPECT_TRUE(read("[]").root().array().empty());
    EXPECT_TRUE(read("{ }").root().object().empty());
    const Document mixed = read("\t{\"b\":[1,{\"x\":null}],\r\n\"a\" : \"\"} ");
    ASSERT_EQ(mixed.root().object().size(), 2U);
    EXPECT_EQ(mixed.root().object()[0].name, "b");
    EXPECT_EQ(mixed.root().object()[1].name, "a");
    ASSERT_NE(mixed.root().find("b"), nullptr);
    EXPECT_TRUE(mixed.root().find("b")->array()[1].find("x")->is_null());
    EXPECT_EQ(mixed.root().find("c"), nullptr);
    EXPECT_EQ(mixed.root().find("a")->find("a"), nullptr);
}

TEST(Parse, KeepsTheTextOfNumbers) {
    for (const char* literal : {"0", "-0", "1.50", "1E-7", "1e+400", "0.0", "-12.340e0", "10",
                                "123456789012345678901234567890.000000000000000000000000001"}) {
        EXPECT_EQ(read(literal).root().number(), literal);
        EXPECT_EQ(write(read("["s + literal + "]").root()), "["s + literal + "]");
    }
}

TEST(Parse, RefusesWhatIsNoNumber) {
    expect_refused("01", 1, "text after the value");
    expect_refused("1.", 2, "not JSON");
    expect_refused("-", 1, "ends too early");
    expect_refused("-x", 1, "not JSON");
    expect_refused("1.e1", 2, "not JSON");
    expect_refused("1e", 2, "ends too early");
    expect_refused("1e+", 3, "not JSON");
    expect_refused(".5", 0, "not JSON");
    expect_refused("+1", 0, "not JSON");
    expect_refused("0x10", 1, "text after the value");
    expect_refused("NaN", 0, "not JSON");
    expect_refused("-Infinity", 1, "not JSON");
    expect_refused("[1 2]", 3, "not JSON");
}

TEST(Parse, RefusesWrongStructureAtItsPlace) {
    expect_refused("", 0, "ends too early");
    expect_refused("  ", 2, "ends too early");
    expect_refused("[", 1, "ends too early");
    expect_refused("[1", 2, "ends too early");
    expect_refused("[1,", 3, "ends too early");
    expect_refused("[1,]", 3, "not JSON");
    expect_refused("[,1]", 1, "not JSON");
    expect_refused("[1]]", 3, "text after the value");
    expect_refused("{", 1, "ends too early");
    expect_refused("{\"a\"", 4, "ends too early");
    expect_refused("{\"a\":", 5, "ends too early");
    expect_refused("{\"a\":1", 6, "ends too early");
    expect_refused("{\"a\":1,}", 7, "not JSON");
    expect_refused("{a:1}", 1, "not JSON");
    expect_refused("{\"a\":1 \"b\":2}", 7, "not JSON");
    expect_refused("{\"a\" 1}", 5, "not JSON");
    expect_refused("[1}", 2, "not JSON");
    expect_refused("tru", 3, "ends too early");
    expect_refused("True", 0, "not JSON");
    expect_refused("nulll", 4, "text after the value");
    expect_refused("1 // no", 2, "text after the value");
    expect_refused("'a'", 0, "not JSON");
    expect_refused("[1]\v", 3, "text after the value");
    expect_refused("\xEF\xBB\xBF{}", 0, "not JSON");
    expect_refused("[1]\0"s, 3, "text after the value");
}

TEST(Parse, DecodesEscapes) {
    EXPECT_EQ(read(R"("\"\\\/\b\f\n\r\t")").root().string(), "\"\\/\b\f\n\r\t");
    EXPECT_EQ(read(R"("\u0041\u00e9\u20AC\uD83D\uDE00z")").root().string(),
              "A\u00e9\u20ac\U0001F600z");
    EXPECT_EQ(read(R"("\u0001\u001f\u007f")").root().string(), "\x01\x1f\x7f");
    EXPECT_EQ(read(R"("long enough for words \n and on and on")").root().string(),
              "long enough for words \n and on and on");
}

TEST(Parse, RefusesWrongEscapes) {
    expect_refused(R"("a\x")", 3, "not JSON");
    expect_refused(R"("a\)", 3, "ends too early");
    expect_refused(R"("a\u12g4")", 6, "malformed \\u escape");
    expect_refused(R"("a\u12)", 6, "ends too early");
    expect_refused(R"("\u0000")", 7, "ill-formed UTF-8, a noncharacter or U+0000 in a string");
    expect_refused(R"("\uD800")", 7, "not JSON");
    expect_refused(R"("\uDC00")", 7, "lone surrogate");
    expect_refused(R"("\uD800\uD800")", 9, "lone surrogate");
    expect_refused(R"("\uD800\n")", 8, "not JSON");
    expect_refused(R"("\uD800x")", 7, "not JSON");
    expect_refused(R"("\uD800\uE000")", 9, "lone surrogate");
    expect_refused(R"("\uFFFF")", 7, "ill-formed UTF-8, a noncharacter or U+0000 in a string");
    expect_refused(R"("\uD83F\uDFFE")", 13,
                   "ill-formed UTF-8, a noncharacter or U+0000 in a string");
}

TEST(Parse, RefusesControlCharactersInStrings) {
    for (int c = 0; c < 0x20; ++c) {
        std::string text = "[\"aaaaaaaaaaa";
        text += static_cast<char>(c);
        expect_refused(text + "\"]", 13, "not JSON");
    }
    EXPECT_EQ(read("\"\x7f\"").root().string(), "\x7f");
    expect_refused("\"abc", 4, "ends too early");
    expect_refused("\"abcdefghijklmnop", 17, "ends too early");
}

TEST(Parse, RefusesIllFormedUtf8) {
    for (const char* bad :
         {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xED\xBF\xBF",
          "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xC3", "\xE2\x82",
          "\xF0\x9F\x98", "\xEF\xBF\xBF", "\xEF\xB7\x90"}) {
        expect_refused("\"12345678"s + bad + "\"", 1,
                       "ill-formed UTF-8, a noncharacter or U+0000 in a string");
        expect_refused("{\""s + bad + "\":1}", 2,
                       "ill-formed UTF-8, a noncharacter or U+0000 in a string");
    }
    for (const char* good : {"\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
                             "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBD", "\xEF\xBF\xBD"})
        EXPECT_EQ(read("\""s + good + "\"").root().string(), good);
}

TEST(Parse, RefusesANameTwice) {
    expect_refused(R"({"a":1,"a":1})", 8, "member name twice in an object");
    expect_refused(R"({"a":1,"\u0061":1})", 17, "member name twice in an object");
    expect_refused(R"([{"x":{"b":1,"c":2,"b":3}}])", 20, "member name twice in an object");
    EXPECT_EQ(read(R"({"a":{"a":1},"A":1,"":1})").root().object().size(), 3U);
    // Many members, with the pair that comes second in the text found.
    std::string text = "{";
    for (int i = 0; i < 1000; ++i)
        text += "\"m" + std::to_string(i) + "\":0,";
    EXPECT_EQ(read(text + "\"z\":0}").root().object().size(), 1001U);
    const std::size_t at = text.size();
    expect_refused(text + "\"m7\":0,\"m3\":0}", at + 1, "member name twice in an object");
}

TEST(Parse, NestsToItsLimitAndNoDeeper) {
    const std::string open(kDepthMax, '[');
    const std::string close(kDepthMax, ']');
    EXPECT_EQ(read(open + close).root().depth(), kDepthMax);
    expect_refused("[" + open + close + "]", kDepthMax, "nested too deeply");
    std::string objects;
    for (std::size_t i = 0; i < kDepthMax; ++i)
        objects += "{\"a\":";
    EXPECT_EQ(read(objects + "1" + std::string(kDepthMax, '}')).root().depth(), kDepthMax);
    expect_refused(objects + "[]", objects.size(), "nested too deeply");
    // As the attacker would send it: nothing but brackets.
    expect_refused(std::string(1'000'000, '['), kDepthMax, "nested too deeply");
    EXPECT_EQ(read("[[],[[1]],{\"a\":[]}]").root().depth(), 3U);
    EXPECT_EQ(read("7").root().depth(), 0U);
}

TEST(Parse, TakesItsBytesAndNoMore) {
    EXPECT_TRUE(parse("[1,2]", 5).ok());
    const auto refused = parse("[1,2]", 4);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error(), (ParseError{4, "text too long"}));
}

TEST(Parse, EveryPrefixIsRefused) {
    const std::string text =
        R"({"resourceType":"Observation","v":[1.50,true,null,"\u00e9\ud83d\ude00)"
        "\xC3\xA9"
        R"("],"o":{"a":{},"b":[]}})";
    EXPECT_TRUE(parse(text, kBytesMax).ok());
    for (std::size_t i = 0; i < text.size(); ++i)
        EXPECT_FALSE(parse(text.substr(0, i), kBytesMax).ok()) << i;
}

TEST(Parse, ADocumentOutlivesWhatMadeIt) {
    Document copy;
    {
        const Document document = read(R"({"name":"kept \u00e9","n":1.0})");
        copy = document;
    }
    std::thread([copy] {
        EXPECT_EQ(copy.root().find("name")->string(), "kept \u00e9");
        EXPECT_EQ(copy.root().find("n")->number(), "1.0");
    }).join();
}

TEST(Equal, ComparesMeaningButForNumbers) {
    const auto same = [](const char* a, const char* b) {
        return equal(read(a).root(), read(b).root());
    };
    EXPECT_TRUE(same(R"({"a":1,"b":[true,null,"x"]})", R"({"b":[true,null,"\u0078"],"a":1})"));
    EXPECT_FALSE(same("1.5", "1.50"));
    EXPECT_FALSE(same("[1,2]", "[2,1]"));
    EXPECT_FALSE(same("[1]", "[1,1]"));
    EXPECT_FALSE(same(R"({"a":1})", R"({"b":1})"));
    EXPECT_FALSE(same(R"({"a":1})", R"({"a":1,"b":1})"));
    EXPECT_FALSE(same("true", "false"));
    EXPECT_FALSE(same("\"1\"", "1"));
    EXPECT_FALSE(same("[]", "{}"));
}

}  // namespace
}  // namespace consilium::formats::json
