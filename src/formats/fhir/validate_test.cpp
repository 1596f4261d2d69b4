// SPDX-License-Identifier: Apache-2.0
#include "formats/fhir/validate.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "formats/fhir/definitions.hpp"
#include "formats/json/parse.hpp"

namespace consilium::formats::fhir {
namespace {

std::vector<Issue> issues_of(std::string text, const ValidateOptions& options = {}) {
    const auto read = json::parse(std::move(text), json::kBytesMax);
    EXPECT_TRUE(read.ok()) << (read ? "" : read.error().reason);
    return read ? validate(read->root(), options) : std::vector<Issue>();
}

std::string shown(const Issue& issue) {
    return std::string(to_string(issue.severity)) + " " + std::string(issue.code) + " " +
           issue.path + ": " + std::string(issue.rule);
}

std::vector<std::string> shown_of(const std::string& text) {
    std::vector<std::string> out;
    for (const Issue& issue : issues_of(text))
        out.push_back(shown(issue));
    return out;
}

using Shown = std::vector<std::string>;

const std::string kObservation = R"({
"resourceType":"Observation","id":"o1","meta":{"lastUpdated":"2024-02-29T10:00:00Z"},
"language":"en-US","status":"final",
"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>text</p></div>"},
"contained":[{"resourceType":"Practitioner","id":"doc","active":true}],
"category":[{"text":"laboratory"}],
"code":{"coding":[{"system":"http://loinc.org","code":"2339-0"}],"text":"Glucose"},
"subject":{"reference":"Patient/p1","type":"Patient"},
"performer":[{"reference":"#doc"}],
"effectiveDateTime":"2024-02-29T10:00:00+01:00",
"issued":"2024-02-29T10:00:00.123Z",
"valueQuantity":{"value":6.30,"unit":"mmol/L","system":"http://unitsofmeasure.org","code":"mmol/L"},
"_status":{"extension":[{"url":"http://example.org/e","valueString":"x"}]},
"note":[{"text":"a note","authorString":"somebody"}],
"referenceRange":[{"low":{"value":3.1},"high":{"value":6.2}}],
"component":[{"code":{"text":"part"},"valueInteger":5}]
})";

// The observation with one piece of it changed: exactly one occurrence of `from`.
std::string changed(const std::string& from, const std::string& to) {
    std::string text = kObservation;
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    EXPECT_EQ(text.find(from, at + 1), std::string::npos) << from;
    return text.replace(at, from.size(), to);
}

TEST(Validate, AcceptsAFullObservation) {
    EXPECT_EQ(shown_of(kObservation), Shown{});
}

struct Damage {
    const char* from;
    const char* to;
    const char* issue;
};

// One kind of damage each, and the one issue that it must make.
const Damage kDamages[] = {
    {R"("resourceType":"Observation",)", "",
     "error required resourceType: required element missing"},
    {R"("resourceType":"Observation")", R"("resourceType":"Observatoin")",
     "error value resourceType: unknown resource type"},
    {R"("id":"o1")", R"("id":"o 1")", "error value Observation.id: not an id"},
    {R"("id":"o1")", R"("id":1)", "error structure Observation.id: must be a string"},
    {R"("id":"o1")", R"("id":["o1"])", "error structure Observation.id: must not be an array"},
    {R"("id":"o1")", R"("id":null)", "error structure Observation.id: must not be null"},
    {R"("id":"o1")", R"("id":"")", "error value Observation.id: empty string"},
    {R"("status":"final",)", "", "error structure Observation.status: ?"},  // by hand below
    {R"("status":"final")", R"("status":"finished")",
     "error code-invalid Observation.status: not from the required value set"},
    {R"("status":"final")", R"("status":{"code":"final"})",
     "error structure Observation.status: must be a string"},
    {R"("language":"en-US")", R"("language":"en_US")",
     "error code-invalid Observation.language: not from the required value set"},
    {R"("lastUpdated":"2024-02-29T10:00:00Z")", R"("lastUpdated":"2023-02-29T10:00:00Z")",
     "error value Observation.meta.lastUpdated: not an instant"},
    {R"("effectiveDateTime":"2024-02-29T10:00:00+01:00")",
     R"("effectiveDateTime":"2024-02-29T10:00")",
     "error value Observation.effectiveDateTime: not a dateTime"},
    {R"("effectiveDateTime":"2024-02-29T10:00:00+01:00")",
     R"("effectiveDateTime":"2024","effectiveInstant":"2024-02-29T10:00:00Z")",
     "error structure Observation.effectiveInstant: more than one type of a choice"},
    {R"("effectiveDateTime":"2024-02-29T10:00:00+01:00")", R"("effectiveString":"2024")",
     "error structure Observation: unknown element here, whose name no type of R4 has"},
    {R"("code":{"coding":[{"system":"http://loinc.org","code":"2339-0"}],"text":"Glucose"},)", "",
     "error required Observation.code: required element missing"},
    {R"("category":[{"text":"laboratory"}])", R"("category":{"text":"laboratory"})",
     "error structure Observation.category: must be an array"},
    {R"("category":[{"text":"laboratory"}])", R"("category":[])",
     "error structure Observation.category: array must not be empty"},
    {R"("category":[{"text":"laboratory"}])", R"("category":["laboratory"])",
     "error structure Observation.category[0]: must be an object"},
    {R"("category":[{"text":"laboratory"}])", R"("category":[null])",
     "error structure Observation.category[0]: null without a companion"},
    {R"("category":[{"text":"laboratory"}])", R"("category":[{}])",
     "error invariant Observation.category[0]: ele-1"},
    {R"("text":"Glucose")", R"("text":"Glu\u0001cose")",
     "error value Observation.code.text: control character in a string"},
    {R"("text":"Glucose")", R"("text":"Glu\u202ecose")",
     "warning value Observation.code.text: control character of text direction"},
    {R"("text":"Glucose")", R"("text":"Glucose","Smith":"John")",
     "error structure Observation.code: unknown element here, whose name no type of R4 has"},
    {R"("text":"Glucose")", R"("text":"Glucose","birthDate":"2000")",
     "error structure Observation.code.birthDate: unknown element"},
    {R"("reference":"Patient/p1","type":"Patient")", R"("reference":"Organization/p1")",
     "error value Observation.subject.reference: reference to a type that is not allowed here"},
    {R"("reference":"Patient/p1","type":"Patient")", R"("reference":"Patent/p1")",
     "error value Observation.subject.reference: reference to an unknown type"},
    {R"("reference":"Patient/p1","type":"Patient")", R"("reference":"p1")",
     "error value Observation.subject.reference: relative reference that is not Type/id"},
    {R"("reference":"Patient/p1","type":"Patient")", R"("reference":"Patient/p1","type":"Group")",
     "error value Observation.subject.type: not the type of what the reference names"},
    {R"("reference":"Patient/p1","type":"Patient")", R"("reference":"Patient?identifier=a|b")",
     "error value Observation.subject.reference: conditional reference outside of a transaction"},
    {R"("reference":"Patient/p1","type":"Patient")",
     R"("reference":"http://example.org/fhir/Account/1")",
     "error value Observation.subject.reference: reference to a type that is not allowed here"},
    {R"("value":6.30)", R"("value":"6.30")",
     "error structure Observation.valueQuantity.value: must be a number"},
    {R"("valueInteger":5)", R"("valueInteger":5.0)",
     "error value Observation.component[0].valueInteger: not an integer"},
    {R"("valueInteger":5)", R"("valueInteger":2147483648)",
     "error value Observation.component[0].valueInteger: integer outside of 32 bits"},
    {R"("code":{"text":"part"},)", "",
     "error required Observation.component[0].code: required element missing"},
    {R"({"url":"http://example.org/e","valueString":"x"})", R"({"url":"http://example.org/e"})",
     "error invariant Observation.status.extension[0]: ext-1"},
    {R"({"url":"http://example.org/e","valueString":"x"})", R"({"valueString":"x"})",
     "error required Observation.status.extension[0].url: required element missing"},
    {R"({"url":"http://example.org/e","valueString":"x"})",
     R"({"url":"http://example.org/e","valueThing":"x"})",
     "error structure Observation.status.extension[0]: unknown element here, whose name no type of "
     "R4 has"},
    {R"("_status":{)", R"("_code":{)",
     "error structure Observation.code: only primitives have a companion with _"},
    {R"("_status":{"extension":[{"url":"http://example.org/e","valueString":"x"}]})",
     R"("_status":[null])",
     "error structure Observation.status: companion with _ must be an object"},
    {R"("_status":{"extension":[{"url":"http://example.org/e","valueString":"x"}]})",
     R"("_performer":[null])",
     "error structure Observation.performer: only primitives have a companion with _"},
    {R"("resourceType":"Practitioner","id":"doc")", R"("resourceType":"Practitioner")",
     "error required Observation.contained[0].id: contained resource without id"},
    {R"("id":"doc","active":true)", R"("id":"doc","meta":{"versionId":"1"})",
     "error invariant Observation.contained[0]: dom-4"},
    {R"("id":"doc","active":true)", R"("id":"doc","active":"true")",
     "error structure Observation.contained[0].active: must be true or false"},
    {R"([{"reference":"#doc"}])", R"([{"reference":"#doc"},{"reference":"#nurse"}])",
     "error not-found Observation.performer[1].reference: reference to no contained resource"},
    {R"([{"reference":"#doc"}])", R"([{"reference":"Practitioner/1"}])",
     "error invariant Observation.contained[0]: dom-3"},
    {R"("url":"http://example.org/e","valueString":"x"}]},)",
     R"("url":"http://example.org/e","valueString":"x"}]},"dataAbsentReason":{"text":"x"},)",
     "error invariant Observation: obs-6"},
    {R"("referenceRange":[{"low":{"value":3.1},"high":{"value":6.2}}])",
     R"("referenceRange":[{"age":{"low":{"value":1}}}])",
     "error invariant Observation.referenceRange[0]: obs-3"},
    {R"("unit":"mmol/L","system":"http://unitsofmeasure.org",)", R"("unit":"mmol/L",)",
     "error invariant Observation.valueQuantity: qty-3"},
    {R"(<p>text</p>)", R"(<p onclick='x()'>text</p>)",
     "error invariant Observation.text.div: txt-1"},
    {R"(<p>text</p>)", R"(<a href='javascript:x()'>text</a>)",
     "error value Observation.text.div: narrative with a link or style that could run or load "
     "something"},
    {R"(<p>text</p>)", R"(<script>x()</script>)", "error invariant Observation.text.div: txt-1"},
    {R"([{"reference":"#doc"}])", R"([{"reference":"#doc"},{"reference":"#"}])",
     "error not-found Observation.performer[1].reference: reference to no contained resource"},
};

class ValidateDamage : public testing::TestWithParam<Damage> {};

TEST_P(ValidateDamage, IsFoundOnceAndAtItsPlace) {
    const Damage& damage = GetParam();
    Shown expected = {damage.issue};
    // Without a status there is still its companion: an element is there, though without a value.
    if (std::string_view(damage.issue).ends_with(": ?")) expected.clear();
    // The one that nothing can refer to any more is also one that nothing refers to.
    const Shown found = shown_of(changed(damage.from, damage.to));
    if (std::string_view(damage.issue).find("contained resource without id") !=
        std::string_view::npos)
        expected.insert(expected.begin(),
                        "error not-found Observation.performer[0].reference: reference to no "
                        "contained resource");
    EXPECT_EQ(found, expected);
}

INSTANTIATE_TEST_SUITE_P(Kinds, ValidateDamage, testing::ValuesIn(kDamages));

TEST(Validate, WantsAnObject) {
    EXPECT_EQ(shown_of("[]"), (Shown{"error structure : a resource must be an object"}));
    EXPECT_EQ(shown_of("{}"), (Shown{"error required resourceType: required element missing"}));
    EXPECT_EQ(shown_of(R"({"resourceType":"Patient"})"), Shown{});
    EXPECT_EQ(shown_of(R"({"resourceType":"DomainResource"})"),
              (Shown{"error value resourceType: unknown resource type"}));
    EXPECT_EQ(shown_of(R"({"resourceType":["Patient"]})"),
              (Shown{"error value resourceType: unknown resource type"}));
}

TEST(Validate, AlignsListsOfPrimitivesWithTheirCompanions) {
    const auto given = [](const std::string& members) {
        return shown_of(R"({"resourceType":"Patient","name":[{)" + members + "}]}");
    };
    const std::string extension =
        R"({"extension":[{"url":"http://example.org/e","valueCode":"x"}]})";
    EXPECT_EQ(given(R"("given":["A",null],"_given":[null,)" + extension + "]"), Shown{});
    EXPECT_EQ(given(R"("_given":[)" + extension + "]"), Shown{});
    // One that ends early is clear in what it says.
    EXPECT_EQ(given(R"("given":["A","B"],"_given":[{"id":"a"}])"), Shown{});
    EXPECT_EQ(
        given(R"("given":["A"],"_given":[null,)" + extension + "]"),
        (Shown{
            "error structure Patient.name[0].given: companion with _ is longer than its array"}));
    EXPECT_EQ(given(R"("given":["A",null],"_given":[null,null])"),
              (Shown{"error structure Patient.name[0].given[1]: null without a companion"}));
    EXPECT_EQ(given(R"("given":[null])"),
              (Shown{"error structure Patient.name[0].given[0]: null without a companion"}));
    EXPECT_EQ(given(R"("given":["A"],"_given":{})"),
              (Shown{"error structure Patient.name[0].given: companion with _ must be an array"}));
    EXPECT_EQ(given(R"("_given":[{"id":"only"}])"),
              (Shown{"error invariant Patient.name[0].given[0]: ele-1"}));
    EXPECT_EQ(given(R"("family":"A","_family":{"value":1})"),
              (Shown{"error structure Patient.name[0].family.value: unknown element"}));
}

TEST(Validate, BindsCodedElements) {
    const auto allergy = [](const std::string& status) {
        return shown_of(
            R"({"resourceType":"AllergyIntolerance","patient":{"reference":"Patient/1"},)"
            R"("clinicalStatus":)" +
            status + "}");
    };
    const std::string system =
        R"("system":"http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical")";
    const Shown wrong = {
        "error code-invalid AllergyIntolerance.clinicalStatus: not from the required value set"};
    EXPECT_EQ(allergy(R"({"coding":[{)" + system + R"(,"code":"active"}]})"), Shown{});
    EXPECT_EQ(allergy(R"({"coding":[{"code":"x"},{)" + system + R"(,"code":"active"}]})"), Shown{});
    EXPECT_EQ(allergy(R"({"coding":[{)" + system + R"(,"code":"gone"}]})"), wrong);
    EXPECT_EQ(allergy(R"({"coding":[{"system":"http://example.org","code":"active"}]})"), wrong);
    EXPECT_EQ(allergy(R"({"coding":[{"code":"active"}]})"), wrong);
    EXPECT_EQ(allergy(R"({"text":"active"})"), wrong);
    EXPECT_EQ(allergy(R"({"extension":[{"url":"http://example.org/why","valueCode":"unknown"}]})"),
              Shown{});
    EXPECT_EQ(
        shown_of(R"({"resourceType":"Invoice","status":"draft","totalNet":)"
                 R"({"value":1.50,"currency":"Dollar"}})"),
        (Shown{"error code-invalid Invoice.totalNet.currency: not from the required value set"}));
    EXPECT_EQ(shown_of(R"({"resourceType":"Binary","contentType":"text"})"),
              (Shown{"error code-invalid Binary.contentType: not from the required value set"}));
    EXPECT_EQ(
        shown_of(R"({"resourceType":"Patient","communication":[{"language":)"
                 R"({"coding":[{"system":"urn:ietf:bcp:47","code":"en US"}]}}]})"),
        (Shown{"error code-invalid Patient.communication[0].language: not from the required value "
               "set"}));
    EXPECT_EQ(
        shown_of(R"({"resourceType":"Patient","communication":[{"language":{"text":"English"}}]})"),
        Shown{});
}

TEST(Validate, KnowsWhoMayReferToTheContainer) {
    EXPECT_EQ(
        shown_of(
            R"({"resourceType":"Observation","status":"final","code":{"text":"x"},"contained":[)"
            R"({"resourceType":"Provenance","id":"p","recorded":"2024-01-01T00:00:00Z",)"
            R"("target":[{"reference":"#"}],)"
            R"("agent":[{"who":{"reference":"Practitioner/1"}}]}]})"),
        Shown{});
    EXPECT_EQ(
        shown_of(R"({"resourceType":"Patient","contained":[)"
                 R"({"resourceType":"Organization","id":"a","name":"A",)"
                 R"("contained":[]},{"resourceType":"Organization","id":"a","name":"B"}],)"
                 R"("managingOrganization":{"reference":"#a"}})"),
        (Shown{"error structure Patient.contained[0].contained: array must not be empty",
               "error invariant Patient.contained[0]: dom-2",
               "error duplicate Patient.contained[1]: contained resources with the same id"}));
    EXPECT_EQ(
        shown_of(R"({"resourceType":"Patient","contained":[{"resourceType":"Patient","id":"a"}],)"
                 R"("managingOrganization":{"reference":"#a"}})"),
        (Shown{"error value Patient.managingOrganization.reference: reference to a type that is "
               "not allowed here"}));
}

TEST(Validate, StopsAtItsLimitAndSaysSo) {
    std::string text = R"({"resourceType":"Patient","given":1)";
    for (int i = 0; i < 10; ++i)
        text += ",\"x" + std::to_string(i) + "\":1";
    text += "}";
    EXPECT_EQ(issues_of(text, {11}).size(), 11U);
    const auto some = issues_of(text, {10});
    ASSERT_EQ(some.size(), 11U);
    EXPECT_EQ(some.back().severity, Severity::kInformation);
    EXPECT_EQ(some.back().rule, "there are more issues");
    EXPECT_TRUE(has_errors(some));
    EXPECT_FALSE(has_errors({some.back()}));
}

// Whatever is in a resource, an issue says only what FHIR or we have named.
TEST(Validate, ShowsNoValueAndNoUnknownName) {
    const std::string secret = "Zyxwv";
    for (const char* text :
         {R"({"resourceType":"Zyxwv"})", R"({"resourceType":"Patient","Zyxwv":"Zyxwv"})",
          R"({"resourceType":"Patient","_Zyxwv":{}})",
          R"({"resourceType":"Patient","birthDate":"Zyxwv"})",
          R"({"resourceType":"Patient","gender":"Zyxwv"})",
          R"({"resourceType":"Patient","active":"Zyxwv"})",
          R"({"resourceType":"Patient","managingOrganization":{"reference":"Zyxwv/1"}})",
          R"({"resourceType":"Patient","managingOrganization":{"reference":"#Zyxwv"}})",
          R"({"resourceType":"Patient","managingOrganization":{"type":"Zyxwv"}})",
          R"({"resourceType":"Patient","contained":[{"resourceType":"Zyxwv","id":"Zyxwv"}]})",
          R"({"resourceType":"Patient","name":[{"given":{"Zyxwv":"Zyxwv"}}]})"}) {
        const auto issues = issues_of(text);
        EXPECT_FALSE(issues.empty()) << text;
        for (const Issue& issue : issues)
            EXPECT_EQ(shown(issue).find(secret), std::string::npos) << shown(issue);
    }
}

TEST(Validate, NoTypeHasMoreElementsThanItCanCount) {
    for (const Type& type : definitions().types())
        EXPECT_LE(type.elements.size(), 128U) << type.name;
}

}  // namespace
}  // namespace consilium::formats::fhir
