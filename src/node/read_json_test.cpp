// SPDX-License-Identifier: Apache-2.0
#include "node/read_json.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace consilium::node {
namespace {

std::string wrong(std::string_view text) {
    const auto read = read_json(text);
    return read ? std::string() : read.error();
}

TEST(ReadJson, ReadsWhatBoostReads) {
    for (const std::string_view text :
         {R"({"a": {"b": [1, -2, 3.5, true, null, "x", {}]}, "b": {"a": [[], {"a": 1}]}})",
          R"([{"a": 1}, {"a": 1}])", " 7 \n", R"("\u0061")", "{}"}) {
        const auto read = read_json(text);
        ASSERT_TRUE(read.ok()) << text << ": " << read.error();
        EXPECT_EQ(*read, boost::json::parse(boost::json::string_view(text.data(), text.size())));
    }
}

TEST(ReadJson, RefusesANameThatStandsTwiceAndSaysWhere) {
    EXPECT_EQ(wrong(R"({"a": 1, "a": 1})"), "gives a twice");
    EXPECT_EQ(wrong(R"({"a": {"b": 1, "c": [], "b": 2}})"), "gives a.b twice");
    EXPECT_EQ(wrong(R"({"c": [7, {"x": 1}, {"m": {"x": {}, "y": 2, "x": {}}}]})"),
              "gives c[2].m.x twice");
    EXPECT_EQ(wrong(R"([[1], [2, {"a": 1, "a": 2}]])"), "gives [1][1].a twice");
    // The same name, written otherwise.
    EXPECT_EQ(wrong(R"({"ab": 1, "\u0061b": 2})"), "gives ab twice");
    EXPECT_EQ(wrong(R"({"": 1, "a": {"": 1, "": 2}})"), "gives a. twice");
    EXPECT_EQ(wrong(R"({"": 1, "": 2})"), "gives a member without a name twice");
    const std::string name(100'000, 'n');
    EXPECT_EQ(wrong("{\"" + name + "\":1,\"" + name + "\":2}"), "gives " + name + " twice");
    EXPECT_EQ(wrong("{\"" + name + "\":1,\"" + name + "m\":2}"), "");
}

TEST(ReadJson, RefusesWhatIsNotJson) {
    for (const std::string_view text :
         {"", " ", "{", "[1", "nonsense", "{} {}", "[1] x", "{\"a\" 1}", "\"\xff\"", "1 2"}) {
        EXPECT_EQ(wrong(text).rfind("is not JSON: ", 0), 0U) << text;
    }
    EXPECT_EQ(wrong(std::string(32, '[') + std::string(32, ']')), "");
    EXPECT_NE(wrong(std::string(33, '[') + std::string(33, ']')), "");
}

}  // namespace
}  // namespace consilium::node
