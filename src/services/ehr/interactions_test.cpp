// SPDX-License-Identifier: Apache-2.0
#include <thread>

#include "services/ehr/fhir_fixture.hpp"

namespace consilium::services::ehr {
namespace {

TEST_F(FhirTest, ACreatedResourceIsReadAsItWasSentUnderTheServersIdAndVersion) {
    const std::string patient = new_patient();
    const std::string name = create("Observation", observation_of(patient));
    const auto read = get(name);
    ASSERT_TRUE(read.ok());
    EXPECT_EQ(read->status, 200);
    EXPECT_EQ(read->version, 1U);
    EXPECT_NE(read->body.find(R"("value":120.50)"), Bytes::npos);
    EXPECT_EQ(read->body.find(R"({"resourceType":"Observation","id":")" + name.substr(12) +
                              R"(","meta":{"versionId":"1","lastUpdated":"2023-)"),
              0U);
    open();
    EXPECT_EQ(get(name)->body, read->body);
}

TEST_F(FhirTest, TheClientsIdAndVersionDoNotCount) {
    const std::string name = create(
        "Patient",
        R"({"resourceType":"Patient","id":"mine","meta":{"versionId":"9","profile":["p"]}})");
    EXPECT_NE(name, "Patient/mine");
    const Bytes body = get(name)->body;
    EXPECT_NE(body.find(R"("versionId":"1")"), Bytes::npos);
    EXPECT_NE(body.find(R"("profile":["p"])"), Bytes::npos);
    EXPECT_EQ(body.find("\"9\""), Bytes::npos);
}

TEST_F(FhirTest, WhatIsNotThereIs404AndWhatWasDeletedIs410) {
    EXPECT_EQ(get("Patient/nobody").error().status, 404);
    EXPECT_EQ(get("Nonsense/1").error().status, 404);
    EXPECT_EQ(get("Patient/spa ce").error().status, 404);
    const std::string name = new_patient();
    EXPECT_EQ(remove(name)->status, 204);
    EXPECT_EQ(get(name).error().status, 410);
    EXPECT_EQ(get(name + "/_history/2").error().status, 410);
    EXPECT_EQ(get(name + "/_history/1")->status, 200);
    EXPECT_EQ(get(name + "/_history/3").error().status, 404);
    EXPECT_EQ(remove(name)->status, 204);
    EXPECT_EQ(entries_of(get(name + "/_history")->body), 2U);
    EXPECT_EQ(count("Patient"), 0U);
}

TEST_F(FhirTest, UpdateMakesTheNextVersionAndSearchFindsOnlyIt) {
    const std::string patient = new_patient();
    const std::string name = create("Observation", observation_of(patient, "old-code"));
    const std::string id = name.substr(name.find('/') + 1);
    Bytes next = observation_of(patient, "new-code");
    next.insert(1, R"("id":")" + id + R"(",)");
    const auto updated = put(name, next);
    ASSERT_TRUE(updated.ok());
    EXPECT_EQ(updated->status, 200);
    EXPECT_EQ(updated->version, 2U);
    EXPECT_EQ(count("Observation?code=old-code"), 0U);
    EXPECT_EQ(count("Observation?code=new-code"), 1U);
    EXPECT_NE(get(name + "/_history/1")->body.find("old-code"), Bytes::npos);
    EXPECT_EQ(put("Observation/other", next).error().status, 400);
    EXPECT_EQ(put(name, observation_of(patient)).error().status, 400);  // no id in the body
}

TEST_F(FhirTest, UpdateAsCreateAndUndelete) {
    const Bytes body = R"({"resourceType":"Patient","id":"given-1"})";
    EXPECT_EQ(put("Patient/given-1", body)->status, 201);
    EXPECT_EQ(put("Patient/given-1", body)->status, 200);
    EXPECT_EQ(remove("Patient/given-1")->status, 204);
    const auto again = put("Patient/given-1", body);
    EXPECT_EQ(again->status, 201);
    EXPECT_EQ(again->version, 4U);
    EXPECT_EQ(get("Patient/given-1")->status, 200);
    EXPECT_EQ(count("Patient?_id=given-1"), 1U);
}

TEST_F(FhirTest, IfMatchIsCompareAndSet) {
    const std::string name = new_patient();
    const std::string id = name.substr(8);
    const Bytes body = R"({"resourceType":"Patient","id":")" + id + R"("})";
    Call first = call(Verb::kPut, name, body);
    first.if_match = "W/\"1\"";
    Call second = first;
    EXPECT_EQ(fhir->handle(std::move(first))->version, 2U);
    EXPECT_EQ(fhir->handle(std::move(second)).error().status, 412);
    Call nonsense = call(Verb::kPut, name, body);
    nonsense.if_match = "two";
    EXPECT_EQ(fhir->handle(std::move(nonsense)).error().status, 400);
    Call gone = call(Verb::kDelete, name);
    gone.if_match = "W/\"1\"";
    EXPECT_EQ(fhir->handle(std::move(gone)).error().status, 412);
    Call fresh = call(Verb::kPut, "Patient/none", R"({"resourceType":"Patient","id":"none"})");
    fresh.if_match = "W/\"1\"";
    EXPECT_EQ(fhir->handle(std::move(fresh)).error().status, 412);
}

TEST_F(FhirTest, OfManyWhoUpdateTheSameVersionOneWins) {
    const std::string name = new_patient();
    const Bytes body = R"({"resourceType":"Patient","id":")" + name.substr(8) + R"("})";
    std::atomic<int> won{0};
    std::atomic<int> lost{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&] {
            Call update = call(Verb::kPut, name, body);
            update.if_match = "W/\"1\"";
            const auto reply = fhir->handle(std::move(update));
            if (reply) ++won;
            if (!reply && reply.error().status == 412) ++lost;
        });
    }
    for (auto& thread : threads)
        thread.join();
    EXPECT_EQ(won, 1);
    EXPECT_EQ(lost, 7);
    threads.clear();
    // Without If-Match all of them are taken, one after the other.
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&] { EXPECT_TRUE(put(name, body).ok()); });
    for (auto& thread : threads)
        thread.join();
    EXPECT_EQ(get(name)->version, 6U);
}

TEST_F(FhirTest, ConditionalReadsSayNotModified) {
    const std::string name = new_patient();
    const auto read = get(name);
    Call same = call(Verb::kGet, name);
    same.if_none_match = etag_of(1);
    EXPECT_EQ(fhir->handle(std::move(same))->status, 304);
    Call other = call(Verb::kGet, name);
    other.if_none_match = etag_of(2);
    EXPECT_EQ(fhir->handle(std::move(other))->status, 200);
    Call since = call(Verb::kGet, name);
    since.if_modified_since = http_date(*read->updated);
    EXPECT_EQ(fhir->handle(std::move(since))->status, 304);
    Call before = call(Verb::kGet, name);
    before.if_modified_since = http_date({read->updated->value - 1000});
    EXPECT_EQ(fhir->handle(std::move(before))->status, 200);
}

constexpr const char* kNumbered =
    R"({"resourceType":"Patient","identifier":[{"system":"urn:s","value":"7"}]})";

TEST_F(FhirTest, ConditionalCreateUpdateAndDelete) {
    const auto once = [&] {
        Call create = call(Verb::kPost, "Patient", kNumbered);
        create.if_none_exist = "identifier=urn:s|7";
        return fhir->handle(std::move(create));
    };
    const auto first = once();
    EXPECT_EQ(first->status, 201);
    const auto second = once();
    EXPECT_EQ(second->status, 200);
    EXPECT_EQ(name_of(second), name_of(first));
    EXPECT_EQ(put("Patient?identifier=urn:s%7C7", kNumbered)->version, 2U);
    EXPECT_EQ(put("Patient?identifier=urn:s%7C8", kNumbered)->status, 201);
    EXPECT_EQ(once().error().status, 412);
    EXPECT_EQ(remove("Patient?identifier=urn:s%7C7").error().status, 412);
    EXPECT_EQ(remove("Patient?identifier=urn:s%7C9")->status, 204);
    EXPECT_EQ(remove("Patient").error().status, 405);
    EXPECT_EQ(count("Patient"), 2U);
}

TEST_F(FhirTest, OfManyConditionalCreatesOneCreates) {
    std::atomic<int> created{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&] {
            Call create = call(Verb::kPost, "Patient", kNumbered);
            create.if_none_exist = "identifier=urn:s|7";
            const auto reply = fhir->handle(std::move(create));
            if (reply && reply->status == 201) ++created;
        });
    }
    for (auto& thread : threads)
        thread.join();
    EXPECT_EQ(created, 1);
    EXPECT_EQ(count("Patient"), 1U);
}

TEST_F(FhirTest, BadInputIsRefusedAndNamesTheElementOnly) {
    EXPECT_EQ(post("Patient", "no json").error().status, 400);
    EXPECT_EQ(post("Patient", "[]").error().status, 400);
    EXPECT_EQ(post("Patient", R"({"resourceType":"Group"})").error().status, 400);
    EXPECT_EQ(post("Patient", R"({"resourceType":"Patient","a":1,"a":2})").error().status, 400);
    const auto invalid = post("Patient", R"({"resourceType":"Patient","bad":"secret"})");
    EXPECT_EQ(invalid.error().status, 422);
    EXPECT_EQ(invalid.error().issues[0].expression, "Patient.bad");
    EXPECT_EQ(operation_outcome(invalid.error().issues).find("secret"), Bytes::npos);
    const auto dangling = post("Observation", observation_of("Patient/nobody"));
    EXPECT_EQ(dangling.error().status, 422);
    EXPECT_EQ(dangling.error().issues[0].expression, "Observation.subject");
    const auto urn = post("Observation", observation_of("urn:uuid:1"));
    EXPECT_EQ(urn.error().issues[0].expression, "Observation.subject");
    EXPECT_EQ(operation_outcome(urn.error().issues).find("urn:uuid"), Bytes::npos);
    EXPECT_TRUE(post("Observation", observation_of("https://other.example/fhir/Patient/9")).ok());
    EXPECT_EQ(count("Observation"), 1U);
}

TEST_F(FhirTest, AbsoluteReferencesBelowTheBaseBecomeRelative) {
    const std::string patient = new_patient();
    const std::string name =
        create("Observation", observation_of("https://hospital.example/fhir/" + patient));
    EXPECT_NE(get(name)->body.find(R"("reference":")" + patient + '"'), Bytes::npos);
    EXPECT_EQ(count("Observation?patient=" + patient.substr(8)), 1U);
}

TEST_F(FhirTest, ScopesAreAsked) {
    const std::string patient = new_patient();
    scopes = http::Scopes::parse("user/Patient.r");
    EXPECT_EQ(get(patient)->status, 200);
    EXPECT_EQ(get("Patient").error().status, 403);
    EXPECT_EQ(post("Patient", "{}").error().status, 403);
    EXPECT_EQ(remove(patient).error().status, 403);
    EXPECT_EQ(get("Observation/1").error().status, 403);
    EXPECT_EQ(get("metadata")->status, 200);
    const auto bundle = post("", R"({"resourceType":"Bundle","type":"transaction","entry":[
        {"resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient"}}]})");
    EXPECT_EQ(bundle.error().status, 403);
}

TEST_F(FhirTest, EverythingShowsTheCompartmentAsFarAsTheTokenGoes) {
    const std::string patient = new_patient();
    const std::string other = new_patient("Andere");
    create("Observation", observation_of(patient));
    create("Observation", observation_of(other));
    create("Condition",
           R"({"resourceType":"Condition","subject":{"reference":")" + patient + R"("}})");
    EXPECT_EQ(count(patient + "/$everything"), 3U);
    scopes = http::Scopes::parse("user/Patient.r user/Condition.r");
    EXPECT_EQ(count(patient + "/$everything"), 2U);
    EXPECT_NE(get(patient + "/$everything")->body.find(R"("total":2)"), Bytes::npos);
}

TEST_F(FhirTest, ConditionsLookOnlyWhereTheTokenMaySearch) {
    EXPECT_EQ(post("Patient", kNumbered)->status, 201);
    const auto once = [&] {
        Call create = call(Verb::kPost, "Patient", kNumbered);
        create.if_none_exist = "identifier=urn:s|7";
        return fhir->handle(std::move(create));
    };
    scopes = http::Scopes::parse("user/Patient.cud");
    EXPECT_EQ(once().error().status, 403);
    EXPECT_EQ(put("Patient?identifier=urn:s%7C7", kNumbered).error().status, 403);
    EXPECT_EQ(remove("Patient?identifier=urn:s%7C7").error().status, 403);
    EXPECT_EQ(post("Patient", R"({"resourceType":"Patient","generalPractitioner":[)"
                              R"({"reference":"Practitioner?identifier=npi|1"}]})")
                  .error()
                  .issues[0]
                  .code,
              "forbidden");
    scopes = http::Scopes::parse("user/Patient.cs");
    const auto shown = once();
    EXPECT_EQ(shown->status, 200);
    EXPECT_TRUE(shown->body.empty());
}

TEST_F(FhirTest, AnUpdateDoesNotTakeAnothersPlaceOrChart) {
    const std::string other = new_patient();
    Bytes body = kNumbered;
    body.insert(1, R"("id":")" + other.substr(8) + R"(",)");
    EXPECT_EQ(put("Patient?identifier=urn:s%7C9", body).error().status, 409);
    const std::string patient = new_patient();
    const std::string name = create("Observation", observation_of(patient));
    Bytes moved = observation_of(other);
    moved.insert(1, R"("id":")" + name.substr(12) + R"(",)");
    EXPECT_EQ(put(name, moved).error().issues[0].code, "business-rule");
}

TEST_F(FhirTest, MinimalAndOutcomeAnswers) {
    Call minimal = call(Verb::kPost, "Patient", R"({"resourceType":"Patient"})");
    minimal.wanted = Return::kMinimal;
    const auto reply = fhir->handle(std::move(minimal));
    EXPECT_EQ(reply->status, 201);
    EXPECT_TRUE(reply->body.empty());
    Call outcome = call(Verb::kPost, "Patient", R"({"resourceType":"Patient"})");
    outcome.wanted = Return::kOutcome;
    EXPECT_NE(fhir->handle(std::move(outcome))->body.find("OperationOutcome"), Bytes::npos);
}

}  // namespace
}  // namespace consilium::services::ehr
