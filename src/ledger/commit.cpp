// SPDX-License-Identifier: Apache-2.0
#include "ledger/commit.hpp"

#include "base/assert.hpp"
#include "base/limits.hpp"
#include "crypto/merkle.hpp"
#include "ledger/comet_wire.hpp"

namespace consilium::ledger {

using comet::put_bytes;
using comet::put_message;
using comet::put_uint;

namespace {

constexpr std::uint64_t kPrecommit = 2;

Bytes encode_commit_sig(const CommitSig& signature) {
    Bytes out;
    put_uint(out, 1, static_cast<std::uint64_t>(signature.flag));
    put_bytes(out, 2, signature.validator_address);
    put_message(out, 3, comet::encode_time(signature.timestamp));
    put_bytes(out, 4, signature.signature);
    return out;
}

// types/block.go, CommitSig.ValidateBasic.
bool is_plausible(const CommitSig& signature) {
    if (signature.flag == BlockIdFlag::kAbsent) return signature == CommitSig{};
    return signature.validator_address.size() == kAddressBytes && !signature.signature.empty() &&
           signature.signature.size() <= kSignatureBytesMax;
}

std::optional<CommitSig> decode_commit_sig(BytesView bytes) {
    CommitSig signature;
    bool has_flag = false;
    comet::FieldReader reader{bytes};
    while (reader.next()) {
        if (reader.field == 1 && !reader.is_bytes && reader.number >= 1 && reader.number <= 3) {
            signature.flag = static_cast<BlockIdFlag>(reader.number);
            has_flag = true;
        } else if (reader.field == 2 && reader.is_bytes) {
            signature.validator_address = Bytes(reader.bytes);
        } else if (reader.field == 3 && reader.is_bytes) {
            const auto time = comet::decode_time(reader.bytes);
            if (!time) return std::nullopt;
            signature.timestamp = *time;
        } else if (reader.field == 4 && reader.is_bytes) {
            signature.signature = Bytes(reader.bytes);
        } else {
            return std::nullopt;
        }
    }
    if (reader.bad || !has_flag || !is_plausible(signature)) return std::nullopt;
    return signature;
}

bool read_commit_field(const comet::FieldReader& reader, Commit& commit) {
    switch (reader.field) {
        case 1:
            commit.height = reader.number;
            return !reader.is_bytes && reader.number <= kHeightMax;
        case 2:
            if (reader.is_bytes || reader.number > 0x7fffffffULL) return false;
            commit.round = static_cast<std::int32_t>(reader.number);
            return true;
        case 3: {
            if (!reader.is_bytes) return false;
            auto id = comet::decode_block_id(reader.bytes);
            if (id) commit.block_id = std::move(*id);
            return id.has_value();
        }
        case 4: {
            if (!reader.is_bytes || commit.signatures.size() == limits::kValidatorsMax)
                return false;
            auto signature = decode_commit_sig(reader.bytes);
            if (signature) commit.signatures.push_back(std::move(*signature));
            return signature.has_value();
        }
        default:
            return false;
    }
}

}  // namespace

Hash32 commit_hash(const Commit& commit) {
    std::vector<Hash32> leaves;
    leaves.reserve(commit.signatures.size());
    for (const CommitSig& signature : commit.signatures)
        leaves.push_back(crypto::merkle_leaf_hash(encode_commit_sig(signature)));
    return crypto::merkle_root(leaves);
}

Bytes vote_sign_bytes(std::string_view chain_id, Height height, std::int32_t round,
                      const std::optional<BlockId>& block_id, const Time& timestamp) {
    Bytes vote;
    put_uint(vote, 1, kPrecommit);
    comet::put_fixed64(vote, 2, height);
    comet::put_fixed64(vote, 3, static_cast<std::uint64_t>(round));
    // CanonicalBlockID has BlockID's fields. A block id of nothing is a vote for nil.
    if (block_id && *block_id != BlockId{}) put_message(vote, 4, comet::encode_block_id(*block_id));
    put_message(vote, 5, comet::encode_time(timestamp));
    put_bytes(vote, 6, chain_id);
    Bytes out;
    comet::put_varint(out, vote.size());
    return out + vote;
}

Bytes vote_sign_bytes(std::string_view chain_id, const Commit& commit, std::size_t index) {
    const CommitSig& signature = commit.signatures.at(index);
    CONSILIUM_ASSERT(signature.flag != BlockIdFlag::kAbsent);
    const bool for_block = signature.flag == BlockIdFlag::kCommit;
    return vote_sign_bytes(chain_id, commit.height, commit.round,
                           for_block ? std::optional(commit.block_id) : std::nullopt,
                           signature.timestamp);
}

Bytes encode_commit(const Commit& commit) {
    Bytes out;
    put_uint(out, 1, commit.height);
    put_uint(out, 2, static_cast<std::uint64_t>(commit.round));
    put_message(out, 3, comet::encode_block_id(commit.block_id));
    for (const CommitSig& signature : commit.signatures)
        put_message(out, 4, encode_commit_sig(signature));
    return out;
}

std::optional<Commit> decode_commit(BytesView bytes) {
    Commit commit;
    comet::FieldReader reader{bytes};
    while (reader.next()) {
        if (!read_commit_field(reader, commit)) return std::nullopt;
    }
    if (reader.bad || encode_commit(commit) != bytes) return std::nullopt;
    return commit;
}

Bytes encode_signed_header(const SignedHeader& signed_header) {
    Bytes out;
    put_message(out, 1, encode_header(signed_header.header));
    put_message(out, 2, encode_commit(signed_header.commit));
    return out;
}

std::optional<SignedHeader> decode_signed_header(BytesView bytes) {
    if (bytes.size() > kSignedHeaderBytesMax) return std::nullopt;
    BytesView header_bytes;
    BytesView commit_bytes;
    comet::FieldReader reader{bytes};
    while (reader.next()) {
        if (!reader.is_bytes || reader.field > 2) return std::nullopt;
        (reader.field == 1 ? header_bytes : commit_bytes) = reader.bytes;
    }
    if (reader.bad) return std::nullopt;
    // The parts are in their one encoding when they decode; this is the frame's.
    Bytes frame;
    put_message(frame, 1, header_bytes);
    put_message(frame, 2, commit_bytes);
    if (frame != bytes) return std::nullopt;
    auto header = decode_header(header_bytes);
    auto commit = decode_commit(commit_bytes);
    if (!header || !commit) return std::nullopt;
    return SignedHeader{std::move(*header), std::move(*commit)};
}

}  // namespace consilium::ledger
