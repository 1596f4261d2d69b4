// SPDX-License-Identifier: Apache-2.0
#include "formats/json/builder.hpp"

#include <gtest/gtest.h>

#include "formats/json/write.hpp"

namespace consilium::formats::json {
namespace {

Document read(std::string text) {
    auto out = parse(std::move(text), kBytesMax);
    EXPECT_TRUE(out.ok());
    return out ? std::move(*out) : Document();
}

TEST(Builder, MakesADocumentThatOwnsItsValues) {
    Document made;
    {
        Builder builder;
        const Document part = read(R"({"deep":[1.50,"kept"]})");
        std::string name = "built";
        const Value text = builder.string(std::string("a text that is longer than any buffer"));
        const Value items[] = {text,
                               builder.number("1E-7"),
                               Builder::boolean(true),
                               Builder::null(),
                               builder.array({}),
                               builder.object({})};
        const Member members[] = {{name, builder.array(items)}, {"part", builder.take(part)}};
        const Value root = builder.object(members);
        auto out = std::move(builder).finish(root);
        ASSERT_TRUE(out.ok());
        made = std::move(*out);
        name = "gone!";
    }
    EXPECT_EQ(write(made.root()),
              R"({"built":["a text that is longer than any buffer",1E-7,true,null,[],{}],)"
              R"("part":{"deep":[1.50,"kept"]}})");
    EXPECT_EQ(made.root().depth(), 3U);
}

TEST(Builder, SetsAndRemovesMembersInPlace) {
    const Document document = read(R"({"a":1,"b":2,"c":3})");
    Builder builder;
    const Value root = builder.take(document);
    const Value set = builder.with_member(root, "b", builder.string("x"));
    const Value added = builder.with_member(set, "d", Builder::null());
    const Value removed = builder.without_member(added, "a");
    EXPECT_EQ(write(set), R"({"a":1,"b":"x","c":3})");
    EXPECT_EQ(write(added), R"({"a":1,"b":"x","c":3,"d":null})");
    EXPECT_EQ(write(removed), R"({"b":"x","c":3,"d":null})");
    EXPECT_EQ(write(builder.without_member(root, "z")), R"({"a":1,"b":2,"c":3})");
    EXPECT_EQ(write(document.root()), R"({"a":1,"b":2,"c":3})");
}

TEST(Builder, FinishesNothingThatCouldNotBeReadBack) {
    const auto nested = [](std::size_t levels) {
        Builder builder;
        Value value;
        for (std::size_t i = 0; i < levels; ++i)
            value = builder.array({&value, 1});
        return std::move(builder).finish(value);
    };
    ASSERT_TRUE(nested(kDepthMax).ok());
    EXPECT_TRUE(parse(write(nested(kDepthMax)->root()), kBytesMax).ok());
    EXPECT_FALSE(nested(kDepthMax + 1).ok());
    EXPECT_FALSE(nested(300).ok());
}

TEST(BuilderDeath, RefusesWhatIsNoJson) {
    Builder builder;
    const Member twice[] = {{"a", {}}, {"a", {}}};
    EXPECT_DEATH((void)builder.object(twice), "");
    EXPECT_DEATH((void)builder.string("\xFF"), "");
    EXPECT_DEATH((void)builder.number("1."), "");
}

}  // namespace
}  // namespace consilium::formats::json
