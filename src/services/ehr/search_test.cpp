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

Bytes person(const std::string& family, const std::string& birth, const std::string& more = "") {
    return R"({"resourceType":"Patient","name":[{"family":")" + family + R"("}],"birthDate":")" +
           birth + '"' + more + "}";
}

TEST_F(FhirTest, SearchByStringDateAndMissing) {
    create("Patient", person("M\xc3\xbcller", "1961-04-30"));
    create("Patient", person("Mueller", "1999-12-31", R"(,"active":true)"));
    create("Patient", person("Schmidt", "2000-02-29"));
    EXPECT_EQ(count("Patient?family=mu"), 2U);
    EXPECT_EQ(count("Patient?family:exact=Mueller"), 1U);
    EXPECT_EQ(count("Patient?family:contains=idt"), 1U);
    EXPECT_EQ(count("Patient?birthdate=ge1999-12-31"), 2U);
    EXPECT_EQ(count("Patient?birthdate=2000"), 1U);
    EXPECT_EQ(count("Patient?birthdate=lt1999&family=muller"), 1U);
    EXPECT_EQ(count("Patient?active:missing=true"), 2U);
    EXPECT_EQ(count("Patient?active=true"), 1U);
    EXPECT_EQ(get("Patient?birthdate=2000-02-30").error().status, 400);
    EXPECT_EQ(get("Patient?gender:exact=male").error().status, 400);
}

TEST_F(FhirTest, ChainsAndReverseChains) {
    const std::string miller = create("Patient", person("Miller", "1961-04-30"));
    const std::string smith = create("Patient", person("Smith", "1999-12-31"));
    create("Observation", observation_of(miller, "a"));
    create("Observation", observation_of(smith, "b"));
    EXPECT_EQ(count("Observation?subject:Patient.family=miller"), 1U);
    EXPECT_EQ(count("Observation?patient.birthdate=gt1990"), 1U);
    EXPECT_EQ(count("Observation?patient.family=nobody"), 0U);
    EXPECT_EQ(count("Patient?_has:Observation:patient:code=b"), 1U);
    EXPECT_EQ(count("Patient?_has:Observation:patient:code=c"), 0U);
}

TEST_F(FhirTest, IncludesShowWhatTheTokenMayRead) {
    const std::string patient = create("Patient", person("Miller", "1961-04-30"));
    create("Observation", observation_of(patient, "a"));
    create("Observation", observation_of(patient, "b"));
    EXPECT_EQ(count("Observation?code=a&_include=Observation:patient"), 2U);
    EXPECT_EQ(count("Patient?_id=" + patient.substr(8) + "&_revinclude=Observation:subject"), 3U);
    const auto reply = get("Observation?_include=Observation:subject");
    EXPECT_NE(reply->body.find(R"("total":2)"), Bytes::npos);
    EXPECT_NE(reply->body.find(R"("search":{"mode":"include"})"), Bytes::npos);
    scopes = http::Scopes::parse("user/Observation.rs");
    EXPECT_EQ(count("Observation?code=a&_include=Observation:patient"), 1U);
}

TEST_F(FhirTest, SortedPagesAndSubsets) {
    for (int i = 0; i < 12; ++i)
        create("Patient", person("Name", "19" + std::to_string(60 + i * 7 % 12) + "-01-01"));
    std::vector<std::string> births;
    std::string target = "Patient?_sort=-birthdate&_count=5&_elements=birthDate";
    while (!target.empty()) {
        const auto reply = get(target);
        ASSERT_TRUE(reply.ok());
        const auto document = formats::json::parse(reply->body, reply->body.size());
        for (const auto& entry : document->root().find("entry")->array()) {
            births.emplace_back(entry.find("resource")->find("birthDate")->string());
            EXPECT_EQ(entry.find("resource")->find("name"), nullptr);
        }
        target.clear();
        for (const auto& link : document->root().find("link")->array()) {
            const std::string url(link.find("url")->string());
            if (link.find("relation")->string() == "next")
                target = url.substr(std::string("https://hospital.example/fhir/").size());
        }
    }
    EXPECT_EQ(births.size(), 12U);
    EXPECT_TRUE(std::is_sorted(births.rbegin(), births.rend()));
    EXPECT_EQ(count("Patient?_summary=count"), 0U);
    EXPECT_NE(get("Patient?_summary=count")->body.find(R"("total":12)"), Bytes::npos);
}

TEST_F(FhirTest, LinksSayNothingAndCannotBeMadeUp) {
    for (int i = 0; i < 3; ++i)
        create("Patient", person("Geheim", "1961-04-30"));
    Call search = call(Verb::kPost, "Patient/_search");
    search.parameters = {{"family", "geheim"}, {"_count", "1"}};
    const auto reply = fhir->handle(std::move(search));
    ASSERT_TRUE(reply.ok());
    const auto at = reply->body.find("_cursor=");
    ASSERT_NE(at, Bytes::npos);
    EXPECT_EQ(reply->body.find("family=geheim"), Bytes::npos);
    std::string cursor = reply->body.substr(at, reply->body.find('"', at) - at);
    open();
    EXPECT_EQ(count("Patient?" + cursor), 1U);
    EXPECT_EQ(get("Observation?" + cursor).error().status, 400);
    EXPECT_EQ(get("Patient?" + cursor + "&family=x").error().status, 400);
    cursor.back() = cursor.back() == '0' ? '1' : '0';
    EXPECT_EQ(get("Patient?" + cursor).error().status, 400);
    EXPECT_EQ(get("Patient?_cursor=zz").error().status, 400);
}

}  // namespace
}  // namespace consilium::services::ehr
