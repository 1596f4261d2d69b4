// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "services/ehr/exchange/ledger_view.hpp"
#include "services/ehr/exchange/ports.hpp"

namespace consilium::services::ehr::exchange {

inline constexpr std::size_t kSubjectBytesMax = 128;

// Who of this member may break the glass. The ledger clears user ids, which are fresh every day and
// which nobody else can tie to a person; the privacy officer decides about
// persons, by the subject of their tokens. So the decision stands in the vault, each such person
// has one of the day's ids to themselves, and the ids of a day are cleared on that day, all in one
// command: not sooner, because a command that named ids of several days would tie them together.
// For the same reason the ledger knows of no review that is overdue whose emergency it was, once
// the day is over; the node does, and withdraws that person's clearance until the review is made.
// Thread-safe.
class Clearances {
 public:
    // `stopped` names those whose emergencies were not reviewed in time.
    Clearances(const Ports& ports, std::function<std::set<std::string>()> stopped)
        : ports_(ports), ledger_(ports.reads), stopped_(std::move(stopped)) {}

    enum class Ledger : std::uint8_t {
        kStands,   // the ledger says what the officer decided
        kWaiting,  // it will, shortly
        kNoUser,   // the member has no user id left today: more must be registered
        kStopped,  // their own emergency was not reviewed in time: withdrawn until it is
        kOverdue,  // it clears nobody else while a review of this member's is overdue
    };
    struct Standing {
        std::string subject;
        v1::ClearedUser decision;
        Ledger ledger = Ledger::kWaiting;
    };

    // Clears these persons, or withdraws it, from now on and on the days to come. False when the
    // vault cannot be written.
    [[nodiscard]] bool decide(const std::vector<std::string>& subjects, bool cleared,
                              const std::string& officer);
    // All that was ever decided, ascending by subject.
    [[nodiscard]] Result<std::vector<Standing>, vault::VaultError> list() const;

    // The id in which a person breaks the glass today: their own, or, of somebody who was never
    // cleared, one that is nobody's, so that the ledger has the attempt. Nothing when there is
    // none.
    [[nodiscard]] std::optional<ledger::UserId> user_of(const std::string& subject);

    // Whether the ledger is about to clear this person, who is cleared, or to withdraw it.
    [[nodiscard]] bool is_waiting(const std::string& subject) const;

    // Gives the cleared their ids of today and tells the ledger what it lacks. Never waits.
    void tick();

 private:
    using Rows = std::vector<std::pair<std::string, v1::ClearedUser>>;
    [[nodiscard]] Result<Rows, vault::VaultError> rows() const;
    [[nodiscard]] bool assign_users(Rows& rows, const std::vector<ledger::UserId>& today) const;
    // Whether the ledger shall have that person cleared now.
    using Stopped = std::set<std::string>;
    [[nodiscard]] static bool may(const std::pair<std::string, v1::ClearedUser>& row,
                                  const Stopped& stopped) {
        return row.second.cleared() && stopped.count(row.first) == 0;
    }
    // Whether the ledger lets that id break the glass as far as its clearance goes: it stops by
    // itself the id whose own review is overdue.
    [[nodiscard]] Result<bool, ReadError> stands(BytesView user) const;
    [[nodiscard]] UnixMs later_time() const;  // of the blocks' and ours
    void tell_ledger(const Rows& rows, const Stopped& stopped,
                     const std::vector<ledger::UserId>& today, bool withdraw);
    [[nodiscard]] bool overdue() const;

    // What was told to the ledger last, to clear or to withdraw. One id that it does not take (one
    // that was revoked, say) must not stop the others: after a refusal each goes alone.
    struct Told {
        Bytes transaction;
        std::vector<Bytes> users;
        bool singly = false;
        std::set<Bytes> refused;
    };
    // Whether nothing of it is under way any more.
    [[nodiscard]] bool is_settled(Told& told) const;
    const Ports& ports_;
    LedgerView ledger_;
    const std::function<Stopped()> stopped_;
    std::mutex mutex_;
    Told cleared_;
    Told withdrawn_;
};
[[nodiscard]] const char* to_string(Clearances::Ledger ledger);

}  // namespace consilium::services::ehr::exchange
