// SPDX-License-Identifier: Apache-2.0
#include "contracts/ehr/ehr_fixture.hpp"

namespace consilium::contracts::ehr {
namespace {

class EhrDisclosureTest : public EhrTest {
 protected:
    EhrDisclosureTest() { as("hospital", v1::ROLE_SERVICE); }

    v1::Disclosure by_law_row() const {
        v1::Disclosure row = disclosure_row(v1::DISCLOSURE_STATUS_SENT);
        row.clear_request();
        row.clear_decision_commitment();
        row.set_basis(v1::LEGAL_BASIS_PUBLIC_HEALTH);
        row.set_accountable(1);
        return row;
    }
    v1::AccountableDisclosure accountable_row(std::uint32_t disclosure = 1) const {
        v1::AccountableDisclosure row;
        row.set_disclosure(disclosure);
        row.set_recipient("clinic");
        row.set_basis(v1::LEGAL_BASIS_PUBLIC_HEALTH);
        row.set_commitment(test_bytes("sent", 32));
        row.set_sent_unix_ms(kNowMs);
        return row;
    }
    void give_sent() {
        given.row(at("disclosure"), disclosure_row(v1::DISCLOSURE_STATUS_SENT));
        as("clinic", v1::ROLE_SERVICE);
    }
};

TEST_F(EhrDisclosureTest, SendUnderAGrant) {
    give_grant();
    give(send());
    v1::AccessRequest used = request_row(granted_by_consent());
    used.set_disclosure(1);
    expect.outcome.assigned = {1};
    expect.row(at("request"), used);
    expect.row(at("disclosure"), disclosure_row(v1::DISCLOSURE_STATUS_SENT));
}

TEST_F(EhrDisclosureTest, SendAppends) {
    give_grant();
    given.row(at("disclosure", 7), disclosure_row(v1::DISCLOSURE_STATUS_RECEIVED));
    give(send());
    v1::AccessRequest used = request_row(granted_by_consent());
    used.set_disclosure(8);
    expect.outcome.assigned = {8};
    expect.row(at("request"), used);
    expect.row(at("disclosure", 8), disclosure_row(v1::DISCLOSURE_STATUS_SENT));
}

TEST_F(EhrDisclosureTest, AGrantIsUsedOnce) {
    give_grant();
    v1::AccessRequest used = request_row(granted_by_consent());
    used.set_disclosure(1);
    given.row(at("request"), used);
    refuse(send(), Rejection::kDisclosed);
}

TEST_F(EhrDisclosureTest, AGrantIsUsedOnceWithinATransactionToo) {
    give_grant();
    give(send());
    give(send());
    expect.rejected(ledger::ContractId::kEhr, Rejection::kDisclosed, 1);
}

TEST_F(EhrDisclosureTest, SendAtTheLastMomentOfTheGrant) {
    give_grant();
    v1::AccessRequest row = request_row(granted_by_consent());
    row.set_expires_unix_ms(kNowMs);
    given.row(at("request"), row);
    give(send());
    row.set_disclosure(1);
    expect.outcome.assigned = {1};
    expect.row(at("request"), row);
    expect.row(at("disclosure"), disclosure_row(v1::DISCLOSURE_STATUS_SENT));
}

TEST_F(EhrDisclosureTest, SendAfterTheGrantIsRefused) {
    give_grant();
    v1::AccessRequest row = request_row(granted_by_consent());
    row.set_expires_unix_ms(kNowMs - 1);
    given.row(at("request"), row);
    refuse(send(), Rejection::kGrantExpired);
}

TEST_F(EhrDisclosureTest, SendUnderADenialIsRefused) {
    given.row(at("request"), request_row(denied(v1::DECISION_RULE_NO_CONSENT)));
    refuse(send(), Rejection::kNotGranted);
}

TEST_F(EhrDisclosureTest, SendUnderARefusalIsRefused) {
    give_grant();
    v1::AccessRequest row = request_row(granted_by_consent());
    row.mutable_gate()->set_decision(v1::ACCESS_DECISION_REFUSED);
    given.row(at("request"), row);
    refuse(send(), Rejection::kNotGranted);
}

// A revocation stops what was granted before it and not yet sent.
TEST_F(EhrDisclosureTest, SendAfterARevocationIsRefused) {
    give_grant();
    v1::ConsentGate empty;
    empty.set_version(2);
    given.row("identity/gate/" + to_hex(link), empty);
    refuse(send(), Rejection::kGrantEnded);
}

TEST_F(EhrDisclosureTest, SendAfterAnObjectionIsRefused) {
    give_grant();
    give_consent(v1::PURPOSE_OF_USE_TREAT, v1::CONSENT_PROVISION_DENY);
    refuse(send(), Rejection::kGrantEnded);
}

TEST_F(EhrDisclosureTest, SendOverAClosedLinkIsRefused) {
    give_grant();
    close_link();
    refuse(send(), Rejection::kLinkClosed);
}

TEST_F(EhrDisclosureTest, SendByTheRequesterIsRefused) {
    give_grant();
    as("clinic", v1::ROLE_SERVICE);
    refuse(send(), Rejection::kNotCustodian);
}

TEST_F(EhrDisclosureTest, SendByAPrivacyOfficerIsRefused) {
    give_grant();
    as("hospital", v1::ROLE_PRIVACY_OFFICER);
    refuse(send(), Rejection::kRole);
}

TEST_F(EhrDisclosureTest, SendUnderNoRequestIsRefused) {
    refuse(send(), Rejection::kRequestUnknown);
}

TEST_F(EhrDisclosureTest, SendUnderNumberZeroIsRefused) {
    refuse(send(0), Rejection::kRequestUnknown);
}

// A custodian that opens a link under the fresh id of a request gains nothing by it.
TEST_F(EhrDisclosureTest, SendUnderARequestWithoutACardIsRefused) {
    give_grant();
    v1::AccessRequest row = request_row(granted_by_consent());
    row.set_without_card(true);
    given.row(at("request"), row);
    refuse(send(), Rejection::kRequestUnknown);
}

TEST_F(EhrDisclosureTest, SendRefusesAShortCommitment) {
    give_grant();
    auto payload = send();
    payload.mutable_send_disclosure()->set_commitment(Bytes(33, 'c'));
    refuse(payload, Rejection::kCommitment);
}

TEST_F(EhrDisclosureTest, SendRefusesAShortCommitmentToTheDecision) {
    give_grant();
    auto payload = send();
    payload.mutable_send_disclosure()->set_decision_commitment("c");
    refuse(payload, Rejection::kCommitment);
}

TEST_F(EhrDisclosureTest, SendRefusesTheNumberAfterTheLast) {
    give_grant();
    given.row(at("disclosure", std::numeric_limits<std::uint32_t>::max()),
              disclosure_row(v1::DISCLOSURE_STATUS_RECEIVED));
    refuse(send(), Rejection::kNumbersUsedUp);
}

// What a policy lets go without consent, and not for treatment, payment or operations, belongs in
// the patient's accounting.
TEST_F(EhrDisclosureTest, ResearchWithoutConsentIsAccountable) {
    give_policy(v1::POLICY_PARAMETER_RESEARCH, v1::POLICY_RULE_OPT_OUT);
    v1::AccessRequest row = request_row(gate(v1::ACCESS_DECISION_GRANTED, v1::DECISION_RULE_OPT_OUT,
                                             v1::POLICY_PARAMETER_RESEARCH, 3),
                                        v1::PURPOSE_OF_USE_HRESCH);
    given.row(at("request"), row);
    give(send());
    row.set_disclosure(1);
    expect.outcome.assigned = {1};
    expect.row(at("request"), row);
    v1::Disclosure sent = disclosure_row(v1::DISCLOSURE_STATUS_SENT);
    sent.set_accountable(1);
    expect.row(at("disclosure"), sent);
    v1::AccountableDisclosure listed = accountable_row();
    listed.set_basis(v1::LEGAL_BASIS_RESEARCH);
    expect.row(at("accountable"), listed);
}

TEST_F(EhrDisclosureTest, PublicHealthWithoutConsentIsAccountable) {
    give_policy(v1::POLICY_PARAMETER_PUBLIC_HEALTH, v1::POLICY_RULE_OPT_OUT);
    v1::AccessRequest row = request_row(gate(v1::ACCESS_DECISION_GRANTED, v1::DECISION_RULE_OPT_OUT,
                                             v1::POLICY_PARAMETER_PUBLIC_HEALTH, 3),
                                        v1::PURPOSE_OF_USE_PUBHLTH);
    given.row(at("request"), row);
    give(send());
    row.set_disclosure(1);
    expect.outcome.assigned = {1};
    expect.row(at("request"), row);
    v1::Disclosure sent = disclosure_row(v1::DISCLOSURE_STATUS_SENT);
    sent.set_accountable(1);
    expect.row(at("disclosure"), sent);
    expect.row(at("accountable"), accountable_row());
}

TEST_F(EhrDisclosureTest, ResearchWithConsentIsNot) {
    give_policy(v1::POLICY_PARAMETER_RESEARCH, v1::POLICY_RULE_OPT_OUT);
    give_consent(v1::PURPOSE_OF_USE_HRESCH);
    v1::AccessRequest row = request_row(gate(v1::ACCESS_DECISION_GRANTED, v1::DECISION_RULE_OPT_OUT,
                                             v1::POLICY_PARAMETER_RESEARCH, 3, 1),
                                        v1::PURPOSE_OF_USE_HRESCH);
    given.row(at("request"), row);
    give(send());
    row.set_disclosure(1);
    expect.outcome.assigned = {1};
    expect.row(at("request"), row);
    expect.row(at("disclosure"), disclosure_row(v1::DISCLOSURE_STATUS_SENT));
}

TEST_F(EhrDisclosureTest, PaymentWithoutConsentIsNot) {
    give_policy(v1::POLICY_PARAMETER_PAYMENT, v1::POLICY_RULE_OPT_OUT);
    v1::AccessRequest row = request_row(gate(v1::ACCESS_DECISION_GRANTED, v1::DECISION_RULE_OPT_OUT,
                                             v1::POLICY_PARAMETER_PAYMENT, 3),
                                        v1::PURPOSE_OF_USE_HPAYMT);
    given.row(at("request"), row);
    give(send());
    row.set_disclosure(1);
    expect.outcome.assigned = {1};
    expect.row(at("request"), row);
    expect.row(at("disclosure"), disclosure_row(v1::DISCLOSURE_STATUS_SENT));
}

// ---- received

TEST_F(EhrDisclosureTest, BothSidesCommitToTheSame) {
    give_sent();
    give(acknowledge());
    v1::Disclosure row = disclosure_row(v1::DISCLOSURE_STATUS_RECEIVED);
    row.set_received_unix_ms(kNowMs);
    expect.row(at("disclosure"), row);
}

TEST_F(EhrDisclosureTest, SomethingElseOpensADispute) {
    give_sent();
    give(acknowledge("something else"));
    v1::Disclosure row = disclosure_row(v1::DISCLOSURE_STATUS_DISPUTED);
    row.set_received_commitment(test_bytes("something else", 32));
    row.set_received_unix_ms(kNowMs);
    expect.row(at("disclosure"), row);
}

TEST_F(EhrDisclosureTest, AcknowledgeAlsoOverAClosedLink) {
    give_sent();
    close_link();
    give(acknowledge());
    v1::Disclosure row = disclosure_row(v1::DISCLOSURE_STATUS_RECEIVED);
    row.set_received_unix_ms(kNowMs);
    expect.row(at("disclosure"), row);
}

TEST_F(EhrDisclosureTest, AcknowledgeTwiceIsRefused) {
    give_sent();
    given.row(at("disclosure"), disclosure_row(v1::DISCLOSURE_STATUS_DISPUTED));
    refuse(acknowledge(), Rejection::kAcknowledged);
}

TEST_F(EhrDisclosureTest, AcknowledgeByTheCustodianIsRefused) {
    give_sent();
    as("hospital", v1::ROLE_SERVICE);
    refuse(acknowledge(), Rejection::kNotCounterparty);
}

TEST_F(EhrDisclosureTest, AcknowledgeNothingIsRefused) {
    as("clinic", v1::ROLE_SERVICE);
    refuse(acknowledge(), Rejection::kDisclosureUnknown);
}

TEST_F(EhrDisclosureTest, AcknowledgeNumberZeroIsRefused) {
    as("clinic", v1::ROLE_SERVICE);
    refuse(acknowledge("sent", 0), Rejection::kDisclosureUnknown);
}

// ---- by law

TEST_F(EhrDisclosureTest, ByLawIsAccountable) {
    give(by_law());
    expect.outcome.assigned = {1};
    expect.row(at("disclosure"), by_law_row());
    expect.row(at("accountable"), accountable_row());
}

TEST_F(EhrDisclosureTest, ByLawAlsoAgainstAnObjection) {
    give_consent(v1::PURPOSE_OF_USE_PUBHLTH, v1::CONSENT_PROVISION_DENY);
    as("hospital", v1::ROLE_PRIVACY_OFFICER);
    give(by_law());
    expect.outcome.assigned = {1};
    expect.row(at("disclosure"), by_law_row());
    expect.row(at("accountable"), accountable_row());
}

TEST_F(EhrDisclosureTest, ByLawAppendsToBothLists) {
    given.row(at("disclosure", 4), disclosure_row(v1::DISCLOSURE_STATUS_RECEIVED));
    given.row(at("accountable", 2), accountable_row());
    give(by_law());
    v1::Disclosure row = by_law_row();
    row.set_accountable(3);
    expect.outcome.assigned = {5};
    expect.row(at("disclosure", 5), row);
    expect.row(at("accountable", 3), accountable_row(5));
}

TEST_F(EhrDisclosureTest, ByLawNamesTheLaw) {
    refuse(by_law(v1::LEGAL_BASIS_UNSPECIFIED), Rejection::kBasis);
}

TEST_F(EhrDisclosureTest, ByLawIsNotByNone) {
    refuse(by_law(v1::LEGAL_BASIS_NONE), Rejection::kBasis);
}

TEST_F(EhrDisclosureTest, ByLawByAClinicianIsRefused) {
    as("hospital", v1::ROLE_CLINICIAN);
    refuse(by_law(), Rejection::kRole);
}

TEST_F(EhrDisclosureTest, ByLawByTheCounterpartyIsRefused) {
    as("clinic", v1::ROLE_SERVICE);
    refuse(by_law(), Rejection::kNotCustodian);
}

TEST_F(EhrDisclosureTest, ByLawOverAClosedLinkIsRefused) {
    close_link();
    refuse(by_law(), Rejection::kLinkClosed);
}

TEST_F(EhrDisclosureTest, ByLawOverNoLinkIsRefused) {
    given.rows.erase(link_path());
    refuse(by_law(), Rejection::kLinkUnknown);
}

TEST_F(EhrDisclosureTest, ByLawRefusesTheNumberAfterTheLastAccountableOne) {
    given.row(at("accountable", std::numeric_limits<std::uint32_t>::max()), accountable_row());
    refuse(by_law(), Rejection::kNumbersUsedUp);
}

}  // namespace
}  // namespace consilium::contracts::ehr
