// SPDX-License-Identifier: Apache-2.0
#include "contracts/ehr/break_glass.hpp"

#include <algorithm>
#include <vector>

#include "base/limits.hpp"
#include "contracts/ehr/disclosures.hpp"
#include "contracts/ehr/policy.hpp"
#include "contracts/sdk/record_keys.hpp"

namespace consilium::contracts::ehr {
namespace {

constexpr std::uint64_t kDayMs = 24ULL * 3600 * 1000;

std::uint32_t day_of(UnixMs time) {
    return static_cast<std::uint32_t>(time.value / kDayMs);
}

// Of both rows that count by day.
template <typename Row>
std::uint32_t used_today(const Row& row, std::uint32_t today) {
    return row.day() == today ? row.used() : 0;
}

template <typename Row>
void use_today(Row& row, std::uint32_t today) {
    row.set_used(used_today(row, today) + 1);
    row.set_day(today);
}

bool treats(BytesView member_id, sdk::Context& context) {
    const auto member = context.lookups().membership->member(context.state(), member_id);
    return member && std::any_of(member->kinds().begin(), member->kinds().end(), [](int kind) {
               return kind == v1::MEMBER_KIND_PROVIDER || kind == v1::MEMBER_KIND_SITE;
           });
}

bool owes_overdue_review(BytesView member_id, sdk::Context& context) {
    const auto prefix = sdk::review_due_list(member_id);
    const auto first = context.state().scan(prefix, prefix, 1);
    if (first.empty()) return false;
    const BytesView deadline = BytesView(first.front().key).substr(prefix.view().size(), 8);
    return read_be64(deadline) < context.block().time.value;
}

bool is_clinician(BytesView user, sdk::Context& context) {
    ledger::UserId id;
    if (!assign(id, user)) return false;
    const auto row = context.lookups().membership->user(context.state(), context.member_id(), id);
    return row && !row->revoked() && row->role() == v1::ROLE_CLINICIAN;
}

void add_deadline(v1::Clearance& clearance, std::uint64_t deadline) {
    auto& deadlines = *clearance.mutable_review_due_unix_ms();
    deadlines.Add(deadline);
    std::sort(deadlines.begin(), deadlines.end());
}

void remove_deadline(BytesView requester, BytesView user, std::uint64_t deadline,
                     sdk::Context& context) {
    const auto key = sdk::clearance_row(requester, user);
    auto clearance = context.get<v1::Clearance>(key);
    if (!clearance) return;
    auto& deadlines = *clearance->mutable_review_due_unix_ms();
    const auto found = std::find(deadlines.begin(), deadlines.end(), deadline);
    if (found == deadlines.end()) return;
    deadlines.erase(found);
    context.put(key, *clearance);
}

// What was disclosed under an emergency that was none had no legal basis, so that the patient's
// accounting has to list it (45 CFR 164.528(a)(1) exempts only what is permitted).
Rejection account_for(BytesView link_id, const v1::AccessRequest& request, sdk::Context& context) {
    if (request.disclosure() == 0) return Rejection::kNone;
    const auto key = sdk::disclosure_row(link_id, request.disclosure());
    auto disclosure = context.get<v1::Disclosure>(key);
    if (!disclosure || disclosure->accountable() != 0) return Rejection::kNone;
    const auto bad = add_accountable(link_id, request.disclosure(), request.requester(),
                                     v1::LEGAL_BASIS_NONE, *disclosure, context);
    if (bad == Rejection::kNone) context.put(key, *disclosure);
    return bad;
}

}  // namespace

v1::DecisionRule break_glass_rule(sdk::Context& context) {
    const UnixMs now = context.block().time;
    const std::uint32_t today = day_of(now);
    if (!treats(context.member_id(), context)) return v1::DECISION_RULE_MEMBER_KIND;
    const auto clearance = context.get<v1::Clearance>(
        sdk::clearance_row(context.member_id(), context.transaction().user.view()));
    if (!clearance || !clearance->cleared()) return v1::DECISION_RULE_NOT_CLEARED;
    const auto& deadlines = clearance->review_due_unix_ms();
    if (!deadlines.empty() && deadlines.Get(0) < now.value) return v1::DECISION_RULE_REVIEW_OVERDUE;
    const auto limits = parameters(context);
    if (used_today(*clearance, today) >= limits.break_glass_per_user_day())
        return v1::DECISION_RULE_USER_CAP;
    const auto of_member =
        context.get<v1::BreakGlassDay>(sdk::break_glass_day_row(context.member_id()));
    if (of_member && used_today(*of_member, today) >= limits.break_glass_per_member_day())
        return v1::DECISION_RULE_MEMBER_CAP;
    return v1::DECISION_RULE_UNSPECIFIED;
}

void record_break_glass(v1::AccessRequest& request, BytesView id, std::uint32_t number,
                        sdk::Context& context) {
    const UnixMs now = context.block().time;
    const UnixMs due{now.value + parameters(context).break_glass_review_ms()};
    request.set_review_due_unix_ms(due.value);

    const auto clearance_key = sdk::clearance_row(request.requester(), request.user());
    auto clearance = context.get<v1::Clearance>(clearance_key).value_or(v1::Clearance());
    use_today(clearance, day_of(now));
    add_deadline(clearance, due.value);
    context.put(clearance_key, clearance);

    const auto day_key = sdk::break_glass_day_row(request.requester());
    auto of_member = context.get<v1::BreakGlassDay>(day_key).value_or(v1::BreakGlassDay());
    use_today(of_member, day_of(now));
    context.put(day_key, of_member);

    for (const std::string& member : {request.requester(), request.custodian()})
        context.put(sdk::review_due_row(member, due, id, number), v1::ReviewDue());
}

void move_reviews(const v1::AccessRequest& request, BytesView from_id, BytesView link_id,
                  std::uint32_t number, sdk::Context& context) {
    if (request.review_due_unix_ms() == 0) return;
    const UnixMs due{request.review_due_unix_ms()};
    const auto move = [&](BytesView member) {
        context.state().erase(sdk::review_due_row(member, due, from_id, 1));
        context.put(sdk::review_due_row(member, due, link_id, number), v1::ReviewDue());
    };
    if (!request.has_requester_review()) move(request.requester());
    if (!request.has_custodian_review()) move(request.custodian());
}

Rejection validate_clear(const v1::ClearUsers& command) {
    std::vector<BytesView> sorted(command.users().begin(), command.users().end());
    if (sorted.empty() || sorted.size() > limits::kUsersPerCommandMax) return Rejection::kUserBatch;
    std::sort(sorted.begin(), sorted.end());
    const bool sized = std::all_of(sorted.begin(), sorted.end(), [](BytesView user) {
        return user.size() == ledger::UserId::kSize;
    });
    return sized && std::adjacent_find(sorted.begin(), sorted.end()) == sorted.end()
               ? Rejection::kNone
               : Rejection::kUserBatch;
}

// The ids are of the day, so an overdue review rarely meets the id that owes it: what stops then is
// the clearing of the next ones.
Rejection apply_clear(const v1::ClearUsers& command, sdk::Context& context) {
    if (!command.withdraw() && owes_overdue_review(context.member_id(), context))
        return Rejection::kReviewsOverdue;
    for (const std::string& user : command.users()) {
        const auto key = sdk::clearance_row(context.member_id(), user);
        const auto row = context.get<v1::Clearance>(key);
        const bool known = command.withdraw() ? row.has_value() : is_clinician(user, context);
        if (!known) return Rejection::kUser;
        v1::Clearance clearance = row.value_or(v1::Clearance());
        clearance.set_cleared(!command.withdraw());
        context.put(key, clearance);
    }
    return Rejection::kNone;
}

Rejection validate_review(const v1::ReviewBreakGlass& command) {
    if (command.id().size() != ledger::LinkId::kSize) return Rejection::kId;
    if (command.number() == 0) return Rejection::kRequestUnknown;
    if (command.verdict() == v1::REVIEW_VERDICT_UNSPECIFIED) return Rejection::kVerdict;
    return command.commitment().size() == Hash32::kSize ? Rejection::kNone : Rejection::kCommitment;
}

Rejection apply_review(const v1::ReviewBreakGlass& command, sdk::Context& context) {
    const auto key = sdk::request_row(command.id(), command.number());
    auto request = context.get<v1::AccessRequest>(key);
    if (!request) return Rejection::kRequestUnknown;
    if (!request->link_id().empty()) return Rejection::kBound;
    if (request->review_due_unix_ms() == 0) return Rejection::kNotBreakGlass;
    const bool by_requester = request->requester() == context.member_id();
    if (!by_requester && request->custodian() != context.member_id())
        return Rejection::kNotReviewer;
    if (by_requester ? request->has_requester_review() : request->has_custodian_review())
        return Rejection::kReviewed;

    v1::Review& review =
        by_requester ? *request->mutable_requester_review() : *request->mutable_custodian_review();
    review.set_verdict(command.verdict());
    review.set_user(context.transaction().user.bytes());
    review.set_commitment(command.commitment());
    review.set_time_unix_ms(context.block().time.value);
    context.put(key, *request);

    const UnixMs due{request->review_due_unix_ms()};
    context.state().erase(
        sdk::review_due_row(context.member_id(), due, command.id(), command.number()));
    if (by_requester) remove_deadline(request->requester(), request->user(), due.value, context);
    return command.verdict() == v1::REVIEW_VERDICT_UNJUSTIFIED
               ? account_for(command.id(), *request, context)
               : Rejection::kNone;
}

}  // namespace consilium::contracts::ehr
