// SPDX-License-Identifier: Apache-2.0
// The model of ehr: requests and what becomes of them, disclosures, contributions, reviews.
#include <algorithm>

#include "contracts/ehr/rejection.hpp"
#include "tests/sim/model.hpp"

namespace consilium::sim {
namespace {

using contracts::ehr::Rejection;

std::uint32_t code(Rejection rejection) {
    return static_cast<std::uint32_t>(rejection);
}

bool is_open(const v1::AccessRequest& request) {
    return request.gate().decision() == v1::ACCESS_DECISION_GRANTED ||
           request.gate().decision() == v1::ACCESS_DECISION_PENDING;
}

template <typename Command>
v1::AccessRequest filed(const Command& command, const Bytes& custodian, const Bytes& requester,
                        const Bytes& user, UnixMs now) {
    v1::AccessRequest out;
    out.set_custodian(custodian);
    out.set_requester(requester);
    out.set_user(user);
    out.set_purpose(command.purpose());
    out.set_action(command.action());
    out.set_request_commitment(command.request_commitment());
    out.set_emergency(command.emergency());
    out.set_time_unix_ms(now.value);
    return out;
}

template <typename Command>
void refused(v1::AccessRequest& request, const Command& command) {
    request.mutable_gate()->set_decision(v1::ACCESS_DECISION_REFUSED);
    request.set_refusal(command.refusal());
    request.set_refusal_commitment(command.refusal_commitment());
}

template <typename Row>
Row* at(std::map<Bytes, std::vector<Row>>& lists, const Bytes& id, std::uint32_t number) {
    const auto found = lists.find(id);
    if (found == lists.end() || number > found->second.size()) return nullptr;
    return &found->second[number - 1];
}

}  // namespace

v1::AccessRequest* Model::find_request(const Bytes& id, std::uint32_t number) {
    return at(state_.ehr.requests, id, number);
}

Model::Code Model::set_policy(const v1::SetPolicy& command, const Actor& actor) {
    v1::Policy& policy = state_.ehr.policies[actor.member];
    if (policy.version() != command.version()) return code(Rejection::kVersion);
    policy.set_version(policy.version() + 1);
    *policy.mutable_entries() = command.entries();
    policy.set_grant_life_ms(command.grant_life_ms());
    return 0;
}

Model::Code Model::request(const v1::RequestAccess& command, const Actor& actor) {
    const Bytes& custodian = state_.links.at(command.link_id()).custodian();
    if (custodian == actor.member) return code(Rejection::kOwnChart);
    auto& list = state_.ehr.requests[command.link_id()];
    v1::AccessRequest row = filed(command, custodian, actor.member, actor.user, time_);
    *row.mutable_gate() =
        decide(command.link_id(), actor.member, command.purpose(), command.action());
    break_glass(row, command.link_id(), static_cast<std::uint32_t>(list.size() + 1), actor);
    if (row.gate().decision() == v1::ACCESS_DECISION_GRANTED)
        row.set_expires_unix_ms(expiry(custodian));
    list.push_back(row);
    notify(custodian, v1::INBOX_KIND_REQUEST, command.link_id(), list.size());
    assigned_.push_back(list.size());
    return 0;
}

Model::Code Model::request(const v1::RequestWithoutCard& command, const Actor& actor) {
    if (command.custodian() == actor.member) return code(Rejection::kOwnChart);
    const auto custodian = state_.members.find(command.custodian());
    if (custodian == state_.members.end() || custodian->second.status() != v1::MEMBER_STATUS_ACTIVE)
        return code(Rejection::kCustodian);
    if (state_.links.contains(command.request_id()) ||
        state_.ehr.requests.contains(command.request_id()))
        return code(Rejection::kIdTaken);
    v1::AccessRequest row = filed(command, command.custodian(), actor.member, actor.user, time_);
    row.set_without_card(true);
    const auto [gate, rule] = ask_policy(command.custodian(), command.purpose());
    *row.mutable_gate() = gate;
    if (rule == v1::POLICY_RULE_NEVER) {
        row.mutable_gate()->set_decision(v1::ACCESS_DECISION_DENIED);
        row.mutable_gate()->set_rule(v1::DECISION_RULE_POLICY);
    } else if (rule == v1::POLICY_RULE_OPT_OUT && command.purpose() == v1::PURPOSE_OF_USE_BTG) {
        row.mutable_gate()->set_decision(v1::ACCESS_DECISION_GRANTED);
        row.mutable_gate()->set_rule(v1::DECISION_RULE_OPT_OUT);
    } else {
        row.mutable_gate()->set_decision(v1::ACCESS_DECISION_PENDING);
        row.mutable_gate()->set_rule(v1::DECISION_RULE_NO_CARD);
    }
    break_glass(row, command.request_id(), 1, actor);
    state_.ehr.requests[command.request_id()].push_back(row);
    notify(command.custodian(), v1::INBOX_KIND_REQUEST, command.request_id(), 1);
    assigned_.push_back(1);
    return 0;
}

Model::Code Model::bind(const v1::BindRequest& command, const Actor& actor) {
    v1::AccessRequest* const fresh = find_request(command.request_id(), 1);
    if (fresh == nullptr || !fresh->without_card()) return code(Rejection::kRequestUnknown);
    if (fresh->custodian() != actor.member) return code(Rejection::kNotCustodian);
    if (!fresh->link_id().empty()) return code(Rejection::kBound);
    if (command.refusal() != 0) {
        if (!is_open(*fresh)) return code(Rejection::kDecided);
        refused(*fresh, command);
    }
    if (command.link_id().empty()) return 0;
    const auto link = state_.links.find(command.link_id());
    if (link == state_.links.end()) return code(Rejection::kLinkUnknown);
    if (link->second.custodian() != actor.member) return code(Rejection::kNotCustodian);
    if (link->second.counterparty() != fresh->requester()) return code(Rejection::kNotCounterparty);
    if (is_open(*fresh)) {
        *fresh->mutable_gate() =
            decide(command.link_id(), fresh->requester(), fresh->purpose(), fresh->action());
        if (fresh->gate().decision() == v1::ACCESS_DECISION_GRANTED)
            fresh->set_expires_unix_ms(expiry(actor.member));
    }
    v1::AccessRequest bound = *fresh;
    bound.set_without_card(false);
    bound.set_fresh_id(command.request_id());
    auto& list = state_.ehr.requests[command.link_id()];
    list.push_back(bound);
    const auto number = static_cast<std::uint32_t>(list.size());
    auto& due = state_.ehr.reviews_due;
    for (const Bytes& member : {bound.requester(), bound.custodian()}) {
        if (due.erase({member, bound.review_due_unix_ms(), command.request_id(), 1}) == 1)
            due.emplace(member, bound.review_due_unix_ms(), command.link_id(), number);
    }
    // The list that grew may be the one that `fresh` stands in.
    v1::AccessRequest& row = *find_request(command.request_id(), 1);
    row.set_link_id(command.link_id());
    row.set_number(number);
    assigned_.push_back(number);
    return 0;
}

Model::Code Model::refuse(const v1::RefuseRequest& command, const Actor& actor) {
    if (state_.links.at(command.link_id()).custodian() != actor.member)
        return code(Rejection::kNotCustodian);
    v1::AccessRequest* const row = find_request(command.link_id(), command.number());
    if (row == nullptr || row->without_card()) return code(Rejection::kRequestUnknown);
    if (row->gate().decision() != v1::ACCESS_DECISION_GRANTED) return code(Rejection::kNotGranted);
    if (row->disclosure() != 0) return code(Rejection::kDisclosed);
    refused(*row, command);
    return 0;
}

Model::Code Model::send(const v1::SendDisclosure& command, const Actor& actor) {
    const v1::Link& link = state_.links.at(command.link_id());
    if (link.custodian() != actor.member) return code(Rejection::kNotCustodian);
    if (link.closed()) return code(Rejection::kLinkClosed);
    v1::AccessRequest* const row = find_request(command.link_id(), command.request());
    if (row == nullptr || row->without_card()) return code(Rejection::kRequestUnknown);
    if (row->gate().decision() != v1::ACCESS_DECISION_GRANTED) return code(Rejection::kNotGranted);
    if (row->disclosure() != 0) return code(Rejection::kDisclosed);
    if (row->expires_unix_ms() < time_.value) return code(Rejection::kGrantExpired);
    if (row->requester_review().verdict() == v1::REVIEW_VERDICT_UNJUSTIFIED ||
        row->custodian_review().verdict() == v1::REVIEW_VERDICT_UNJUSTIFIED)
        return code(Rejection::kUnjustified);
    const auto again = decide(command.link_id(), row->requester(), row->purpose(), row->action());
    if (again.decision() != v1::ACCESS_DECISION_GRANTED) return code(Rejection::kGrantEnded);
    auto& list = state_.ehr.disclosures[command.link_id()];
    v1::Disclosure& sent = list.emplace_back();
    sent.set_request(command.request());
    sent.set_commitment(command.commitment());
    sent.set_decision_commitment(command.decision_commitment());
    sent.set_sent_unix_ms(time_.value);
    sent.set_status(v1::DISCLOSURE_STATUS_SENT);
    row->set_disclosure(static_cast<std::uint32_t>(list.size()));
    assigned_.push_back(list.size());
    const auto number = static_cast<std::uint32_t>(list.size());
    // Neither consented to nor treatment, payment, operations or the individual's own affair.
    if (again.consent() == 0 && again.parameter() == v1::POLICY_PARAMETER_RESEARCH)
        account(command.link_id(), number, v1::LEGAL_BASIS_RESEARCH);
    if (again.consent() == 0 && again.parameter() == v1::POLICY_PARAMETER_PUBLIC_HEALTH)
        account(command.link_id(), number, v1::LEGAL_BASIS_PUBLIC_HEALTH);
    return 0;
}

void Model::account(const Bytes& link_id, std::uint32_t number, v1::LegalBasis basis) {
    v1::Disclosure& sent = *at(state_.ehr.disclosures, link_id, number);
    auto& list = state_.ehr.accountable[link_id];
    v1::AccountableDisclosure& row = list.emplace_back();
    row.set_disclosure(number);
    row.set_recipient(state_.links.at(link_id).counterparty());
    row.set_basis(basis);
    row.set_commitment(sent.commitment());
    row.set_sent_unix_ms(sent.sent_unix_ms());
    sent.set_accountable(static_cast<std::uint32_t>(list.size()));
}

Model::Code Model::by_law(const v1::DiscloseByLaw& command, const Actor& actor) {
    const v1::Link& link = state_.links.at(command.link_id());
    if (link.custodian() != actor.member) return code(Rejection::kNotCustodian);
    if (link.closed()) return code(Rejection::kLinkClosed);
    auto& list = state_.ehr.disclosures[command.link_id()];
    v1::Disclosure& sent = list.emplace_back();
    sent.set_basis(command.basis());
    sent.set_commitment(command.commitment());
    sent.set_decision_commitment(command.decision_commitment());
    sent.set_sent_unix_ms(time_.value);
    sent.set_status(v1::DISCLOSURE_STATUS_SENT);
    account(command.link_id(), static_cast<std::uint32_t>(list.size()), command.basis());
    assigned_.push_back(list.size());
    return 0;
}

Model::Code Model::acknowledge(const v1::AcknowledgeDisclosure& command, const Actor& actor) {
    if (state_.links.at(command.link_id()).counterparty() != actor.member)
        return code(Rejection::kNotCounterparty);
    v1::Disclosure* const row = at(state_.ehr.disclosures, command.link_id(), command.number());
    if (row == nullptr) return code(Rejection::kDisclosureUnknown);
    if (row->status() != v1::DISCLOSURE_STATUS_SENT) return code(Rejection::kAcknowledged);
    row->set_received_unix_ms(time_.value);
    row->set_status(v1::DISCLOSURE_STATUS_RECEIVED);
    if (row->commitment() != command.commitment()) {
        row->set_status(v1::DISCLOSURE_STATUS_DISPUTED);
        row->set_received_commitment(command.commitment());
    }
    return 0;
}

Model::Code Model::offer(const v1::OfferContribution& command, const Actor& actor) {
    const v1::Link& link = state_.links.at(command.link_id());
    if (link.counterparty() != actor.member) return code(Rejection::kNotCounterparty);
    auto& list = state_.ehr.contributions[command.link_id()];
    v1::Contribution& row = list.emplace_back();
    row.set_user(actor.user);
    row.set_purpose(command.purpose());
    row.set_commitment(command.commitment());
    row.set_time_unix_ms(time_.value);
    *row.mutable_gate() =
        decide(command.link_id(), actor.member, command.purpose(), v1::ACCESS_ACTION_CONTRIBUTE);
    row.set_status(v1::CONTRIBUTION_STATUS_DENIED);
    if (row.gate().decision() == v1::ACCESS_DECISION_GRANTED) {
        row.set_status(v1::CONTRIBUTION_STATUS_OFFERED);
        notify(link.custodian(), v1::INBOX_KIND_CONTRIBUTION, command.link_id(), list.size());
    }
    assigned_.push_back(list.size());
    return 0;
}

Model::Code Model::decide_contribution(const v1::EhrCommand& command, const Actor& actor) {
    const bool accepts = command.has_accept_contribution();
    const Bytes& link_id =
        accepts ? command.accept_contribution().link_id() : command.reject_contribution().link_id();
    const v1::Link& link = state_.links.at(link_id);
    if (link.custodian() != actor.member) return code(Rejection::kNotCustodian);
    v1::Contribution* const row = at(
        state_.ehr.contributions, link_id,
        accepts ? command.accept_contribution().number() : command.reject_contribution().number());
    if (row == nullptr) return code(Rejection::kContributionUnknown);
    if (row->status() != v1::CONTRIBUTION_STATUS_OFFERED) return code(Rejection::kDecided);
    if (accepts && link.closed()) return code(Rejection::kLinkClosed);
    row->set_decided_unix_ms(time_.value);
    if (accepts) {
        row->set_status(v1::CONTRIBUTION_STATUS_ACCEPTED);
        row->set_record_commitment(command.accept_contribution().record_commitment());
    } else {
        row->set_status(v1::CONTRIBUTION_STATUS_REJECTED);
        row->set_rejection(command.reject_contribution().rejection());
    }
    return 0;
}

Model::Code Model::clear_users(const v1::ClearUsers& command, const Actor& actor) {
    for (const auto& [member, deadline, id, number] : state_.ehr.reviews_due) {
        if (!command.withdraw() && member == actor.member && deadline < time_.value)
            return code(Rejection::kReviewsOverdue);
    }
    for (const Bytes& user : command.users()) {
        const std::pair of(actor.member, user);
        const auto known = state_.users.find(of);
        const bool clinician = known != state_.users.end() && !known->second.revoked() &&
                               known->second.role() == v1::ROLE_CLINICIAN;
        if (command.withdraw() ? !state_.ehr.clearances.contains(of) : !clinician)
            return code(Rejection::kUser);
        state_.ehr.clearances[of].set_cleared(!command.withdraw());
    }
    return 0;
}

Model::Code Model::review(const v1::ReviewBreakGlass& command, const Actor& actor) {
    v1::AccessRequest* const row = find_request(command.id(), command.number());
    if (row == nullptr) return code(Rejection::kRequestUnknown);
    if (!row->link_id().empty()) return code(Rejection::kBound);
    const std::uint64_t due = row->review_due_unix_ms();
    if (due == 0) return code(Rejection::kNotBreakGlass);
    const bool requester = row->requester() == actor.member;
    if (!requester && row->custodian() != actor.member) return code(Rejection::kNotReviewer);
    // Who has made their review owes none.
    if (state_.ehr.reviews_due.erase({actor.member, due, command.id(), command.number()}) == 0)
        return code(Rejection::kReviewed);
    v1::Review& made =
        requester ? *row->mutable_requester_review() : *row->mutable_custodian_review();
    made.set_verdict(command.verdict());
    made.set_user(actor.user);
    made.set_commitment(command.commitment());
    made.set_time_unix_ms(time_.value);
    if (requester) {
        v1::Clearance& clearance = state_.ehr.clearances.at({row->requester(), row->user()});
        std::vector<std::uint64_t> left(clearance.review_due_unix_ms().begin(),
                                        clearance.review_due_unix_ms().end());
        left.erase(std::find(left.begin(), left.end(), due));
        clearance.mutable_review_due_unix_ms()->Assign(left.begin(), left.end());
    }
    if (command.verdict() == v1::REVIEW_VERDICT_UNJUSTIFIED && row->disclosure() != 0 &&
        at(state_.ehr.disclosures, command.id(), row->disclosure())->accountable() == 0)
        account(command.id(), row->disclosure(), v1::LEGAL_BASIS_NONE);
    return 0;
}

}  // namespace consilium::sim
