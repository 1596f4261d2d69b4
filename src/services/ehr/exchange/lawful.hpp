// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "services/ehr/exchange/cards.hpp"
#include "services/ehr/exchange/ledger_view.hpp"
#include "services/ehr/exchange/part.hpp"
#include "services/ehr/exchange/rows.hpp"
#include "services/ehr/exchange/settle.hpp"

namespace consilium::services::ehr::exchange {

inline constexpr std::size_t kLawfulResourcesMax = 128;

// What somebody here orders to be disclosed by law (45 CFR 164.512).
struct LawfulRequest {
    Bytes id;  // 16 bytes: the same id again is the same order
    std::string patient;
    std::string recipient;
    v1::LegalBasis basis = v1::LEGAL_BASIS_UNSPECIFIED;
    std::vector<std::string> resources;  // "Immunization/ID"
    std::chrono::milliseconds patience{10'000};
};

enum class LawfulError : std::uint8_t {
    kMalformed,        // no basis of 164.512, no or too many resources, or one twice
    kUnknownMember,    // the recipient is no other member
    kUnknownPatient,   // this store has no such patient
    kUnknownResource,  // one of them is not in that patient's compartment
    kKept,             // by the rules, all of them stay at home
    kTooLarge,         // more than kDeliveryBytesMax
    kOtherOrder,       // the id is another order's
    kNoSlot,           // all link slots of the chart are in use
    kRejected,         // the ledger would not have it
    kDisk,
};
[[nodiscard]] const char* to_string(LawfulError error);
// Why an order failed, as its row remembers it.
[[nodiscard]] LawfulError error_of(v1::LawfulFailure failure);

// The custodian's side of a disclosure by law: what is named, judged as everything that leaves, is
// committed to on the ledger, the recipient is told and gives a key, and only then it is sent. Once
// per order, wherever a crash cuts it off: its row in the vault holds what was decided and the very
// transaction. Thread-safe.
class LawfulDisclosures final : public Part {
 public:
    // `poke` has step() called for a key, soon.
    LawfulDisclosures(const Ports& ports, std::function<void(const Bytes& key)> poke);

    // The order's row: on the ledger, or not yet within the patience; or why there is none.
    using Ordered = std::function<void(Result<v1::Lawful, LawfulError>)>;
    // `done` is called once, on a thread of the exchange's (or this one), which it must not hold
    // up. Reads the vault.
    void order(const LawfulRequest& request, Ordered done);

    // Its rows are those of lawful_key().
    [[nodiscard]] Bytes prefix() const override { return lawful_prefix(); }
    [[nodiscard]] std::optional<std::chrono::milliseconds> step(const Bytes& key) override;
    // The recipient's key for a disclosure of ours.
    [[nodiscard]] std::optional<Handled> receive(const ledger::MemberId& from,
                                                 const v1::ExchangeMessage& message) override;

 private:
    using Again = std::optional<std::chrono::milliseconds>;
    struct Waiter {
        std::chrono::steady_clock::time_point deadline;
        Ordered done;
    };

    [[nodiscard]] Result<std::vector<v1::JudgedVersion>, LawfulError> judge(
        const LawfulRequest& request) const;
    // The order's row is there, with a todo, when it answers its key.
    [[nodiscard]] Result<Bytes, LawfulError> take(const LawfulRequest& request);
    [[nodiscard]] Again find_link(const Bytes& key, v1::Lawful lawful);
    // The chart's open link with that member, if there is one.
    [[nodiscard]] Result<std::optional<Bytes>, CardError> open_link_of(
        const std::string& patient, const std::string& recipient) const;
    [[nodiscard]] Again commit(const Bytes& key, v1::Lawful lawful);
    [[nodiscard]] Again await_commitment(const Bytes& key, v1::Lawful lawful);
    [[nodiscard]] Again send(const Bytes& key, v1::Lawful lawful);
    [[nodiscard]] Again finish(const Bytes& key, v1::Lawful lawful, v1::LawfulState state,
                               LawfulError why = LawfulError::kRejected);
    // Answers the client when there is something to say, or its patience is over.
    [[nodiscard]] Again waiting(const Bytes& key, const v1::Lawful& lawful, Again again);
    void answer(const Bytes& key, const Result<v1::Lawful, LawfulError>& result);
    [[nodiscard]] Handled receive(const ledger::MemberId& from, const v1::DisclosureReady& message);

    const Ports& ports_;
    LedgerView ledger_;
    Cards cards_;
    const std::function<void(const Bytes& key)> poke_;
    std::mutex mutex_;
    std::map<Bytes, std::vector<Waiter>> waiters_;  // by key
    // Links that are being opened, by key, and what went wrong. Shared with call backs of the
    // ledger that may come after this has gone.
    struct Opening {
        std::mutex mutex;
        std::map<Bytes, std::optional<CardError>> by_key;
    };
    std::shared_ptr<Opening> opening_ = std::make_shared<Opening>();
};

}  // namespace consilium::services::ehr::exchange
