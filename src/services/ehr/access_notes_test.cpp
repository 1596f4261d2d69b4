// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/access_notes.hpp"

#include "services/ehr/fhir_fixture.hpp"
#include "services/ehr/patients_named.hpp"

namespace consilium::services::ehr {
namespace {

class AccessNotesTest : public FhirTest {
 protected:
    http::Principal principal;

    AccessNotesTest() {
        principal.subject = "user-7";
        principal.purpose_of_use = "TREAT";
    }
    // What the log is told of a call; nothing when it is not told.
    std::optional<Access> noted(Call asked) {
        AccessNotes notes(asked);
        asked.notes = &notes;
        const auto reply = fhir->handle(std::move(asked));
        if (!notes.is_access(reply)) return std::nullopt;
        return std::move(notes).finish(&principal, reply, false);
    }
    std::optional<Access> noted_get(std::string_view target) {
        return noted(call(Verb::kGet, target));
    }
    static std::string id_of(const std::string& name) { return name.substr(name.find('/') + 1); }
    static std::vector<std::string> names_of(const Access& access) {
        std::vector<std::string> out;
        for (const AccessedResource& resource : access.resources) {
            std::string text =
                resource.type + '/' + resource.id + '/' + std::to_string(resource.version);
            for (const std::uint32_t place : resource.patients)
                text += ' ' + access.patients.at(place);
            out.push_back(text);
        }
        std::sort(out.begin(), out.end());
        return out;
    }
};

TEST_F(AccessNotesTest, PatientsAreNamedByTheStoredText) {
    EXPECT_TRUE(patients_named("").empty());
    EXPECT_EQ(patients_named(R"({"resourceType":"Patient","id":"a-1","meta":{}})"),
              std::vector<std::string_view>{"a-1"});
    EXPECT_EQ(
        patients_named(
            R"({"resourceType":"Group","id":"g","member":[{"entity":{"reference":"Patient/b"}},{"entity":{"reference":"Patient/c/_history/2"}},{"entity":{"reference":"Patient/b"}},{"entity":{"reference":"http://x/Patient/d"}},{"entity":{"reference":"Patient/"}}]})"),
        (std::vector<std::string_view>{"b", "c"}));
    // What a text says is no reference: its quotes are escaped.
    EXPECT_TRUE(
        patients_named(R"({"resourceType":"Basic","id":"g","x":"\"reference\":\"Patient/e\""})")
            .empty());
}

TEST_F(AccessNotesTest, EveryReadSaysWhatItShowed) {
    const std::string patient = new_patient();
    const std::string id = id_of(patient);
    const std::string observation = create("Observation", observation_of(patient));
    const auto read = noted_get(observation);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->interaction, Interaction::kRead);
    EXPECT_EQ(read->subject, "user-7");
    EXPECT_EQ(read->purpose, "TREAT");
    EXPECT_EQ(read->status, 200);
    EXPECT_EQ(read->patients, std::vector<std::string>{id});
    EXPECT_EQ(names_of(*read), std::vector<std::string>{observation + "/1 " + id});

    const auto vread = noted_get(observation + "/_history/1");
    ASSERT_TRUE(vread);
    EXPECT_EQ(vread->interaction, Interaction::kVread);
    EXPECT_EQ(names_of(*vread), names_of(*read));
    const auto history = noted_get(observation + "/_history");
    ASSERT_TRUE(history);
    EXPECT_EQ(history->interaction, Interaction::kHistory);
    EXPECT_EQ(names_of(*history), names_of(*read));
    const auto everything = noted_get(patient + "/$everything");
    ASSERT_TRUE(everything);
    EXPECT_EQ(everything->interaction, Interaction::kEverything);
    EXPECT_EQ(names_of(*everything),
              (std::vector<std::string>{observation + "/1 " + id, patient + "/1 " + id}));
}

// Each patient whose data was in the answer, also where the answer leaves out whose it is.
TEST_F(AccessNotesTest, ASearchNamesEveryPatientInItsAnswer) {
    const std::string one = new_patient("Eins");
    const std::string two = new_patient("Zwei");
    create("Observation", observation_of(one));
    create("Observation", observation_of(two));
    for (const char* target : {"Observation?code=8480-6", "Observation?code=8480-6&_elements=code",
                               "Observation?code=8480-6&_summary=true"}) {
        const auto search = noted_get(target);
        ASSERT_TRUE(search);
        EXPECT_EQ(search->interaction, Interaction::kSearch);
        EXPECT_EQ(search->asked, "Observation");
        EXPECT_NE(search->query.find("code=8480-6"), std::string::npos);
        EXPECT_EQ(search->patients.size(), 2U) << target;
        EXPECT_EQ(search->resources.size(), 2U) << target;
    }
    const auto included = noted_get("Patient?family=Eins&_revinclude=Observation:subject");
    ASSERT_TRUE(included);
    EXPECT_EQ(included->patients, std::vector<std::string>{id_of(one)});
    EXPECT_EQ(included->resources.size(), 2U);
    // That there is nothing is told of somebody too.
    const auto none = noted_get("Condition?patient=" + id_of(two));
    ASSERT_TRUE(none);
    EXPECT_EQ(none->patients, std::vector<std::string>{id_of(two)});
    EXPECT_TRUE(none->resources.empty());
}

TEST_F(AccessNotesTest, EveryChangeSaysWhatItChanged) {
    const std::string patient = new_patient();
    const std::string id = id_of(patient);
    auto created = noted(call(Verb::kPost, "Observation", observation_of(patient)));
    ASSERT_TRUE(created);
    EXPECT_EQ(created->interaction, Interaction::kCreate);
    EXPECT_EQ(created->status, 201);
    ASSERT_EQ(created->resources.size(), 1U);
    const std::string observation = "Observation/" + created->resources[0].id;
    EXPECT_EQ(names_of(*created), std::vector<std::string>{observation + "/1 " + id});

    Bytes body = observation_of(patient);
    body.insert(1, R"("id":")" + created->resources[0].id + R"(",)");
    const auto updated = noted(call(Verb::kPut, observation, body));
    ASSERT_TRUE(updated);
    EXPECT_EQ(updated->interaction, Interaction::kUpdate);
    EXPECT_EQ(names_of(*updated), std::vector<std::string>{observation + "/2 " + id});
    const auto deleted = noted(call(Verb::kDelete, observation));
    ASSERT_TRUE(deleted);
    EXPECT_EQ(deleted->interaction, Interaction::kDelete);
    EXPECT_EQ(names_of(*deleted), std::vector<std::string>{observation + "/3 " + id});

    const auto bundle = noted(call(
        Verb::kPost, "",
        R"({"resourceType":"Bundle","type":"batch","entry":[{"request":{"method":"GET","url":")" +
            patient + R"("}},{"resource":)" + observation_of(patient) +
            R"(,"request":{"method":"POST","url":"Observation"}}]})"));
    ASSERT_TRUE(bundle);
    EXPECT_EQ(bundle->interaction, Interaction::kBatch);
    ASSERT_EQ(bundle->resources.size(), 2U);
    EXPECT_EQ(bundle->resources[0].interaction, Interaction::kRead);
    EXPECT_EQ(bundle->resources[1].interaction, Interaction::kCreate);
    EXPECT_EQ(bundle->patients, std::vector<std::string>{id});
}

TEST_F(AccessNotesTest, WhatWasDeniedIsToldAndWhatFailedIsNot) {
    const std::string patient = new_patient();
    EXPECT_FALSE(noted_get("Patient/nobody"));
    EXPECT_FALSE(noted_get("metadata"));
    EXPECT_FALSE(noted_get("Observation?unknown=1"));
    EXPECT_FALSE(noted(call(Verb::kPost, "Observation", "{")));
    scopes = http::Scopes::parse("user/Observation.rs");
    const auto denied = noted_get(patient);
    ASSERT_TRUE(denied);
    EXPECT_TRUE(denied->denied);
    EXPECT_EQ(denied->status, 403);
    EXPECT_EQ(denied->asked, patient);
    EXPECT_EQ(denied->patients, std::vector<std::string>{id_of(patient)});
    EXPECT_TRUE(denied->resources.empty());
}

// The answer of another member, of which this store has nothing.
TEST_F(AccessNotesTest, AnAnswerFromElsewhereIsReadAsItIs) {
    Answer answer;
    answer.body =
        R"({"resourceType":"Bundle","type":"searchset","entry":[{"resource":{)"
        R"("resourceType":"Patient","id":"p","meta":{"versionId":"3"}}},{"resource":{)"
        R"("resourceType":"Observation","id":"o","subject":{"reference":"Patient/p"}}}]})";
    AccessNotes notes(call(Verb::kGet, "Patient/p/$everything"));
    const Reply reply(answer);
    ASSERT_TRUE(notes.is_access(reply));
    const Access access = std::move(notes).finish(&principal, reply, true);
    EXPECT_TRUE(access.elsewhere);
    EXPECT_EQ(names_of(access), (std::vector<std::string>{"Observation/o/0 p", "Patient/p/3 p"}));
    EXPECT_EQ(access.patients, std::vector<std::string>{"p"});
}

// What is offered to a chart elsewhere is this member's own document about another's patient.
TEST_F(AccessNotesTest, AContributionIsReadOutOfItsAnswer) {
    Answer answer;
    answer.status = 201;
    answer.body = R"({"resourceType":"Observation","id":"o","meta":{"versionId":"1"},)"
                  R"("subject":{"reference":"Patient/p"}})";
    const Reply reply(answer);
    AccessNotes notes(call(Verb::kPost, "Observation"));
    const Access offered = AccessNotes(notes).finish(&principal, reply, true);
    EXPECT_EQ(offered.interaction, Interaction::kCreate);
    EXPECT_EQ(names_of(offered), std::vector<std::string>{"Observation/o/1 p"});
    // In the own store whoever writes notes what was written.
    EXPECT_TRUE(std::move(notes).finish(&principal, reply, false).resources.empty());
}

}  // namespace
}  // namespace consilium::services::ehr
