// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.hpp"
#include "base/parallel.hpp"
#include "ledger/commit.hpp"
#include "ledger/header.hpp"

// The hashes of CometBFT v0.38 that cover a block's content (docs/formats/headers.md). Pure;
// thread-safe.
namespace consilium::ledger {

// The deterministic part of ExecTxResult.
struct ExecResult {
    std::uint32_t code = 0;
    Bytes data;
    std::int64_t gas_wanted = 0;
    std::int64_t gas_used = 0;
};

// ExecTxResult{1 code, 2 data, 5 gas_wanted, 6 gas_used}: the leaf of last_results_hash.
[[nodiscard]] Bytes encode_exec_result(const ExecResult& result);
// last_results_hash of the next header. Of no results: the empty tree.
[[nodiscard]] Hash32 results_hash(std::span<const ExecResult> results);

// data_hash: RFC 6962 root whose leaves are the SHA-256 of each item.
[[nodiscard]] Hash32 data_hash(std::span<const Bytes> items);

// consensus_hash: SHA-256 of HashedParams{1 block.max_bytes, 2 block.max_gas}.
[[nodiscard]] Hash32 consensus_params_hash(std::int64_t block_bytes_max,
                                           std::int64_t block_gas_max);

// evidence_hash of a block without evidence, and every other hash of nothing.
[[nodiscard]] Hash32 empty_hash();

// tendermint.types.Block {1 header, 2 data, 3 evidence, 4 last_commit} without evidence.
[[nodiscard]] Bytes encode_block(const Header& header, std::span<const Bytes> items,
                                 const Commit& last_commit);

inline constexpr std::size_t kBlockPartBytes = 65536;
// RFC 6962 root over the parts of an encoded block.
[[nodiscard]] PartSetHeader part_set_header(BytesView block_bytes);

}  // namespace consilium::ledger
