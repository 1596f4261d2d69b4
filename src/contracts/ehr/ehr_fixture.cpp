// SPDX-License-Identifier: Apache-2.0
#include "contracts/ehr/ehr_fixture.hpp"

namespace consilium::contracts::ehr {

EhrTest::EhrTest() {
    v1::Link row;
    row.set_custodian("hospital");
    row.set_counterparty("clinic");
    row.set_algorithm(v1::ALGORITHM_ED25519);
    row.set_public_key(test_key("patient").public_key());
    row.set_version(1);
    given.row(link_path(), row);
    as("clinic", v1::ROLE_CLINICIAN);
}

void EhrTest::close_link() {
    v1::Link row;
    ASSERT_TRUE(row.ParseFromString(*given.rows[link_path()]));
    row.set_version(2);
    row.set_closed(true);
    given.row(link_path(), row);
}

void EhrTest::give_consent(v1::PurposeOfUse purpose, v1::ConsentProvision provision,
                           v1::AccessAction action) {
    v1::ConsentGate gate;
    gate.set_version(1);
    auto& entry = *gate.add_entries();
    entry.set_number(1);
    entry.set_provision(provision);
    entry.add_purposes(purpose);
    entry.add_actions(action);
    entry.set_valid_from_unix_ms(kGenesisMs);
    entry.set_valid_until_unix_ms(kGenesisMs + 365 * kDayMs);
    given.row("identity/gate/" + to_hex(link), gate);
}

void EhrTest::give_policy(v1::PolicyParameter parameter, v1::PolicyRule rule) {
    v1::Policy policy;
    policy.set_version(3);
    policy.add_entries()->set_parameter(parameter);
    policy.mutable_entries(0)->set_rule(rule);
    given.row(kPolicy, policy);
}

void EhrTest::give_clearance() {
    v1::Clearance row;
    row.set_cleared(true);
    given.row(clearance_path(), row);
}

v1::EhrCommand EhrTest::request(v1::PurposeOfUse purpose) const {
    v1::EhrCommand out;
    auto& made = *out.mutable_request_access();
    made.set_link_id(link);
    made.set_purpose(purpose);
    made.set_action(v1::ACCESS_ACTION_READ);
    made.set_request_commitment(test_bytes("request", 32));
    if (purpose == v1::PURPOSE_OF_USE_BTG)
        made.set_emergency(v1::EMERGENCY_REASON_PATIENT_CANNOT_CONSENT);
    return out;
}

v1::EhrCommand EhrTest::without_card(v1::PurposeOfUse purpose) const {
    v1::EhrCommand out;
    auto& made = *out.mutable_request_without_card();
    made.set_request_id(fresh);
    made.set_custodian("hospital");
    made.set_purpose(purpose);
    made.set_action(v1::ACCESS_ACTION_READ);
    made.set_request_commitment(test_bytes("request", 32));
    if (purpose == v1::PURPOSE_OF_USE_BTG)
        made.set_emergency(v1::EMERGENCY_REASON_PATIENT_CANNOT_CONSENT);
    return out;
}

v1::EhrCommand EhrTest::bind() const {
    v1::EhrCommand out;
    out.mutable_bind_request()->set_request_id(fresh);
    out.mutable_bind_request()->set_link_id(link);
    return out;
}

v1::EhrCommand EhrTest::refuse_request(v1::RefusalReason reason, std::uint32_t number) const {
    v1::EhrCommand out;
    out.mutable_refuse_request()->set_link_id(link);
    out.mutable_refuse_request()->set_number(number);
    out.mutable_refuse_request()->set_refusal(reason);
    return out;
}

v1::EhrCommand EhrTest::send(std::uint32_t number) const {
    v1::EhrCommand out;
    out.mutable_send_disclosure()->set_link_id(link);
    out.mutable_send_disclosure()->set_request(number);
    out.mutable_send_disclosure()->set_commitment(test_bytes("sent", 32));
    out.mutable_send_disclosure()->set_decision_commitment(test_bytes("fine decision", 32));
    return out;
}

v1::EhrCommand EhrTest::by_law(v1::LegalBasis basis) const {
    v1::EhrCommand out;
    out.mutable_disclose_by_law()->set_link_id(link);
    out.mutable_disclose_by_law()->set_basis(basis);
    out.mutable_disclose_by_law()->set_commitment(test_bytes("sent", 32));
    return out;
}

v1::EhrCommand EhrTest::acknowledge(std::string_view what, std::uint32_t number) const {
    v1::EhrCommand out;
    out.mutable_acknowledge_disclosure()->set_link_id(link);
    out.mutable_acknowledge_disclosure()->set_number(number);
    out.mutable_acknowledge_disclosure()->set_commitment(test_bytes(what, 32));
    return out;
}

v1::EhrCommand EhrTest::offer(v1::PurposeOfUse purpose) const {
    v1::EhrCommand out;
    out.mutable_offer_contribution()->set_link_id(link);
    out.mutable_offer_contribution()->set_purpose(purpose);
    out.mutable_offer_contribution()->set_commitment(test_bytes("offered", 32));
    return out;
}

v1::EhrCommand EhrTest::accept(std::uint32_t number) const {
    v1::EhrCommand out;
    out.mutable_accept_contribution()->set_link_id(link);
    out.mutable_accept_contribution()->set_number(number);
    out.mutable_accept_contribution()->set_record_commitment(test_bytes("record", 32));
    return out;
}

v1::EhrCommand EhrTest::reject_contribution(std::uint32_t number) const {
    v1::EhrCommand out;
    out.mutable_reject_contribution()->set_link_id(link);
    out.mutable_reject_contribution()->set_number(number);
    out.mutable_reject_contribution()->set_rejection(v1::CONTRIBUTION_REJECTION_OUTDATED);
    return out;
}

v1::EhrCommand EhrTest::review(v1::ReviewVerdict verdict, const Bytes& id,
                               std::uint32_t number) const {
    v1::EhrCommand out;
    out.mutable_review_break_glass()->set_id(id);
    out.mutable_review_break_glass()->set_number(number);
    out.mutable_review_break_glass()->set_verdict(verdict);
    out.mutable_review_break_glass()->set_commitment(test_bytes("report", 32));
    return out;
}

v1::GateDecision EhrTest::gate(v1::AccessDecision decision, v1::DecisionRule rule,
                               v1::PolicyParameter parameter, std::uint32_t policy_version,
                               std::uint32_t consent) {
    v1::GateDecision out;
    out.set_decision(decision);
    out.set_rule(rule);
    out.set_parameter(parameter);
    out.set_policy_version(policy_version);
    out.set_consent(consent);
    return out;
}

v1::AccessRequest EhrTest::request_row(const v1::GateDecision& decision,
                                       v1::PurposeOfUse purpose) const {
    v1::AccessRequest out;
    out.set_custodian("hospital");
    out.set_requester("clinic");
    out.set_user(clinician().bytes());
    out.set_purpose(purpose);
    out.set_action(v1::ACCESS_ACTION_READ);
    out.set_request_commitment(test_bytes("request", 32));
    out.set_time_unix_ms(kNowMs);
    *out.mutable_gate() = decision;
    if (decision.decision() == v1::ACCESS_DECISION_GRANTED)
        out.set_expires_unix_ms(kNowMs + limits::kGrantLifeMsDefault);
    if (purpose == v1::PURPOSE_OF_USE_BTG)
        out.set_emergency(v1::EMERGENCY_REASON_PATIENT_CANNOT_CONSENT);
    return out;
}

v1::AccessRequest EhrTest::emergency_row() const {
    v1::AccessRequest out = request_row(granted_emergency(), v1::PURPOSE_OF_USE_BTG);
    out.set_review_due_unix_ms(kReviewDue);
    return out;
}

v1::Disclosure EhrTest::disclosure_row(v1::DisclosureStatus status) const {
    v1::Disclosure out;
    out.set_request(1);
    out.set_commitment(test_bytes("sent", 32));
    out.set_decision_commitment(test_bytes("fine decision", 32));
    out.set_sent_unix_ms(kNowMs);
    out.set_status(status);
    return out;
}

v1::Contribution EhrTest::contribution_row(v1::ContributionStatus status) const {
    v1::Contribution out;
    out.set_user(clinician().bytes());
    out.set_purpose(v1::PURPOSE_OF_USE_TREAT);
    out.set_commitment(test_bytes("offered", 32));
    out.set_time_unix_ms(kNowMs);
    *out.mutable_gate() = granted_by_consent();
    out.set_status(status);
    return out;
}

v1::Clearance EhrTest::clearance_row(std::uint32_t used, std::uint32_t day,
                                     const std::vector<std::uint64_t>& due) {
    v1::Clearance out;
    out.set_cleared(true);
    out.set_day(day);
    out.set_used(used);
    for (const std::uint64_t deadline : due)
        out.add_review_due_unix_ms(deadline);
    return out;
}

v1::BreakGlassDay EhrTest::day_row(std::uint32_t used, std::uint32_t day) {
    v1::BreakGlassDay out;
    out.set_day(day);
    out.set_used(used);
    return out;
}

v1::InboxEntry EhrTest::inbox_entry(v1::InboxKind kind, const Bytes& id, std::uint32_t number) {
    v1::InboxEntry out;
    out.set_kind(kind);
    out.set_id(id);
    out.set_number(number);
    return out;
}

void EhrTest::give_grant() {
    give_consent(v1::PURPOSE_OF_USE_TREAT);
    given.row(at("request"), request_row(granted_by_consent()));
}

void EhrTest::expect_request(const v1::AccessRequest& row, std::uint32_t number) {
    expect.outcome.assigned = {number};
    expect.row(at("request", number), row);
    expect.row(kInbox, inbox_entry(v1::INBOX_KIND_REQUEST, link, number));
}

void EhrTest::expect_broken_glass(const Bytes& id, std::uint32_t number) {
    expect.row(clearance_path(), clearance_row(1, kToday, {kReviewDue}));
    expect.row(kDay, day_row(1));
    for (const char* member : {"clinic", "hospital"})
        expect.row(review_path(member, id, number), v1::ReviewDue());
}

void EhrTest::give_broken_glass(const Bytes& id, const v1::AccessRequest& row) {
    given.row(path("request", id), row);
    given.row(clearance_path(), clearance_row(1, kToday, {kReviewDue}));
    given.row(kDay, day_row(1));
    for (const char* member : {"clinic", "hospital"})
        given.row(review_path(member, id), v1::ReviewDue());
}

std::string EhrTest::review_path(const std::string& member, const Bytes& id, std::uint32_t number) {
    return "ehr/review-due/" + member + "/" + std::to_string(kReviewDue) + "/" + to_hex(id) + "/" +
           std::to_string(number);
}

}  // namespace consilium::contracts::ehr
