// SPDX-License-Identifier: Apache-2.0
#include "formats/fhir/search_match.hpp"

#include <gtest/gtest.h>

#include "formats/fhir/fhirpath.hpp"
#include "formats/fhir/search_terms.hpp"
#include "formats/json/parse.hpp"

namespace consilium::formats::fhir {
namespace {

constexpr std::string_view kPatient = R"({
  "resourceType":"Patient","id":"p1","meta":{"lastUpdated":"2024-03-01T10:00:00Z",
    "tag":[{"system":"urn:t","code":"one"}]},
  "identifier":[{"system":"urn:mrn","value":"A-17"}],"active":true,"gender":"female",
  "name":[{"family":"Müller-Łuczak","given":["Zoë","Ann"],"text":"Zoë Ann Müller-Łuczak"}],
  "telecom":[{"system":"phone","value":"555-0100"},{"system":"email","value":"z@example.org"}],
  "birthDate":"1980-02","deceasedDateTime":"2024-02-01",
  "address":[{"line":["1 High St"],"city":"København","postalCode":"2100"}],
  "managingOrganization":{"reference":"Organization/o1"},
  "generalPractitioner":[{"identifier":{"system":"urn:npi","value":"99"}}]})";

constexpr std::string_view kObservation = R"({
  "resourceType":"Observation","id":"o1","status":"final",
  "category":[{"coding":[{"system":"urn:cat","code":"laboratory"}]}],
  "code":{"coding":[{"system":"http://loinc.org","code":"85354-9"}],"text":"BP"},
  "subject":{"reference":"Patient/p1"},"encounter":{"reference":"https://a.example/fhir/Encounter/e1"},
  "effectivePeriod":{"start":"2020-05-10T08:00:00+02:00"},
  "valueQuantity":{"value":5.40,"unit":"mg","system":"http://unitsofmeasure.org","code":"mg"},
  "component":[
    {"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},
     "valueQuantity":{"value":120,"system":"http://unitsofmeasure.org","code":"mm[Hg]"}},
    {"code":{"coding":[{"system":"http://loinc.org","code":"8462-4"}]},
     "valueQuantity":{"value":80,"comparator":"<","system":"http://unitsofmeasure.org","code":"mm[Hg]"}}]})";

bool fits(std::string_view resource, std::string_view type, const std::string& name,
          const std::string& value) {
    const auto document = json::parse(std::string(resource), 1U << 20U);
    EXPECT_TRUE(document.ok());
    const auto query = parse_query(type, {{name, value}});
    EXPECT_TRUE(query.ok()) << name << "=" << value;
    return document.ok() && query.ok() &&
           matches(document.value().root(), query.value(), "https://a.example/fhir");
}
bool patient(const std::string& name, const std::string& value) {
    return fits(kPatient, "Patient", name, value);
}
bool observation(const std::string& name, const std::string& value) {
    return fits(kObservation, "Observation", name, value);
}

// Those outside the subset would find nothing in silence.
TEST(SearchMatch, EveryExpressionOfTheDefinitionsCompiles) {
    std::size_t count = 0;
    for (const Type& type : definitions().types()) {
        for (const SearchParameter& parameter : definitions().search_parameters(type.name)) {
            if (parameter.expression.empty()) continue;
            ++count;
            EXPECT_NE(expression_of(parameter), nullptr) << type.name << " " << parameter.code;
            for (const SearchComponent& component : parameter.components)
                EXPECT_NE(expression_of(component), nullptr) << type.name << " " << parameter.code;
        }
    }
    EXPECT_GT(count, 1000U);
}

TEST(SearchMatch, Strings) {
    EXPECT_TRUE(patient("name", "muller"));
    EXPECT_TRUE(patient("family", "MÜLLER-luc"));
    EXPECT_FALSE(patient("family", "luczak"));
    EXPECT_TRUE(patient("family:contains", "luczak"));
    EXPECT_TRUE(patient("given", "zoe,bob"));
    EXPECT_FALSE(patient("given", "bob"));
    EXPECT_TRUE(patient("given:exact", "Zoë"));
    EXPECT_FALSE(patient("given:exact", "Zoe"));
    EXPECT_TRUE(patient("address", "1 high"));
    EXPECT_TRUE(patient("address-city", "kobenhavn"));
}

TEST(SearchMatch, Tokens) {
    EXPECT_TRUE(patient("identifier", "urn:mrn|a-17"));
    EXPECT_TRUE(patient("identifier", "A-17"));
    EXPECT_TRUE(patient("identifier", "urn:mrn|"));
    EXPECT_FALSE(patient("identifier", "|A-17"));
    EXPECT_FALSE(patient("identifier", "urn:other|A-17"));
    EXPECT_TRUE(patient("gender", "female"));
    EXPECT_TRUE(patient("gender", "http://hl7.org/fhir/administrative-gender|female"));
    EXPECT_TRUE(patient("gender:not", "male"));
    EXPECT_FALSE(patient("gender:not", "male,female"));
    EXPECT_TRUE(patient("active", "true"));
    EXPECT_TRUE(patient("deceased", "true"));
    EXPECT_TRUE(patient("phone", "555-0100"));
    EXPECT_FALSE(patient("phone", "z@example.org"));
    EXPECT_TRUE(patient("_id", "p1"));
    EXPECT_TRUE(patient("_tag", "urn:t|one"));
    EXPECT_TRUE(observation("category", "laboratory"));
    EXPECT_FALSE(observation("code", "8480-6"));
    EXPECT_TRUE(observation("combo-code", "8480-6"));
}

TEST(SearchMatch, MissingValues) {
    EXPECT_TRUE(patient("birthdate:missing", "false"));
    EXPECT_FALSE(patient("birthdate:missing", "true"));
    EXPECT_TRUE(patient("language:missing", "true"));
    EXPECT_TRUE(observation("value-string:missing", "true"));
}

TEST(SearchMatch, References) {
    EXPECT_TRUE(patient("organization", "Organization/o1"));
    EXPECT_TRUE(patient("organization", "o1"));
    EXPECT_TRUE(patient("organization", "https://a.example/fhir/Organization/o1"));
    EXPECT_FALSE(patient("organization", "https://b.example/fhir/Organization/o1"));
    EXPECT_FALSE(patient("organization", "o2"));
    EXPECT_TRUE(patient("general-practitioner:identifier", "urn:npi|99"));
    EXPECT_FALSE(patient("general-practitioner:identifier", "urn:npi|98"));
    EXPECT_TRUE(observation("patient", "p1"));
    EXPECT_TRUE(observation("subject:Patient", "p1"));
    EXPECT_FALSE(observation("subject:Group", "p1"));
    EXPECT_TRUE(observation("encounter", "Encounter/e1"));
}

TEST(SearchMatch, Dates) {
    // 1980-02
    EXPECT_TRUE(patient("birthdate", "1980-02"));
    EXPECT_TRUE(patient("birthdate", "1980"));
    EXPECT_FALSE(patient("birthdate", "1980-02-03"));
    EXPECT_TRUE(patient("birthdate", "ap1980-02-03"));
    EXPECT_TRUE(patient("birthdate", "ge1980-02-03"));
    EXPECT_TRUE(patient("birthdate", "lt1980-02-03"));
    EXPECT_FALSE(patient("birthdate", "sa1980-02-03"));
    EXPECT_TRUE(patient("birthdate", "eb1980-03"));
    EXPECT_TRUE(patient("birthdate", "ne1980-02-03"));
    EXPECT_TRUE(patient("_lastUpdated", "gt2024-02"));
    // From 2020-05-10T06:00Z, open.
    EXPECT_TRUE(observation("date", "ge2030"));
    EXPECT_FALSE(observation("date", "2020"));
    EXPECT_TRUE(observation("date", "ap2021"));
    EXPECT_TRUE(observation("date", "sa2020-05-10T05:59:59Z"));
    EXPECT_FALSE(observation("date", "sa2020-05-10T06:00:00Z"));
    EXPECT_FALSE(observation("date", "eb2050"));
}

TEST(SearchMatch, NumbersByTheDigitsThatWereAskedFor) {
    EXPECT_TRUE(observation("value-quantity", "5.4"));
    EXPECT_TRUE(observation("value-quantity", "5.40"));
    EXPECT_TRUE(observation("value-quantity", "5"));
    EXPECT_FALSE(observation("value-quantity", "5.41"));
    EXPECT_FALSE(observation("value-quantity", "6"));
    EXPECT_TRUE(observation("value-quantity", "ap5"));
    EXPECT_TRUE(observation("value-quantity", "gt5.39"));
    EXPECT_FALSE(observation("value-quantity", "gt5.40"));
    EXPECT_TRUE(observation("value-quantity", "ge5.40"));
    EXPECT_TRUE(observation("value-quantity", "5.4|http://unitsofmeasure.org|mg"));
    EXPECT_TRUE(observation("value-quantity", "5.4||mg"));
    EXPECT_FALSE(observation("value-quantity", "5.4||g"));
    // Below 80, nobody knows how far.
    EXPECT_TRUE(observation("component-value-quantity", "lt60"));
    EXPECT_FALSE(observation("component-value-quantity", "80"));
}

TEST(SearchMatch, CompositesWithinOneElement) {
    EXPECT_TRUE(observation("component-code-value-quantity", "http://loinc.org|8480-6$gt110"));
    EXPECT_FALSE(observation("component-code-value-quantity", "http://loinc.org|8462-4$gt110"));
    EXPECT_TRUE(observation("code-value-quantity", "85354-9$5.4"));
    EXPECT_FALSE(observation("code-value-quantity", "85354-9$120"));
}

TEST(SearchMatch, SortKeys) {
    const auto key = [](std::string_view birth, bool descending) {
        const auto document =
            json::parse(R"({"resourceType":"Patient")" + std::string(birth) + "}", 1000);
        const SortKey sort{definitions().find_search_parameter("Patient", "birthdate"), descending};
        return sort_key(document.value().root(), sort);
    };
    const std::string old = R"(,"birthDate":"1950-01-01")";
    const std::string young = R"(,"birthDate":"2001")";
    EXPECT_LT(key(old, false), key(young, false));
    EXPECT_GT(key(old, true), key(young, true));
    EXPECT_GT(key("", false), key(young, false));
    EXPECT_GT(key("", true), key(old, true));
}

TEST(SearchMatch, ReferencesForIncludes) {
    const auto document = json::parse(std::string(kObservation), 1U << 20U);
    const json::Value& root = document.value().root();
    const auto* subject = definitions().find_search_parameter("Observation", "subject");
    EXPECT_EQ(references_of(root, subject), std::vector<std::string>{"Patient/p1"});
    EXPECT_TRUE(references_of(root, subject, "Group").empty());
    EXPECT_EQ(references_of(root, nullptr, {}, "https://a.example/fhir").size(), 2U);
    EXPECT_EQ(references_of(root, nullptr).size(), 1U);
}

TEST(SearchMatch, Subsets) {
    const auto document = json::parse(
        R"({"resourceType":"Observation","id":"o","text":{"status":"empty","div":"<div>x</div>"},
            "status":"final","code":{"text":"c"},"note":[{"text":"n"}],"_issued":{"id":"i"},
            "referenceRange":[{"text":"r"}],
            "component":[{"code":{"text":"d"},"interpretation":[{"text":"H"}]}]})",
        10000);
    ASSERT_TRUE(document.ok());
    const json::Value& root = document.value().root();
    const std::string tag =
        R"("meta":{"tag":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue",)"
        R"("code":"SUBSETTED"}]}})";
    EXPECT_EQ(subset_of(root, Summary::kFalse, {"note"}),
              R"({"resourceType":"Observation","id":"o","status":"final","code":{"text":"c"},)"
              R"("note":[{"text":"n"}],)" +
                  tag);
    EXPECT_EQ(
        subset_of(root, Summary::kText, {}),
        R"({"resourceType":"Observation","id":"o","text":{"status":"empty","div":"<div>x</div>"},)"
        R"("status":"final","code":{"text":"c"},)" +
            tag);
    EXPECT_EQ(subset_of(root, Summary::kTrue, {}),
              R"({"resourceType":"Observation","id":"o","status":"final","code":{"text":"c"},)"
              R"("_issued":{"id":"i"},"component":[{"code":{"text":"d"}}],)" +
                  tag);
    EXPECT_EQ(subset_of(root, Summary::kData, {}).find("div"), std::string::npos);
    EXPECT_EQ(subset_of(root, Summary::kFalse, {}).find("SUBSETTED"), std::string::npos);
}

}  // namespace
}  // namespace consilium::formats::fhir
