// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "ledger/ids.hpp"

// A chart card: with it a patient, or a custodian, shows another member a link. As a file it is
// JSON, on paper a code. docs/formats/wallet.md. Pure; thread-safe.
namespace consilium::wallet {

inline constexpr std::size_t kCardBytesMax = 4096;
inline constexpr std::size_t kSlotSaltBytes = 32;

struct Card {
    ledger::MemberId custodian;
    ledger::LinkId link;
    Bytes slot_salt;      // opens the chart's slot for the link
    std::string patient;  // the FHIR id of the Patient at the custodian

    friend bool operator==(const Card&, const Card&) = default;
};

// {"custodian":"hospital","link":HEX,"patient":"ID","salt":HEX}
[[nodiscard]] std::string write_card(const Card& card);
[[nodiscard]] std::optional<Card> read_card(std::string_view json);

// In letters and digits that cannot be mistaken for each other (Crockford's Base32), in groups of
// four, with a checksum: to be typed off paper or put into a QR code.
[[nodiscard]] std::string card_code(const Card& card);
// Takes small letters too, O for 0, I and L for 1, and groups of any length.
[[nodiscard]] std::optional<Card> read_card_code(std::string_view code);

}  // namespace consilium::wallet
