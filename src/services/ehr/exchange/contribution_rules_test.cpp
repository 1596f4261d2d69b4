// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/exchange/contribution_rules.hpp"

#include "proto/canonical.hpp"
#include "services/ehr/exchange/contribution_resources.hpp"
#include "services/ehr/exchange/remote_writes.hpp"
#include "services/ehr/fhir_fixture.hpp"
#include "services/ehr/validate_resource.hpp"

namespace consilium::services::ehr::exchange {
namespace {

constexpr const char* kRestricted =
    R"("meta":{"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality",)"
    R"("code":"R"}]},)";

class ContributionRulesTest : public FhirTest {
 protected:
    static OfferFault fault(const Bytes& text, const std::string& type = "Observation") {
        const auto parsed = formats::json::parse(text, text.size());
        EXPECT_TRUE(parsed.ok());
        return check_offered(parsed->root(), type, "verena");
    }
    static Bytes observation(const std::string& more) {
        return R"({"resourceType":"Observation","subject":{"reference":"Patient/verena"})" + more +
               "}";
    }
    bool known(const Bytes& text, const std::string& patient) {
        const auto parsed = formats::json::parse(text, text.size());
        return *refers_to_known(*store, parsed->root(), patient);
    }
    static Bytes referring(const std::string& to) {
        return R"({"hasMember":[{"reference":")" + to + R"("}]})";
    }
    static std::string id_of(const std::string& name) { return name.substr(name.find('/') + 1); }
};

TEST_F(ContributionRulesTest, AResourceIsAboutTheLinksPatientAndNobodyElse) {
    EXPECT_EQ(fault(observation("")), OfferFault::kNone);
    EXPECT_EQ(fault(R"({"resourceType":"Observation"})"), OfferFault::kPatient);
    EXPECT_EQ(fault(R"({"subject":{"reference":"Patient/other"},)"
                    R"("performer":[{"reference":"Patient/verena"}]})"),
              OfferFault::kPatient);
    EXPECT_EQ(fault(observation(R"(,"performer":[{"reference":"Patient/other"}])")),
              OfferFault::kOtherPatient);
    // Also where no compartment looks.
    EXPECT_EQ(fault(observation(R"(,"extension":[{"valueReference":{"reference":"Patient/x"}}])")),
              OfferFault::kOtherPatient);
    EXPECT_EQ(
        fault(observation(R"(,"contained":[{"subject":{"reference":"Patient/x/_history/1"}}])")),
        OfferFault::kOtherPatient);
}

TEST_F(ContributionRulesTest, ReferencesAreTypeAndIdOrContained) {
    EXPECT_EQ(fault(observation(R"(,"encounter":{"reference":"Encounter/e-1"})")),
              OfferFault::kNone);
    EXPECT_EQ(fault(observation(R"(,"device":{"reference":"#d"})")), OfferFault::kNone);
    EXPECT_EQ(fault(observation(R"(,"device":{"display":"a scale"})")), OfferFault::kNone);
    for (const char* text : {"urn:uuid:0", "https://elsewhere.example/fhir/Encounter/1",
                             "Encounter?identifier=x", "Encounter/1?x=y", "nonsense"}) {
        EXPECT_EQ(fault(observation(R"(,"encounter":{"reference":")" + std::string(text) + "\"}")),
                  OfferFault::kReference)
            << text;
    }
}

TEST_F(ContributionRulesTest, OnlyWhatBelongsToARecordAndIsNoServersOwn) {
    EXPECT_TRUE(is_contributed("Observation"));
    EXPECT_TRUE(is_contributed("DocumentReference"));
    for (const char* type : {"Patient", "Provenance", "AuditEvent", "Consent", "Organization",
                             "Task", "Binary", "Bundle", "Group", "Person"})
        EXPECT_FALSE(is_contributed(type)) << type;
    EXPECT_EQ(fault(R"({"subject":{"reference":"Patient/verena"}})", "Task"), OfferFault::kType);
}

TEST_F(ContributionRulesTest, WhatItRefersToIsShownOrOfNobody) {
    const std::string patient = new_patient();
    const std::string other = new_patient("Andere");
    const std::string ours = create("Observation", observation_of(patient));
    const std::string theirs = create("Observation", observation_of(other));
    Bytes text = observation_of(patient);
    text.insert(1, kRestricted);
    const std::string labelled = create("Observation", text);
    const std::string nobodys =
        create("Organization", R"({"resourceType":"Organization","name":"x"})");
    const std::string deleted = create("Observation", observation_of(patient));
    EXPECT_EQ(remove(deleted)->status, 204);
    const std::string id = id_of(patient);
    EXPECT_TRUE(known(referring(patient), id));
    EXPECT_TRUE(known(referring(ours), id));
    EXPECT_TRUE(known(referring(ours + "/_history/1"), id));
    EXPECT_TRUE(known(referring(nobodys), id));
    EXPECT_TRUE(known(referring("#in"), id));
    for (const std::string& name :
         {theirs, labelled, deleted, ours + "/_history/2", std::string("Observation/none"), other})
        EXPECT_FALSE(known(referring(name), id)) << name;

    EXPECT_TRUE(*is_correctable(*store, "Observation", id_of(ours), 1, id));
    EXPECT_FALSE(*is_correctable(*store, "Observation", id_of(ours), 0, id));
    EXPECT_FALSE(*is_correctable(*store, "Observation", id_of(ours), 2, id));
    EXPECT_FALSE(*is_correctable(*store, "Observation", id_of(theirs), 1, id));
    EXPECT_FALSE(*is_correctable(*store, "Observation", id_of(labelled), 1, id));
    EXPECT_FALSE(*is_correctable(*store, "Observation", id_of(deleted), 1, id));
    EXPECT_FALSE(*is_correctable(*store, "Organization", id_of(nobodys), 1, id));
    EXPECT_FALSE(*is_correctable(*store, "Condition", id_of(ours), 1, id));
}

TEST_F(ContributionRulesTest, TasksAndProvenanceAreWhatR4Asks) {
    const auto issues = [](const Bytes& text, const std::string& type) {
        const auto parsed = formats::json::parse(text, text.size());
        EXPECT_TRUE(parsed.ok()) << text;
        const auto found = validate_resource(parsed->root(), type);
        return found.empty() ? std::string() : found[0].expression + ": " + found[0].text;
    };
    v1::Offering offering;
    offering.set_link_id(crypto::random_bytes(16));
    offering.set_custodian("hospital");
    offering.set_patient("verena");
    offering.set_resource_type("Observation");
    offering.set_resource_id("o-1");
    offering.set_corrects_id("o-9");
    offering.set_corrects_version(1);
    offering.set_task("t-1");
    offering.set_number(3);
    offering.mutable_gate()->set_rule(v1::DECISION_RULE_NO_CONSENT);
    offering.mutable_gate()->set_parameter(v1::POLICY_PARAMETER_TREATMENT);
    offering.set_rejection(v1::CONTRIBUTION_REJECTION_OUTDATED);
    offering.mutable_record()->set_resource_id("o-9");
    offering.mutable_record()->set_version(2);
    for (int state = v1::OfferState_MIN + 1; state <= v1::OfferState_MAX; ++state) {
        offering.set_state(static_cast<v1::OfferState>(state));
        EXPECT_EQ(issues(task_of(offering, "clinic", UnixMs{1}), "Task"), "") << state;
    }
    v1::DisclosedDocument document;
    document.set_resource_type("Observation");
    v1::ContributionOpening opening;
    opening.set_patient("verena");
    opening.set_document(proto::encode(document));
    v1::Offered offered;
    offered.set_opening(proto::encode(opening));
    offered.set_contributor("clinic");
    offered.set_link_id(offering.link_id());
    offered.set_number(3);
    offered.set_task("t-2");
    offered.set_resource_id("o-9");
    offered.set_version(1);
    offered.set_user(crypto::random_bytes(16));
    offered.set_provenance("p-1");
    for (int state = v1::OfferedState_MIN + 1; state <= v1::OfferedState_MAX; ++state) {
        offered.set_state(static_cast<v1::OfferedState>(state));
        EXPECT_EQ(issues(task_of(offered, "hospital", UnixMs{1}), "Task"), "") << state;
    }
    EXPECT_EQ(issues(provenance_of(offered, "hospital", UnixMs{1}), "Provenance"), "");
    opening.set_corrects_id("o-9");
    opening.set_corrects_version(1);
    offered.set_opening(proto::encode(opening));
    offered.set_version(2);
    const Bytes told = provenance_of(offered, "hospital", UnixMs{1});
    EXPECT_EQ(issues(told, "Provenance"), "");
    EXPECT_NE(told.find("Observation/o-9/_history/1"), Bytes::npos);
    EXPECT_NE(told.find("Observation/o-9/_history/2"), Bytes::npos);
}

TEST_F(ContributionRulesTest, PatientsThatATextMentions) {
    EXPECT_EQ(mentioned_patients(R"({"a":"Patient/a-1","b":"Patient/b.2","c":"Patient/a-1"})"),
              (std::vector<std::string>{"a-1", "b.2"}));
    EXPECT_TRUE(mentioned_patients("Patient/").empty());
    EXPECT_TRUE(mentioned_patients("Patient/ x Patient/" + std::string(65, 'x')).empty());
    EXPECT_EQ(mentioned_patients("Patient/" + std::string(64, 'x')).size(), 1U);
    std::string many;
    for (std::size_t i = 0; i <= kMentionsMax; ++i)
        many += "Patient/p" + std::to_string(i) + ' ';
    EXPECT_EQ(mentioned_patients(many).size(), kMentionsMax);
}

}  // namespace
}  // namespace consilium::services::ehr::exchange
