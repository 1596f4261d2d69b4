// SPDX-License-Identifier: Apache-2.0
#include "cli/fhir_bundle.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <map>

namespace consilium::cli {
namespace {

TEST(FhirBundle, SortsResourcesIntoCharts) {
    FhirInput input;
    const std::string text = R"({"resourceType": "Bundle", "note": "}{\"entry\"", "entry": [
        {"fullUrl": "urn:uuid:1", "resource": {"resourceType": "Patient", "id": "p1"}},
        {"fullUrl": "urn:uuid:2", "resource": { "resourceType":"Observation",
            "subject": {"reference": "urn:uuid:1"}, "value": 56.352000000000004, "t": "\\\"}" }},
        {"resource": {"resourceType": "Claim", "patient": {"reference": "Patient/p1"}}},
        {"resource": {"resourceType": "Provenance", "target": [{"reference": "urn:uuid:2"},
            {"reference": "urn:uuid:1"}]}},
        {"resource": {"resourceType": "Medication"}},
        {"resource": {"resourceType": "Encounter", "subject": {"reference": "urn:uuid:9"}}},
        {"fullUrl": "urn:uuid:3", "resource": {"resourceType": "Patient", "id": "p2"}},
        {"resource": {"resourceType": "Device", "patient": {"reference": "urn:uuid:3"}}}]})";
    const auto added = add_fhir_bundle(text, input);
    ASSERT_TRUE(added.ok()) << added.error();
    EXPECT_EQ(input.patients, 2U);
    ASSERT_EQ(input.resources.size(), 8U);
    const std::vector<std::optional<std::size_t>> expected = {
        0, 0, 0, 0, std::nullopt, std::nullopt, 1, 1};
    for (std::size_t i = 0; i < expected.size(); ++i)
        EXPECT_EQ(input.resources[i].patient, expected[i]) << i;
    // Bytes as they stand in the file: spaces, decimals and escapes.
    EXPECT_EQ(input.resources[1].payload,
              "{ \"resourceType\":\"Observation\",\n            \"subject\": {\"reference\": "
              "\"urn:uuid:1\"}, \"value\": 56.352000000000004, \"t\": \"\\\\\\\"}\" }");
}

TEST(FhirBundle, TheSecondBundleHasPatientsOfItsOwn) {
    FhirInput input;
    const std::string text = R"({"resourceType":"Bundle","entry":[)"
                             R"({"fullUrl":"a","resource":{"resourceType":"Patient"}}]})";
    ASSERT_TRUE(add_fhir_bundle(text, input).ok());
    ASSERT_TRUE(add_fhir_bundle(text, input).ok());
    EXPECT_EQ(input.patients, 2U);
    EXPECT_EQ(input.resources[1].patient, 1U);
}

TEST(FhirBundle, APatientBelongsToItselfWhateverItsEntryIsCalled) {
    FhirInput input;
    const std::string text = R"({"resourceType":"Bundle","entry":[)"
                             R"({"resource":{"resourceType":"Patient"}},)"
                             R"({"fullUrl":"a","resource":{"resourceType":"Patient","id":"x"}},)"
                             R"({"fullUrl":"a","resource":{"resourceType":"Patient","id":"x"}},)"
                             R"({"resource":{"resourceType":"Claim","patient":)"
                             R"({"reference":"Patient/"}}}]})";
    ASSERT_TRUE(add_fhir_bundle(text, input).ok());
    EXPECT_EQ(input.patients, 3U);
    for (std::size_t i = 0; i < 3; ++i)
        EXPECT_EQ(input.resources[i].patient, i);
    EXPECT_EQ(input.resources[3].patient, std::nullopt);
}

TEST(FhirBundle, RefusesOtherThings) {
    for (const char* text :
         {"", "{", "[]", "{}", R"({"resourceType":"Patient"})", R"({"resourceType":"Bundle"})",
          R"({"resourceType":"Bundle","entry":{}})", R"({"resourceType":"Bundle","entry":[1]})",
          R"({"resourceType":"Bundle","entry":[{}]})",
          R"({"resourceType":"Bundle","entry":[{"resource":{}}]})",
          R"({"resourceType":"Bundle","entry":[]} x)"}) {
        FhirInput input;
        EXPECT_FALSE(add_fhir_bundle(text, input).ok()) << text;
    }
}

TEST(FhirBundle, ReadsTheDemoData) {
    const auto input = load_fhir_folder(CONSILIUM_SOURCE_DIR "/demo/data");
    ASSERT_TRUE(input.ok()) << input.error().message;
    EXPECT_EQ(input->patients, 3U);
    EXPECT_EQ(input->resources.size(), 636U);
    std::map<std::string, int> outside;
    for (const auto& resource : input->resources) {
        const auto parsed = boost::json::parse(resource.payload);
        EXPECT_EQ(parsed.at("resourceType").as_string(), resource.type);
        if (!resource.patient) ++outside[resource.type];
    }
    EXPECT_EQ(outside, (std::map<std::string, int>{{"Location", 20},
                                                   {"Medication", 1},
                                                   {"Organization", 19},
                                                   {"Practitioner", 19},
                                                   {"PractitionerRole", 19}}));
    EXPECT_FALSE(load_fhir_folder("/nonexistent").ok());
}

}  // namespace
}  // namespace consilium::cli
