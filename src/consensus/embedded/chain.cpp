// SPDX-License-Identifier: Apache-2.0
#include "consensus/embedded/chain.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "ledger/results.hpp"
#include "verify/trust.hpp"

namespace consilium::consensus::embedded {

namespace {

std::vector<ledger::Validator> to_validators(const std::vector<ValidatorUpdate>& updates) {
    std::vector<ledger::Validator> out;
    out.reserve(updates.size());
    for (const ValidatorUpdate& update : updates)
        out.push_back({update.public_key, update.power});
    return out;
}

Hash32 results_hash(const std::vector<ItemResult>& results) {
    std::vector<ledger::ExecResult> out;
    out.reserve(results.size());
    for (const ItemResult& result : results)
        out.push_back({result.code, result.data, 0, 0});
    return ledger::results_hash(out);
}

ledger::BlockId block_id_of(const ledger::Header& header, const std::vector<Bytes>& items,
                            const ledger::Commit& last_commit) {
    ledger::BlockId id;
    id.hash = ledger::header_hash(header).bytes();
    id.parts = ledger::part_set_header(ledger::encode_block(header, items, last_commit));
    return id;
}

// The header that must follow `tip`, but for its time and proposer.
ledger::Header next_header(const ChainParameters& parameters, const Tip& tip,
                           const std::vector<Bytes>& items) {
    ledger::Header header;
    header.version_app = parameters.protocol_version;
    header.chain_id = parameters.chain_id;
    header.height = tip.height + 1;
    header.last_block_id = tip.block_id;
    header.last_commit_hash =
        tip.height == 0 ? ledger::empty_hash().bytes() : ledger::commit_hash(tip.commit).bytes();
    header.data_hash = ledger::data_hash(items).bytes();
    header.validators_hash = tip.validators.hash().bytes();
    header.next_validators_hash = tip.next_validators.hash().bytes();
    header.consensus_hash =
        ledger::consensus_params_hash(parameters.block_bytes_max, parameters.block_gas_max).bytes();
    header.app_hash = tip.app_hash.bytes();
    header.last_results_hash = tip.results_hash.bytes();
    header.evidence_hash = ledger::empty_hash().bytes();
    return header;
}

}  // namespace

const char* to_string(ChainError error) {
    switch (error) {
        case ChainError::kBadGenesisSet:
            return "the genesis names no valid set of validators";
        case ChainError::kBadUpdate:
            return "a change of the validators that is not valid";
        case ChainError::kUndecodable:
            return "a stored header cannot be decoded";
        case ChainError::kWrongBlock:
            return "a block that does not follow the last one";
        case ChainError::kWrongItems:
            return "a block whose items its header does not cover";
        case ChainError::kWrongValidators:
            return "a header that names other validators";
        case ChainError::kWrongState:
            return "a header that names another state root or other results than this copy has";
        case ChainError::kBadCommit:
            return "a block that is not signed by more than two thirds";
    }
    return "unknown chain error";
}

Result<Tip, ChainError> genesis_tip(const ChainParameters& parameters,
                                    const std::vector<ValidatorUpdate>& validators,
                                    const Hash32& app_hash) {
    const auto set = ledger::ValidatorSet::make(to_validators(validators));
    if (!set) return fail(ChainError::kBadGenesisSet);
    return Tip{0,        parameters.genesis_time, {},    {},   app_hash,
               app_hash, ledger::empty_hash(),    false, *set, *set};
}

Result<Tip, ChainError> stored_tip(
    const KeptBlock& last,
    const std::vector<std::pair<Height, std::vector<ValidatorUpdate>>>& validator_changes,
    const Hash32& app_hash) {
    const auto signed_header = ledger::decode_signed_header(last.signed_header);
    if (!signed_header) return fail(ChainError::kUndecodable);
    if (validator_changes.empty()) return fail(ChainError::kBadGenesisSet);
    const ledger::Header& header = signed_header->header;

    // A change that block h asks for counts from block h + 2 on.
    auto set = ledger::ValidatorSet::make(to_validators(validator_changes.front().second));
    if (!set) return fail(ChainError::kBadGenesisSet);
    ledger::ValidatorSet now = *set;
    ledger::ValidatorSet next = *set;
    for (std::size_t i = 1; i < validator_changes.size(); ++i) {
        const auto& [height, updates] = validator_changes[i];
        auto changed = next.updated(to_validators(updates));
        if (!changed) return fail(ChainError::kBadUpdate);
        next = *changed;
        if (height < header.height) now = next;
    }
    return Tip{header.height,
               ledger::unix_ms(header.time),
               signed_header->commit.block_id,
               signed_header->commit,
               [&] {
                   Hash32 hash;
                   (void)assign(hash, header.app_hash);
                   return hash;
               }(),
               app_hash,
               results_hash(last.results),
               !last.items.empty(),
               now,
               next};
}

DecidedBlock decide(const ChainParameters& parameters, const Tip& tip, std::vector<Bytes> items,
                    UnixMs now, std::span<const Signer> signers) {
    CONSILIUM_ASSERT(tip.validators.size() > 0);
    DecidedBlock decided;
    decided.block.height = tip.height + 1;
    decided.block.time = {std::max(now.value, tip.time.value + 1)};
    decided.block.items = std::move(items);

    ledger::Header& header = decided.signed_header.header;
    header = next_header(parameters, tip, decided.block.items);
    header.time = ledger::time_from_unix_ms(decided.block.time);
    header.proposer_address = tip.validators.address(header.height % tip.validators.size());

    ledger::Commit& commit = decided.signed_header.commit;
    commit.height = header.height;
    commit.block_id = block_id_of(header, decided.block.items, tip.commit);
    commit.signatures.resize(tip.validators.size());
    // CometBFT wants a vote's time above the time of the block that it is for.
    const ledger::Time vote_time = ledger::time_from_unix_ms({decided.block.time.value + 1});
    const Bytes message =
        ledger::vote_sign_bytes(parameters.chain_id, header.height, 0, commit.block_id, vote_time);
    for (std::size_t i = 0; i < tip.validators.size(); ++i) {
        const auto signer = std::find_if(signers.begin(), signers.end(), [&](const Signer& s) {
            return s.key != nullptr && s.key->public_key() == tip.validators.at(i).public_key;
        });
        if (signer == signers.end()) continue;
        ledger::CommitSig& vote = commit.signatures[i];
        vote.flag = ledger::BlockIdFlag::kCommit;
        vote.validator_address = tip.validators.address(i);
        vote.timestamp = vote_time;
        vote.signature = signer->key->sign(message);
    }
    return decided;
}

std::uint64_t signed_power(const ledger::Commit& commit, const ledger::ValidatorSet& validators) {
    std::uint64_t power = 0;
    const std::size_t count = std::min(commit.signatures.size(), validators.size());
    for (std::size_t i = 0; i < count; ++i) {
        if (commit.signatures[i].flag == ledger::BlockIdFlag::kCommit) {
            power += validators.at(i).power;
        }
    }
    return power;
}

Result<DecidedBlock, ChainError> check_next(const ChainParameters& parameters, const Tip& tip,
                                            KeptBlock kept) {
    auto signed_header = ledger::decode_signed_header(kept.signed_header);
    if (!signed_header) return fail(ChainError::kUndecodable);
    const ledger::Header& header = signed_header->header;
    const ledger::Header expected = next_header(parameters, tip, kept.items);
    const UnixMs time = ledger::unix_ms(header.time);

    if (header.height != expected.height || header.chain_id != expected.chain_id ||
        header.last_block_id != expected.last_block_id ||
        header.last_commit_hash != expected.last_commit_hash || time <= tip.time) {
        return fail(ChainError::kWrongBlock);
    }
    if (header.data_hash != expected.data_hash) return fail(ChainError::kWrongItems);
    if (header.validators_hash != expected.validators_hash ||
        header.next_validators_hash != expected.next_validators_hash) {
        return fail(ChainError::kWrongValidators);
    }
    if (header.app_hash != expected.app_hash ||
        header.last_results_hash != expected.last_results_hash) {
        return fail(ChainError::kWrongState);
    }
    if (!verify::check_signed_header(*signed_header, parameters.chain_id, tip.validators)) {
        return fail(ChainError::kBadCommit);
    }
    DecidedBlock decided;
    decided.block = {header.height, time, std::move(kept.items)};
    decided.signed_header = std::move(*signed_header);
    return decided;
}

Result<Tip, ChainError> advance(const Tip& tip, const DecidedBlock& decided,
                                const Finalized& finalized) {
    CONSILIUM_ASSERT(decided.block.height == tip.height + 1);
    auto next = tip.next_validators;
    if (!finalized.validator_updates.empty()) {
        auto changed = next.updated(to_validators(finalized.validator_updates));
        if (!changed) return fail(ChainError::kBadUpdate);
        next = *changed;
    }
    return Tip{decided.block.height,
               decided.block.time,
               decided.signed_header.commit.block_id,
               decided.signed_header.commit,
               tip.app_hash,
               finalized.app_hash,
               results_hash(finalized.results),
               !decided.block.items.empty(),
               tip.next_validators,
               next};
}

}  // namespace consilium::consensus::embedded
