// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.hpp"
#include "consilium/v1/exchange.pb.h"
#include "ledger/ids.hpp"

// The hashes of the exchange: docs/formats/exchange.md, "Hashes". Salts are 32 random bytes, used
// once, never on the ledger. Pure; thread-safe.
namespace consilium::services::ehr::exchange {

inline constexpr std::size_t kSaltBytes = 32;

// H("consilium/ehr-request/1", salt, opening): what a request's row commits to.
[[nodiscard]] Hash32 request_commitment(BytesView salt, BytesView opening);

// H("consilium/ehr-disclosure/1", salt, header): what a disclosure's row commits to.
[[nodiscard]] Hash32 disclosure_commitment(BytesView salt, BytesView header);

// H("consilium/ehr-decision/1", salt, decision): v1.FineDecision.
[[nodiscard]] Hash32 decision_commitment(BytesView salt, BytesView decision);

// H("consilium/ehr-received/1", salt, delivery): what a recipient commits to when what came is not
// what was committed to, so that the two differ on the ledger.
[[nodiscard]] Hash32 disputed_commitment(BytesView salt, BytesView delivery);

// H("consilium/ehr-contribution/1", salt, opening): what a contribution's row commits to.
[[nodiscard]] Hash32 contribution_commitment(BytesView salt, BytesView opening);

// RFC 6962 root whose leaves are the encoded entries.
[[nodiscard]] Hash32 entries_root(std::span<const Bytes> entries);

// The record id of a recipient's copy: the first 16 bytes of H("consilium/received-record/1",
// custodian, record, u32be(version), commitment). The same document comes to lie in the same place,
// however often it is delivered. It is never on the ledger.
[[nodiscard]] ledger::RecordId received_record(const ledger::MemberId& custodian,
                                               const v1::DisclosedDocument& document);

// The record id of a custodian's copy of a document offered: the first 16 bytes of
// H("consilium/offered-record/1", contribution's commitment). Never on the ledger.
[[nodiscard]] ledger::RecordId offered_record(BytesView commitment);

// H("consilium/ehr-review/1", salt, report): v1.ReviewReport.
[[nodiscard]] Hash32 review_commitment(BytesView salt, BytesView report);

// H("consilium/exchange-message/1", kind, id, u32be(number)): the name of a message, so that one
// sent again is known for the same.
[[nodiscard]] Hash32 message_name(BytesView kind, BytesView id, std::uint32_t number);

// What the keys of a delivery are sealed for (the info of HPKE): H("consilium/ehr-delivery/1",
// network, header).
[[nodiscard]] Hash32 delivery_info(const ledger::NetworkId& network, BytesView header);

}  // namespace consilium::services::ehr::exchange
