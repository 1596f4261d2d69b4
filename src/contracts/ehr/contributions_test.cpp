// SPDX-License-Identifier: Apache-2.0
#include "contracts/ehr/ehr_fixture.hpp"

namespace consilium::contracts::ehr {
namespace {

class EhrContributionTest : public EhrTest {
 protected:
    void give_offered() {
        given.row(at("contribution"), contribution_row(v1::CONTRIBUTION_STATUS_OFFERED));
        as("hospital", v1::ROLE_CLINICIAN);
    }
    v1::Contribution decided(v1::ContributionStatus status) const {
        v1::Contribution row = contribution_row(status);
        row.set_decided_unix_ms(kNowMs);
        return row;
    }
};

TEST_F(EhrContributionTest, OfferWithConsent) {
    give_consent(v1::PURPOSE_OF_USE_TREAT, v1::CONSENT_PROVISION_PERMIT,
                 v1::ACCESS_ACTION_CONTRIBUTE);
    give(offer());
    expect.outcome.assigned = {1};
    expect.row(at("contribution"), contribution_row(v1::CONTRIBUTION_STATUS_OFFERED));
    expect.row(kInbox, inbox_entry(v1::INBOX_KIND_CONTRIBUTION, link));
}

TEST_F(EhrContributionTest, OfferWithoutConsentIsDenied) {
    give_consent(v1::PURPOSE_OF_USE_TREAT);  // to read
    give(offer());
    v1::Contribution row = contribution_row(v1::CONTRIBUTION_STATUS_DENIED);
    *row.mutable_gate() = gate(v1::ACCESS_DECISION_DENIED, v1::DECISION_RULE_NO_CONSENT,
                               v1::POLICY_PARAMETER_TREATMENT);
    expect.outcome.assigned = {1};
    expect.row(at("contribution"), row);
}

TEST_F(EhrContributionTest, OfferOverAClosedLinkIsDenied) {
    close_link();
    give(offer());
    v1::Contribution row = contribution_row(v1::CONTRIBUTION_STATUS_DENIED);
    *row.mutable_gate() = denied(v1::DECISION_RULE_LINK_CLOSED);
    expect.outcome.assigned = {1};
    expect.row(at("contribution"), row);
}

TEST_F(EhrContributionTest, OfferByAStrangerIsRefused) {
    transaction.sender.member = "payer";
    refuse(offer(), Rejection::kNotCounterparty);
}

TEST_F(EhrContributionTest, OfferByTheCustodianIsRefused) {
    as("hospital", v1::ROLE_CLINICIAN);
    refuse(offer(), Rejection::kNotCounterparty);
}

TEST_F(EhrContributionTest, OfferBreaksNoGlass) {
    refuse(offer(v1::PURPOSE_OF_USE_BTG), Rejection::kPurpose);
}

TEST_F(EhrContributionTest, OfferWithoutAPurposeIsRefused) {
    refuse(offer(v1::PURPOSE_OF_USE_UNSPECIFIED), Rejection::kPurpose);
}

TEST_F(EhrContributionTest, OfferByAnAdministratorIsRefused) {
    transaction.sender.role = v1::ROLE_ADMINISTRATOR;
    refuse(offer(), Rejection::kRole);
}

TEST_F(EhrContributionTest, OfferRefusesAShortCommitment) {
    auto payload = offer();
    payload.mutable_offer_contribution()->clear_commitment();
    refuse(payload, Rejection::kCommitment);
}

TEST_F(EhrContributionTest, OfferRefusesTheNumberAfterTheLast) {
    given.row(at("contribution", std::numeric_limits<std::uint32_t>::max()),
              contribution_row(v1::CONTRIBUTION_STATUS_OFFERED));
    refuse(offer(), Rejection::kNumbersUsedUp);
}

TEST_F(EhrContributionTest, Accept) {
    give_offered();
    give(accept());
    v1::Contribution row = decided(v1::CONTRIBUTION_STATUS_ACCEPTED);
    row.set_record_commitment(test_bytes("record", 32));
    expect.row(at("contribution"), row);
}

TEST_F(EhrContributionTest, AcceptOverAClosedLinkIsRefused) {
    give_offered();
    close_link();
    refuse(accept(), Rejection::kLinkClosed);
}

TEST_F(EhrContributionTest, AcceptByTheContributorIsRefused) {
    give_offered();
    as("clinic", v1::ROLE_CLINICIAN);
    refuse(accept(), Rejection::kNotCustodian);
}

TEST_F(EhrContributionTest, AcceptTwiceIsRefused) {
    give_offered();
    given.row(at("contribution"), decided(v1::CONTRIBUTION_STATUS_ACCEPTED));
    refuse(accept(), Rejection::kDecided);
}

TEST_F(EhrContributionTest, AcceptWhatTheGateDeniedIsRefused) {
    give_offered();
    given.row(at("contribution"), contribution_row(v1::CONTRIBUTION_STATUS_DENIED));
    refuse(accept(), Rejection::kDecided);
}

TEST_F(EhrContributionTest, AcceptNothingIsRefused) {
    as("hospital", v1::ROLE_CLINICIAN);
    refuse(accept(), Rejection::kContributionUnknown);
}

TEST_F(EhrContributionTest, AcceptNumberZeroIsRefused) {
    as("hospital", v1::ROLE_CLINICIAN);
    refuse(accept(0), Rejection::kContributionUnknown);
}

TEST_F(EhrContributionTest, AcceptRefusesAShortCommitment) {
    give_offered();
    auto payload = accept();
    payload.mutable_accept_contribution()->set_record_commitment("short");
    refuse(payload, Rejection::kCommitment);
}

TEST_F(EhrContributionTest, RejectAlsoOverAClosedLink) {
    give_offered();
    close_link();
    give(reject_contribution());
    v1::Contribution row = decided(v1::CONTRIBUTION_STATUS_REJECTED);
    row.set_rejection(v1::CONTRIBUTION_REJECTION_OUTDATED);
    expect.row(at("contribution"), row);
}

TEST_F(EhrContributionTest, RejectWithoutAReasonIsRefused) {
    give_offered();
    auto payload = reject_contribution();
    payload.mutable_reject_contribution()->clear_rejection();
    refuse(payload, Rejection::kReason);
}

TEST_F(EhrContributionTest, RejectTwiceIsRefused) {
    give_offered();
    given.row(at("contribution"), decided(v1::CONTRIBUTION_STATUS_REJECTED));
    refuse(reject_contribution(), Rejection::kDecided);
}

TEST_F(EhrContributionTest, RejectByTheContributorIsRefused) {
    give_offered();
    as("clinic", v1::ROLE_CLINICIAN);
    refuse(reject_contribution(), Rejection::kNotCustodian);
}

}  // namespace
}  // namespace consilium::contracts::ehr
