// SPDX-License-Identifier: Apache-2.0
#include "formats/json/write.hpp"

#include <gtest/gtest.h>

#include "formats/json/parse.hpp"

namespace consilium::formats::json {
namespace {

Document read(std::string text) {
    auto out = parse(std::move(text), kBytesMax);
    EXPECT_TRUE(out.ok());
    return out ? std::move(*out) : Document();
}

TEST(Write, GivesBackTheBytesOfCompactText) {
    for (const char* text : {"null", "true", "[]", "{}", "[[],{}]",
                             R"({"b":1.50,"a":[1E-7,-0,"x\"\\\n\u0001/é😀"],"":{"z":false}})",
                             R"([[[1],[2,3]],"",null,{"a":{"b":{"c":[]}}}])"})
        EXPECT_EQ(write(read(text).root()), text);
}

TEST(Write, EscapesAsLittleAsItMay) {
    const Document document =
        read("\"\\u0008\\u000c\\u000a\\u000d\\u0009\\u0022\\u005c\\u001f\\u002f\\u00e9\x7f\"");
    EXPECT_EQ(write(document.root()), "\"\\b\\f\\n\\r\\t\\\"\\\\\\u001f/\u00e9\x7f\"");
}

TEST(Write, PrettyIsReadBackAsTheSame) {
    const Document document = read(R"({"a":[1,{"b":[]},{}],"c":{"d":null}})");
    const std::string pretty = write_pretty(document.root());
    EXPECT_EQ(pretty,
              "{\n  \"a\": [\n    1,\n    {\n      \"b\": []\n    },\n    {}\n  ],\n"
              "  \"c\": {\n    \"d\": null\n  }\n}\n");
    EXPECT_TRUE(equal(read(pretty).root(), document.root()));
}

TEST(Writer, PutsCommasAndColons) {
    std::string out = "x";
    Writer writer(out);
    writer.begin_object();
    writer.member("a", "1\n");
    writer.name("b");
    writer.begin_array();
    writer.number("1.50");
    writer.boolean(true);
    writer.null();
    writer.begin_object();
    writer.end_object();
    writer.begin_array();
    writer.end_array();
    writer.raw("[1,2]");
    writer.end_array();
    writer.name("c");
    writer.value(read(R"({"d":[1,"é"]})").root());
    writer.name("e");
    writer.boolean(false);
    writer.end_object();
    EXPECT_EQ(out, R"(x{"a":"1\n","b":[1.50,true,null,{},[],[1,2]],"c":{"d":[1,"é"]},"e":false})");
}

// What comes from other programs ends no process.
TEST(Writer, WritesAReplacementForWhatIsNoText) {
    std::string out;
    Writer writer(out);
    writer.begin_array();
    writer.string(std::string_view("a\0b", 3));
    writer.string("\xC3(\xEF\xBF\xBF");
    writer.end_array();
    EXPECT_EQ(out, "[\"a\uFFFDb\",\"\uFFFD(\uFFFD\uFFFD\uFFFD\"]");
}

TEST(WriterDeath, RefusesAWrongOrderOfCalls) {
    const auto with = [](auto&& calls) {
        std::string out;
        Writer writer(out);
        calls(writer);
    };
    EXPECT_DEATH(with([](Writer& w) { w.name("a"); }), "");
    EXPECT_DEATH(with([](Writer& w) { w.begin_object(), w.null(); }), "");
    EXPECT_DEATH(with([](Writer& w) { w.begin_object(), w.name("a"), w.end_object(); }), "");
    EXPECT_DEATH(with([](Writer& w) { w.begin_array(), w.end_object(); }), "");
    EXPECT_DEATH(with([](Writer& w) { w.null(), w.null(); }), "");
    EXPECT_DEATH(with([](Writer& w) { w.number("01"); }), "");
}

}  // namespace
}  // namespace consilium::formats::json
