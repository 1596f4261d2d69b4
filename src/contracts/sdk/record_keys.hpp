// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "base/bytes.hpp"
#include "base/time.hpp"
#include "contracts/sdk/key.hpp"

// Keys of the rows that tell who asked for, granted, sent and contributed what: those of identity
// (contract 5) and ehr (contract 6), and those of membership, charts and documents that their
// readers need beside them. For contracts and for services, which read and prove these rows through
// services::Reads. docs/formats/tables.md lists the tables and their values.
//
// Ids are 16 bytes: a link's, or, where said, the fresh id of a request without a card. A ..._list
// is the prefix of a list: its rows end with a number from 1, ascending in the order they were
// written, and a completeness proof of that prefix shows that none is left out. Pure; thread-safe.
namespace consilium::contracts::sdk {

enum class IdentityTable : std::uint8_t {
    kConsent = 1,  // link, number -> v1.Consent
    kGate = 2,     // link -> v1.ConsentGate
};

enum class EhrTable : std::uint8_t {
    kParameters = 1,     // one row -> v1.EhrParameters
    kPolicy = 2,         // custodian -> v1.Policy
    kRequest = 3,        // link or fresh id, number -> v1.AccessRequest
    kDisclosure = 4,     // link, number -> v1.Disclosure
    kAccountable = 5,    // link, number -> v1.AccountableDisclosure
    kContribution = 6,   // link, number -> v1.Contribution
    kInbox = 7,          // custodian, number (u64) -> v1.InboxEntry
    kClearance = 8,      // member, user -> v1.Clearance
    kBreakGlassDay = 9,  // member -> v1.BreakGlassDay
    kReviewDue = 10,     // member, deadline, link or fresh id, number -> v1.ReviewDue
};

// membership, charts, documents
[[nodiscard]] StateKey member_row(BytesView member_id);  // v1.Member
[[nodiscard]] StateKey node_row(BytesView member_id);    // v1.Node
[[nodiscard]] StateKey chart_row(BytesView chart_id);    // v1.Chart
[[nodiscard]] StateKey slot_list(BytesView chart_id);    // v1.LinkSlot
[[nodiscard]] StateKey link_row(BytesView link_id);      // v1.Link
// `list` is what ledger::record_list makes; numbers are u64.
[[nodiscard]] StateKey record_list_rows(BytesView list);  // v1.Record
[[nodiscard]] StateKey share_list(BytesView link_id);     // v1.Share

// identity
[[nodiscard]] StateKey consent_list(BytesView link_id);
[[nodiscard]] StateKey consent_row(BytesView link_id, std::uint32_t number);
[[nodiscard]] StateKey gate_row(BytesView link_id);

// ehr
[[nodiscard]] StateKey ehr_parameters_row();
[[nodiscard]] StateKey policy_row(BytesView member_id);
[[nodiscard]] StateKey request_list(BytesView id);
[[nodiscard]] StateKey request_row(BytesView id, std::uint32_t number);
[[nodiscard]] StateKey disclosure_list(BytesView link_id);
[[nodiscard]] StateKey disclosure_row(BytesView link_id, std::uint32_t number);
[[nodiscard]] StateKey accountable_list(BytesView link_id);
[[nodiscard]] StateKey accountable_row(BytesView link_id, std::uint32_t number);
[[nodiscard]] StateKey contribution_list(BytesView link_id);
[[nodiscard]] StateKey contribution_row(BytesView link_id, std::uint32_t number);
[[nodiscard]] StateKey inbox_list(BytesView member_id);
[[nodiscard]] StateKey inbox_row(BytesView member_id, std::uint64_t number);
[[nodiscard]] StateKey clearance_row(BytesView member_id, BytesView user);
[[nodiscard]] StateKey break_glass_day_row(BytesView member_id);
// Reviews that a member owes, the one due first first: whatever lies below
// review_due_from(member, now) is overdue.
[[nodiscard]] StateKey review_due_list(BytesView member_id);
[[nodiscard]] StateKey review_due_from(BytesView member_id, UnixMs deadline);
[[nodiscard]] StateKey review_due_row(BytesView member_id, UnixMs deadline, BytesView id,
                                      std::uint32_t number);

}  // namespace consilium::contracts::sdk
