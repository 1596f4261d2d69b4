// SPDX-License-Identifier: Apache-2.0
#include "contracts/ehr/gate.hpp"

#include "contracts/ehr/policy.hpp"
#include "contracts/sdk/purpose.hpp"

namespace consilium::contracts::ehr {
namespace {

// The decision that rests on a custodian's policy, before it is made.
struct Policed {
    v1::GateDecision decision;  // parameter and version
    v1::PolicyRule rule = v1::POLICY_RULE_UNSPECIFIED;
};

Policed ask_policy(BytesView custodian, v1::PurposeOfUse purpose, sdk::Context& context) {
    const auto policy = policy_of(custodian, context);
    Policed out;
    out.decision.set_parameter(sdk::parameter_of(purpose));
    out.decision.set_policy_version(policy ? policy->version() : 0);
    out.rule = sdk::rule_of(policy ? &*policy : nullptr, out.decision.parameter());
    return out;
}

v1::GateDecision& settle(v1::GateDecision& decision, v1::AccessDecision result,
                         v1::DecisionRule rule) {
    decision.set_decision(result);
    decision.set_rule(rule);
    return decision;
}

}  // namespace

Result<NamedLink, Rejection> find_link(BytesView link_id, sdk::Context& context) {
    NamedLink out;
    if (!assign(out.id, link_id)) return fail(Rejection::kId);
    auto row = context.lookups().charts->link(context.state(), out.id);
    if (!row) return fail(Rejection::kLinkUnknown);
    out.row = std::move(*row);
    return out;
}

v1::GateDecision denied(v1::DecisionRule rule) {
    v1::GateDecision out;
    return settle(out, v1::ACCESS_DECISION_DENIED, rule);
}

v1::GateDecision decide(const NamedLink& link, const Question& question, sdk::Context& context) {
    if (link.row.counterparty() != question.requester)
        return denied(v1::DECISION_RULE_NOT_COUNTERPARTY);
    if (link.row.closed()) return denied(v1::DECISION_RULE_LINK_CLOSED);
    const auto said = context.lookups().consents->consents(
        context.state(), link.id, question.purpose, question.action, context.block().time);
    if (said.deny != 0) {
        v1::GateDecision out = denied(v1::DECISION_RULE_OBJECTION);
        out.set_consent(said.deny);
        return out;
    }
    auto [out, rule] = ask_policy(link.row.custodian(), question.purpose, context);
    if (rule == v1::POLICY_RULE_NEVER)
        return settle(out, v1::ACCESS_DECISION_DENIED, v1::DECISION_RULE_POLICY);
    out.set_consent(said.permit);
    if (rule == v1::POLICY_RULE_OPT_OUT)
        return settle(out, v1::ACCESS_DECISION_GRANTED, v1::DECISION_RULE_OPT_OUT);
    return said.permit != 0 ? settle(out, v1::ACCESS_DECISION_GRANTED, v1::DECISION_RULE_CONSENT)
                            : settle(out, v1::ACCESS_DECISION_DENIED, v1::DECISION_RULE_NO_CONSENT);
}

v1::GateDecision decide_without_link(BytesView custodian, v1::PurposeOfUse purpose,
                                     sdk::Context& context) {
    auto [out, rule] = ask_policy(custodian, purpose, context);
    if (rule == v1::POLICY_RULE_NEVER)
        return settle(out, v1::ACCESS_DECISION_DENIED, v1::DECISION_RULE_POLICY);
    if (purpose == v1::PURPOSE_OF_USE_BTG && rule == v1::POLICY_RULE_OPT_OUT)
        return settle(out, v1::ACCESS_DECISION_GRANTED, v1::DECISION_RULE_OPT_OUT);
    return settle(out, v1::ACCESS_DECISION_PENDING, v1::DECISION_RULE_NO_CARD);
}

}  // namespace consilium::contracts::ehr
