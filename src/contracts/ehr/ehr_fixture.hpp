// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <limits>

#include "base/hex.hpp"
#include "base/limits.hpp"
#include "contracts/ehr/ehr.hpp"
#include "execution/testing/contract_test.hpp"

namespace consilium::contracts::ehr {

using namespace execution::testing;

inline constexpr std::uint64_t kNowMs = kGenesisMs + 1000;
inline constexpr std::uint32_t kToday = static_cast<std::uint32_t>(kNowMs / kDayMs);

// An open link from the hospital to the clinic, whose clinician gives the transaction unless a test
// says otherwise.
class EhrTest : public ContractTest {
 protected:
    EhrTest();

    void give(const v1::EhrCommand& payload) { transaction.commands.push_back(command(payload)); }
    void reject(Rejection rejection) { expect.rejected(ledger::ContractId::kEhr, rejection); }
    void refuse(const v1::EhrCommand& payload, Rejection rejection) {
        give(payload);
        reject(rejection);
    }
    void as(const std::string& member, v1::Role role) {
        transaction.sender.member = member;
        transaction.sender.role = role;
    }
    void close_link();
    // A consent (or objection) of the patient's under number 1, in force.
    void give_consent(v1::PurposeOfUse purpose,
                      v1::ConsentProvision provision = v1::CONSENT_PROVISION_PERMIT,
                      v1::AccessAction action = v1::ACCESS_ACTION_READ);
    void give_policy(v1::PolicyParameter parameter, v1::PolicyRule rule);
    // That the clinic's clinician may break the glass.
    void give_clearance();

    // ---- commands
    v1::EhrCommand request(v1::PurposeOfUse purpose = v1::PURPOSE_OF_USE_TREAT) const;
    v1::EhrCommand emergency() const { return request(v1::PURPOSE_OF_USE_BTG); }
    v1::EhrCommand without_card(v1::PurposeOfUse purpose = v1::PURPOSE_OF_USE_TREAT) const;
    v1::EhrCommand bind() const;
    v1::EhrCommand refuse_request(v1::RefusalReason reason, std::uint32_t number = 1) const;
    v1::EhrCommand send(std::uint32_t number = 1) const;
    v1::EhrCommand by_law(v1::LegalBasis basis = v1::LEGAL_BASIS_PUBLIC_HEALTH) const;
    v1::EhrCommand acknowledge(std::string_view what = "sent", std::uint32_t number = 1) const;
    v1::EhrCommand offer(v1::PurposeOfUse purpose = v1::PURPOSE_OF_USE_TREAT) const;
    v1::EhrCommand accept(std::uint32_t number = 1) const;
    v1::EhrCommand reject_contribution(std::uint32_t number = 1) const;
    v1::EhrCommand review(v1::ReviewVerdict verdict, const Bytes& id,
                          std::uint32_t number = 1) const;

    // ---- rows
    static v1::GateDecision gate(v1::AccessDecision decision, v1::DecisionRule rule,
                                 v1::PolicyParameter parameter = v1::POLICY_PARAMETER_UNSPECIFIED,
                                 std::uint32_t policy_version = 0, std::uint32_t consent = 0);
    static v1::GateDecision denied(v1::DecisionRule rule) {
        return gate(v1::ACCESS_DECISION_DENIED, rule);
    }
    static v1::GateDecision granted_by_consent() {
        return gate(v1::ACCESS_DECISION_GRANTED, v1::DECISION_RULE_CONSENT,
                    v1::POLICY_PARAMETER_TREATMENT, 0, 1);
    }
    static v1::GateDecision granted_emergency() {
        return gate(v1::ACCESS_DECISION_GRANTED, v1::DECISION_RULE_OPT_OUT,
                    v1::POLICY_PARAMETER_BREAK_GLASS);
    }
    // The row that request() leaves; of a grant, with its default expiry.
    v1::AccessRequest request_row(const v1::GateDecision& decision,
                                  v1::PurposeOfUse purpose = v1::PURPOSE_OF_USE_TREAT) const;
    // The row that emergency() leaves when it is let through, filed now.
    v1::AccessRequest emergency_row() const;
    v1::Disclosure disclosure_row(v1::DisclosureStatus status) const;
    v1::Contribution contribution_row(v1::ContributionStatus status) const;
    static v1::Clearance clearance_row(std::uint32_t used, std::uint32_t day = kToday,
                                       const std::vector<std::uint64_t>& due = {});
    static v1::BreakGlassDay day_row(std::uint32_t used, std::uint32_t day = kToday);
    static v1::InboxEntry inbox_entry(v1::InboxKind kind, const Bytes& id,
                                      std::uint32_t number = 1);

    // ---- what a test gives or expects of several rows at once
    // A request of the clinic's under number 1, granted by the patient's consent.
    void give_grant();
    void expect_request(const v1::AccessRequest& row, std::uint32_t number = 1);
    // What breaking the glass leaves beside its request.
    void expect_broken_glass(const Bytes& id, std::uint32_t number = 1);
    void give_broken_glass(const Bytes& id, const v1::AccessRequest& row);

    // ---- paths
    std::string at(std::string_view table, std::uint32_t number = 1) const {
        return path(table, link, number);
    }
    static std::string path(std::string_view table, const Bytes& id, std::uint32_t number = 1) {
        return "ehr/" + std::string(table) + "/" + to_hex(id) + "/" + std::to_string(number);
    }
    static std::string review_path(const std::string& member, const Bytes& id,
                                   std::uint32_t number = 1);
    std::string link_path() const { return "charts/link/" + to_hex(link); }
    static std::string clearance_path() {
        return "ehr/clearance/clinic/" + to_hex(clinician().view());
    }
    static ledger::UserId clinician() { return World::user("clinic", v1::ROLE_CLINICIAN); }

    static constexpr const char* kInbox = "ehr/inbox/hospital/1";
    static constexpr const char* kDay = "ehr/break-glass-day/clinic";
    static constexpr const char* kPolicy = "ehr/policy/hospital";
    static constexpr std::uint64_t kReviewDue = kNowMs + limits::kReviewMsDefault;

    const Bytes link = test_bytes("link", 16);
    const Bytes fresh = test_bytes("fresh id", 16);
};

}  // namespace consilium::contracts::ehr
