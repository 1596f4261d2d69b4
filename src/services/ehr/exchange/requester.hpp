// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "services/ehr/exchange/agenda.hpp"
#include "services/ehr/exchange/block_wait.hpp"
#include "services/ehr/exchange/checks.hpp"
#include "services/ehr/exchange/ledger_view.hpp"
#include "services/ehr/exchange/ports.hpp"
#include "services/ehr/exchange/seal.hpp"
#include "services/ehr/exchange/settle.hpp"

namespace consilium::services::ehr::exchange {

// What a client of ours wants to read of a chart that lies elsewhere.
struct Question {
    v1::ChartCard card;
    v1::ExchangeAsk ask;
    v1::PurposeOfUse purpose = v1::PURPOSE_OF_USE_TREAT;
    v1::EmergencyReason emergency = v1::EMERGENCY_REASON_UNSPECIFIED;  // with purpose BTG
    std::string reason;                                                // with it, for the review
    std::optional<v1::NamedPatient> named;  // instead of link, salt and patient of the card
    std::string subject;                    // whose token it is, in an emergency,
    Bytes user;                             // and their user id of today
    v1::Role role = v1::ROLE_SERVICE;       // in which the member's user asks
    std::chrono::milliseconds patience{10'000};
};

// A resource as it was disclosed: not a byte of it is changed.
struct DisclosedResource {
    std::string type;
    std::string id;
    std::uint32_t version = 0;
    Bytes bytes;  // empty: erased since, by order of its custodian
};

struct ReadOutcome {
    enum class State : std::uint8_t {
        kReceived,  // `resources`
        kDenied,    // by the ledger: `gate` names rule and parameter
        kRefused,   // by the custodian: `refusal`
        kDisputed,  // the custodian sent something else than it committed to; it was not kept
        kRejected,  // the ledger would not have the request: `code` of contract ehr or the ledger
        kTimeout,   // not within the patience; it goes on, and what comes is kept
        kNoUser,    // an emergency, and no user id of today to declare it: nothing was asked
        kFailed,    // our own vault or author: nothing was asked
    };
    State state = State::kFailed;
    ledger::TransactionId transaction;  // of the request; zero when there is none
    Bytes id;                           // with number: the request's row on the ledger
    std::uint32_t number = 0;
    v1::GateDecision gate;
    v1::RefusalReason refusal = v1::REFUSAL_REASON_UNSPECIFIED;
    ledger::Outcome rejection;
    Bytes link;                    // of the disclosure,
    std::uint32_t disclosure = 0;  // and its number there
    std::vector<DisclosedResource> resources;
};

// The requester's side: files requests, shows their openings to the custodian once the ledger has
// granted them, takes what is disclosed and commits to having received it. What came stays, as the
// disclosure that it came in, and is never anchored in a chart of ours. Thread-safe.
class Requester {
 public:
    Requester(const Ports& ports, BlockWait& blocks, std::function<void(const Bytes& key)> poke);

    using ReadDone = std::function<void(ReadOutcome)>;
    // `done` is called once, on a thread of the exchange's (or this one), which it must not hold
    // up.
    void read(const Question& question, ReadDone done);

    // A delivery that a member sent; `bytes` are the message as it came.
    [[nodiscard]] Handled receive(const ledger::MemberId& from, const v1::RecordDelivery& delivery);
    // Goes on with a key of asking_key() or receiving_key().
    [[nodiscard]] std::optional<std::chrono::milliseconds> step(const Bytes& key);

    // What a disclosure brought, from the vault.
    [[nodiscard]] Result<std::vector<DisclosedResource>, vault::VaultError> received(
        BytesView link, std::uint32_t disclosure) const;

 private:
    using Again = std::optional<std::chrono::milliseconds>;
    struct Waiter {
        std::chrono::steady_clock::time_point deadline;
        ReadDone done;
    };
    // A request of ours and its row as it was read: a write takes place only on top of that.
    struct Item {
        Bytes key;
        Bytes before;
        v1::Asking asking;
        v1::RequestOpening opening;
    };
    struct Facts;

    [[nodiscard]] Result<std::optional<Item>, vault::VaultError> find(const Bytes& key) const;
    [[nodiscard]] Status<vault::VaultError> put(const Item& item,
                                                std::vector<vault::Row> more = {}) const;
    [[nodiscard]] std::optional<Bytes> compose_request(const v1::RequestOpening& opening,
                                                       const v1::Asking& asking) const;
    [[nodiscard]] Again await_outcome(Item item);
    [[nodiscard]] Again file_again(Item item);
    [[nodiscard]] Again await_custodian(Item item);
    [[nodiscard]] Again finish(Item item, v1::AskState state,
                               const ledger::Outcome& rejection = {});
    [[nodiscard]] Again step_asking(const Bytes& key);
    [[nodiscard]] Again step_receiving(const Bytes& key);
    [[nodiscard]] Again waiting(const Bytes& key);

    [[nodiscard]] DeliveryCheck look_up(const ledger::MemberId& from,
                                        const v1::RecordDelivery& delivery, Facts& facts) const;
    [[nodiscard]] Handled take(const Facts& facts, const v1::RecordDelivery& delivery,
                               std::vector<OpenedDocument> documents);
    [[nodiscard]] Handled dispute(const Facts& facts, const v1::RecordDelivery& delivery,
                                  DeliveryCheck why);
    [[nodiscard]] Handled keep(const Facts& facts, const v1::RecordDelivery& delivery,
                               std::uint32_t documents, std::vector<vault::Row> rows,
                               ReadOutcome outcome);
    void answer(const Item& item, ReadOutcome outcome);

    const Ports& ports_;
    LedgerView ledger_;
    BlockWait& blocks_;
    const std::function<void(const Bytes& key)> poke_;
    std::mutex mutex_;
    std::map<Bytes, Waiter> waiters_;  // by key of the asking
};

}  // namespace consilium::services::ehr::exchange
