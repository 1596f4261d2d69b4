// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/exchange/clearances.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "services/ehr/exchange/settle.hpp"
#include "services/ehr/exchange/vault_rows.hpp"

namespace consilium::services::ehr::exchange {
namespace {

constexpr std::size_t kPage = 256;

bool is_of_today(const v1::ClearedUser& decision, const std::vector<ledger::UserId>& today) {
    return std::any_of(today.begin(), today.end(),
                       [&](const auto& user) { return user.view() == decision.user(); });
}

template <typename Rows>
bool is_taken(const Rows& rows, const ledger::UserId& user) {
    return std::any_of(rows.begin(), rows.end(),
                       [&](const auto& row) { return row.second.user() == user.view(); });
}

// The first of a day's list is the one that the node speaks as when it does not matter who asks, so
// that it is given to a person last, and tells of the attempts of all who were never cleared.
template <typename Rows, typename From>
std::optional<ledger::UserId> first_free(const Rows& rows, From from, From end) {
    const auto found =
        std::find_if(from, end, [&](const auto& user) { return !is_taken(rows, user); });
    if (found == end) return std::nullopt;
    return *found;
}

}  // namespace

const char* to_string(Clearances::Ledger ledger) {
    switch (ledger) {
        case Clearances::Ledger::kStands:
            return "stands";
        case Clearances::Ledger::kWaiting:
            return "waiting";
        case Clearances::Ledger::kNoUser:
            return "no-user-id";
        case Clearances::Ledger::kStopped:
            return "stopped";
        case Clearances::Ledger::kOverdue:
            return "reviews-overdue";
    }
    return "unknown";
}

Result<Clearances::Rows, vault::VaultError> Clearances::rows() const {
    Rows out;
    Bytes after;
    for (;;) {
        const auto page = ports_.vault.rows(cleared_prefix(), after, kPage);
        if (!page) return fail(page.error());
        for (const vault::Row& row : *page) {
            auto decision = decode_row<v1::ClearedUser>(*row.value);
            if (!decision) return fail(vault::VaultError::kDamaged);
            out.emplace_back(row.key.substr(cleared_prefix().size()), std::move(*decision));
        }
        if (page->size() < kPage) return out;
        after = page->back().key;
    }
}

bool Clearances::decide(const std::vector<std::string>& subjects, bool cleared,
                        const std::string& officer) {
    {
        const std::lock_guard lock(mutex_);
        std::vector<vault::Row> changed;
        for (const std::string& subject : subjects) {
            const Bytes key = cleared_key(subject);
            auto row = get_row<v1::ClearedUser>(ports_.vault, key);
            if (!row) return false;
            v1::ClearedUser decision = row->value_or(v1::ClearedUser());
            decision.set_cleared(cleared);
            decision.set_decided_unix_ms(ports_.now().value);
            decision.set_decided_by(officer);
            changed.push_back(row_of(key, decision));
        }
        if (!ports_.vault.put({}, changed)) return false;
    }
    tick();
    return true;
}

Result<std::vector<Clearances::Standing>, vault::VaultError> Clearances::list() const {
    const auto all = rows();
    if (!all) return fail(all.error());
    const auto today = ports_.author.users(v1::ROLE_CLINICIAN);
    const bool none_new = overdue();
    const Stopped stopped = stopped_();
    std::vector<Standing> out;
    for (const auto& [subject, decision] : *all) {
        Standing& standing = out.emplace_back(Standing{subject, decision, Ledger::kWaiting});
        const bool has_user = today && is_of_today(decision, *today);
        const auto known = stands(decision.user());
        const bool on_ledger = has_user && known && *known;
        if (decision.cleared() && stopped.count(subject) != 0) {
            standing.ledger = on_ledger ? Ledger::kWaiting : Ledger::kStopped;
        } else if (on_ledger == decision.cleared()) {
            standing.ledger = Ledger::kStands;
        } else if (decision.cleared() && none_new) {
            standing.ledger = Ledger::kOverdue;
        } else if (decision.cleared() && !has_user) {
            standing.ledger = Ledger::kNoUser;
        }
    }
    return out;
}

std::optional<ledger::UserId> Clearances::user_of(const std::string& subject) {
    tick();
    const std::lock_guard lock(mutex_);
    const auto all = rows();
    const auto today = ports_.author.users(v1::ROLE_CLINICIAN);
    if (!all || !today) return std::nullopt;
    const auto own = std::find_if(all->begin(), all->end(),
                                  [&](const auto& row) { return row.first == subject; });
    ledger::UserId user;
    if (own != all->end() && is_of_today(own->second, *today) && assign(user, own->second.user()))
        return user;
    return first_free(*all, today->begin(), today->end());
}

bool Clearances::overdue() const {
    const auto first = ledger_.due_reviews(ports_.member, {}, 1);
    return first && !first->empty() && first->front().due < later_time();
}

UnixMs Clearances::later_time() const {
    return std::max(ledger_.block_time(), ports_.now());
}

Result<bool, ReadError> Clearances::stands(BytesView user) const {
    const auto row = ledger_.clearance(ports_.member, user);
    if (!row) return fail(row.error());
    if (!*row || !(*row)->cleared()) return false;
    const auto& deadlines = (*row)->review_due_unix_ms();
    return deadlines.empty() || deadlines.Get(0) >= later_time().value;
}

bool Clearances::assign_users(Rows& rows, const std::vector<ledger::UserId>& today) const {
    std::vector<vault::Row> changed;
    for (auto& [subject, decision] : rows) {
        if (!decision.cleared() || is_of_today(decision, today)) continue;
        const auto user = first_free(rows, today.rbegin(), today.rend());
        if (!user) break;
        decision.set_user(user->bytes());
        changed.push_back(row_of(cleared_key(subject), decision));
    }
    return changed.empty() || ports_.vault.put({}, changed).ok();
}

bool Clearances::is_settled(Told& told) const {
    if (told.transaction.empty()) return true;
    const auto settled = settle(ports_, told.transaction, [] {});
    if (settled.state == Settlement::State::kWaiting) return false;
    if (settled.state == Settlement::State::kRejected) {
        ports_.log.error("exchange", "the ledger does not take the clearance of a user",
                         {telemetry::Field("code", settled.outcome.code)});
        if (told.users.size() == 1) told.refused.insert(told.users.front());
        told.singly = true;
    }
    told.transaction.clear();
    return true;
}

void Clearances::tell_ledger(const Rows& rows, const Stopped& stopped,
                             const std::vector<ledger::UserId>& today, bool withdraw) {
    Told& told = withdraw ? withdrawn_ : cleared_;
    if (!is_settled(told)) return;
    std::vector<Bytes> users;
    for (const auto& person : rows) {
        const v1::ClearedUser& decision = person.second;
        if (may(person, stopped) == withdraw || !is_of_today(decision, today)) continue;
        const auto row = ledger_.clearance(ports_.member, decision.user());
        const auto effective = stands(decision.user());
        if (!row || !effective) return;
        const bool cleared = *row && (*row)->cleared();
        // What the ledger stops by itself, it tells why: that is not withdrawn as well.
        if (withdraw ? !cleared || (decision.cleared() && !*effective) : cleared) continue;
        if (told.refused.count(decision.user()) == 0) users.push_back(decision.user());
    }
    if (users.empty() || (!withdraw && overdue())) return;
    // By id, so that the order says nothing.
    std::sort(users.begin(), users.end());
    users.resize(std::min(users.size(), told.singly ? 1 : limits::kUsersPerCommandMax));
    v1::EhrCommand command;
    command.mutable_clear_users()->set_withdraw(withdraw);
    for (const Bytes& user : users)
        command.mutable_clear_users()->add_users(user);
    auto transaction = compose(ports_, v1::ROLE_PRIVACY_OFFICER, command);
    if (!transaction) return;
    told.transaction = std::move(*transaction);
    told.users = std::move(users);
    (void)settle(ports_, told.transaction, [] {});
}

bool Clearances::is_waiting(const std::string& subject) const {
    const auto row = get_row<v1::ClearedUser>(ports_.vault, cleared_key(subject));
    if (!row || !*row || !(*row)->cleared()) return false;
    const bool wanted = stopped_().count(subject) == 0;
    if (wanted && overdue()) return false;
    const auto today = ports_.author.users(v1::ROLE_CLINICIAN);
    const auto on_ledger = stands((*row)->user());
    return today && is_of_today(**row, *today) && on_ledger && *on_ledger != wanted;
}

void Clearances::tick() {
    const std::lock_guard lock(mutex_);
    auto all = rows();
    const auto today = ports_.author.users(v1::ROLE_CLINICIAN);
    if (!all || !today || all->empty()) return;
    if (!assign_users(*all, *today)) return;
    const Stopped stopped = stopped_();
    tell_ledger(*all, stopped, *today, false);
    tell_ledger(*all, stopped, *today, true);
}

}  // namespace consilium::services::ehr::exchange
