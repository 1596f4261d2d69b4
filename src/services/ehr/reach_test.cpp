// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/reach.hpp"

#include "services/ehr/access_notes.hpp"
#include "services/ehr/fhir_fixture.hpp"

namespace consilium::services::ehr {
namespace {

// Two patients and what belongs to them; `mine` reads with a patient's token.
class ReachTest : public FhirTest {
 protected:
    http::Scopes own = http::Scopes::parse("patient/*.rs");
    std::string me;
    std::string other;
    std::string my_observation;
    std::string other_observation;

    ReachTest() {
        me = new_patient("Zamora");
        other = new_patient("Andere");
        my_observation = create("Observation", observation_of(me));
        other_observation = create("Observation", observation_of(other));
    }
    static std::string id_of(const std::string& name) { return name.substr(name.find('/') + 1); }
    Reply mine(std::string_view target, Verb verb = Verb::kGet, Bytes body = {}) {
        Call asked = call(verb, target, std::move(body));
        asked.scopes = &own;
        asked.own_patient = id_of(me);
        return fhir->handle(std::move(asked));
    }
    std::size_t my_count(std::string_view target) {
        const auto reply = mine(target);
        EXPECT_TRUE(reply.ok()) << target << (reply ? "" : reply.error().issues[0].text);
        return reply ? entries_of(reply->body) : ~std::size_t{0};
    }
    // The status and text of a refusal.
    std::string refusal(std::string_view target) {
        const auto reply = mine(target);
        if (reply) return std::to_string(reply->status);
        return std::to_string(reply.error().status) + ' ' + reply.error().issues[0].text;
    }
    std::string about_me(const std::string& more, const std::string& meta = "") {
        return create("Observation", R"({"resourceType":"Observation",)" + meta +
                                         R"("status":"final","subject":{"reference":")" + me +
                                         "\"}" + more + "}");
    }
    static std::string label(const std::string& code) {
        return R"("meta":{"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":")" +
               code + R"("}]},)";
    }
};

TEST_F(ReachTest, APatientReadsTheOwnRecord) {
    for (const std::string& name : {me, my_observation, my_observation + "/_history/1"})
        EXPECT_TRUE(mine(name).ok()) << name;
    EXPECT_EQ(my_count(me + "/$everything"), 2U);
    EXPECT_EQ(my_count("Observation"), 1U);
    EXPECT_EQ(my_count("Observation?patient=" + id_of(me)), 1U);
    EXPECT_EQ(my_count("Observation?code=8480-6&_sort=date"), 1U);
    EXPECT_EQ(my_count(me + "/Observation"), 1U);
    EXPECT_EQ(my_count("Patient"), 1U);
    EXPECT_EQ(my_count("Observation?_include=Observation:subject"), 2U);
    EXPECT_EQ(my_count("Patient?_revinclude=Observation:subject"), 2U);
    EXPECT_EQ(my_count(my_observation + "/_history"), 1U);
}

TEST_F(ReachTest, AllElseIsAsIfItWereNotThere) {
    EXPECT_EQ(refusal(other), refusal("Patient/nobody"));
    EXPECT_EQ(refusal(other_observation), refusal("Observation/none"));
    EXPECT_EQ(refusal(other_observation + "/_history/1"), refusal("Observation/none/_history/1"));
    EXPECT_EQ(refusal(other_observation + "/_history"), refusal("Observation/none/_history"));
    EXPECT_EQ(refusal(other + "/$everything"), refusal("Patient/nobody/$everything"));
    EXPECT_EQ(refusal(other).substr(0, 3), "404");
    EXPECT_EQ(my_count(other + "/Observation"), 0U);
    EXPECT_EQ(my_count("Observation?patient=" + id_of(other)), 0U);
    EXPECT_EQ(my_count("Observation?_id=" + id_of(other_observation)), 0U);
    EXPECT_EQ(my_count("Patient?family=Andere"), 0U);
    for (const char* query :
         {"Observation?_total=accurate", "Observation?_summary=count&_total=accurate",
          "Observation?_sort=date&_total=accurate", "Observation?code=8480-6&_total=accurate"}) {
        const auto reply = mine(query);
        ASSERT_TRUE(reply.ok()) << query;
        EXPECT_NE(reply->body.find("\"total\":1"), Bytes::npos) << reply->body;
    }
    // Organizations and the like are in nobody's record.
    const std::string organization =
        create("Organization", R"({"resourceType":"Organization","name":"Klinik"})");
    EXPECT_EQ(refusal(organization), refusal("Organization/none"));
    EXPECT_EQ(my_count("Organization"), 0U);
    // A condition on its version tells nothing either.
    Call asked = call(Verb::kGet, other_observation);
    asked.scopes = &own;
    asked.own_patient = id_of(me);
    asked.if_none_match = "*";
    const auto reply = fhir->handle(std::move(asked));
    ASSERT_FALSE(reply.ok());
    EXPECT_EQ(reply.error().status, 404);
}

TEST_F(ReachTest, WhatWasDeletedOrErasedIsNotTold) {
    ASSERT_TRUE(remove(other_observation).ok());
    EXPECT_EQ(get(other_observation).error().status, 410);
    EXPECT_EQ(refusal(other_observation), refusal("Observation/none"));
    EXPECT_EQ(refusal(other_observation + "/_history/2"), refusal("Observation/none/_history/2"));
}

TEST_F(ReachTest, ChainsLookAtTheOwnRecordOnly) {
    create("Observation", observation_of(me));
    EXPECT_EQ(my_count("Observation?subject:Patient.family=Zamora"), 2U);
    EXPECT_EQ(my_count("Observation?subject:Patient.family=Andere"), 0U);
    EXPECT_EQ(my_count("Patient?_has:Observation:patient:code=8480-6"), 1U);
    // Their subject is mine, but the performer is not.
    create("Observation",
           R"({"resourceType":"Observation","status":"final","subject":{"reference":")" + other +
               R"("},"performer":[{"reference":")" + me + R"("}]})");
    EXPECT_EQ(my_count("Observation"), 2U);
    EXPECT_EQ(my_count(me + "/$everything"), 3U);
    EXPECT_EQ(my_count("Observation?performer:Patient.family=Zamora"), 0U);
}

TEST_F(ReachTest, WhatNamesAnotherPatientOrIsKeptByItsLabelStaysOut) {
    const std::string plain = about_me("", label("PSY"));
    EXPECT_TRUE(mine(plain).ok());  // their own diagnosis, however sensitive
    const std::string both = about_me(
        R"(,"extension":[{"url":"http://x/y","valueReference":{"reference":")" + other + "\"}}]");
    EXPECT_EQ(refusal(both), refusal("Observation/none"));
    for (const char* code : {"PSYTHPN", "NOPAT", "TABOO"}) {
        const std::string kept = about_me("", label(code));
        EXPECT_EQ(refusal(kept), refusal("Observation/none")) << code;
        EXPECT_TRUE(get(kept).ok());
    }
    EXPECT_EQ(my_count("Observation"), 2U);
    EXPECT_EQ(my_count(me + "/$everything"), 3U);
    // A label that came later keeps the earlier versions, too.
    const std::string later = about_me("");
    EXPECT_TRUE(mine(later + "/_history/1").ok());
    ASSERT_TRUE(put(later, R"({"resourceType":"Observation","id":")" + id_of(later) + "\"," +
                               label("PSYTHPN") + R"("status":"final","subject":{"reference":")" +
                               me + "\"}}")
                    .ok());
    EXPECT_EQ(refusal(later + "/_history/1"), refusal("Observation/none/_history/1"));
    EXPECT_EQ(refusal(later + "/_history"), refusal("Observation/none/_history"));
}

TEST_F(ReachTest, NothingIsWrittenAtThatLevel) {
    own = http::Scopes::parse("patient/*.cruds");
    EXPECT_EQ(mine("Observation", Verb::kPost, observation_of(me)).error().status, 403);
    EXPECT_EQ(mine(my_observation, Verb::kDelete).error().status, 403);
    EXPECT_EQ(mine("$quarantine").error().status, 403);
    EXPECT_EQ(mine("Observation/$validate", Verb::kPost, observation_of(me)).error().status, 403);
    const auto batch =
        mine("", Verb::kPost,
             R"({"resourceType":"Bundle","type":"batch","entry":[)"
             R"({"request":{"method":"GET","url":")" +
                 my_observation + R"("}},{"request":{"method":"GET","url":")" + other_observation +
                 R"("}},{"request":{"method":"DELETE","url":")" + my_observation + R"("}}]})");
    ASSERT_TRUE(batch.ok());
    for (const char* status : {"200 OK", "404 Not Found", "403 Forbidden"})
        EXPECT_NE(batch->body.find(status), Bytes::npos) << batch->body;
    EXPECT_EQ(batch->body.find(id_of(other)), Bytes::npos);
}

TEST_F(ReachTest, EachTypeTakesItsScopeAndThePatientMustBeKnown) {
    own = http::Scopes::parse("patient/Observation.rs patient/Patient.r");
    create("Condition", R"({"resourceType":"Condition","subject":{"reference":")" + me + "\"}}");
    EXPECT_EQ(mine("Condition").error().status, 403);
    EXPECT_EQ(mine("Patient").error().status, 403);  // no s
    EXPECT_EQ(my_count(me + "/$everything"), 2U);
    Call asked = call(Verb::kGet, me);
    asked.scopes = &own;  // a link of which no card was given out
    const auto reply = fhir->handle(std::move(asked));
    ASSERT_FALSE(reply.ok());
    EXPECT_EQ(reply.error().status, 403);
}

}  // namespace
}  // namespace consilium::services::ehr
