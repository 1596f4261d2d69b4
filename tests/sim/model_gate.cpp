// SPDX-License-Identifier: Apache-2.0
// The model of the consent gate and of emergency access.
#include <algorithm>

#include "tests/sim/model.hpp"

namespace consilium::sim {
namespace {

constexpr std::uint64_t kDayMs = 24ULL * 3600 * 1000;

// What a named purpose covers, written down.
bool covers(int named, int asked) {
    static const std::set<std::pair<int, int>> below = {
        {v1::PURPOSE_OF_USE_TREAT, v1::PURPOSE_OF_USE_ETREAT},
        {v1::PURPOSE_OF_USE_TREAT, v1::PURPOSE_OF_USE_COC},
        {v1::PURPOSE_OF_USE_HOPERAT, v1::PURPOSE_OF_USE_CAREMGT},
        {v1::PURPOSE_OF_USE_HRESCH, v1::PURPOSE_OF_USE_CLINTRCH},
    };
    return named == asked || below.contains({named, asked});
}

v1::PolicyParameter parameter_of(v1::PurposeOfUse purpose) {
    static const std::map<int, v1::PolicyParameter> all = {
        {v1::PURPOSE_OF_USE_TREAT, v1::POLICY_PARAMETER_TREATMENT},
        {v1::PURPOSE_OF_USE_ETREAT, v1::POLICY_PARAMETER_EMERGENCY_TREATMENT},
        {v1::PURPOSE_OF_USE_BTG, v1::POLICY_PARAMETER_BREAK_GLASS},
        {v1::PURPOSE_OF_USE_COC, v1::POLICY_PARAMETER_TREATMENT},
        {v1::PURPOSE_OF_USE_HPAYMT, v1::POLICY_PARAMETER_PAYMENT},
        {v1::PURPOSE_OF_USE_HOPERAT, v1::POLICY_PARAMETER_OPERATIONS},
        {v1::PURPOSE_OF_USE_CAREMGT, v1::POLICY_PARAMETER_OPERATIONS},
        {v1::PURPOSE_OF_USE_HRESCH, v1::POLICY_PARAMETER_RESEARCH},
        {v1::PURPOSE_OF_USE_CLINTRCH, v1::POLICY_PARAMETER_RESEARCH},
        {v1::PURPOSE_OF_USE_PUBHLTH, v1::POLICY_PARAMETER_PUBLIC_HEALTH},
        {v1::PURPOSE_OF_USE_PATRQT, v1::POLICY_PARAMETER_INDIVIDUAL_REQUEST},
        {v1::PURPOSE_OF_USE_FAMRQT, v1::POLICY_PARAMETER_INDIVIDUAL_REQUEST},
        {v1::PURPOSE_OF_USE_PWATRNY, v1::POLICY_PARAMETER_INDIVIDUAL_REQUEST},
    };
    return all.at(purpose);
}

v1::GateDecision decision(v1::GateDecision out, v1::AccessDecision result, v1::DecisionRule rule) {
    out.set_decision(result);
    out.set_rule(rule);
    return out;
}

template <typename Row>
std::uint32_t used_today(const Row& row, std::uint64_t now) {
    return row.day() == now / kDayMs ? row.used() : 0;
}

template <typename Row>
void use_today(Row& row, std::uint64_t now) {
    row.set_used(used_today(row, now) + 1);
    row.set_day(static_cast<std::uint32_t>(now / kDayMs));
}

}  // namespace

std::uint32_t Model::in_force(const Bytes& link_id, v1::ConsentProvision provision,
                              v1::PurposeOfUse purpose, v1::AccessAction action) const {
    const auto found = state_.consents.find(link_id);
    if (found == state_.consents.end()) return 0;
    // From the rows themselves, not from what the gate lists: the two must come to the same.
    for (std::size_t i = 0; i < found->second.all.size(); ++i) {
        const v1::Consent& row = found->second.all[i];
        const bool named = std::any_of(row.purposes().begin(), row.purposes().end(),
                                       [&](int name) { return covers(name, purpose); });
        const bool acts =
            std::find(row.actions().begin(), row.actions().end(), action) != row.actions().end();
        if (row.status() == v1::CONSENT_STATUS_ACTIVE && row.provision() == provision && named &&
            acts && row.valid_from_unix_ms() <= time_.value &&
            time_.value <= row.valid_until_unix_ms())
            return static_cast<std::uint32_t>(i + 1);
    }
    return 0;
}

std::pair<v1::GateDecision, v1::PolicyRule> Model::ask_policy(const Bytes& custodian,
                                                              v1::PurposeOfUse purpose) const {
    const v1::PolicyParameter parameter = parameter_of(purpose);
    v1::GateDecision out;
    out.set_parameter(parameter);
    v1::PolicyRule rule = parameter == v1::POLICY_PARAMETER_BREAK_GLASS ? v1::POLICY_RULE_OPT_OUT
                                                                        : v1::POLICY_RULE_OPT_IN;
    const auto found = state_.ehr.policies.find(custodian);
    if (found != state_.ehr.policies.end()) {
        out.set_policy_version(found->second.version());
        for (const v1::PolicyEntry& entry : found->second.entries()) {
            if (entry.parameter() == parameter) rule = entry.rule();
        }
    }
    return {out, rule};
}

v1::GateDecision Model::decide(const Bytes& link_id, const Bytes& requester,
                               v1::PurposeOfUse purpose, v1::AccessAction action) const {
    const v1::Link& link = state_.links.at(link_id);
    if (link.counterparty() != requester)
        return decision({}, v1::ACCESS_DECISION_DENIED, v1::DECISION_RULE_NOT_COUNTERPARTY);
    if (link.closed())
        return decision({}, v1::ACCESS_DECISION_DENIED, v1::DECISION_RULE_LINK_CLOSED);
    if (const auto number = in_force(link_id, v1::CONSENT_PROVISION_DENY, purpose, action)) {
        v1::GateDecision out;
        out.set_consent(number);
        return decision(out, v1::ACCESS_DECISION_DENIED, v1::DECISION_RULE_OBJECTION);
    }
    auto [out, rule] = ask_policy(link.custodian(), purpose);
    if (rule == v1::POLICY_RULE_NEVER)
        return decision(out, v1::ACCESS_DECISION_DENIED, v1::DECISION_RULE_POLICY);
    out.set_consent(in_force(link_id, v1::CONSENT_PROVISION_PERMIT, purpose, action));
    if (rule == v1::POLICY_RULE_OPT_OUT)
        return decision(out, v1::ACCESS_DECISION_GRANTED, v1::DECISION_RULE_OPT_OUT);
    if (out.consent() != 0)
        return decision(out, v1::ACCESS_DECISION_GRANTED, v1::DECISION_RULE_CONSENT);
    return decision(out, v1::ACCESS_DECISION_DENIED, v1::DECISION_RULE_NO_CONSENT);
}

std::uint64_t Model::expiry(const Bytes& custodian) const {
    const auto found = state_.ehr.policies.find(custodian);
    const bool own = found != state_.ehr.policies.end() && found->second.grant_life_ms() != 0;
    return time_.value + (own ? found->second.grant_life_ms() : ehr_parameters_.grant_life_ms());
}

v1::DecisionRule Model::may_break_glass(const Actor& actor) const {
    bool treats = false;
    for (const int kind : state_.members.at(actor.member).kinds())
        treats = treats || kind == v1::MEMBER_KIND_PROVIDER || kind == v1::MEMBER_KIND_SITE;
    if (!treats) return v1::DECISION_RULE_MEMBER_KIND;
    const auto found = state_.ehr.clearances.find({actor.member, actor.user});
    if (found == state_.ehr.clearances.end() || !found->second.cleared())
        return v1::DECISION_RULE_NOT_CLEARED;
    for (const std::uint64_t deadline : found->second.review_due_unix_ms()) {
        if (deadline < time_.value) return v1::DECISION_RULE_REVIEW_OVERDUE;
    }
    if (used_today(found->second, time_.value) >= ehr_parameters_.break_glass_per_user_day())
        return v1::DECISION_RULE_USER_CAP;
    const auto day = state_.ehr.days.find(actor.member);
    if (day != state_.ehr.days.end() &&
        used_today(day->second, time_.value) >= ehr_parameters_.break_glass_per_member_day())
        return v1::DECISION_RULE_MEMBER_CAP;
    return v1::DECISION_RULE_UNSPECIFIED;
}

void Model::break_glass(v1::AccessRequest& request, const Bytes& id, std::uint32_t number,
                        const Actor& actor) {
    const auto open = request.gate().decision();
    if (request.purpose() != v1::PURPOSE_OF_USE_BTG || open == v1::ACCESS_DECISION_DENIED) return;
    if (const auto rule = may_break_glass(actor); rule != v1::DECISION_RULE_UNSPECIFIED) {
        *request.mutable_gate() = decision({}, v1::ACCESS_DECISION_DENIED, rule);
        return;
    }
    const std::uint64_t due = time_.value + ehr_parameters_.break_glass_review_ms();
    request.set_review_due_unix_ms(due);
    v1::Clearance& clearance = state_.ehr.clearances.at({actor.member, actor.user});
    use_today(clearance, time_.value);
    clearance.add_review_due_unix_ms(due);  // block time grows, so it is the last
    use_today(state_.ehr.days[actor.member], time_.value);
    for (const Bytes& member : {request.requester(), request.custodian()})
        state_.ehr.reviews_due.emplace(member, due, id, number);
}

void Model::notify(const Bytes& custodian, v1::InboxKind kind, const Bytes& id,
                   std::size_t number) {
    v1::InboxEntry& entry = state_.ehr.inboxes[custodian].emplace_back();
    entry.set_kind(kind);
    entry.set_id(id);
    entry.set_number(static_cast<std::uint32_t>(number));
}

}  // namespace consilium::sim
