// SPDX-License-Identifier: Apache-2.0
#include "contracts/ehr/requests.hpp"

#include "contracts/ehr/break_glass.hpp"
#include "contracts/ehr/gate.hpp"
#include "contracts/ehr/policy.hpp"
#include "contracts/ehr/words.hpp"
#include "contracts/sdk/record_keys.hpp"

namespace consilium::contracts::ehr {
namespace {

bool is_open(const v1::AccessRequest& request) {
    const auto decision = request.gate().decision();
    return decision == v1::ACCESS_DECISION_GRANTED || decision == v1::ACCESS_DECISION_PENDING;
}

// What both ways of asking share.
template <typename Command>
Rejection validate_question(const Command& command) {
    if (command.purpose() == v1::PURPOSE_OF_USE_UNSPECIFIED) return Rejection::kPurpose;
    if (command.action() != v1::ACCESS_ACTION_READ) return Rejection::kAction;
    if (!is_commitment(command.request_commitment())) return Rejection::kCommitment;
    const bool emergency = command.purpose() == v1::PURPOSE_OF_USE_BTG;
    return emergency == (command.emergency() != v1::EMERGENCY_REASON_UNSPECIFIED)
               ? Rejection::kNone
               : Rejection::kEmergency;
}

template <typename Command>
v1::AccessRequest new_request(const Command& command, BytesView custodian, sdk::Context& context) {
    v1::AccessRequest out;
    out.set_custodian(custodian.data(), custodian.size());
    out.set_requester(context.member_id().data(), context.member_id().size());
    out.set_user(context.transaction().user.bytes());
    out.set_purpose(command.purpose());
    out.set_action(command.action());
    out.set_request_commitment(command.request_commitment());
    out.set_time_unix_ms(context.block().time.value);
    out.set_emergency(command.emergency());
    return out;
}

// Emergency access that the gate lets through still has to be this user's to ask for.
void judge_break_glass(v1::AccessRequest& request, BytesView id, std::uint32_t number,
                       sdk::Context& context) {
    if (request.purpose() != v1::PURPOSE_OF_USE_BTG || !is_open(request)) return;
    const auto rule = break_glass_rule(context);
    if (rule != v1::DECISION_RULE_UNSPECIFIED) {
        *request.mutable_gate() = denied(rule);
    } else {
        record_break_glass(request, id, number, context);
    }
}

void set_expiry(v1::AccessRequest& request, sdk::Context& context) {
    if (request.gate().decision() == v1::ACCESS_DECISION_GRANTED)
        request.set_expires_unix_ms(grant_expiry(request.custodian(), context).value);
}

void refuse(v1::AccessRequest& request, v1::RefusalReason reason, BytesView commitment) {
    request.mutable_gate()->set_decision(v1::ACCESS_DECISION_REFUSED);
    request.set_refusal(reason);
    request.set_refusal_commitment(commitment.data(), commitment.size());
}

}  // namespace

void add_to_inbox(BytesView custodian, v1::InboxKind kind, BytesView id, std::uint32_t number,
                  sdk::Context& context) {
    const auto at = context.next_number(sdk::inbox_list(custodian), 8);
    if (!at) return;  // 2^64 entries, or a disk that failed, which whoever executes the block sees
    v1::InboxEntry entry;
    entry.set_kind(kind);
    entry.set_id(id.data(), id.size());
    entry.set_number(number);
    context.put(sdk::inbox_row(custodian, *at), entry);
}

Rejection validate_request(const v1::RequestAccess& command) {
    if (!is_id(command.link_id())) return Rejection::kId;
    return validate_question(command);
}

Rejection validate_without_card(const v1::RequestWithoutCard& command) {
    if (!is_id(command.request_id())) return Rejection::kId;
    if (!ledger::is_member_id(command.custodian())) return Rejection::kCustodian;
    return validate_question(command);
}

Rejection validate_bind(const v1::BindRequest& command) {
    if (!is_id(command.request_id())) return Rejection::kId;
    if (!is_absent_or_commitment(command.refusal_commitment())) return Rejection::kCommitment;
    const bool refused = command.refusal() != v1::REFUSAL_REASON_UNSPECIFIED;
    if (!refused && !command.refusal_commitment().empty()) return Rejection::kRefusal;
    if (!command.link_id().empty())
        return is_id(command.link_id()) ? Rejection::kNone : Rejection::kId;
    return command.refusal() == v1::REFUSAL_REASON_PATIENT_UNKNOWN ? Rejection::kNone
                                                                   : Rejection::kRefusal;
}

Rejection validate_refuse(const v1::RefuseRequest& command) {
    if (!is_id(command.link_id())) return Rejection::kId;
    if (command.number() == 0) return Rejection::kRequestUnknown;
    if (command.refusal() == v1::REFUSAL_REASON_UNSPECIFIED) return Rejection::kRefusal;
    return is_absent_or_commitment(command.refusal_commitment()) ? Rejection::kNone
                                                                 : Rejection::kCommitment;
}

Rejection apply_request(const v1::RequestAccess& command, sdk::Context& context) {
    const auto link = find_link(command.link_id(), context);
    if (!link) return link.error();
    if (link->row.custodian() == context.member_id()) return Rejection::kOwnChart;
    const auto next = context.next_number(sdk::request_list(command.link_id()), 4);
    if (!next) return Rejection::kNumbersUsedUp;
    const auto number = static_cast<std::uint32_t>(*next);

    v1::AccessRequest request = new_request(command, link->row.custodian(), context);
    *request.mutable_gate() =
        decide(*link, {context.member_id(), command.purpose(), command.action()}, context);
    judge_break_glass(request, command.link_id(), number, context);
    set_expiry(request, context);
    context.put(sdk::request_row(command.link_id(), number), request);
    add_to_inbox(request.custodian(), v1::INBOX_KIND_REQUEST, command.link_id(), number, context);
    context.assign(number);
    return Rejection::kNone;
}

// It is not known yet whom it concerns, so nothing can be served: a grant made here says that the
// custodian may serve it once it has bound it to a link.
Rejection apply_without_card(const v1::RequestWithoutCard& command, sdk::Context& context) {
    if (command.custodian() == context.member_id()) return Rejection::kOwnChart;
    if (!context.lookups().membership->is_active(context.state(), command.custodian()))
        return Rejection::kCustodian;
    const auto key = sdk::request_row(command.request_id(), 1);
    if (context.exists(key) || find_link(command.request_id(), context)) return Rejection::kIdTaken;

    v1::AccessRequest request = new_request(command, command.custodian(), context);
    request.set_without_card(true);
    *request.mutable_gate() = decide_without_link(command.custodian(), command.purpose(), context);
    judge_break_glass(request, command.request_id(), 1, context);
    context.put(key, request);
    add_to_inbox(request.custodian(), v1::INBOX_KIND_REQUEST, command.request_id(), 1, context);
    context.assign(1);
    return Rejection::kNone;
}

Rejection apply_bind(const v1::BindRequest& command, sdk::Context& context) {
    const auto fresh_key = sdk::request_row(command.request_id(), 1);
    auto fresh = context.get<v1::AccessRequest>(fresh_key);
    if (!fresh || !fresh->without_card()) return Rejection::kRequestUnknown;
    if (fresh->custodian() != context.member_id()) return Rejection::kNotCustodian;
    if (!fresh->link_id().empty()) return Rejection::kBound;
    const bool refused = command.refusal() != v1::REFUSAL_REASON_UNSPECIFIED;
    if (refused && !is_open(*fresh)) return Rejection::kDecided;
    if (refused) refuse(*fresh, command.refusal(), command.refusal_commitment());
    if (command.link_id().empty()) {
        context.put(fresh_key, *fresh);
        return Rejection::kNone;
    }

    const auto link = find_link(command.link_id(), context);
    if (!link) return link.error();
    if (link->row.custodian() != context.member_id()) return Rejection::kNotCustodian;
    if (link->row.counterparty() != fresh->requester()) return Rejection::kNotCounterparty;
    const auto next = context.next_number(sdk::request_list(command.link_id()), 4);
    if (!next) return Rejection::kNumbersUsedUp;
    const auto number = static_cast<std::uint32_t>(*next);
    if (is_open(*fresh)) {
        *fresh->mutable_gate() =
            decide(*link, {fresh->requester(), fresh->purpose(), fresh->action()}, context);
        set_expiry(*fresh, context);
    }

    v1::AccessRequest bound = *fresh;
    bound.set_without_card(false);
    bound.set_fresh_id(command.request_id());
    context.put(sdk::request_row(command.link_id(), number), bound);
    move_reviews(*fresh, command.request_id(), command.link_id(), number, context);
    fresh->set_link_id(command.link_id());
    fresh->set_number(number);
    context.put(fresh_key, *fresh);
    context.assign(number);
    return Rejection::kNone;
}

Rejection apply_refuse(const v1::RefuseRequest& command, sdk::Context& context) {
    const auto link = find_link(command.link_id(), context);
    if (!link) return link.error();
    if (link->row.custodian() != context.member_id()) return Rejection::kNotCustodian;
    const auto key = sdk::request_row(command.link_id(), command.number());
    auto request = context.get<v1::AccessRequest>(key);
    if (!request || request->without_card()) return Rejection::kRequestUnknown;
    if (request->gate().decision() != v1::ACCESS_DECISION_GRANTED) return Rejection::kNotGranted;
    if (request->disclosure() != 0) return Rejection::kDisclosed;
    refuse(*request, command.refusal(), command.refusal_commitment());
    context.put(key, *request);
    return Rejection::kNone;
}

}  // namespace consilium::contracts::ehr
