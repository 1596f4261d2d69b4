// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/patients_named.hpp"

#include <gtest/gtest.h>

#include "formats/json/parse.hpp"
#include "services/ehr/resource_text.hpp"

namespace consilium::services::ehr {
namespace {

using Ids = std::vector<std::string_view>;

TEST(PatientsNamed, AReferenceMeansAPatientOfOurs) {
    EXPECT_EQ(patient_meant("Patient/a-1"), "a-1");
    EXPECT_EQ(patient_meant("Patient/a-1/_history/2"), "a-1");
    // Somebody, but no id of ours.
    for (const char* text : {"https://elsewhere.example/fhir/Patient/a", "Patient?identifier=x|1",
                             "https://elsewhere.example/Patient?name=x", "Patient/", "Patient/a#b"})
        EXPECT_EQ(patient_meant(text), "") << text;
    for (const char* text : {"", "#Patient/a", "Practitioner/Patient", "Patient", "urn:uuid:0",
                             "Group/Patient", "https://x.example/MyPatient/a"})
        EXPECT_FALSE(patient_meant(text).has_value()) << text;
}

struct Case {
    const char* more;
    Ids named;
    bool only_p;
};

TEST(PatientsNamed, EveryElementCountsAndTheBytesSayTheSame) {
    const Case cases[] = {
        {"", {"p"}, true},
        {R"(,"performer":[{"reference":"Patient/p/_history/3"}])", {"p"}, true},
        {R"(,"performer":[{"reference":"Patient/q"}])", {"p", "q"}, false},
        {R"(,"extension":[{"url":"http://x/y","valueReference":{"reference":"Patient/q"}}])",
         {"p", "q"},
         false},
        {R"(,"component":[{"extension":[{"extension":[{"url":"z",)"
         R"("valueReference":{"reference":"Patient/q"}}],"url":"x"}]}])",
         {"p", "q"},
         false},
        {R"(,"contained":[{"resourceType":"Patient","id":"x",)"
         R"("link":[{"other":{"reference":"Patient/q"}}]}],"focus":[{"reference":"#x"}])",
         {"p", "q"},
         false},
        {R"(,"performer":[{"reference":"https://other.example/fhir/Patient/p"}])", {"p"}, false},
        {R"(,"note":[{"text":"\"reference\":\"Patient/q\""}])", {"p"}, true},
    };
    for (const Case& one : cases) {
        const Bytes text = R"({"resourceType":"Observation","subject":{"reference":"Patient/p"})" +
                           Bytes(one.more) + "}";
        const auto parsed = formats::json::parse(text, text.size());
        ASSERT_TRUE(parsed.ok()) << text;
        EXPECT_EQ(patients_named(parsed->root()), one.named) << text;
        EXPECT_EQ(names_only(parsed->root(), "p"), one.only_p) << text;
        const Bytes stored = write_resource(parsed->root(), {"o", 1, UnixMs{1}});
        EXPECT_EQ(patients_named(stored), one.named) << stored;
    }
    const Bytes patient = R"({"resourceType":"Patient","id":"q"})";
    const auto parsed = formats::json::parse(patient, patient.size());
    EXPECT_EQ(patients_named(parsed->root()), Ids{"q"});
    EXPECT_FALSE(names_only(parsed->root(), "p"));
    EXPECT_TRUE(names_only(parsed->root(), "q"));
}

}  // namespace
}  // namespace consilium::services::ehr
