// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/exchange/rules.hpp"

#include <gtest/gtest.h>

#include "formats/json/parse.hpp"

namespace consilium::services::ehr::exchange {
namespace {

constexpr std::string_view kConfidentiality =
    "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";
constexpr std::string_view kActCode = "http://terminology.hl7.org/CodeSystem/v3-ActCode";

std::string label(std::string_view system, std::string_view code) {
    return R"({"system":")" + std::string(system) + R"(","code":")" + std::string(code) + "\"}";
}

std::string with_security(const std::string& security) {
    return R"({"resourceType":"Condition","id":"c","meta":{"security":)" + security + "}}";
}

bool unlabelled(const std::string& text) {
    const auto parsed = formats::json::parse(text, 1U << 20U);
    EXPECT_TRUE(parsed.ok()) << text;
    return is_unlabelled(parsed->root());
}

TEST(Rules, ConfidentialityUpToNormalLeaves) {
    for (const std::string_view code : {"U", "L", "M", "N"})
        EXPECT_TRUE(unlabelled(with_security("[" + label(kConfidentiality, code) + "]"))) << code;
    for (const std::string_view code : {"R", "V", "n", "", "NR", "B", "T"})
        EXPECT_FALSE(unlabelled(with_security("[" + label(kConfidentiality, code) + "]"))) << code;
}

TEST(Rules, AnySensitivityStaysAtHome) {
    for (const std::string_view code : {"HIV", "PSY", "SUD", "ETH", "SDV", "STD", "42CFRPart2"})
        EXPECT_FALSE(unlabelled(with_security("[" + label(kActCode, code) + "]"))) << code;
    // One among harmless ones is enough.
    EXPECT_FALSE(unlabelled(
        with_security("[" + label(kConfidentiality, "N") + "," + label(kActCode, "HIV") + "]")));
    EXPECT_FALSE(unlabelled(with_security("[" + label("urn:local:labels", "N") + "]")));
    EXPECT_TRUE(unlabelled(with_security(
        "[" + label("http://terminology.hl7.org/CodeSystem/v3-ActReason", "TREAT") + "," +
        label("http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "SUBSETTED") + "]")));
}

TEST(Rules, ALabelInAnUnknownShapeStaysAtHome) {
    for (const char* security :
         {"{}", "\"N\"", "null", "[null]", "[\"N\"]", "[{}]", R"([{"code":"N"}])",
          R"([{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality"}])",
          R"([{"system":1,"code":"N"}])",
          R"([{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":["N"]}])",
          R"([{"display":"normal"}])"})
        EXPECT_FALSE(unlabelled(with_security(security))) << security;
    EXPECT_FALSE(unlabelled(R"({"meta":"N"})"));
    EXPECT_FALSE(unlabelled(R"({"meta":[]})"));
    EXPECT_TRUE(unlabelled(R"({"meta":{}})"));
    EXPECT_TRUE(unlabelled(with_security("[]")));
    EXPECT_TRUE(unlabelled("{}"));
}

TEST(Rules, LabelsOfResourcesInsideCount) {
    const std::string inner = with_security("[" + label(kConfidentiality, "V") + "]");
    EXPECT_FALSE(unlabelled(R"({"contained":[)" + inner + "]}"));
    EXPECT_FALSE(unlabelled(R"({"entry":[{"resource":)" + inner + "}]}"));
    EXPECT_FALSE(unlabelled(R"({"entry":[{"resource":{"contained":[)" + inner + "]}}]}"));
    EXPECT_TRUE(unlabelled(R"({"contained":[{"resourceType":"Condition"}]})"));
}

v1::Verdict judged(const std::string& stored, std::vector<std::string> patients = {"p"},
                   std::string_view type = "Condition", std::string_view id = "c") {
    return judge({type, id, patients, stored}, "p");
}

TEST(Rules, WhatIsAboutSomebodyElseTooStaysAtHome) {
    const std::string plain = R"({"resourceType":"Condition","id":"c"})";
    EXPECT_EQ(judged(plain), v1::VERDICT_SEND);
    EXPECT_EQ(judged(plain, {"q"}), v1::VERDICT_OTHER_PATIENT);
    EXPECT_EQ(judged(plain, {"p", "q"}), v1::VERDICT_OTHER_PATIENT);
    EXPECT_EQ(judged(plain, {}), v1::VERDICT_OTHER_PATIENT);
    EXPECT_EQ(judged(with_security("[" + label(kActCode, "HIV") + "]")), v1::VERDICT_LABELLED);
}

// Whatever element it is in: no other patient's id leaves.
TEST(Rules, WhatRefersToAnotherPatientStaysAtHome) {
    const auto with = [](const std::string& more) {
        return judged(
            R"({"resourceType":"Condition","id":"c","subject":{"reference":"Patient/p"},)" + more +
            "}");
    };
    EXPECT_EQ(with(R"("recorder":{"reference":"Patient/p"})"), v1::VERDICT_SEND);
    EXPECT_EQ(with(R"("recorder":{"reference":"Practitioner/q"})"), v1::VERDICT_SEND);
    for (const char* more :
         {R"("extension":[{"url":"http://x/y","valueReference":{"reference":"Patient/q"}}])",
          R"("contained":[{"resourceType":"Patient","id":"x",)"
          R"("link":[{"other":{"reference":"Patient/q"}}]}])",
          R"("evidence":[{"detail":[{"reference":"Patient/q/_history/2"}]}])",
          R"("evidence":[{"detail":[{"reference":"https://other.example/fhir/Patient/p"}]}])",
          R"("evidence":[{"detail":[{"reference":"Patient?identifier=x"}]}])"})
        EXPECT_EQ(with(more), v1::VERDICT_OTHER_PATIENT) << more;
}

TEST(Rules, AnInlineLabelCounts) {
    const auto with = [](const std::string& value) {
        return unlabelled(
            R"({"component":[{"extension":[{"url":"http://hl7.org/fhir/uv/security-label-ds4p/)"
            R"(StructureDefinition/extension-inline-sec-label")" +
            value + "}]}]}");
    };
    EXPECT_TRUE(with(R"(,"valueCoding":)" + label(kConfidentiality, "N")));
    EXPECT_FALSE(with(R"(,"valueCoding":)" + label(kConfidentiality, "R")));
    EXPECT_FALSE(with(R"(,"valueCoding":)" + label(kActCode, "PSY")));
    EXPECT_FALSE(with(""));
}

TEST(Rules, WhatIsNotTheResourceThatTheStoreSaysStaysAtHome) {
    const std::string plain = R"({"resourceType":"Condition","id":"c"})";
    EXPECT_EQ(judged(plain, {"p"}, "Observation"), v1::VERDICT_UNREADABLE);
    EXPECT_EQ(judged(plain, {"p"}, "Condition", "d"), v1::VERDICT_UNREADABLE);
    EXPECT_EQ(judged("not json"), v1::VERDICT_UNREADABLE);
    EXPECT_EQ(judged("[]"), v1::VERDICT_UNREADABLE);
    EXPECT_EQ(judged(R"({"resourceType":"Condition"})"), v1::VERDICT_UNREADABLE);
    EXPECT_EQ(judged(R"({"resourceType":["Condition"],"id":"c"})"), v1::VERDICT_UNREADABLE);
}

}  // namespace
}  // namespace consilium::services::ehr::exchange
