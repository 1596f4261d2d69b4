// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/time.hpp"
#include "crypto/sign.hpp"
#include "ledger/commit.hpp"
#include "ledger/ids.hpp"
#include "ledger/validators.hpp"
#include "verify/make_receipt.hpp"
#include "verify/trust.hpp"

// A chain of signed headers for tests: real keys, real votes, CometBFT's rules for header fields
// and validator changes. Deterministic.
namespace consilium::verify::testing {

// The key of validator `number`, always the same.
[[nodiscard]] crypto::SigningKey validator_key(std::size_t number);

class TestChain {
 public:
    // Validators 0, 1, ... with these powers, one member each; genesis at `time`.
    explicit TestChain(const std::vector<std::uint64_t>& powers, UnixMs time = {1'700'000'000'000});

    [[nodiscard]] const Bytes& app_state() const { return app_state_; }  // v1::GenesisState
    [[nodiscard]] Genesis genesis() const;
    [[nodiscard]] const ledger::NetworkId& network_id() const { return network_id_; }
    [[nodiscard]] const std::string& chain_id() const { return chain_id_; }

    // Appends a block one second after the last one, signed by every validator of its height.
    // `app_hash` and `last_results_hash` are those that the block before left.
    const ledger::SignedHeader& add_block(const Hash32& app_hash, const Hash32& last_results_hash);
    const ledger::SignedHeader& add_block();
    void add_blocks(std::size_t count);

    // What the last block returned as validator updates (power by validator number, 0 removes): the
    // next header names the new set, the header after it is signed by it.
    void update_validators(const std::vector<std::pair<std::size_t, std::uint64_t>>& powers);

    [[nodiscard]] Height height() const { return blocks_.size(); }
    [[nodiscard]] const ledger::SignedHeader& block(Height height) const;
    [[nodiscard]] const ledger::ValidatorSet& validators(Height height) const;
    [[nodiscard]] const ledger::ValidatorSet& next_validators(Height height) const;

    // A header as it is, committed by those validators of its height whose places are listed, and
    // by nobody else.
    [[nodiscard]] ledger::SignedHeader sign(const ledger::Header& header,
                                            const std::vector<std::size_t>& places) const;
    // The same for any set of validators made with validator_key.
    [[nodiscard]] static ledger::SignedHeader sign(const ledger::Header& header,
                                                   const ledger::ValidatorSet& set,
                                                   const std::vector<std::size_t>& places);

    [[nodiscard]] std::vector<ValidatorStep> steps() const;
    [[nodiscard]] Bytes history() const { return make_validator_history(steps()); }
    [[nodiscard]] Bytes checkpoint(Height height) const;

 private:
    Bytes app_state_;
    ledger::NetworkId network_id_;
    std::string chain_id_;
    UnixMs time_;
    std::vector<ledger::SignedHeader> blocks_;  // of heights 1, 2, ...
    std::vector<ledger::ValidatorSet> sets_;    // of heights 1, 2, ... and one more
};

// One block of bundles with one outcome per transaction, on a chain: what receipts are made from.
struct TestBlock {
    Height height = 0;
    std::vector<BundleOutcomes> bundles;
    std::vector<std::vector<Bytes>> transactions;
    std::vector<ledger::ExecResult> results;
};

// Appends a block with these many transactions per bundle to `chain`, and the header above it.
[[nodiscard]] TestBlock add_block_of_bundles(TestChain& chain,
                                             const std::vector<std::size_t>& transactions);

// The receipt of one transaction of it, with a trimmed commit.
[[nodiscard]] Bytes outcome_receipt(const TestChain& chain, const TestBlock& block,
                                    std::size_t bundle, std::uint32_t index);

}  // namespace consilium::verify::testing
