// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "ledger/outcome.hpp"
#include "services/audit/facts.hpp"

// Which transactions make a row what it is, told from the row alone, and whether a given
// transaction is one of them. The ledger's rows name no transactions; this finds and checks them,
// at the custodian and at the auditor. Pure; thread-safe.
namespace consilium::services::audit {

enum class Act : std::uint8_t {
    kOpened,           // link
    kClosed,           //
    kGranted,          // consent or objection
    kRevoked,          //
    kRequested,        // request: under the link, or, filed without a card, under its fresh id
    kBound,            // to the link, by the custodian
    kRefused,          // by the custodian
    kServed,           // the disclosure that answered it
    kRequesterReview,  // of emergency access
    kCustodianReview,
    kDisclosed,      // disclosure: under a grant or by law
    kAcknowledged,   // or disputed, by the recipient
    kAccounted,      // accountable: by the disclosure, or by a review that found no basis
    kOffered,        // contribution, share
    kDecided,        // contribution: accepted or rejected
    kTaken,          // share: acknowledged
    kShareShredded,  //
    kShareRetained,
};
[[nodiscard]] std::string_view name_of(Act act);

// The acts behind a row, in order. Nothing when its value is no row of its table.
[[nodiscard]] std::optional<std::vector<Act>> acts_of(const LedgerRow& row);

// Whether a row with that value (nothing: none) is at a moment after the act.
[[nodiscard]] bool has_happened(Act act, RowKind kind, const std::optional<Bytes>& value);
// The key of the row in which the act shows: the row's own but for kRequested under a fresh id.
[[nodiscard]] Bytes shows_in(Act act, const LedgerRow& row);
// Of a request that was bound: its fresh id. Nothing for all else.
[[nodiscard]] std::optional<Bytes> fresh_id_of(const LedgerRow& row);

// An applied transaction, as it was submitted.
struct AppliedTransaction {
    ledger::TransactionId id;
    ledger::MemberId member;
    Bytes bytes;  // v1.Transaction
    ledger::Outcome outcome;
    Height height = 0;
};
// Whether the transaction is that act on that row: it names the row, and what it says is what the
// row holds. `request` is, for kAccounted, the number of the request that the disclosure answered.
[[nodiscard]] bool is_act(Act act, const LedgerRow& row, const AppliedTransaction& transaction,
                          std::uint32_t request);

// The number of the request behind an accountable row's disclosure, 0 for none: `rows` are all rows
// of the chart.
[[nodiscard]] std::uint32_t request_behind(const LedgerRow& row,
                                           const std::vector<TracedRow>& rows);

}  // namespace consilium::services::audit
