// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "consensus/embedded/block_source.hpp"
#include "crypto/sign.hpp"
#include "ledger/commit.hpp"
#include "ledger/header.hpp"
#include "ledger/validators.hpp"

// The chain's own rules, as free functions: which header follows which, who signs it, and whether a
// block from another copy is the next one. All in CometBFT's formats (docs/formats/headers.md).
namespace consilium::consensus::embedded {

struct ChainParameters {
    std::string chain_id;
    std::uint64_t protocol_version = 1;
    UnixMs genesis_time;
    std::int64_t block_bytes_max = 0;  // consensus parameters of the genesis document
    std::int64_t block_gas_max = -1;
};

// Where a chain stands: all that the next header depends on.
struct Tip {
    Height height = 0;                     // of the last block; 0: none yet
    UnixMs time;                           // of that block, or of the genesis
    ledger::BlockId block_id;              // of that block
    ledger::Commit commit;                 // for that block
    Hash32 header_app_hash;                // what that block's header says: the state before it
    Hash32 app_hash;                       // the state after it
    Hash32 results_hash;                   // of its results
    bool had_items = false;                // its outcomes wait for the next header
    ledger::ValidatorSet validators;       // of the next block
    ledger::ValidatorSet next_validators;  // of the one after it

    // True while the next header would prove something that no header proves yet.
    [[nodiscard]] bool proof_due() const {
        return height > 0 && (had_items || header_app_hash != app_hash);
    }
};

// A block with its header and the commit that decided it.
struct DecidedBlock {
    Block block;
    ledger::SignedHeader signed_header;
};

struct Signer {
    const crypto::SigningKey* key = nullptr;
};

enum class ChainError {
    kBadGenesisSet,    // the genesis validators are no set
    kBadUpdate,        // an update of the validators that is not one
    kUndecodable,      // a stored header that no encoder of ours writes
    kWrongBlock,       // not the block after the tip: height, chain id, last block or time
    kWrongItems,       // the items are not those of data_hash
    kWrongValidators,  // not the sets that the chain has for that height
    kWrongState,       // its header names another state or other results before it than the tip
    kBadCommit,        // not signed by more than two thirds of the power
};

[[nodiscard]] const char* to_string(ChainError error);

// The tip before the first block.
[[nodiscard]] Result<Tip, ChainError> genesis_tip(const ChainParameters& parameters,
                                                  const std::vector<ValidatorUpdate>& validators,
                                                  const Hash32& app_hash);

// The tip of a stored chain, from its last block and every change of validators.
[[nodiscard]] Result<Tip, ChainError> stored_tip(
    const KeptBlock& last,
    const std::vector<std::pair<Height, std::vector<ValidatorUpdate>>>& validator_changes,
    const Hash32& app_hash);

// Makes the next block: header, and a precommit by every signer who is a validator. The commit
// carries absent signatures for the others; whether it has more than two thirds is the caller's
// question. Time is `now`, or one millisecond above the tip's where that is later.
[[nodiscard]] DecidedBlock decide(const ChainParameters& parameters, const Tip& tip,
                                  std::vector<Bytes> items, UnixMs now,
                                  std::span<const Signer> signers);

// The power of a commit's signatures, by the set of its height. Signatures are not verified here.
[[nodiscard]] std::uint64_t signed_power(const ledger::Commit& commit,
                                         const ledger::ValidatorSet& validators);

// Checks that a block of another copy is the one after `tip`, down to every signature.
[[nodiscard]] Result<DecidedBlock, ChainError> check_next(const ChainParameters& parameters,
                                                          const Tip& tip, KeptBlock kept);

// The tip after `decided` was executed with `finalized`.
[[nodiscard]] Result<Tip, ChainError> advance(const Tip& tip, const DecidedBlock& decided,
                                              const Finalized& finalized);

}  // namespace consilium::consensus::embedded
