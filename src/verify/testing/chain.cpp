// SPDX-License-Identifier: Apache-2.0
#include "verify/testing/chain.hpp"

#include <map>
#include <memory>
#include <numeric>
#include <utility>

#include "base/assert.hpp"
#include "consilium/v1/genesis.pb.h"
#include "crypto/hash.hpp"
#include "ledger/hashes.hpp"
#include "ledger/outcome.hpp"
#include "ledger/results.hpp"
#include "proto/canonical.hpp"

namespace consilium::verify::testing {
namespace {

Bytes seed_of(std::size_t number) {
    return crypto::sha256("test validator " + std::to_string(number)).bytes();
}

// The number of the validator that owns a key. A chain of tests has few.
const crypto::SigningKey& key_of(BytesView public_key) {
    static const auto keys = [] {
        std::map<Bytes, crypto::SigningKey> out;
        for (std::size_t i = 0; i < 128; ++i) {
            crypto::SigningKey key = validator_key(i);
            Bytes name = key.public_key();
            out.emplace(std::move(name), std::move(key));
        }
        return out;
    }();
    const auto at = keys.find(Bytes(public_key));
    CONSILIUM_ASSERT(at != keys.end());
    return at->second;
}

Bytes make_app_state(const std::vector<std::uint64_t>& powers, UnixMs time) {
    v1::GenesisState state;
    state.set_protocol_version(1);
    state.set_time_unix_ms(time.value);
    state.set_salt(Bytes(32, 's'));
    for (std::size_t i = 0; i < powers.size(); ++i) {
        v1::GenesisMember& member = *state.add_members();
        // Two letters keep the order of ids that of the numbers.
        const std::string letters = {static_cast<char>('a' + i / 26),
                                     static_cast<char>('a' + i % 26)};
        member.set_member_id("member-" + letters);
        member.mutable_member()->set_name("Member " + letters);
        member.mutable_member()->set_address("1 Test Street");
        member.mutable_member()->add_kinds(v1::MEMBER_KIND_PROVIDER);
        member.mutable_member()->set_status(v1::MEMBER_STATUS_ACTIVE);
        const Bytes key = validator_key(i).public_key();
        member.mutable_node()->set_endpoint("https://127.0.0.1:1");
        member.mutable_node()->set_validator_public_key(key);
        member.mutable_node()->set_validator_power(powers[i]);
        v1::GenesisKey& signing = *member.add_keys();
        signing.set_algorithm(v1::ALGORITHM_ED25519);
        signing.set_public_key(key);
        signing.set_not_after_unix_ms(time.value + 1);
    }
    return proto::encode(state);
}

std::vector<std::size_t> all_places(const ledger::ValidatorSet& set) {
    std::vector<std::size_t> out(set.size());
    std::iota(out.begin(), out.end(), 0U);
    return out;
}

}  // namespace

crypto::SigningKey validator_key(std::size_t number) {
    return std::move(*crypto::SigningKey::from_seed(crypto::Algorithm::kEd25519, seed_of(number)));
}

TestChain::TestChain(const std::vector<std::uint64_t>& powers, UnixMs time)
    : app_state_(make_app_state(powers, time)),
      network_id_(ledger::network_id(app_state_)),
      chain_id_(ledger::chain_id(network_id_)),
      time_(time) {
    std::vector<ledger::Validator> validators;
    for (std::size_t i = 0; i < powers.size(); ++i)
        validators.push_back({validator_key(i).public_key(), powers[i]});
    const auto set = ledger::ValidatorSet::make(std::move(validators));
    CONSILIUM_ASSERT(set.has_value());
    sets_ = {*set, *set};
}

Genesis TestChain::genesis() const {
    return {network_id_, chain_id_, time_, 1, sets_.front()};
}

const ledger::SignedHeader& TestChain::block(Height height) const {
    return blocks_.at(static_cast<std::size_t>(height - 1));
}

const ledger::ValidatorSet& TestChain::validators(Height height) const {
    return sets_.at(static_cast<std::size_t>(height - 1));
}

const ledger::ValidatorSet& TestChain::next_validators(Height height) const {
    return sets_.at(static_cast<std::size_t>(height));
}

ledger::SignedHeader TestChain::sign(const ledger::Header& header, const ledger::ValidatorSet& set,
                                     const std::vector<std::size_t>& places) {
    ledger::SignedHeader out{header, {}};
    out.commit.height = header.height;
    out.commit.block_id = {ledger::header_hash(header).bytes(), {1, Bytes(32, 'p')}};
    out.commit.signatures.resize(set.size());
    for (const std::size_t place : places) {
        ledger::CommitSig& signature = out.commit.signatures.at(place);
        signature.flag = ledger::BlockIdFlag::kCommit;
        signature.validator_address = Bytes(set.address(place));
        signature.timestamp = {header.time.seconds,
                               header.time.nanos + static_cast<std::int32_t>(place) + 1};
        signature.signature =
            key_of(set.at(place).public_key)
                .sign(ledger::vote_sign_bytes(header.chain_id, out.commit, place));
    }
    return out;
}

ledger::SignedHeader TestChain::sign(const ledger::Header& header,
                                     const std::vector<std::size_t>& places) const {
    return sign(header, validators(header.height), places);
}

const ledger::SignedHeader& TestChain::add_block(const Hash32& app_hash,
                                                 const Hash32& last_results_hash) {
    const Height height = blocks_.size() + 1;
    const ledger::ValidatorSet& set = validators(height);
    ledger::Header header;
    header.version_app = 1;
    header.chain_id = chain_id_;
    header.height = height;
    header.time = ledger::time_from_unix_ms({time_.value + height * 1000});
    if (!blocks_.empty()) {
        header.last_block_id = blocks_.back().commit.block_id;
        header.last_commit_hash = ledger::commit_hash(blocks_.back().commit).bytes();
    } else {
        header.last_commit_hash = ledger::empty_hash().bytes();
    }
    header.data_hash = ledger::empty_hash().bytes();
    header.validators_hash = set.hash().bytes();
    header.next_validators_hash = next_validators(height).hash().bytes();
    header.consensus_hash = ledger::consensus_params_hash(22020096, -1).bytes();
    header.app_hash = app_hash.bytes();
    header.last_results_hash = last_results_hash.bytes();
    header.evidence_hash = ledger::empty_hash().bytes();
    header.proposer_address = Bytes(set.address(0));
    blocks_.push_back(sign(header, set, all_places(set)));
    sets_.push_back(sets_.back());
    return blocks_.back();
}

const ledger::SignedHeader& TestChain::add_block() {
    return add_block(crypto::sha256("state " + std::to_string(blocks_.size())),
                     ledger::empty_hash());
}

void TestChain::add_blocks(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i)
        add_block();
}

void TestChain::update_validators(
    const std::vector<std::pair<std::size_t, std::uint64_t>>& powers) {
    std::vector<ledger::Validator> updates;
    for (const auto& [number, power] : powers)
        updates.push_back({validator_key(number).public_key(), power});
    // sets_ ends with the set of height() + 2, which no header has named yet.
    const auto next = sets_.back().updated(updates);
    CONSILIUM_ASSERT(next.has_value());
    sets_.back() = *next;
}

std::vector<ValidatorStep> TestChain::steps() const {
    std::vector<ValidatorStep> out;
    for (const ledger::SignedHeader& block : blocks_) {
        const ledger::Header& header = block.header;
        if (header.validators_hash == header.next_validators_hash) continue;
        out.push_back({{header, ledger::trimmed_commit(block.commit, validators(header.height))},
                       next_validators(header.height)});
    }
    return out;
}

Bytes TestChain::checkpoint(Height height) const {
    return make_checkpoint(block(height), validators(height), next_validators(height));
}

TestBlock add_block_of_bundles(TestChain& chain, const std::vector<std::size_t>& transactions) {
    TestBlock out;
    chain.add_block();
    out.height = chain.height();
    for (std::size_t b = 0; b < transactions.size(); ++b) {
        BundleOutcomes bundle;
        bundle.member_id = "member-aa";
        bundle.bundle_id =
            ledger::bundle_id(chain.network_id(), "bundle header " + std::to_string(b));
        std::vector<Bytes> bytes;
        std::vector<Hash32> leaves;
        for (std::size_t i = 0; i < transactions[b]; ++i) {
            bytes.push_back("transaction " + std::to_string(b) + " " + std::to_string(i));
            bundle.transaction_ids.push_back(
                ledger::transaction_id(chain.network_id(), bundle.member_id, bytes.back()));
            ledger::Outcome outcome;
            if (i % 3 == 1) outcome.assigned = {i, 1000 + i};
            if (i % 3 == 2) outcome = {7, 4, 1, {}};
            bundle.outcomes.push_back(ledger::encode_outcome(outcome));
            leaves.push_back(ledger::outcome_leaf(bundle.transaction_ids.back(),
                                                  static_cast<std::uint32_t>(i),
                                                  bundle.outcomes.back()));
        }
        ledger::ExecResult result;
        result.data =
            ledger::result_data(bundle.bundle_id, static_cast<std::uint32_t>(transactions[b]),
                                ledger::outcome_root(leaves))
                .bytes();
        out.results.push_back(std::move(result));
        out.bundles.push_back(std::move(bundle));
        out.transactions.push_back(std::move(bytes));
    }
    chain.add_block(crypto::sha256("state " + std::to_string(chain.height())),
                    ledger::results_hash(out.results));
    return out;
}

Bytes outcome_receipt(const TestChain& chain, const TestBlock& block, std::size_t bundle,
                      std::uint32_t index) {
    ledger::SignedHeader above = chain.block(block.height + 1);
    above.commit = ledger::trimmed_commit(above.commit, chain.validators(block.height + 1));
    const OutcomeReceiptMaker maker(block.height, above, block.results,
                                    static_cast<std::uint32_t>(bundle), block.bundles[bundle]);
    return maker.make(index, block.transactions[bundle][index]);
}

}  // namespace consilium::verify::testing
