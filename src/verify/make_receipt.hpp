// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "base/bytes.hpp"
#include "base/time.hpp"
#include "crypto/merkle.hpp"
#include "ledger/commit.hpp"
#include "ledger/ids.hpp"
#include "ledger/results.hpp"
#include "ledger/validators.hpp"

// Receipts from the data of a block, as a node makes them. Pure; thread-safe.
namespace consilium::verify {

// One executed bundle of a block. Made once, serves every receipt of its transactions.
struct BundleOutcomes {
    ledger::BundleId bundle_id;
    ledger::MemberId member_id;
    std::vector<ledger::TransactionId> transaction_ids;
    std::vector<Bytes> outcomes;  // canonical v1::Outcome, one per transaction
};

class OutcomeReceiptMaker {
 public:
    // `results` are those of the whole block, in order; `item_index` is this bundle's.
    // `signed_header` is that of block height + 1, with as many signatures as it should carry
    // (ledger::trimmed_commit).
    OutcomeReceiptMaker(Height height, const ledger::SignedHeader& signed_header,
                        std::span<const ledger::ExecResult> results, std::uint32_t item_index,
                        BundleOutcomes bundle);

    // v1::Receipt. `transaction` is the bytes whose id is transaction_ids[index].
    [[nodiscard]] Bytes make(std::uint32_t index, BytesView transaction) const;

 private:
    Height height_;
    Bytes signed_header_;
    std::uint32_t result_left_;
    std::vector<Hash32> result_path_;
    BundleOutcomes bundle_;
    crypto::MerkleTree outcome_tree_;
};

// What an "as of" receipt carries beside its proof.
struct AsOfHeaders {
    ledger::SignedHeader header;  // h
    ledger::SignedHeader next;    // h + 1
};

// v1::Receipt of a state proof. `signed_header` is that of the block after the state shown.
[[nodiscard]] Bytes make_state_receipt(const ledger::SignedHeader& signed_header, BytesView proof,
                                       const std::optional<AsOfHeaders>& as_of);

// One step of v1::ValidatorHistory; and the file (steps ascending in height).
struct ValidatorStep {
    ledger::SignedHeader signed_header;
    ledger::ValidatorSet next_validators;
};
[[nodiscard]] Bytes make_validator_history(std::span<const ValidatorStep> steps);

// v1::Checkpoint.
[[nodiscard]] Bytes make_checkpoint(const ledger::SignedHeader& signed_header,
                                    const ledger::ValidatorSet& validators,
                                    const ledger::ValidatorSet& next_validators);

}  // namespace consilium::verify
