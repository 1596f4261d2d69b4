// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/outcome.hpp"
#include "services/ehr/exchange/ledger_view.hpp"
#include "services/ehr/exchange/ports.hpp"

// Chart cards: given out by a custodian, one unused slot of the chart each, and kept by those to
// whom they were shown. Thread-safe.
namespace consilium::services::ehr::exchange {

enum class CardError : std::uint8_t {
    kMalformed,       // not a card: an id or a salt of the wrong length
    kUnknownLink,     // the ledger has no such link, or it is closed
    kNotOurs,         // the link is between others
    kOtherCard,       // another custodian's patient has that id here
    kLocalPatient,    // a patient of our own has that id, or had it
    kHeldCard,        // another card of that patient is kept, whose link is open
    kTakenLink,       // a card of another patient is kept with that link
    kUnknownPatient,  // this store has no such patient
    kUnknownMember,   // the counterparty is no other member
    kNoSlot,          // all slots of the chart are in use
    kRejected,        // the ledger would not open the link
    kNotNow,          // the node cannot take it just now; the same again later
    kDisk,
};
[[nodiscard]] const char* to_string(CardError error);

// {"custodian":"hospital","link":HEX,"patient":"ID","salt":HEX}: what a card's file holds.
[[nodiscard]] std::string write_card(const v1::ChartCard& card);
[[nodiscard]] std::optional<v1::ChartCard> read_card(const std::string& json);

// A card to keep: the same, and whether "replace":true asks it to take the place of others.
struct Keeping {
    v1::ChartCard card;
    bool replace = false;
};
[[nodiscard]] std::optional<Keeping> read_keeping(const std::string& json);

struct CardOrder {
    std::string patient;       // FHIR id
    std::string counterparty;  // member
    v1::Algorithm algorithm = v1::ALGORITHM_ED25519;
    Bytes public_key;  // the patient's, for this link alone
};

class Cards {
 public:
    explicit Cards(const Ports& ports) : ports_(ports), ledger_(ports.reads) {}

    // Keeps a card that was shown to us: from then on its patient can be asked for. The same again
    // is fine. Another card of the patient gives way when its link is closed; else, and when the
    // link is another patient's by a card that is kept, only with `replace`.
    [[nodiscard]] Status<CardError> import(const v1::ChartCard& card, bool replace = false);
    // The card by which a patient can be asked for; nothing when there is none.
    [[nodiscard]] Result<std::optional<v1::ChartCard>, CardError> find(
        std::string_view patient) const;
    // Ascending by patient, above `after`.
    [[nodiscard]] Result<std::vector<v1::ChartCard>, CardError> list(std::string_view after,
                                                                     std::size_t limit) const;

    // Opens a link in an unused slot of the patient's chart. The same order again answers the same
    // card. `done` is called once, here or on a thread of the node's that it must not hold up.
    using Issued = std::function<void(Result<v1::ChartCard, CardError>)>;
    void issue(const CardOrder& order, Issued done);

 private:
    [[nodiscard]] Result<SlotOpening, CardError> claim(const CardOrder& order,
                                                       v1::IssuedCard& issued) const;
    [[nodiscard]] std::optional<Bytes> open_link(const CardOrder& order,
                                                 const ledger::LinkId& link) const;

    // The patient by whose card the link is kept, other than `patient`.
    [[nodiscard]] Result<std::optional<v1::ChartCard>, CardError> other_by_link(
        BytesView link, std::string_view patient) const;
    // Whether a card that is kept may go without being asked for.
    [[nodiscard]] Result<bool, CardError> gives_way(const v1::ChartCard& before,
                                                    const v1::ChartCard& card) const;

    const Ports& ports_;
    LedgerView ledger_;
    std::mutex importing_;  // so that no two take one link
};

}  // namespace consilium::services::ehr::exchange
