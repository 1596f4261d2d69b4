// SPDX-License-Identifier: Apache-2.0
#include "contracts/ehr/ehr.hpp"
#include "contracts/ehr/policy.hpp"
#include "contracts/sdk/record_keys.hpp"

namespace consilium::contracts::ehr {
namespace {

using sdk::EhrTable;

constexpr std::size_t kHead = 2;  // contract and table
constexpr std::size_t kId = 16;

template <typename Row>
bool read(const std::optional<BytesView>& value, Row& row) {
    return value && row.ParseFromArray(value->data(), static_cast<int>(value->size()));
}

// Whether the row's key begins with the member who gave the transaction.
bool is_of_member(BytesView key, sdk::Context& context) {
    const BytesView fields = key.substr(kHead);
    const BytesView member = context.member_id();
    return fields.size() > member.size() && fields.substr(0, member.size()) == member &&
           fields[member.size()] == '\0';
}

bool is_written_once(const sdk::Overlay::Change& change) {
    return !change.before && change.after;
}

bool policy_holds(const sdk::Overlay::Change& change, sdk::Context& context) {
    v1::Policy before;
    v1::Policy after;
    if (!read(change.after, after) || (change.before && !read(change.before, before))) return false;
    return after.version() == before.version() + 1 && is_of_member(change.key, context);
}

bool may_follow(const v1::AccessRequest& before, const v1::AccessRequest& after) {
    const auto was = before.gate().decision();
    const auto is = after.gate().decision();
    if (was == is) return true;
    if (was == v1::ACCESS_DECISION_GRANTED && is == v1::ACCESS_DECISION_REFUSED)
        return before.disclosure() == 0;
    // Where no link was known, binding decides.
    return before.without_card() && is != v1::ACCESS_DECISION_PENDING &&
           (was == v1::ACCESS_DECISION_GRANTED || was == v1::ACCESS_DECISION_PENDING);
}

bool request_begins(const v1::AccessRequest& after, sdk::Context& context) {
    const bool let_through = after.gate().decision() == v1::ACCESS_DECISION_GRANTED ||
                             after.gate().decision() == v1::ACCESS_DECISION_PENDING;
    const bool emergency = after.purpose() == v1::PURPOSE_OF_USE_BTG;
    if (after.custodian() == after.requester() || after.disclosure() != 0 ||
        !after.link_id().empty() || (emergency && let_through && after.review_due_unix_ms() == 0) ||
        (!emergency && after.review_due_unix_ms() != 0))
        return false;
    // Its custodian moves it from a fresh id to a link; else it is the requester's own word.
    return context.member_id() ==
           (after.fresh_id().empty() ? BytesView(after.requester()) : BytesView(after.custodian()));
}

// Who asked for what, when and why never changes; a decision that is final stays; a grant is used
// once; reviews and the binding are written once.
bool request_holds(const sdk::Overlay::Change& change, sdk::Context& context) {
    v1::AccessRequest after;
    if (!read(change.after, after)) return false;
    if (!change.before) return request_begins(after, context);
    v1::AccessRequest before;
    if (!read(change.before, before) || !may_follow(before, after)) return false;
    const bool granted = after.gate().decision() == v1::ACCESS_DECISION_GRANTED;
    if (before.disclosure() != after.disclosure() && (before.disclosure() != 0 || !granted))
        return false;
    before.set_disclosure(after.disclosure());
    if (!before.has_requester_review() && after.has_requester_review())
        *before.mutable_requester_review() = after.requester_review();
    if (!before.has_custodian_review() && after.has_custodian_review())
        *before.mutable_custodian_review() = after.custodian_review();
    if (before.link_id().empty() && before.without_card()) {
        before.set_link_id(after.link_id());
        before.set_number(after.number());
    }
    const bool decided = before.gate().decision() != after.gate().decision();
    if (decided || before.without_card()) {
        *before.mutable_gate() = after.gate();
        before.set_expires_unix_ms(after.expires_unix_ms());
    }
    if (decided) {
        before.set_refusal(after.refusal());
        before.set_refusal_commitment(after.refusal_commitment());
    }
    return proto::encode(before) == *change.after;
}

// A disclosure rests on one grant, which names it, or on a law, and then it is accountable.
bool disclosure_begins(BytesView key, const v1::Disclosure& after, sdk::Context& context) {
    const BytesView link_id = key.substr(kHead, kId);
    ledger::LinkId id;
    if (!assign(id, link_id)) return false;
    const auto link = context.lookups().charts->link(context.state(), id);
    if (!link || link->custodian() != context.member_id() || link->closed()) return false;
    if (after.status() != v1::DISCLOSURE_STATUS_SENT) return false;
    if (after.request() == 0)
        return after.basis() != v1::LEGAL_BASIS_UNSPECIFIED && after.accountable() != 0;
    const auto request = context.get<v1::AccessRequest>(sdk::request_row(link_id, after.request()));
    return after.basis() == v1::LEGAL_BASIS_UNSPECIFIED && request &&
           request->disclosure() == read_be32(key.substr(kHead + kId));
}

bool disclosure_holds(const sdk::Overlay::Change& change, sdk::Context& context) {
    v1::Disclosure after;
    if (!read(change.after, after)) return false;
    if (!change.before) return disclosure_begins(change.key, after, context);
    v1::Disclosure before;
    if (!read(change.before, before)) return false;
    if (before.accountable() == 0) before.set_accountable(after.accountable());
    if (before.status() == v1::DISCLOSURE_STATUS_SENT) {
        before.set_status(after.status());
        before.set_received_commitment(after.received_commitment());
        before.set_received_unix_ms(after.received_unix_ms());
    }
    return proto::encode(before) == *change.after;
}

bool contribution_holds(const sdk::Overlay::Change& change) {
    v1::Contribution after;
    if (!read(change.after, after)) return false;
    if (!change.before) {
        const bool granted = after.gate().decision() == v1::ACCESS_DECISION_GRANTED;
        return after.status() ==
               (granted ? v1::CONTRIBUTION_STATUS_OFFERED : v1::CONTRIBUTION_STATUS_DENIED);
    }
    v1::Contribution before;
    if (!read(change.before, before) || before.status() != v1::CONTRIBUTION_STATUS_OFFERED ||
        after.status() == v1::CONTRIBUTION_STATUS_DENIED)
        return false;
    before.set_status(after.status());
    before.set_record_commitment(after.record_commitment());
    before.set_rejection(after.rejection());
    before.set_decided_unix_ms(after.decided_unix_ms());
    return proto::encode(before) == *change.after;
}

// Of both rows that count by day: days do not go back, and within a day the count does not.
template <typename Row>
bool count_holds(const sdk::Overlay::Change& change, sdk::Context& context) {
    Row before;
    Row after;
    if (!read(change.after, after) || (change.before && !read(change.before, before))) return false;
    const bool counts = after.day() > before.day() ||
                        (after.day() == before.day() && after.used() >= before.used());
    return counts && is_of_member(change.key, context);
}

}  // namespace

bool Ehr::holds(const sdk::Overlay::Change& change, sdk::Context& context) const {
    switch (static_cast<EhrTable>(change.key[1])) {
        case EhrTable::kParameters:
            return false;  // genesis alone writes them
        case EhrTable::kPolicy:
            return policy_holds(change, context);
        case EhrTable::kRequest:
            return request_holds(change, context);
        case EhrTable::kDisclosure:
            return disclosure_holds(change, context);
        case EhrTable::kContribution:
            return contribution_holds(change);
        case EhrTable::kAccountable:
        case EhrTable::kInbox:
            return is_written_once(change);
        case EhrTable::kClearance:
            return count_holds<v1::Clearance>(change, context);
        case EhrTable::kBreakGlassDay:
            return count_holds<v1::BreakGlassDay>(change, context);
        case EhrTable::kReviewDue:
            // It comes and it goes.
            return change.before.has_value() != change.after.has_value();
    }
    return false;
}

}  // namespace consilium::contracts::ehr
