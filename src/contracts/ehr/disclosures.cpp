// SPDX-License-Identifier: Apache-2.0
#include "contracts/ehr/disclosures.hpp"

#include "contracts/ehr/gate.hpp"
#include "contracts/ehr/words.hpp"
#include "contracts/sdk/record_keys.hpp"

namespace consilium::contracts::ehr {
namespace {

// An open link of this member's own.
Result<NamedLink, Rejection> find_own_link(BytesView link_id, sdk::Context& context) {
    auto link = find_link(link_id, context);
    if (!link) return link;
    if (link->row.custodian() != context.member_id()) return fail(Rejection::kNotCustodian);
    if (link->row.closed()) return fail(Rejection::kLinkClosed);
    return link;
}

bool is_unjustified(const v1::AccessRequest& request) {
    return request.requester_review().verdict() == v1::REVIEW_VERDICT_UNJUSTIFIED ||
           request.custodian_review().verdict() == v1::REVIEW_VERDICT_UNJUSTIFIED;
}

// The gate is asked again, so that a revocation also stops what was granted and not yet sent.
Result<v1::GateDecision, Rejection> check_grant(const NamedLink& link,
                                                const v1::AccessRequest& request,
                                                sdk::Context& context) {
    if (request.gate().decision() != v1::ACCESS_DECISION_GRANTED)
        return fail(Rejection::kNotGranted);
    if (request.disclosure() != 0) return fail(Rejection::kDisclosed);
    if (context.block().time.value > request.expires_unix_ms())
        return fail(Rejection::kGrantExpired);
    if (is_unjustified(request)) return fail(Rejection::kUnjustified);
    auto again = decide(link, {request.requester(), request.purpose(), request.action()}, context);
    if (again.decision() != v1::ACCESS_DECISION_GRANTED) return fail(Rejection::kGrantEnded);
    return again;
}

// What a policy lets go without the patient's consent is accountable unless it serves treatment,
// payment or operations, or the individual (45 CFR 164.528(a)(1)(i) to (iv)).
v1::LegalBasis accountable_basis(const v1::GateDecision& gate) {
    if (gate.consent() != 0) return v1::LEGAL_BASIS_UNSPECIFIED;
    switch (gate.parameter()) {
        case v1::POLICY_PARAMETER_RESEARCH:
            return v1::LEGAL_BASIS_RESEARCH;
        case v1::POLICY_PARAMETER_PUBLIC_HEALTH:
            return v1::LEGAL_BASIS_PUBLIC_HEALTH;
        default:
            return v1::LEGAL_BASIS_UNSPECIFIED;
    }
}

template <typename Command>
v1::Disclosure new_disclosure(const Command& command, sdk::Context& context) {
    v1::Disclosure out;
    out.set_commitment(command.commitment());
    out.set_decision_commitment(command.decision_commitment());
    out.set_sent_unix_ms(context.block().time.value);
    out.set_status(v1::DISCLOSURE_STATUS_SENT);
    return out;
}

template <typename Command>
Rejection validate_commitments(const Command& command) {
    return is_commitment(command.commitment()) &&
                   is_absent_or_commitment(command.decision_commitment())
               ? Rejection::kNone
               : Rejection::kCommitment;
}

}  // namespace

Rejection validate_send(const v1::SendDisclosure& command) {
    if (!is_id(command.link_id())) return Rejection::kId;
    if (command.request() == 0) return Rejection::kRequestUnknown;
    return validate_commitments(command);
}

Rejection validate_by_law(const v1::DiscloseByLaw& command) {
    if (!is_id(command.link_id())) return Rejection::kId;
    if (command.basis() == v1::LEGAL_BASIS_UNSPECIFIED || command.basis() == v1::LEGAL_BASIS_NONE)
        return Rejection::kBasis;
    return validate_commitments(command);
}

Rejection validate_acknowledge(const v1::AcknowledgeDisclosure& command) {
    if (!is_id(command.link_id())) return Rejection::kId;
    if (command.number() == 0) return Rejection::kDisclosureUnknown;
    return is_commitment(command.commitment()) ? Rejection::kNone : Rejection::kCommitment;
}

Rejection add_accountable(BytesView link_id, std::uint32_t number, BytesView recipient,
                          v1::LegalBasis basis, v1::Disclosure& disclosure, sdk::Context& context) {
    const auto at = context.next_number(sdk::accountable_list(link_id), 4);
    if (!at) return Rejection::kNumbersUsedUp;
    v1::AccountableDisclosure row;
    row.set_disclosure(number);
    row.set_recipient(recipient.data(), recipient.size());
    row.set_basis(basis);
    row.set_commitment(disclosure.commitment());
    row.set_sent_unix_ms(disclosure.sent_unix_ms());
    context.put(sdk::accountable_row(link_id, static_cast<std::uint32_t>(*at)), row);
    disclosure.set_accountable(static_cast<std::uint32_t>(*at));
    return Rejection::kNone;
}

Rejection apply_send(const v1::SendDisclosure& command, sdk::Context& context) {
    const auto link = find_own_link(command.link_id(), context);
    if (!link) return link.error();
    const auto request_key = sdk::request_row(command.link_id(), command.request());
    auto request = context.get<v1::AccessRequest>(request_key);
    if (!request || request->without_card()) return Rejection::kRequestUnknown;
    const auto gate = check_grant(*link, *request, context);
    if (!gate) return gate.error();
    const auto number = context.next_number(sdk::disclosure_list(command.link_id()), 4);
    if (!number) return Rejection::kNumbersUsedUp;
    const auto at = static_cast<std::uint32_t>(*number);
    v1::Disclosure disclosure = new_disclosure(command, context);
    disclosure.set_request(command.request());
    if (const auto basis = accountable_basis(*gate); basis != v1::LEGAL_BASIS_UNSPECIFIED) {
        const auto bad = add_accountable(command.link_id(), at, link->row.counterparty(), basis,
                                         disclosure, context);
        if (bad != Rejection::kNone) return bad;
    }
    context.put(sdk::disclosure_row(command.link_id(), at), disclosure);
    request->set_disclosure(at);
    context.put(request_key, *request);
    context.assign(at);
    return Rejection::kNone;
}

Rejection apply_by_law(const v1::DiscloseByLaw& command, sdk::Context& context) {
    const auto link = find_own_link(command.link_id(), context);
    if (!link) return link.error();
    const auto number = context.next_number(sdk::disclosure_list(command.link_id()), 4);
    if (!number) return Rejection::kNumbersUsedUp;
    const auto at = static_cast<std::uint32_t>(*number);
    v1::Disclosure disclosure = new_disclosure(command, context);
    disclosure.set_basis(command.basis());
    const auto bad = add_accountable(command.link_id(), at, link->row.counterparty(),
                                     command.basis(), disclosure, context);
    if (bad != Rejection::kNone) return bad;
    context.put(sdk::disclosure_row(command.link_id(), at), disclosure);
    context.assign(at);
    return Rejection::kNone;
}

// Also over a closed link: it was received all the same.
Rejection apply_acknowledge(const v1::AcknowledgeDisclosure& command, sdk::Context& context) {
    const auto link = find_link(command.link_id(), context);
    if (!link) return link.error();
    if (link->row.counterparty() != context.member_id()) return Rejection::kNotCounterparty;
    const auto key = sdk::disclosure_row(command.link_id(), command.number());
    auto disclosure = context.get<v1::Disclosure>(key);
    if (!disclosure) return Rejection::kDisclosureUnknown;
    if (disclosure->status() != v1::DISCLOSURE_STATUS_SENT) return Rejection::kAcknowledged;
    const bool same = disclosure->commitment() == command.commitment();
    disclosure->set_status(same ? v1::DISCLOSURE_STATUS_RECEIVED : v1::DISCLOSURE_STATUS_DISPUTED);
    if (!same) disclosure->set_received_commitment(command.commitment());
    disclosure->set_received_unix_ms(context.block().time.value);
    context.put(key, *disclosure);
    return Rejection::kNone;
}

}  // namespace consilium::contracts::ehr
