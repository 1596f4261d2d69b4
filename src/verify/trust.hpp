// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "ledger/commit.hpp"
#include "ledger/ids.hpp"
#include "ledger/validators.hpp"
#include "verify/error.hpp"

// What a verifier believes before it reads a receipt: a genesis, checkpoints that it has pinned,
// and the validator sets that follow from them (docs/formats/receipt.md). Pure; no clock.
namespace consilium::verify {

struct Genesis {
    ledger::NetworkId network_id;
    std::string chain_id;  // "consilium-" and the first 32 hex digits of the network id
    UnixMs time;
    std::uint32_t protocol_version = 0;
    ledger::ValidatorSet validators;  // of block 1
};

// From the bytes of genesis.json's app_state (v1::GenesisState). The validators are the members'
// nodes that have a validator key and power.
[[nodiscard]] Result<Genesis, VerifyError> read_genesis(BytesView app_state);

enum class TrustAnchorKind { kGenesis, kCheckpoint };

// Where trust in a header begins. Keys of validators that are long gone prove nothing, so a tool
// prints this, and its age, beside its verdict.
struct TrustAnchor {
    TrustAnchorKind kind = TrustAnchorKind::kGenesis;
    Height height = 0;
    UnixMs time;
};

// One validator set and the heights from which it signs.
struct Epoch {
    Height first = 0;
    ledger::ValidatorSet validators;
    TrustAnchor anchor;
};

// Immutable once made; thread-safe.
class Trust {
 public:
    // `checkpoints` are v1::Checkpoint files that the user pinned (believed; checked to be whole
    // and signed), in any order; `history` is v1::ValidatorHistory, or empty when the set never
    // changed. Every change is checked as a light client checks adjacent headers: signed by more
    // than two thirds of the set before it.
    [[nodiscard]] static Result<Trust, VerifyError> make(Genesis genesis,
                                                         const std::vector<Bytes>& checkpoints,
                                                         BytesView history);

    [[nodiscard]] const Genesis& genesis() const { return genesis_; }
    // Ascending in `first`, the first one that of block 1.
    [[nodiscard]] const std::vector<Epoch>& epochs() const { return epochs_; }
    // The epoch that a header of this height falls in. height >= 1.
    [[nodiscard]] const Epoch& epoch_at(Height height) const;

    // Whether a header agrees with those of the checkpoints and changes: it is the one at its
    // height, and times ascend with heights.
    [[nodiscard]] Status<VerifyError> check_known(const ledger::Header& header,
                                                  const Hash32& hash) const;

 private:
    struct Known {
        Hash32 hash;
        UnixMs time;
    };

    explicit Trust(Genesis genesis);
    [[nodiscard]] Status<VerifyError> add_checkpoint(BytesView bytes);
    [[nodiscard]] Status<VerifyError> add_change(BytesView signed_header, BytesView next);

    Genesis genesis_;
    std::vector<Epoch> epochs_;
    std::map<Height, Known> known_;
};

// CometBFT's VerifyCommit on the header itself: chain id, plausible fields, commit for this header,
// one place per validator, every signature that is there right (ZIP-215), more than two thirds of
// the power for the block, header.validators_hash that of `validators`.
[[nodiscard]] Status<VerifyError> check_signed_header(const ledger::SignedHeader& signed_header,
                                                      std::string_view chain_id,
                                                      const ledger::ValidatorSet& validators);

}  // namespace consilium::verify
