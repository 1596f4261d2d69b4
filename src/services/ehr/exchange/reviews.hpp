// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "services/ehr/exchange/ledger_view.hpp"
#include "services/ehr/exchange/ports.hpp"
#include "services/ehr/exchange/settle.hpp"

namespace consilium::services::ehr::exchange {

inline constexpr std::size_t kReportBytesMax = 8000;

// Emergency access waits for two reviews: of the requester's privacy officer and of the
// custodian's. Which ones this member owes, the ledger says; why the glass was broken, the sealed
// request in the vault; what the officer finds is kept there too, and the ledger gets the verdict
// and a commitment. Thread-safe.
class Reviews {
 public:
    Reviews(const Ports& ports, std::function<void(const Bytes& key)> poke)
        : ports_(ports), ledger_(ports.reads), poke_(std::move(poke)) {}

    struct Item {
        Bytes id;  // the request's row on the ledger
        std::uint32_t number = 0;
        v1::AccessRequest request;
        bool overdue = false;
        bool ours = false;  // our user broke the glass, else it was one of our charts
        // What was sealed; nothing when it has not come, or is not ours to open.
        std::optional<v1::RequestOpening> opening;
        std::string subject;  // of our own user, else empty
        std::string patient;  // FHIR id, where it is known
    };
    struct Page {
        std::vector<Item> items;  // the one that is due first first
        Bytes next;               // to go on after it; empty: that was all
    };
    [[nodiscard]] Result<Page, ReadError> due(BytesView after, std::size_t limit) const;
    // One request, reviewed or not; nothing when it is no emergency of this member's.
    [[nodiscard]] Result<std::optional<Item>, ReadError> find(BytesView id,
                                                              std::uint32_t number) const;

    enum class Filed : std::uint8_t {
        kFiled,
        kUnknown,   // no emergency access of this member's
        kReviewed,  // our review is made, or on its way
        kOwn,       // the officer broke the glass themselves
        kNoUser,    // no privacy officer's user id for today
        kDisk,
    };
    [[nodiscard]] Filed file(BytesView id, std::uint32_t number, v1::ReviewVerdict verdict,
                             const std::string& report, const std::string& officer);
    // Our review of that request, if there is one.
    [[nodiscard]] Result<std::optional<v1::Reviewing>, vault::VaultError> made(
        BytesView id, std::uint32_t number) const;
    // Goes on with a key of review_key().
    [[nodiscard]] std::optional<std::chrono::milliseconds> step(const Bytes& key);

    struct Owed {
        std::size_t due = 0;      // at most kCountMax are counted
        std::size_t overdue = 0;  // of them
    };
    static constexpr std::size_t kCountMax = 1000;
    [[nodiscard]] Owed owed() const;
    // Tells the log of what is overdue, when that changes and once an hour.
    void alarm();
    // Whose emergencies of ours wait for this member's own review for too long: subjects of tokens.
    [[nodiscard]] std::set<std::string> overdue_subjects() const;

 private:
    [[nodiscard]] Result<Item, ReadError> item_of(BytesView id, std::uint32_t number,
                                                  v1::AccessRequest request) const;
    [[nodiscard]] std::optional<Bytes> compose_review(const v1::Reviewing& reviewing) const;

    const Ports& ports_;
    LedgerView ledger_;
    const std::function<void(const Bytes& key)> poke_;
    std::mutex mutex_;
    std::size_t told_ = 0;  // how many the log knows to be overdue
    UnixMs told_at_;
};

}  // namespace consilium::services::ehr::exchange
