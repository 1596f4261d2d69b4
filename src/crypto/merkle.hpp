// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.hpp"

namespace consilium::crypto {

// RFC 6962 Merkle trees with SHA-256, as CometBFT uses them: leaf = H(00 || bytes),
// inner = H(01 || left || right), empty = H(""), split at the largest power of two below n.

[[nodiscard]] Hash32 merkle_leaf_hash(BytesView leaf);
[[nodiscard]] Hash32 merkle_inner_hash(const Hash32& left, const Hash32& right);

// Over leaf hashes (not leaves).
[[nodiscard]] Hash32 merkle_root(std::span<const Hash32> leaf_hashes);

// The audit path of one leaf: its sibling first, the root's child last. index < leaf_hashes.size().
[[nodiscard]] std::vector<Hash32> merkle_path(std::span<const Hash32> leaf_hashes,
                                              std::size_t index);

// The root that a leaf and its path make, or nothing when the path's length is not that of a tree
// of `total` leaves (1 <= total <= 2^32, index < total).
[[nodiscard]] std::optional<Hash32> merkle_root_from_path(const Hash32& leaf_hash,
                                                          std::uint64_t index, std::uint64_t total,
                                                          std::span<const Hash32> path);

}  // namespace consilium::crypto
