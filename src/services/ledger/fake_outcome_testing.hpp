// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>

#include "consilium/v1/receipt.pb.h"
#include "crypto/hash.hpp"
#include "ledger/commit.hpp"
#include "ledger/outcome.hpp"
#include "proto/canonical.hpp"
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

// "malformed", "disk" and so on: the error that the node answers.
[[nodiscard]] inline std::optional<SubmitError> fake_error(const Bytes& transaction) {
    static const std::map<std::string, SubmitError> kErrors{
        {"malformed", SubmitError::kMalformed}, {"large", SubmitError::kTooLarge},
        {"expired", SubmitError::kExpired},     {"overloaded", SubmitError::kOverloaded},
        {"stopping", SubmitError::kStopping},   {"queue", SubmitError::kExpiredInQueue},
        {"disk", SubmitError::kDisk},
    };
    const auto found = kErrors.find(transaction);
    if (found == kErrors.end()) return std::nullopt;
    return found->second;
}

// v1::StoredBlock with one item and a header without signatures.
[[nodiscard]] inline Bytes fake_block(Height height) {
    v1::StoredBlock out;
    out.set_height(height);
    out.add_items("an item");
    ledger::SignedHeader header;
    header.header.chain_id = "consilium-test";
    header.header.height = height;
    header.header.time = ledger::time_from_unix_ms({1000 * height});
    header.header.validators_hash = Bytes(32, 'v');
    header.header.next_validators_hash = Bytes(32, 'v');
    header.header.proposer_address = Bytes(20, 'p');
    header.commit.height = height;
    out.set_signed_header(ledger::encode_signed_header(header));
    return proto::encode(out);
}

}  // namespace consilium::services::ledger_api
