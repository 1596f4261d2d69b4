// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.hpp"
#include "base/parallel.hpp"

namespace consilium::crypto {

// RFC 6962 Merkle trees with SHA-256, as CometBFT uses them: leaf = H(00 || bytes),
// inner = H(01 || left || right), empty = H(""), split at the largest power of two below n.

[[nodiscard]] Hash32 merkle_leaf_hash(BytesView leaf);
[[nodiscard]] Hash32 merkle_inner_hash(const Hash32& left, const Hash32& right);

// Over leaf hashes (not leaves). The second form shares the work out.
[[nodiscard]] Hash32 merkle_root(std::span<const Hash32> leaf_hashes);
[[nodiscard]] Hash32 merkle_root(std::span<const Hash32> leaf_hashes,
                                 const ParallelFor& parallel_for);

// The audit path of one leaf: its sibling first, the root's child last. index < leaf_hashes.size().
// Costs as much as the root; who wants many paths keeps a MerkleTree.
[[nodiscard]] std::vector<Hash32> merkle_path(std::span<const Hash32> leaf_hashes,
                                              std::size_t index);

// The root that a leaf and its path make, or nothing when the path's length is not that of a tree
// of `total` leaves (1 <= total <= 2^32, index < total).
[[nodiscard]] std::optional<Hash32> merkle_root_from_path(const Hash32& leaf_hash,
                                                          std::uint64_t index, std::uint64_t total,
                                                          std::span<const Hash32> path);

// The same for a tree that commits to no count, as CometBFT's do not: bit k of `left` says that the
// k-th sibling stands to the left. Nothing for more than 32 siblings, or a bit beyond them, so that
// every bit counts.
[[nodiscard]] std::optional<Hash32> merkle_root_from_sides(const Hash32& leaf_hash,
                                                           std::uint32_t left,
                                                           std::span<const Hash32> path);
// `left` for the path of leaf `index` of `total`, 1 <= total <= 2^32, index < total.
[[nodiscard]] std::uint32_t merkle_path_sides(std::uint64_t index, std::uint64_t total);

// A whole tree in memory (about 64 bytes per leaf), from which each path costs no hashing.
class MerkleTree {
 public:
    explicit MerkleTree(std::vector<Hash32> leaf_hashes);

    [[nodiscard]] std::size_t size() const { return levels_.front().size(); }
    [[nodiscard]] Hash32 root() const;
    // index < size().
    [[nodiscard]] std::vector<Hash32> path(std::size_t index) const;

 private:
    std::vector<std::vector<Hash32>> levels_;  // leaves first; a lone last node is carried up
};

}  // namespace consilium::crypto
