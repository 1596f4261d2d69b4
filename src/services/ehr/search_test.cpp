// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/fhir_fixture.hpp"

namespace consilium::services::ehr {
namespace {

TEST_F(FhirTest, SearchByPatientCategoryAndCode) {
    const std::string patient = new_patient();
    const std::string other = new_patient("Andere");
    for (const char* code : {"a", "b", "c"})
        create("Observation", observation_of(patient, code, "laboratory"));
    create("Observation", observation_of(patient, "a", "vital-signs"));
    create("Observation", observation_of(other, "a", "laboratory"));
    const std::string id = patient.substr(8);
    EXPECT_EQ(count("Observation"), 5U);
    EXPECT_EQ(count("Observation?patient=" + id), 4U);
    EXPECT_EQ(count("Observation?subject=" + patient), 4U);
    EXPECT_EQ(count("Observation?patient=" + id + "&category=laboratory"), 3U);
    EXPECT_EQ(count("Observation?patient=" + id + "&code=http://loinc.org%7Ca"), 2U);
    EXPECT_EQ(count("Observation?patient=" + id + "&code=a,b&category=laboratory"), 2U);
    EXPECT_EQ(count("Observation?code=a"), 3U);
    EXPECT_EQ(count("Observation?code=z"), 0U);
    EXPECT_EQ(count(patient + "/Observation?code=a"), 2U);
    EXPECT_EQ(count("Observation?patient=nobody"), 0U);
    EXPECT_EQ(get("Observation?nonsense=1").error().status, 400);
    EXPECT_EQ(get("Observation?code=").error().status, 400);
}

TEST_F(FhirTest, PagesHoldEverythingOnce) {
    const std::string patient = new_patient();
    for (int i = 0; i < 23; ++i)
        create("Observation", observation_of(patient));
    std::set<std::string> seen;
    std::string target = "Observation?patient=" + patient.substr(8) + "&_count=5";
    int pages = 0;
    while (!target.empty() && pages < 10) {
        ++pages;
        const auto reply = get(target);
        ASSERT_TRUE(reply.ok());
        const auto document = formats::json::parse(reply->body, reply->body.size());
        for (const auto& entry : document->root().find("entry")->array())
            seen.emplace(entry.find("fullUrl")->string());
        target.clear();
        for (const auto& link : document->root().find("link")->array()) {
            const std::string url(link.find("url")->string());
            if (link.find("relation")->string() == "next")
                target = url.substr(std::string("https://hospital.example/fhir/").size());
        }
    }
    EXPECT_EQ(pages, 5);
    EXPECT_EQ(seen.size(), 23U);
}

}  // namespace
}  // namespace consilium::services::ehr
