// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/exchange/reviews.hpp"

#include "crypto/random.hpp"
#include "services/ehr/exchange/commitments.hpp"
#include "services/ehr/exchange/vault_rows.hpp"

namespace consilium::services::ehr::exchange {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLookAgain{2000};
constexpr milliseconds kDiskAgain{5000};
constexpr std::uint64_t kAlarmEveryMs = 3'600'000;

}  // namespace

// The sealed request lies where this side's agent put it: with what it asked, or with what it
// serves.
Result<Reviews::Item, ReadError> Reviews::item_of(BytesView id, std::uint32_t number,
                                                  v1::AccessRequest request) const {
    Item out;
    out.id = id;
    out.number = number;
    out.ours = request.requester() == ports_.member;
    out.overdue = request.review_due_unix_ms() < ledger_.block_time().value;
    if (out.ours) {
        const bool bound = !request.fresh_id().empty();
        const auto asked =
            ports_.vault.row(bound ? asked_key(request.fresh_id(), 1) : asked_key(id, number));
        if (!asked) return fail(ReadError::kDisk);
        if (Hash32 commitment; *asked && assign(commitment, **asked)) {
            const auto asking = get_row<v1::Asking>(ports_.vault, asking_key(commitment));
            if (!asking) return fail(ReadError::kDisk);
            if (*asking) {
                out.subject = (*asking)->subject();
                out.opening = decode_row<v1::RequestOpening>((*asking)->opening());
            }
        }
    } else {
        const auto serving = get_row<v1::Serving>(ports_.vault, serving_key(id, number));
        if (!serving) return fail(ReadError::kDisk);
        if (*serving) {
            out.opening = decode_row<v1::RequestOpening>((*serving)->opening());
            out.patient = (*serving)->patient();
        }
    }
    if (out.patient.empty() && out.opening) out.patient = out.opening->patient();
    out.request = std::move(request);
    return out;
}

Result<std::optional<Reviews::Item>, ReadError> Reviews::find(BytesView id,
                                                              std::uint32_t number) const {
    auto request = ledger_.request(id, number);
    if (!request) return fail(request.error());
    // What was bound goes on under the link.
    if (!*request || (*request)->review_due_unix_ms() == 0 || !(*request)->link_id().empty() ||
        ((*request)->requester() != ports_.member && (*request)->custodian() != ports_.member))
        return std::optional<Item>();
    auto item = item_of(id, number, std::move(**request));
    if (!item) return fail(item.error());
    return std::optional<Item>(std::move(item).value());
}

Result<Reviews::Page, ReadError> Reviews::due(BytesView after, std::size_t limit) const {
    const auto list = ledger_.due_reviews(ports_.member, after, limit);
    if (!list) return fail(list.error());
    Page out;
    for (const LedgerView::DueReview& due : *list) {
        auto item = find(due.id, due.number);
        if (!item) return fail(item.error());
        // Reviewed or bound since the list was read.
        if (*item) out.items.push_back(std::move(**item));
    }
    if (list->size() == limit) out.next = list->back().key;
    return out;
}

Result<std::optional<v1::Reviewing>, vault::VaultError> Reviews::made(BytesView id,
                                                                      std::uint32_t number) const {
    return get_row<v1::Reviewing>(ports_.vault, review_key(id, number));
}

std::optional<Bytes> Reviews::compose_review(const v1::Reviewing& reviewing) const {
    const auto report = decode_row<v1::ReviewReport>(reviewing.report());
    if (!report) return std::nullopt;
    v1::EhrCommand command;
    v1::ReviewBreakGlass& review = *command.mutable_review_break_glass();
    review.set_id(report->id());
    review.set_number(report->number());
    review.set_verdict(report->verdict());
    review.set_commitment(review_commitment(reviewing.salt(), reviewing.report()).bytes());
    return compose(ports_, v1::ROLE_PRIVACY_OFFICER, command);
}

Reviews::Filed Reviews::file(BytesView id, std::uint32_t number, v1::ReviewVerdict verdict,
                             const std::string& report, const std::string& officer) {
    const auto item = find(id, number);
    if (!item) return Filed::kDisk;
    if (!*item) return Filed::kUnknown;
    if ((*item)->ours ? (*item)->request.has_requester_review()
                      : (*item)->request.has_custodian_review())
        return Filed::kReviewed;
    if ((*item)->ours && (*item)->subject == officer) return Filed::kOwn;
    const Bytes key = review_key(id, number);
    const auto before = get_row<v1::Reviewing>(ports_.vault, key);
    if (!before) return Filed::kDisk;
    if (*before && (*before)->state() != v1::REVIEW_STATE_REJECTED) return Filed::kReviewed;

    v1::ReviewReport written;
    written.set_id(Bytes(id));
    written.set_number(number);
    written.set_verdict(verdict);
    written.set_report(report);
    written.set_officer(officer);
    v1::Reviewing reviewing;
    reviewing.set_state(v1::REVIEW_STATE_FILING);
    reviewing.set_report(proto::encode(written));
    reviewing.set_salt(crypto::random_bytes(kSaltBytes));
    reviewing.set_filed_unix_ms(ports_.now().value);
    auto transaction = compose_review(reviewing);
    if (!transaction) return Filed::kNoUser;
    reviewing.set_transaction(std::move(*transaction));
    const std::vector<vault::Row> rows{row_of(key, reviewing), todo(key)};
    const std::vector<vault::Row> expected{*before ? row_of(key, **before) : no_row(key)};
    const auto stored = ports_.vault.put({}, rows, expected);
    if (!stored)
        return stored.error() == vault::VaultError::kConflict ? Filed::kReviewed : Filed::kDisk;
    poke_(key);
    return Filed::kFiled;
}

std::optional<milliseconds> Reviews::step(const Bytes& key) {
    auto row = get_row<v1::Reviewing>(ports_.vault, key);
    if (!row) return kDiskAgain;
    if (!*row || (*row)->state() != v1::REVIEW_STATE_FILING) return std::nullopt;
    v1::Reviewing& reviewing = **row;
    const auto settled =
        settle(ports_, reviewing.transaction(), [poke = poke_, key] { poke(key); });
    if (settled.state == Settlement::State::kWaiting) return kLookAgain;
    if (settled.state == Settlement::State::kLapsed) {
        auto transaction = compose_review(reviewing);
        if (!transaction) return kDiskAgain;
        reviewing.set_transaction(std::move(*transaction));
        const std::vector<vault::Row> rows{row_of(key, reviewing)};
        if (!ports_.vault.put({}, rows)) return kDiskAgain;
        return milliseconds(0);
    }
    const bool applied = settled.state == Settlement::State::kApplied;
    reviewing.set_state(applied ? v1::REVIEW_STATE_MADE : v1::REVIEW_STATE_REJECTED);
    if (!applied) reviewing.set_code(settled.outcome.code);
    reviewing.clear_transaction();
    const std::vector<vault::Row> rows{row_of(key, reviewing), no_todo(key)};
    if (!ports_.vault.put({}, rows)) return kDiskAgain;
    return std::nullopt;
}

Reviews::Owed Reviews::owed() const {
    Owed out;
    const auto list = ledger_.due_reviews(ports_.member, {}, kCountMax);
    if (!list) return out;
    const UnixMs now{std::max(ledger_.block_time().value, ports_.now().value)};
    out.due = list->size();
    for (const LedgerView::DueReview& due : *list)
        if (due.due.value < now.value) ++out.overdue;
    return out;
}

std::set<std::string> Reviews::overdue_subjects() const {
    std::set<std::string> out;
    const UnixMs now{std::max(ledger_.block_time().value, ports_.now().value)};
    Bytes after;
    for (;;) {
        const auto list = ledger_.due_reviews(ports_.member, after, kCountMax);
        if (!list) return out;
        for (const LedgerView::DueReview& due : *list) {
            if (due.due.value >= now.value) return out;
            const auto item = find(due.id, due.number);
            if (item && *item && (*item)->ours && !(*item)->subject.empty())
                out.insert((*item)->subject);
        }
        if (list->size() < kCountMax) return out;
        after = list->back().key;
    }
}

void Reviews::alarm() {
    const Owed now = owed();
    const std::lock_guard lock(mutex_);
    const bool again = ports_.now().value >= told_at_.value + kAlarmEveryMs;
    if (now.overdue != 0 && (now.overdue != told_ || again)) {
        ports_.log.error("exchange", "reviews of emergency access are overdue",
                         {telemetry::Field("overdue", now.overdue)});
        told_at_ = ports_.now();
    }
    told_ = now.overdue;
}

}  // namespace consilium::services::ehr::exchange
