// SPDX-License-Identifier: Apache-2.0
#include "ledger/results.hpp"

#include "crypto/hash.hpp"
#include "crypto/merkle.hpp"
#include "ledger/comet_wire.hpp"

namespace consilium::ledger {

Bytes encode_exec_result(const ExecResult& result) {
    Bytes out;
    comet::put_uint(out, 1, result.code);
    comet::put_bytes(out, 2, result.data);
    comet::put_uint(out, 5, static_cast<std::uint64_t>(result.gas_wanted));
    comet::put_uint(out, 6, static_cast<std::uint64_t>(result.gas_used));
    return out;
}

Hash32 results_hash(std::span<const ExecResult> results) {
    std::vector<Hash32> leaves;
    leaves.reserve(results.size());
    for (const ExecResult& result : results)
        leaves.push_back(crypto::merkle_leaf_hash(encode_exec_result(result)));
    return crypto::merkle_root(leaves);
}

Hash32 data_hash(std::span<const Bytes> items) {
    std::vector<Hash32> leaves;
    leaves.reserve(items.size());
    for (const Bytes& item : items)
        leaves.push_back(crypto::merkle_leaf_hash(crypto::sha256(item).view()));
    return crypto::merkle_root(leaves);
}

Hash32 consensus_params_hash(std::int64_t block_bytes_max, std::int64_t block_gas_max) {
    Bytes params;
    comet::put_uint(params, 1, static_cast<std::uint64_t>(block_bytes_max));
    comet::put_uint(params, 2, static_cast<std::uint64_t>(block_gas_max));
    return crypto::sha256(params);
}

Hash32 empty_hash() {
    return crypto::sha256(BytesView());
}

Bytes encode_block(const Header& header, std::span<const Bytes> items, const Commit& last_commit) {
    Bytes data;
    for (const Bytes& item : items)
        comet::put_message(data, 1, item);
    Bytes out;
    comet::put_message(out, 1, encode_header(header));
    comet::put_message(out, 2, data);
    comet::put_message(out, 3, BytesView());
    comet::put_message(out, 4, encode_commit(last_commit));
    return out;
}

PartSetHeader part_set_header(BytesView block_bytes) {
    std::vector<Hash32> leaves;
    for (std::size_t at = 0; at < block_bytes.size(); at += kBlockPartBytes)
        leaves.push_back(crypto::merkle_leaf_hash(block_bytes.substr(at, kBlockPartBytes)));
    return {static_cast<std::uint32_t>(leaves.size()), crypto::merkle_root(leaves).bytes()};
}

}  // namespace consilium::ledger
