// SPDX-License-Identifier: Apache-2.0
#include "formats/fhir/patch.hpp"

#include <gtest/gtest.h>

#include "formats/json/parse.hpp"
#include "formats/json/write.hpp"

namespace consilium::formats::fhir {
namespace {

json::Document document(std::string text) {
    auto out = json::parse(std::move(text), 1U << 24U);
    EXPECT_TRUE(out.ok());
    return out.ok() ? std::move(out).value() : json::Document();
}

// The document after the patch, or the failure as "error operation".
std::string patched(std::string text, std::string patch) {
    const auto out = apply_patch(document(std::move(text)), document(std::move(patch)));
    if (out.ok()) return json::write(out.value().root());
    constexpr std::string_view kNames[] = {"form", "path", "test", "limits"};
    return std::string(kNames[static_cast<std::size_t>(out.error().error)]) + " " +
           std::to_string(out.error().operation);
}

// The examples of RFC 6902 appendix A.
TEST(JsonPatch, TheExamplesOfTheStandard) {
    EXPECT_EQ(patched(R"({"foo":"bar"})", R"([{"op":"add","path":"/baz","value":"qux"}])"),
              R"({"foo":"bar","baz":"qux"})");
    EXPECT_EQ(
        patched(R"({"foo":["bar","baz"]})", R"([{"op":"add","path":"/foo/1","value":"qux"}])"),
        R"({"foo":["bar","qux","baz"]})");
    EXPECT_EQ(patched(R"({"baz":"qux","foo":"bar"})", R"([{"op":"remove","path":"/baz"}])"),
              R"({"foo":"bar"})");
    EXPECT_EQ(patched(R"({"foo":["bar","qux","baz"]})", R"([{"op":"remove","path":"/foo/1"}])"),
              R"({"foo":["bar","baz"]})");
    EXPECT_EQ(patched(R"({"baz":"qux","foo":"bar"})",
                      R"([{"op":"replace","path":"/baz","value":"boo"}])"),
              R"({"baz":"boo","foo":"bar"})");
    EXPECT_EQ(patched(R"({"foo":{"bar":"baz","waldo":"fred"},"qux":{"corge":"grault"}})",
                      R"([{"op":"move","from":"/foo/waldo","path":"/qux/thud"}])"),
              R"({"foo":{"bar":"baz"},"qux":{"corge":"grault","thud":"fred"}})");
    EXPECT_EQ(patched(R"({"foo":["all","grass","cows","eat"]})",
                      R"([{"op":"move","from":"/foo/1","path":"/foo/3"}])"),
              R"({"foo":["all","cows","eat","grass"]})");
    EXPECT_EQ(patched(R"({"baz":"qux","foo":["a",2,"c"]})",
                      R"([{"op":"test","path":"/baz","value":"qux"},
                          {"op":"test","path":"/foo/1","value":2}])"),
              R"({"baz":"qux","foo":["a",2,"c"]})");
    EXPECT_EQ(patched(R"({"baz":"qux"})", R"([{"op":"test","path":"/baz","value":"bar"}])"),
              "test 0");
    EXPECT_EQ(
        patched(R"({"foo":"bar"})", R"([{"op":"add","path":"/child","value":{"grandchild":{}}}])"),
        R"({"foo":"bar","child":{"grandchild":{}}})");
    EXPECT_EQ(
        patched(R"({"foo":"bar"})", R"([{"op":"add","path":"/baz","value":"qux","xyz":123}])"),
        R"({"foo":"bar","baz":"qux"})");
    EXPECT_EQ(patched(R"({"foo":"bar"})", R"([{"op":"add","path":"/baz/bat","value":"qux"}])"),
              "path 0");
    EXPECT_EQ(patched(R"({"/":9,"~1":10})", R"([{"op":"test","path":"/~01","value":10}])"),
              R"({"/":9,"~1":10})");
    EXPECT_EQ(patched(R"({"/":9,"~1":10})", R"([{"op":"test","path":"/~01","value":"10"}])"),
              "test 0");
    EXPECT_EQ(patched(R"({"foo":["bar"]})", R"([{"op":"add","path":"/foo/-","value":["abc"]}])"),
              R"({"foo":["bar",["abc"]]})");
}

TEST(JsonPatch, WholeDocuments) {
    EXPECT_EQ(patched("{}", R"([{"op":"add","path":"","value":[1]}])"), "[1]");
    EXPECT_EQ(patched("{}", R"([{"op":"replace","path":"","value":"x"}])"), R"("x")");
    EXPECT_EQ(patched(R"({"a":{"b":1}})", R"([{"op":"move","from":"/a","path":""}])"),
              R"({"b":1})");
    EXPECT_EQ(patched(R"({"a":1})", R"([{"op":"copy","from":"","path":"/b"}])"),
              R"({"a":1,"b":{"a":1}})");
    EXPECT_EQ(patched("{}", R"([{"op":"remove","path":""}])"), "path 0");
    EXPECT_EQ(patched(R"({"a":1})", "[]"), R"({"a":1})");
}

TEST(JsonPatch, NumbersAreComparedByValueAndKeepTheirText) {
    EXPECT_EQ(patched(R"({"a":1.50})", R"([{"op":"test","path":"/a","value":1.5}])"),
              R"({"a":1.50})");
    EXPECT_EQ(patched(R"({"a":1.50})", R"([{"op":"test","path":"/a","value":15e-1}])"),
              R"({"a":1.50})");
    EXPECT_EQ(patched(R"({"a":1.50})", R"([{"op":"copy","from":"/a","path":"/b"}])"),
              R"({"a":1.50,"b":1.50})");
    EXPECT_EQ(
        patched(R"({"a":{"x":1,"y":2}})", R"([{"op":"test","path":"/a","value":{"y":2.0,"x":1}}])"),
        R"({"a":{"x":1,"y":2}})");
    EXPECT_EQ(patched(R"({"a":[1,2]})", R"([{"op":"test","path":"/a","value":[2,1]}])"), "test 0");
    EXPECT_EQ(patched(R"({"a":null})", R"([{"op":"test","path":"/a","value":null}])"),
              R"({"a":null})");
    EXPECT_EQ(patched(R"({"a":0})", R"([{"op":"test","path":"/a","value":false}])"), "test 0");
}

TEST(JsonPatch, PathsThatAreNotThere) {
    for (const std::string_view operation :
         {R"({"op":"remove","path":"/x"})", R"({"op":"replace","path":"/x","value":1})",
          R"({"op":"test","path":"/x","value":1})", R"({"op":"copy","from":"/x","path":"/y"})",
          R"({"op":"move","from":"/x","path":"/y"})", R"({"op":"add","path":"/l/3","value":1})",
          R"({"op":"add","path":"/l/01","value":1})", R"({"op":"add","path":"/l/1e0","value":1})",
          R"({"op":"add","path":"/l/x","value":1})", R"({"op":"remove","path":"/l/2"})",
          R"({"op":"remove","path":"/l/-"})", R"({"op":"replace","path":"/l/-","value":1})",
          R"({"op":"add","path":"/s/x","value":1})", R"({"op":"move","from":"/o","path":"/o/a/b"})",
          R"({"op":"add","path":"/l/4294967296","value":1})"})
        EXPECT_EQ(
            patched(R"({"l":[1,2],"s":"t","o":{"a":{}}})", "[" + std::string(operation) + "]"),
            "path 0")
            << operation;
}

TEST(JsonPatch, OperationsOfAnotherForm) {
    for (const std::string_view operation :
         {R"({})", R"({"op":"add","path":"/x"})", R"({"op":"replace","path":"/x"})",
          R"({"op":"test","path":"/x"})", R"({"op":"copy","path":"/x"})",
          R"({"op":"move","path":"/x","from":5})", R"({"op":"spam","path":"/x","value":1})",
          R"({"op":"add","value":1})", R"({"op":"add","path":"x","value":1})",
          R"({"op":"add","path":"/~2","value":1})", R"({"op":"add","path":"/~","value":1})",
          R"({"op":5,"path":"/x","value":1})", R"("add")", R"(null)", R"([])"})
        EXPECT_EQ(patched(R"({"a":1})", "[" + std::string(operation) + "]"), "form 0") << operation;
    EXPECT_EQ(patched("{}", "{}"), "form 0");
}

TEST(JsonPatch, AllOrNothing) {
    EXPECT_EQ(patched(R"({"a":1})",
                      R"([{"op":"add","path":"/b","value":2},{"op":"remove","path":"/c"}])"),
              "path 1");
}

TEST(JsonPatch, Limits) {
    const auto times = [](std::string_view operation, std::size_t count) {
        std::string out = "[";
        for (std::size_t i = 0; i < count; ++i)
            out += (i == 0 ? "" : ",") + std::string(operation);
        return out + "]";
    };
    constexpr std::string_view kTest = R"({"op":"test","path":"/a","value":1})";
    EXPECT_EQ(patched(R"({"a":1})", times(kTest, kMaxPatchOperations)), R"({"a":1})");
    EXPECT_EQ(patched(R"({"a":1})", times(kTest, kMaxPatchOperations + 1)),
              "limits " + std::to_string(kMaxPatchOperations));
    // Doubling: the copies share their parts in memory, but would not on paper.
    EXPECT_EQ(patched(R"({"a":["xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"]})",
                      times(R"({"op":"copy","from":"/a","path":"/a/-"})", 60))
                  .substr(0, 6),
              "limits");
    EXPECT_EQ(patched(R"({"a":{}})", times(R"({"op":"copy","from":"/a","path":"/a/a"})", 70))
                  .substr(0, 6),
              "limits");
    std::string wide = "[0";
    for (int i = 0; i < 10'000; ++i)
        wide += ",0";
    EXPECT_EQ(
        patched(wide + "]", times(R"({"op":"add","path":"/0","value":1})", 1000)).substr(0, 6),
        "limits");
}

}  // namespace
}  // namespace consilium::formats::fhir
