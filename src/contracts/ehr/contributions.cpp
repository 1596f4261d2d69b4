// SPDX-License-Identifier: Apache-2.0
#include "contracts/ehr/contributions.hpp"

#include "contracts/ehr/gate.hpp"
#include "contracts/ehr/requests.hpp"
#include "contracts/ehr/words.hpp"
#include "contracts/sdk/record_keys.hpp"

namespace consilium::contracts::ehr {
namespace {

// One that the custodian, this member, has to decide on.
Result<v1::Contribution, Rejection> find_offered(const NamedLink& link, std::uint32_t number,
                                                 sdk::Context& context) {
    if (link.row.custodian() != context.member_id()) return fail(Rejection::kNotCustodian);
    auto row = context.get<v1::Contribution>(sdk::contribution_row(link.id.view(), number));
    if (!row) return fail(Rejection::kContributionUnknown);
    if (row->status() != v1::CONTRIBUTION_STATUS_OFFERED) return fail(Rejection::kDecided);
    return std::move(*row);
}

}  // namespace

Rejection validate_offer(const v1::OfferContribution& command) {
    if (!is_id(command.link_id())) return Rejection::kId;
    if (command.purpose() == v1::PURPOSE_OF_USE_UNSPECIFIED ||
        command.purpose() == v1::PURPOSE_OF_USE_BTG)
        return Rejection::kPurpose;
    return is_commitment(command.commitment()) ? Rejection::kNone : Rejection::kCommitment;
}

Rejection validate_accept(const v1::AcceptContribution& command) {
    if (!is_id(command.link_id())) return Rejection::kId;
    if (command.number() == 0) return Rejection::kContributionUnknown;
    return is_commitment(command.record_commitment()) ? Rejection::kNone : Rejection::kCommitment;
}

Rejection validate_reject(const v1::RejectContribution& command) {
    if (!is_id(command.link_id())) return Rejection::kId;
    if (command.number() == 0) return Rejection::kContributionUnknown;
    return command.rejection() != v1::CONTRIBUTION_REJECTION_UNSPECIFIED ? Rejection::kNone
                                                                         : Rejection::kReason;
}

Rejection apply_offer(const v1::OfferContribution& command, sdk::Context& context) {
    const auto link = find_link(command.link_id(), context);
    if (!link) return link.error();
    if (link->row.counterparty() != context.member_id()) return Rejection::kNotCounterparty;
    const auto next = context.next_number(sdk::contribution_list(command.link_id()), 4);
    if (!next) return Rejection::kNumbersUsedUp;
    const auto number = static_cast<std::uint32_t>(*next);
    v1::Contribution row;
    row.set_user(context.transaction().user.bytes());
    row.set_purpose(command.purpose());
    row.set_commitment(command.commitment());
    row.set_time_unix_ms(context.block().time.value);
    *row.mutable_gate() = decide(
        *link, {context.member_id(), command.purpose(), v1::ACCESS_ACTION_CONTRIBUTE}, context);
    const bool granted = row.gate().decision() == v1::ACCESS_DECISION_GRANTED;
    row.set_status(granted ? v1::CONTRIBUTION_STATUS_OFFERED : v1::CONTRIBUTION_STATUS_DENIED);
    context.put(sdk::contribution_row(command.link_id(), number), row);
    if (granted) {
        add_to_inbox(link->row.custodian(), v1::INBOX_KIND_CONTRIBUTION, command.link_id(), number,
                     context);
    }
    context.assign(number);
    return Rejection::kNone;
}

Rejection apply_accept(const v1::AcceptContribution& command, sdk::Context& context) {
    const auto link = find_link(command.link_id(), context);
    if (!link) return link.error();
    auto row = find_offered(*link, command.number(), context);
    if (!row) return row.error();
    if (link->row.closed()) return Rejection::kLinkClosed;
    row->set_status(v1::CONTRIBUTION_STATUS_ACCEPTED);
    row->set_record_commitment(command.record_commitment());
    row->set_decided_unix_ms(context.block().time.value);
    context.put(sdk::contribution_row(command.link_id(), command.number()), *row);
    return Rejection::kNone;
}

Rejection apply_reject(const v1::RejectContribution& command, sdk::Context& context) {
    const auto link = find_link(command.link_id(), context);
    if (!link) return link.error();
    auto row = find_offered(*link, command.number(), context);
    if (!row) return row.error();
    row->set_status(v1::CONTRIBUTION_STATUS_REJECTED);
    row->set_rejection(command.rejection());
    row->set_decided_unix_ms(context.block().time.value);
    context.put(sdk::contribution_row(command.link_id(), command.number()), *row);
    return Rejection::kNone;
}

}  // namespace consilium::contracts::ehr
