// SPDX-License-Identifier: Apache-2.0
#include "http/message.hpp"

#include <gtest/gtest.h>

namespace consilium::http {
namespace {

std::optional<Media> pick(std::string_view accept) {
    static constexpr std::array<Media, 2> kOffered{Media::kJson, Media::kProtobuf};
    return negotiate(accept, kOffered.data(), kOffered.size());
}

TEST(Message, negotiates_the_media_type) {
    EXPECT_EQ(pick(""), Media::kJson);
    EXPECT_EQ(pick("*/*"), Media::kJson);
    EXPECT_EQ(pick("application/*"), Media::kJson);
    EXPECT_EQ(pick("application/x-protobuf"), Media::kProtobuf);
    EXPECT_EQ(pick("Application/X-Protobuf"), Media::kProtobuf);
    EXPECT_EQ(pick("text/html, application/x-protobuf;q=0.5, */*;q=0.1"), Media::kProtobuf);
    EXPECT_EQ(pick("application/json;q=0.2,application/x-protobuf;q=0.9"), Media::kProtobuf);
    EXPECT_EQ(pick("application/json;q=0, */*"), Media::kProtobuf);
    EXPECT_EQ(pick("text/html"), std::nullopt);
    EXPECT_EQ(pick("application/json;q=0"), std::nullopt);
    EXPECT_EQ(pick("application/json;q=0.000"), std::nullopt);
    EXPECT_EQ(pick(",,;"), std::nullopt);
    EXPECT_EQ(pick("application/jso"), std::nullopt);
    EXPECT_EQ(pick("text/*"), std::nullopt);
}

TEST(Message, reads_query_parameters) {
    bool malformed = false;
    EXPECT_EQ(query_parameter("at=7&prove=1", "at", malformed), "7");
    EXPECT_EQ(query_parameter("at=7&prove=1", "prove", malformed), "1");
    EXPECT_EQ(query_parameter("at=7", "prove", malformed), std::nullopt);
    EXPECT_EQ(query_parameter("t=2026-01-01T00%3A00+Z", "t", malformed), "2026-01-01T00:00 Z");
    EXPECT_EQ(query_parameter("at", "at", malformed), "");
    EXPECT_FALSE(malformed);
    EXPECT_EQ(query_parameter("at=1&at=1", "at", malformed), std::nullopt);
    EXPECT_TRUE(malformed);
    for (const auto* broken : {"at=%", "at=%1", "at=%zz", "at=1%2"}) {
        malformed = false;
        EXPECT_EQ(query_parameter(broken, "at", malformed), std::nullopt) << broken;
        EXPECT_TRUE(malformed) << broken;
    }
}

TEST(Message, refuses_unknown_and_too_many_query_parameters) {
    EXPECT_TRUE(query_has_only("", {"a"}));
    EXPECT_TRUE(query_has_only("a=1&b=2", {"a", "b"}));
    EXPECT_FALSE(query_has_only("a=1&c=2", {"a", "b"}));
    std::string many = "a=1";
    for (int i = 1; i < 16; ++i)
        many += "&a=1";
    EXPECT_TRUE(query_has_only(many, {"a"}));
    EXPECT_FALSE(query_has_only(many + "&a=1", {"a"}));
}

TEST(Message, reads_forms) {
    using Pairs = std::vector<std::pair<std::string, std::string>>;
    EXPECT_EQ(parse_form(""), Pairs{});
    EXPECT_EQ(parse_form("a=1&a=2&b&=c&d=e=f&"),
              (Pairs{{"a", "1"}, {"a", "2"}, {"b", ""}, {"", "c"}, {"d", "e=f"}}));
    EXPECT_EQ(parse_form("name%3Aexact=M%C3%BCller+x%2By"), (Pairs{{"name:exact", "Müller x+y"}}));
    EXPECT_EQ(parse_form("a=%"), std::nullopt);
    EXPECT_EQ(parse_form("%4=1"), std::nullopt);
    std::string many;
    for (std::size_t i = 0; i < kFormParametersMax; ++i)
        many += "a=1&";
    EXPECT_EQ(parse_form(many)->size(), kFormParametersMax);
    EXPECT_EQ(parse_form(many + "a=1"), std::nullopt);
    EXPECT_EQ(percent_decode("%24a+b"), "$a+b");
    EXPECT_EQ(percent_decode("%2"), std::nullopt);
}

TEST(Message, problems_are_problem_details) {
    const auto out = problem_retry(503, "overloaded", "Too much", 3);
    EXPECT_EQ(out.body,
              R"({"type":"urn:consilium:error:overloaded","title":"Too much","status":503,)"
              R"("code":"overloaded"})");
    EXPECT_EQ(out.headers, "Retry-After: 3\r\n");
    EXPECT_EQ(out.media, Media::kProblem);
}

TEST(Message, compares_content_types) {
    EXPECT_TRUE(is_media("application/x-protobuf", Media::kProtobuf));
    EXPECT_TRUE(is_media("Application/X-Protobuf; a=b", Media::kProtobuf));
    EXPECT_TRUE(is_media("application/fhir+json; fhirVersion=4.0", Media::kFhirJson));
    EXPECT_TRUE(is_media("application/x-www-form-urlencoded", Media::kForm));
    EXPECT_FALSE(is_media("application/fhir+xml", Media::kFhirJson));
    EXPECT_FALSE(is_media("", Media::kProtobuf));
    EXPECT_FALSE(is_media("application/x-protobuf2", Media::kProtobuf));
}

}  // namespace
}  // namespace consilium::http
