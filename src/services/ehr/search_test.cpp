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

// What fits tells of what is looked at: names and birth dates letter by letter, diagnoses by code.
TEST_F(FhirTest, ChainsTakeTheScopesOfWhatTheyLookAt) {
    const std::string patient = new_patient("Zamora");
    create("Observation", observation_of(patient));
    create("Condition", R"({"resourceType":"Condition","code":{"coding":[{"code":"38341003"}]},)"
                        R"("subject":{"reference":")" +
                            patient + "\"}}");
    const auto refused = [&](const char* target, const char* parameter) {
        const auto reply = get(target);
        ASSERT_FALSE(reply.ok()) << target;
        EXPECT_EQ(reply.error().status, 403) << target;
        EXPECT_EQ(reply.error().issues[0].expression, parameter) << target;
    };
    scopes = http::Scopes::parse("user/Observation.rs");
    refused("Observation?subject:Patient.family=Zam", "subject:Patient.family");
    refused("Observation?subject:Patient.family=Zzq", "subject:Patient.family");
    refused("Observation?patient.birthdate=1961-04-30", "patient:Patient.birthdate");
    refused("Observation?subject.identifier=x", "subject.identifier");
    scopes = http::Scopes::parse("user/Observation.rs user/Patient.r");
    refused("Observation?subject:Patient.family=Zam", "subject:Patient.family");  // no s
    scopes = http::Scopes::parse("user/Patient.rs");
    refused("Patient?_has:Condition:patient:code=38341003", "_has:Condition:patient:code");
    refused("Patient?_has:Condition:patient:code=zzz", "_has:Condition:patient:code");
    scopes = http::Scopes::parse("user/Observation.rs user/Patient.s");
    EXPECT_EQ(count("Observation?subject:Patient.family=Zam"), 1U);
    EXPECT_EQ(count("Observation?subject:Patient.family=Zzq"), 0U);
    // Of several types those that may be searched answer.
    EXPECT_EQ(count("Observation?subject.identifier=x"), 0U);
    scopes = http::Scopes::parse("user/Patient.rs user/Condition.s");
    EXPECT_EQ(count("Patient?_has:Condition:patient:code=38341003"), 1U);
}

TEST_F(FhirTest, ConditionsTakeTheScopesOfWhatTheyLookAt) {
    const std::string patient = new_patient("Zamora");
    create("Observation", observation_of(patient));
    const char* chained = "Observation?subject:Patient.family=Zamora";
    const auto conditional = [&] {
        Call asked = call(Verb::kPost, "Observation", observation_of(patient));
        asked.if_none_exist = "subject:Patient.family=Zamora";
        return fhir->handle(std::move(asked));
    };
    const Bytes referring = R"({"resourceType":"Bundle","type":"batch","entry":[{"resource":)"
                            R"({"resourceType":"Observation","derivedFrom":[{"reference":)"
                            R"("Observation?subject:Patient.family=Zamora"}]},)"
                            R"("request":{"method":"POST","url":"Observation"}}]})";
    scopes = http::Scopes::parse("user/Observation.cruds");
    EXPECT_EQ(conditional().error().status, 403);
    EXPECT_EQ(remove(chained).error().status, 403);
    EXPECT_EQ(put(chained, observation_of(patient)).error().status, 403);
    auto written = post("", Bytes(referring));
    ASSERT_TRUE(written.ok());
    EXPECT_NE(written->body.find("does not grant"), Bytes::npos) << written->body;
    scopes = http::Scopes::parse("user/Observation.cruds user/Patient.s");
    const auto found = conditional();
    ASSERT_TRUE(found.ok());
    EXPECT_EQ(found->status, 200);
    EXPECT_TRUE(put(chained, observation_of(patient)).ok());
    EXPECT_TRUE(remove(chained).ok());
}

// A Patient here would hide the record that is at another member.
TEST_F(FhirTest, APatientWhoseCardIsKeptIsNotWrittenHere) {
    keep_card("verena");
    const auto status = [](const Reply& reply) {
        return reply ? reply->status : reply.error().status;
    };
    const Bytes verena = R"({"resourceType":"Patient","id":"verena"})";
    EXPECT_EQ(status(put("Patient/verena", Bytes(verena))), 422);
    EXPECT_EQ(status(put("Patient?identifier=x", Bytes(verena))), 422);
    EXPECT_EQ(status(remove("Patient/verena")), 422);
    Call patch = call(Verb::kPatch, "Patient/verena", "[]");
    EXPECT_EQ(status(fhir->handle(std::move(patch))), 422);
    for (const char* type : {"transaction", "batch"}) {
        const auto reply = post("", R"({"resourceType":"Bundle","type":")" + std::string(type) +
                                        R"(","entry":[{"resource":)" + std::string(verena) +
                                        R"(,"request":{"method":"PUT","url":"Patient/verena"}}]})");
        if (reply) {
            EXPECT_NE(reply->body.find("\"422 "), Bytes::npos) << reply->body;
        } else {
            EXPECT_EQ(reply.error().status, 422);
        }
    }
    EXPECT_EQ(count("Patient"), 0U);
    // Everybody else is, and so is whatever has that id and is no Patient.
    EXPECT_EQ(status(put("Patient/other", R"({"resourceType":"Patient","id":"other"})")), 201);
    EXPECT_EQ(status(put("Group/verena", R"({"resourceType":"Group","id":"verena"})")), 201);
    new_patient();
}

// An empty answer would look whole.
TEST_F(FhirTest, WhoIsAtAnotherMemberIsNotAskedForHere) {
    const std::string patient = new_patient();
    create("Observation", observation_of(patient));
    keep_card("verena");
    const auto status = [this](const char* target) {
        const auto reply = get(target);
        return reply ? reply->status : reply.error().status;
    };
    for (const char* target :
         {"Observation?patient=verena", "Observation?subject=verena",
          "Observation?patient=other,verena", "Observation?subject=Patient/other,Patient/verena",
          "Observation?performer=verena", "Observation?performer=Patient/verena",
          "Observation?subject:Patient=verena", "Patient?_id=verena", "Patient?_id=other,verena",
          "Observation?subject=https://hospital.example/fhir/Patient/verena", "Patient/verena",
          "Patient/verena/$everything", "Patient/verena/Observation", "Patient/verena/_history"})
        EXPECT_EQ(status(target), 422) << target;
    const auto batch = post("", R"({"resourceType":"Bundle","type":"batch","entry":[{"request":)"
                                R"({"method":"GET","url":"Observation?patient=verena"}}]})");
    ASSERT_TRUE(batch.ok());
    EXPECT_NE(batch->body.find("\"422 "), Bytes::npos) << batch->body;
    // What names nobody, or somebody of our own, or is no Patient's id.
    for (const char* target :
         {"Observation", "Observation?patient=other", "Observation?code=verena",
          "Observation?_id=verena", "Task?patient=verena",
          "Observation?performer=Practitioner/verena", "Patient?name=verena"})
        EXPECT_EQ(status(target), 200) << target;
    scopes = http::Scopes::parse("user/Condition.rs");
    EXPECT_EQ(status("Observation?patient=verena"), 403);
}

TEST_F(FhirTest, ElementsAreOnesThatTheTypeHas) {
    create("Observation", observation_of(new_patient()));
    EXPECT_EQ(count("Observation?_elements=status,value"), 1U);
    EXPECT_EQ(count("Observation?_elements=Observation.code,valueQuantity"), 1U);
    const auto reply = get("Observation?_elements=status,zzz");
    ASSERT_FALSE(reply.ok());
    EXPECT_EQ(reply.error().status, 400);
    EXPECT_EQ(reply.error().issues[0].expression, "_elements");
    Call lenient = call(Verb::kGet, "Observation?_elements=zzz");
    lenient.lenient = true;
    EXPECT_TRUE(fhir->handle(std::move(lenient)).ok());
}

TEST_F(FhirTest, AnAsteriskMatchesWhateverIsThere) {
    const std::string patient = new_patient();
    const std::string id = patient.substr(8);
    const auto status = [&](const std::string& target, const std::string& match) {
        Call asked = call(Verb::kPut, target,
                          R"({"resourceType":"Patient","id":")" + target.substr(8) + "\"}");
        asked.if_match = match;
        const auto reply = fhir->handle(std::move(asked));
        return reply ? reply->status : reply.error().status;
    };
    EXPECT_EQ(status(patient, "*"), 200);
    EXPECT_EQ(status("Patient/nobody", "*"), 412);
    EXPECT_EQ(status(patient, "**"), 400);
    ASSERT_TRUE(remove(patient).ok());
    EXPECT_EQ(status(patient, "*"), 412);
}

}  // namespace
}  // namespace consilium::services::ehr
