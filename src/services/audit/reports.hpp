// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "services/audit/facts.hpp"

// The two reports of a patient, as JSON for people and programs: docs/accounting.md. Made from the
// ledger's rows alone, at the custodian and, from proven rows, at whoever checks them: the same
// facts give the same bytes. Pure; thread-safe.
namespace consilium::services::audit {

// 45 CFR 164.528(a)(1): six years before the day of the request.
inline constexpr std::uint64_t kAccountingYears = 6;

// In the place of a transaction whose block the custodian's node no longer holds.
inline constexpr std::string_view kNotHeld =
    "not held here: this node has pruned its block; a node that keeps all has the receipt";

struct Period {
    UnixMs from;
    UnixMs to;  // both included
};
// The six years that end at `time`, by the calendar.
[[nodiscard]] Period accounting_period(UnixMs time);

// The accounting of disclosures (45 CFR 164.528): the accountable rows of the period, each with
// date, recipient, what was disclosed and on what ground. Nothing else is in it.
[[nodiscard]] std::string accounting_report(const Facts& facts, const Period& period);

// All that concerns the chart, oldest first: links, consents and objections, requests and denials,
// disclosures, contributions, shares, emergency accesses with their reviews; and, as the
// custodian's own word, the accesses at its own node.
[[nodiscard]] std::string access_report(const Facts& facts);

// What a row says, in one sentence of plain words.
[[nodiscard]] std::string sentence_of(const LedgerRow& row, const Facts& facts);

// When a row was written, by its own word; nothing for links and shares, which have no time.
[[nodiscard]] std::optional<UnixMs> time_of(const LedgerRow& row);

}  // namespace consilium::services::audit
