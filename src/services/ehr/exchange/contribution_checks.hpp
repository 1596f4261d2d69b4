// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.hpp"
#include "consilium/v1/charts.pb.h"
#include "consilium/v1/documents.pb.h"
#include "consilium/v1/exchange.pb.h"
#include "consilium/v1/identity.pb.h"
#include "ledger/ids.hpp"
#include "services/ehr/exchange/ports.hpp"

// What a custodian believes of an offer that came: docs/formats/exchange.md, "Checks". Pure.
namespace consilium::services::ehr::exchange {

enum class OfferCheck : std::uint8_t {
    kGood,
    kNotYet,      // this copy of the ledger has no such contribution (yet)
    kSender,      // who sends it is not who offers in it, or not the link's counterparty
    kCustodian,   // it is for another custodian, or the link is another's
    kCommitment,  // it is not what the ledger's row commits to
    kClaims,      // it is, but the purpose is not the one that the ledger decided on
    kDenied,      // by the gate
    kDecided,     // accepted or rejected before: a replay
    kLink,        // the link is unknown or closed
    kWithdrawn,   // what it was granted on has been revoked since, or objected to
};
[[nodiscard]] const char* to_string(OfferCheck check);

// An offer that came, with its parts decoded. Nothing for any other bytes.
struct OpenedOffer {
    std::uint32_t number = 0;
    Hash32 commitment;
    v1::ContributionOpening opening;
    v1::DisclosedDocument document;
};
[[nodiscard]] std::optional<OpenedOffer> open_offer(std::uint32_t number, BytesView salt,
                                                    BytesView opening);

struct OfferFacts {
    const ledger::MemberId& self;
    const ledger::MemberId& sender;
    const OpenedOffer& offer;
    // Rows of the ledger; nothing: not there.
    const std::optional<v1::Contribution>& row;
    const std::optional<v1::Link>& link;
    const std::optional<v1::ConsentGate>& gate;
    UnixMs now;  // the later of block time and ours
};
[[nodiscard]] OfferCheck check_offer(const OfferFacts& facts);

// Whether the card's opening is that of one of the chart's slots (checks.hpp, check_card).
[[nodiscard]] bool check_slot(const v1::ContributionOpening& opening, const ChartOpening& chart,
                              std::span<const v1::LinkSlot> slots);

// At the contributor: whether what the custodian opened is what the ledger's row says that it
// accepted, lies in the chart that the card names, and is anchored: `entry` is what the ledger has
// at list and sequence, a record that reaches that version, or a manifest to which the leaf leads.
[[nodiscard]] bool check_accepted(const v1::AcceptedRecord& record, const v1::Contribution& row,
                                  const v1::Offering& offering, std::span<const v1::LinkSlot> slots,
                                  const std::optional<v1::Record>& entry);
// The chart that an accepted record's list is of; nothing when it is no chart's.
[[nodiscard]] std::optional<ledger::ChartId> chart_of(const v1::AcceptedRecord& record);

}  // namespace consilium::services::ehr::exchange
