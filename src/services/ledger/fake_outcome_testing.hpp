// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "crypto/hash.hpp"
#include "ledger/outcome.hpp"
#include "services/port/port.hpp"

namespace consilium::services::ledger_api {

// What becomes of a transaction whose bytes are "rejected", "assigned" or anything else: applied.
[[nodiscard]] inline Committed fake_committed(BytesView transaction) {
    Committed out;
    out.id.value = crypto::sha256(transaction).value;
    out.height = 7;
    out.bundle_index = 1;
    out.transaction_index = 2;
    if (transaction == "rejected") {
        ledger::Outcome outcome;
        outcome.code = 5;
        outcome.contract = 4;
        outcome.command_index = 1;
        out.outcome = ledger::encode_outcome(outcome);
    }
    if (transaction == "assigned") {
        ledger::Outcome outcome;
        outcome.assigned = {10, 0, 12};
        out.outcome = ledger::encode_outcome(outcome);
    }
    return out;
}

}  // namespace consilium::services::ledger_api
