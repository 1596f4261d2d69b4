// SPDX-License-Identifier: Apache-2.0
#include "contracts/ehr/ehr_fixture.hpp"

namespace consilium::contracts::ehr {
namespace {

constexpr auto kTreatment = v1::POLICY_PARAMETER_TREATMENT;
constexpr auto kGranted = v1::ACCESS_DECISION_GRANTED;
constexpr auto kDenied = v1::ACCESS_DECISION_DENIED;
constexpr auto kPending = v1::ACCESS_DECISION_PENDING;

TEST_F(EhrTest, RequestWithConsentIsGranted) {
    give_consent(v1::PURPOSE_OF_USE_TREAT);
    give(request());
    expect_request(request_row(granted_by_consent()));
}

// A denied request is applied: its row names the rule and the parameter that denied it.
TEST_F(EhrTest, RequestWithoutConsentIsDenied) {
    give(request());
    expect_request(request_row(gate(kDenied, v1::DECISION_RULE_NO_CONSENT, kTreatment)));
}

TEST_F(EhrTest, RequestUnderAnOptInPolicyIsDenied) {
    give_policy(kTreatment, v1::POLICY_RULE_OPT_IN);
    give(request());
    expect_request(request_row(gate(kDenied, v1::DECISION_RULE_NO_CONSENT, kTreatment, 3)));
}

TEST_F(EhrTest, RequestUnderAnOptOutPolicyIsGranted) {
    give_policy(kTreatment, v1::POLICY_RULE_OPT_OUT);
    give(request());
    expect_request(request_row(gate(kGranted, v1::DECISION_RULE_OPT_OUT, kTreatment, 3)));
}

TEST_F(EhrTest, AnOptOutPolicyCoversItsOwnPurposesAlone) {
    give_policy(kTreatment, v1::POLICY_RULE_OPT_OUT);
    give(request(v1::PURPOSE_OF_USE_HRESCH));
    expect_request(
        request_row(gate(kDenied, v1::DECISION_RULE_NO_CONSENT, v1::POLICY_PARAMETER_RESEARCH, 3),
                    v1::PURPOSE_OF_USE_HRESCH));
}

TEST_F(EhrTest, APolicyThatSaysNeverPrevailsOverConsent) {
    give_policy(kTreatment, v1::POLICY_RULE_NEVER);
    give_consent(v1::PURPOSE_OF_USE_TREAT);
    give(request());
    expect_request(request_row(gate(kDenied, v1::DECISION_RULE_POLICY, kTreatment, 3)));
}

TEST_F(EhrTest, AnObjectionPrevailsOverAnOptOutPolicy) {
    give_policy(kTreatment, v1::POLICY_RULE_OPT_OUT);
    give_consent(v1::PURPOSE_OF_USE_TREAT, v1::CONSENT_PROVISION_DENY);
    give(request(v1::PURPOSE_OF_USE_COC));
    expect_request(request_row(
        gate(kDenied, v1::DECISION_RULE_OBJECTION, v1::POLICY_PARAMETER_UNSPECIFIED, 0, 1),
        v1::PURPOSE_OF_USE_COC));
}

TEST_F(EhrTest, AConsentForAnotherPurposeIsNone) {
    give_consent(v1::PURPOSE_OF_USE_HPAYMT);
    give(request());
    expect_request(request_row(gate(kDenied, v1::DECISION_RULE_NO_CONSENT, kTreatment)));
}

TEST_F(EhrTest, AConsentToContributeIsNoneToRead) {
    give_consent(v1::PURPOSE_OF_USE_TREAT, v1::CONSENT_PROVISION_PERMIT,
                 v1::ACCESS_ACTION_CONTRIBUTE);
    give(request());
    expect_request(request_row(gate(kDenied, v1::DECISION_RULE_NO_CONSENT, kTreatment)));
}

TEST_F(EhrTest, AClosedLinkDeniesEverything) {
    give_consent(v1::PURPOSE_OF_USE_TREAT);
    close_link();
    give(request());
    expect_request(request_row(denied(v1::DECISION_RULE_LINK_CLOSED)));
}

TEST_F(EhrTest, AStrangersRequestIsDeniedAndSeen) {
    give_consent(v1::PURPOSE_OF_USE_TREAT);
    transaction.sender.member = "payer";
    give(request());
    v1::AccessRequest row = request_row(denied(v1::DECISION_RULE_NOT_COUNTERPARTY));
    row.set_requester("payer");
    row.set_user(World::user("payer", v1::ROLE_CLINICIAN).bytes());
    expect_request(row);
}

TEST_F(EhrTest, RequestsAppend) {
    give_grant();
    given.row(kInbox, inbox_entry(v1::INBOX_KIND_REQUEST, link));
    give(request());
    expect.outcome.assigned = {2};
    expect.row(at("request", 2), request_row(granted_by_consent()));
    expect.row("ehr/inbox/hospital/2", inbox_entry(v1::INBOX_KIND_REQUEST, link, 2));
}

TEST_F(EhrTest, TheCustodiansPolicySaysHowLongAGrantLives) {
    give_consent(v1::PURPOSE_OF_USE_TREAT);
    v1::Policy policy;
    policy.set_version(1);
    policy.set_grant_life_ms(limits::kGrantLifeMsMin);
    given.row(kPolicy, policy);
    give(request());
    v1::AccessRequest row =
        request_row(gate(kGranted, v1::DECISION_RULE_CONSENT, kTreatment, 1, 1));
    row.set_expires_unix_ms(kNowMs + limits::kGrantLifeMsMin);
    expect_request(row);
}

TEST_F(EhrTest, RequestByTheCustodianIsRefused) {
    as("hospital", v1::ROLE_CLINICIAN);
    refuse(request(), Rejection::kOwnChart);
}

TEST_F(EhrTest, RequestByAnAuditorIsRefused) {
    transaction.sender.role = v1::ROLE_AUDITOR;
    refuse(request(), Rejection::kRole);
}

TEST_F(EhrTest, RequestOverNoLinkIsRefused) {
    given.rows.erase(link_path());
    refuse(request(), Rejection::kLinkUnknown);
}

TEST_F(EhrTest, RequestRefusesTheNumberAfterTheLast) {
    given.row(at("request", std::numeric_limits<std::uint32_t>::max()),
              request_row(granted_by_consent()));
    refuse(request(), Rejection::kNumbersUsedUp);
}

TEST_F(EhrTest, RequestRefusesTheZeroId) {
    auto payload = request();
    payload.mutable_request_access()->set_link_id(Bytes(16, '\0'));
    refuse(payload, Rejection::kId);
}

TEST_F(EhrTest, RequestWithoutAPurposeIsRefused) {
    refuse(request(v1::PURPOSE_OF_USE_UNSPECIFIED), Rejection::kPurpose);
}

TEST_F(EhrTest, RequestToContributeIsRefused) {
    auto payload = request();
    payload.mutable_request_access()->set_action(v1::ACCESS_ACTION_CONTRIBUTE);
    refuse(payload, Rejection::kAction);
}

TEST_F(EhrTest, RequestRefusesAShortCommitment) {
    auto payload = request();
    payload.mutable_request_access()->set_request_commitment(Bytes(31, 'c'));
    refuse(payload, Rejection::kCommitment);
}

TEST_F(EhrTest, RequestWithAnEmergencyThatIsNoneIsRefused) {
    auto payload = request();
    payload.mutable_request_access()->set_emergency(v1::EMERGENCY_REASON_PUBLIC_EMERGENCY);
    refuse(payload, Rejection::kEmergency);
}

TEST_F(EhrTest, EmergencyWithoutAReasonIsRefused) {
    auto payload = emergency();
    payload.mutable_request_access()->clear_emergency();
    refuse(payload, Rejection::kEmergency);
}

// ---- without a card

TEST_F(EhrTest, WithoutACardItWaitsForTheCustodian) {
    give(without_card());
    v1::AccessRequest row = request_row(gate(kPending, v1::DECISION_RULE_NO_CARD, kTreatment));
    row.set_without_card(true);
    expect.outcome.assigned = {1};
    expect.row(path("request", fresh), row);
    expect.row(kInbox, inbox_entry(v1::INBOX_KIND_REQUEST, fresh));
}

TEST_F(EhrTest, WithoutACardAPolicyThatSaysNeverDenies) {
    give_policy(kTreatment, v1::POLICY_RULE_NEVER);
    give(without_card());
    v1::AccessRequest row = request_row(gate(kDenied, v1::DECISION_RULE_POLICY, kTreatment, 3));
    row.set_without_card(true);
    expect.outcome.assigned = {1};
    expect.row(path("request", fresh), row);
    expect.row(kInbox, inbox_entry(v1::INBOX_KIND_REQUEST, fresh));
}

TEST_F(EhrTest, WithoutACardUnderALinksIdIsRefused) {
    auto payload = without_card();
    payload.mutable_request_without_card()->set_request_id(link);
    refuse(payload, Rejection::kIdTaken);
}

TEST_F(EhrTest, WithoutACardUnderAnIdInUseIsRefused) {
    v1::AccessRequest row = request_row(gate(kPending, v1::DECISION_RULE_NO_CARD, kTreatment));
    row.set_without_card(true);
    given.row(path("request", fresh), row);
    refuse(without_card(), Rejection::kIdTaken);
}

TEST_F(EhrTest, WithoutACardToItselfIsRefused) {
    as("hospital", v1::ROLE_CLINICIAN);
    refuse(without_card(), Rejection::kOwnChart);
}

TEST_F(EhrTest, WithoutACardToAStrangerIsRefused) {
    auto payload = without_card();
    payload.mutable_request_without_card()->set_custodian("stranger");
    refuse(payload, Rejection::kCustodian);
}

TEST_F(EhrTest, WithoutACardToWhatIsNoMemberIdIsRefused) {
    auto payload = without_card();
    payload.mutable_request_without_card()->set_custodian("The Hospital");
    refuse(payload, Rejection::kCustodian);
}

// ---- bind

class EhrBindTest : public EhrTest {
 protected:
    EhrBindTest() { as("hospital", v1::ROLE_SERVICE); }
    v1::AccessRequest pending() const {
        v1::AccessRequest row = request_row(gate(kPending, v1::DECISION_RULE_NO_CARD, kTreatment));
        row.set_without_card(true);
        return row;
    }
    // Both rows after binding, which decided so.
    void expect_bound(const v1::AccessRequest& decided) {
        v1::AccessRequest under_link = decided;
        under_link.set_fresh_id(fresh);
        v1::AccessRequest filed = decided;
        filed.set_without_card(true);
        filed.set_link_id(link);
        filed.set_number(1);
        expect.outcome.assigned = {1};
        expect.row(at("request"), under_link);
        expect.row(path("request", fresh), filed);
    }
};

TEST_F(EhrBindTest, BindingDecidesWithTheLinksConsent) {
    give_consent(v1::PURPOSE_OF_USE_TREAT);
    given.row(path("request", fresh), pending());
    give(bind());
    expect_bound(request_row(granted_by_consent()));
}

TEST_F(EhrBindTest, BindingDeniesWithoutConsent) {
    given.row(path("request", fresh), pending());
    give(bind());
    expect_bound(request_row(gate(kDenied, v1::DECISION_RULE_NO_CONSENT, kTreatment)));
}

TEST_F(EhrBindTest, BindingToAClosedLinkDenies) {
    given.row(path("request", fresh), pending());
    close_link();
    give(bind());
    expect_bound(request_row(denied(v1::DECISION_RULE_LINK_CLOSED)));
}

TEST_F(EhrBindTest, BindingMayRefuse) {
    give_consent(v1::PURPOSE_OF_USE_TREAT);
    given.row(path("request", fresh), pending());
    auto payload = bind();
    payload.mutable_bind_request()->set_refusal(v1::REFUSAL_REASON_FINE_CONSENT);
    payload.mutable_bind_request()->set_refusal_commitment(test_bytes("why", 32));
    give(payload);
    v1::AccessRequest row =
        request_row(gate(v1::ACCESS_DECISION_REFUSED, v1::DECISION_RULE_NO_CARD, kTreatment));
    row.set_refusal(v1::REFUSAL_REASON_FINE_CONSENT);
    row.set_refusal_commitment(test_bytes("why", 32));
    expect_bound(row);
}

TEST_F(EhrBindTest, WhatWasDeniedIsBoundAsDenied) {
    v1::AccessRequest row = pending();
    *row.mutable_gate() = gate(kDenied, v1::DECISION_RULE_POLICY, kTreatment, 3);
    given.row(path("request", fresh), row);
    give_consent(v1::PURPOSE_OF_USE_TREAT);
    give(bind());
    row.set_without_card(false);
    expect_bound(row);
}

TEST_F(EhrBindTest, WithoutALinkThePatientIsUnknown) {
    given.row(path("request", fresh), pending());
    auto payload = bind();
    payload.mutable_bind_request()->clear_link_id();
    payload.mutable_bind_request()->set_refusal(v1::REFUSAL_REASON_PATIENT_UNKNOWN);
    give(payload);
    v1::AccessRequest row = pending();
    row.mutable_gate()->set_decision(v1::ACCESS_DECISION_REFUSED);
    row.set_refusal(v1::REFUSAL_REASON_PATIENT_UNKNOWN);
    expect.row(path("request", fresh), row);
}

TEST_F(EhrBindTest, WithoutALinkNoOtherReasonWillDo) {
    given.row(path("request", fresh), pending());
    auto payload = bind();
    payload.mutable_bind_request()->clear_link_id();
    payload.mutable_bind_request()->set_refusal(v1::REFUSAL_REASON_HARM);
    refuse(payload, Rejection::kRefusal);
}

TEST_F(EhrBindTest, WithoutALinkItIsNotGranted) {
    given.row(path("request", fresh), pending());
    auto payload = bind();
    payload.mutable_bind_request()->clear_link_id();
    refuse(payload, Rejection::kRefusal);
}

TEST_F(EhrBindTest, ACommitmentToReasonsNeedsAReason) {
    auto payload = bind();
    payload.mutable_bind_request()->set_refusal_commitment(test_bytes("why", 32));
    refuse(payload, Rejection::kRefusal);
}

TEST_F(EhrBindTest, WhatWasDeniedIsNotRefused) {
    v1::AccessRequest row = pending();
    *row.mutable_gate() = gate(kDenied, v1::DECISION_RULE_POLICY, kTreatment, 3);
    given.row(path("request", fresh), row);
    auto payload = bind();
    payload.mutable_bind_request()->set_refusal(v1::REFUSAL_REASON_HARM);
    refuse(payload, Rejection::kDecided);
}

TEST_F(EhrBindTest, BindingTwiceIsRefused) {
    v1::AccessRequest row = pending();
    row.set_link_id(test_bytes("another link", 16));
    row.set_number(1);
    given.row(path("request", fresh), row);
    refuse(bind(), Rejection::kBound);
}

TEST_F(EhrBindTest, BindingByAnotherMemberIsRefused) {
    given.row(path("request", fresh), pending());
    as("payer", v1::ROLE_SERVICE);
    refuse(bind(), Rejection::kNotCustodian);
}

TEST_F(EhrBindTest, BindingToAnotherMembersLinkIsRefused) {
    given.row(path("request", fresh), pending());
    v1::Link row;
    ASSERT_TRUE(row.ParseFromString(*given.rows[link_path()]));
    row.set_custodian("payer");
    given.row(link_path(), row);
    refuse(bind(), Rejection::kNotCustodian);
}

TEST_F(EhrBindTest, BindingToALinkToAnotherMemberIsRefused) {
    given.row(path("request", fresh), pending());
    v1::Link row;
    ASSERT_TRUE(row.ParseFromString(*given.rows[link_path()]));
    row.set_counterparty("payer");
    given.row(link_path(), row);
    refuse(bind(), Rejection::kNotCounterparty);
}

TEST_F(EhrBindTest, BindingToNoLinkIsRefused) {
    given.row(path("request", fresh), pending());
    given.rows.erase(link_path());
    refuse(bind(), Rejection::kLinkUnknown);
}

TEST_F(EhrBindTest, BindingNothingIsRefused) {
    refuse(bind(), Rejection::kRequestUnknown);
}

TEST_F(EhrBindTest, BindingARequestOfALinkIsRefused) {
    given.row(path("request", fresh), request_row(granted_by_consent()));
    refuse(bind(), Rejection::kRequestUnknown);
}

TEST_F(EhrBindTest, BindingByAnAuditorIsRefused) {
    as("hospital", v1::ROLE_AUDITOR);
    refuse(bind(), Rejection::kRole);
}

// ---- refuse

TEST_F(EhrBindTest, RefuseAGrant) {
    give_grant();
    auto payload = refuse_request(v1::REFUSAL_REASON_NOT_NAMED);
    payload.mutable_refuse_request()->set_refusal_commitment(test_bytes("why", 32));
    give(payload);
    v1::AccessRequest row = request_row(granted_by_consent());
    row.mutable_gate()->set_decision(v1::ACCESS_DECISION_REFUSED);
    row.set_refusal(v1::REFUSAL_REASON_NOT_NAMED);
    row.set_refusal_commitment(test_bytes("why", 32));
    expect.row(at("request"), row);
}

TEST_F(EhrBindTest, RefuseWithoutAReasonIsRefused) {
    give_grant();
    refuse(refuse_request(v1::REFUSAL_REASON_UNSPECIFIED), Rejection::kRefusal);
}

TEST_F(EhrBindTest, RefuseWhatWasDeniedIsRefused) {
    given.row(at("request"), request_row(denied(v1::DECISION_RULE_LINK_CLOSED)));
    refuse(refuse_request(v1::REFUSAL_REASON_HARM), Rejection::kNotGranted);
}

TEST_F(EhrBindTest, RefuseWhatWasDisclosedIsRefused) {
    v1::AccessRequest row = request_row(granted_by_consent());
    row.set_disclosure(1);
    given.row(at("request"), row);
    refuse(refuse_request(v1::REFUSAL_REASON_HARM), Rejection::kDisclosed);
}

TEST_F(EhrBindTest, RefuseByTheRequesterIsRefused) {
    give_grant();
    as("clinic", v1::ROLE_SERVICE);
    refuse(refuse_request(v1::REFUSAL_REASON_HARM), Rejection::kNotCustodian);
}

TEST_F(EhrBindTest, RefuseNothingIsRefused) {
    refuse(refuse_request(v1::REFUSAL_REASON_HARM), Rejection::kRequestUnknown);
}

TEST_F(EhrBindTest, RefuseNumberZeroIsRefused) {
    refuse(refuse_request(v1::REFUSAL_REASON_HARM, 0), Rejection::kRequestUnknown);
}

}  // namespace
}  // namespace consilium::contracts::ehr
