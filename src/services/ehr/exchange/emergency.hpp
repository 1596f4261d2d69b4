// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "consilium/v1/exchange.pb.h"

// What somebody says who breaks the glass: why, and, without a card, whose record they mean.
// docs/exchange.md, "Emergencies". Pure; thread-safe.
namespace consilium::services::ehr::exchange {

inline constexpr std::size_t kReasonBytesMax = 2000;
inline constexpr std::size_t kNameBytesMax = 200;
inline constexpr std::size_t kOrderBytesMax = 16'384;

// `code` goes on the ledger, `text` into the sealed request alone, for those who review it.
struct EmergencyReason {
    v1::EmergencyReason code = v1::EMERGENCY_REASON_UNSPECIFIED;
    std::string text;
};

// The header Emergency-Access: CODE; TEXT, the text percent-encoded UTF-8. Nothing unless both are
// given.
[[nodiscard]] std::optional<EmergencyReason> read_emergency_header(std::string_view value);

// The body of POST /v1/emergency.
struct EmergencyOrder {
    std::string patient;  // by the card that is kept of them, or
    std::string custodian;
    std::optional<v1::NamedPatient> named;  // of that custodian's, without a card
    EmergencyReason reason;
    v1::ExchangeAsk ask;
};
[[nodiscard]] std::optional<EmergencyOrder> read_emergency_order(const std::string& json);

// Whether a patient is named well enough to be looked for at all: by family and given name and the
// full date of birth, or by an identifier with its system. More may be given, and then has to match
// too.
[[nodiscard]] bool is_named(const v1::NamedPatient& named);

}  // namespace consilium::services::ehr::exchange
