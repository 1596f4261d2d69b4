// SPDX-License-Identifier: Apache-2.0
#include "verify/make_receipt.hpp"

#include <utility>

#include "base/assert.hpp"
#include "consilium/v1/receipt.pb.h"
#include "ledger/hashes.hpp"
#include "proto/canonical.hpp"

namespace consilium::verify {
namespace {

std::vector<Hash32> outcome_leaf_hashes(const BundleOutcomes& bundle) {
    CONSILIUM_ASSERT(bundle.transaction_ids.size() == bundle.outcomes.size());
    std::vector<Hash32> out;
    out.reserve(bundle.outcomes.size());
    for (std::size_t i = 0; i < bundle.outcomes.size(); ++i) {
        const Hash32 leaf = ledger::outcome_leaf(bundle.transaction_ids[i],
                                                 static_cast<std::uint32_t>(i), bundle.outcomes[i]);
        out.push_back(crypto::merkle_leaf_hash(leaf.view()));
    }
    return out;
}

std::vector<Hash32> result_path(std::span<const ledger::ExecResult> results, std::size_t index) {
    std::vector<Hash32> leaves;
    leaves.reserve(results.size());
    for (const ledger::ExecResult& result : results)
        leaves.push_back(crypto::merkle_leaf_hash(ledger::encode_exec_result(result)));
    return crypto::merkle_path(leaves, index);
}

}  // namespace

OutcomeReceiptMaker::OutcomeReceiptMaker(Height height, const ledger::SignedHeader& signed_header,
                                         std::span<const ledger::ExecResult> results,
                                         std::uint32_t item_index, BundleOutcomes bundle)
    : height_(height),
      signed_header_(ledger::encode_signed_header(signed_header)),
      result_left_(crypto::merkle_path_sides(item_index, results.size())),
      result_path_(result_path(results, item_index)),
      bundle_(std::move(bundle)),
      outcome_tree_(outcome_leaf_hashes(bundle_)) {
    CONSILIUM_ASSERT(signed_header.header.height == height + 1);
}

Bytes OutcomeReceiptMaker::make(std::uint32_t index, BytesView transaction) const {
    CONSILIUM_ASSERT(index < bundle_.outcomes.size());
    v1::Receipt receipt;
    v1::OutcomeReceipt& out = *receipt.mutable_outcome();
    out.set_signed_header(signed_header_);
    out.set_height(height_);
    out.set_member_id(bundle_.member_id);
    out.set_transaction(Bytes(transaction));
    out.set_outcome(bundle_.outcomes[index]);
    out.set_index(index);
    out.set_count(static_cast<std::uint32_t>(bundle_.outcomes.size()));
    out.set_bundle_id(bundle_.bundle_id.bytes());
    for (const Hash32& node : outcome_tree_.path(index))
        out.add_outcome_path(node.bytes());
    out.set_result_left(result_left_);
    for (const Hash32& node : result_path_)
        out.add_result_path(node.bytes());
    out.set_transaction_id(bundle_.transaction_ids[index].bytes());
    out.set_outcome_root(outcome_tree_.root().bytes());
    return proto::encode(receipt);
}

Bytes make_state_receipt(const ledger::SignedHeader& signed_header, BytesView proof,
                         const std::optional<AsOfHeaders>& as_of) {
    v1::Receipt receipt;
    v1::StateReceipt& out = *receipt.mutable_state();
    out.set_signed_header(ledger::encode_signed_header(signed_header));
    out.set_proof(Bytes(proof));
    if (as_of) {
        out.mutable_as_of()->set_signed_header(ledger::encode_signed_header(as_of->header));
        out.mutable_as_of()->set_next_signed_header(ledger::encode_signed_header(as_of->next));
    }
    return proto::encode(receipt);
}

Bytes make_validator_history(std::span<const ValidatorStep> steps) {
    v1::ValidatorHistory history;
    for (const ValidatorStep& step : steps) {
        v1::ValidatorChange& change = *history.add_changes();
        change.set_signed_header(ledger::encode_signed_header(step.signed_header));
        change.set_next_validators(ledger::encode_validator_set(step.next_validators));
    }
    return proto::encode(history);
}

Bytes make_checkpoint(const ledger::SignedHeader& signed_header,
                      const ledger::ValidatorSet& validators,
                      const ledger::ValidatorSet& next_validators) {
    v1::Checkpoint checkpoint;
    checkpoint.set_signed_header(ledger::encode_signed_header(signed_header));
    checkpoint.set_validators(ledger::encode_validator_set(validators));
    if (next_validators.hash() != validators.hash())
        checkpoint.set_next_validators(ledger::encode_validator_set(next_validators));
    return proto::encode(checkpoint);
}

}  // namespace consilium::verify
