// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/time.hpp"
#include "consilium/v1/charts.pb.h"
#include "consilium/v1/exchange.pb.h"
#include "consilium/v1/identity.pb.h"
#include "ledger/ids.hpp"
#include "services/ehr/exchange/ports.hpp"

// What either side believes of the other: nothing but what the ledger and the bytes bear out.
// docs/formats/exchange.md, "Checks". Pure; thread-safe.
namespace consilium::services::ehr::exchange {

// ---- the custodian: a request that came

enum class RequestCheck : std::uint8_t {
    kGood,
    kPending,     // good, but filed without a card: it has to be bound to a link first
    kNotYet,      // this copy of the ledger has no such request (yet)
    kMalformed,   // no RecordRequest
    kSender,      // who sends it is not who asks in it, or not who asked on the ledger
    kCustodian,   // it is for another custodian
    kCommitment,  // it is not what the ledger's row commits to
    kClaims,  // it is, but purpose, action or emergency are not those that the ledger decided on
    kNotGranted,  // denied, or refused before
    kServed,      // disclosed before: a replay
    kExpired,     // the grant's time is over, by the ledger's clock or ours
    kLink,        // the link is unknown, closed, or between others
    kWithdrawn,   // what it was granted on has been revoked since, or objected to
};
[[nodiscard]] const char* to_string(RequestCheck check);

// A request that came, with its parts decoded. Nothing for any other bytes.
struct OpenedRequest {
    std::uint32_t number = 0;
    Hash32 commitment;
    Bytes opening_bytes;
    v1::RequestOpening opening;
};
[[nodiscard]] std::optional<OpenedRequest> open_request(const v1::RecordRequest& message);

struct RequestFacts {
    const ledger::MemberId& self;
    const ledger::MemberId& sender;
    const OpenedRequest& request;
    // Rows of the ledger; nothing: not there.
    const std::optional<v1::AccessRequest>& row;
    const std::optional<v1::Link>& link;
    const std::optional<v1::ConsentGate>& gate;
    UnixMs block_time;
    UnixMs wall_time;
};
[[nodiscard]] RequestCheck check_request(const RequestFacts& facts);

// Whether the ground of the ledger's decision still stands: no objection covers it now and, when it
// was granted on a consent, one still does. The ledger decides once; between grant and serving the
// patient may have changed their mind.
[[nodiscard]] bool still_permitted(const v1::AccessRequest& row,
                                   const std::optional<v1::ConsentGate>& gate, UnixMs now);

// Whether the card's opening is that of one of the chart's slots, as our store and the ledger have
// them: `slots` are the commitments in the chart's list.
[[nodiscard]] bool check_card(const v1::RequestOpening& opening, const ChartOpening& chart,
                              std::span<const v1::LinkSlot> slots);

// ---- the requester: a disclosure that came

enum class DeliveryCheck : std::uint8_t {
    kGood,
    kNotYet,      // this copy of the ledger has no such disclosure (yet)
    kMalformed,   // no RecordDelivery
    kUnasked,     // nothing that we asked for
    kSender,      // who sends it is not the link's custodian
    kRecipient,   // it is for somebody else, or of another link
    kRequest,     // the ledger's row answers another request than the header says
    kCommitment,  // it is not what the ledger's row commits to
    kEntries,     // the entries are not those of the header
    kSealed,      // a document does not open
    kDocument,    // a document is not what its entry commits to
    kResource,    // a document is not the resource that its entry says
};
[[nodiscard]] const char* to_string(DeliveryCheck check);
// Those for which the custodian answers on the ledger: it committed to something else than it sent.
[[nodiscard]] bool is_dispute(DeliveryCheck check);

struct DeliveryFacts {
    const ledger::MemberId& self;
    const ledger::MemberId& sender;
    const v1::RecordDelivery& delivery;
    const v1::DisclosureHeader& header;        // decoded from it
    const std::optional<v1::Disclosure>& row;  // of the ledger
    const std::optional<v1::Link>& link;       // that the header names
    // The commitment of the request of ours that the header names; nothing: we made none.
    const std::optional<Hash32>& asked;
    // And the ledger's row of it.
    const std::optional<v1::AccessRequest>& request;
};
// All but the documents themselves.
[[nodiscard]] DeliveryCheck check_delivery(const DeliveryFacts& facts);

// Of a disclosure by law, which answers no request.
struct LawfulDeliveryFacts {
    const ledger::MemberId& self;
    const ledger::MemberId& sender;
    const v1::RecordDelivery& delivery;
    const v1::DisclosureHeader& header;        // decoded from it
    const std::optional<v1::Disclosure>& row;  // of the ledger
    const std::optional<v1::Link>& link;       // that the header names
    bool expected = false;                     // we were told of it and gave a key
};
[[nodiscard]] DeliveryCheck check_lawful_delivery(const LawfulDeliveryFacts& facts);

}  // namespace consilium::services::ehr::exchange
