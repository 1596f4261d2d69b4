// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "ledger/header.hpp"

// CometBFT v0.38's votes and commits, byte for byte (docs/formats/headers.md). Pure; thread-safe.
namespace consilium::ledger {

enum class BlockIdFlag : std::uint32_t { kAbsent = 1, kCommit = 2, kNil = 3 };

// One validator's place in a commit, by its index in the validator set.
struct CommitSig {
    BlockIdFlag flag = BlockIdFlag::kAbsent;
    Bytes validator_address;  // 20 bytes; none when absent
    Time timestamp;           // the signer's own; Go's zero time when absent
    Bytes signature;          // 1..64 bytes; none when absent
    friend bool operator==(const CommitSig&, const CommitSig&) = default;
};

struct Commit {
    Height height = 0;
    std::int32_t round = 0;
    BlockId block_id;
    std::vector<CommitSig> signatures;
    friend bool operator==(const Commit&, const Commit&) = default;
};

struct SignedHeader {
    Header header;
    Commit commit;
    friend bool operator==(const SignedHeader&, const SignedHeader&) = default;
};

inline constexpr std::size_t kSignatureBytesMax = 64;
// Bound on one encoded signed header: 100 validators at 109 bytes, header 626, and slack.
inline constexpr std::size_t kSignedHeaderBytesMax = 16U * 1024U;

// last_commit_hash of the next header: RFC 6962 root over the encoded CommitSigs.
[[nodiscard]] Hash32 commit_hash(const Commit& commit);

// What a validator signs for a precommit: varint length, CanonicalVote. `block_id` is nothing for
// nil.
[[nodiscard]] Bytes vote_sign_bytes(std::string_view chain_id, Height height, std::int32_t round,
                                    const std::optional<BlockId>& block_id, const Time& timestamp);
// The same for signature `index` of a commit; that signature must not be absent.
[[nodiscard]] Bytes vote_sign_bytes(std::string_view chain_id, const Commit& commit,
                                    std::size_t index);

// tendermint.types.Commit and tendermint.types.SignedHeader. Decoders answer nothing for any bytes
// that the encoders would not write, more than limits::kValidatorsMax signatures, or a field over
// its limit; an absent signature must be empty, another must have an address and a signature.
[[nodiscard]] Bytes encode_commit(const Commit& commit);
[[nodiscard]] std::optional<Commit> decode_commit(BytesView bytes);
[[nodiscard]] Bytes encode_signed_header(const SignedHeader& signed_header);
[[nodiscard]] std::optional<SignedHeader> decode_signed_header(BytesView bytes);

}  // namespace consilium::ledger
