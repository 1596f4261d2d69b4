// SPDX-License-Identifier: Apache-2.0
#include "crypto/merkle.hpp"

#include <algorithm>
#include <cstring>

#include "base/assert.hpp"
#include "crypto/hash.hpp"

namespace consilium::crypto {
namespace {

// Leaves of one piece of work for merkle_root with ParallelFor; a power of two, so that every piece
// but the last is a full subtree.
constexpr std::size_t kPiece = 4096;
constexpr std::uint64_t kTotalMax = 1ULL << 32U;

// Splitting at the largest power of two below n is the same tree as joining neighbours level by
// level and carrying a lone last node up. `nodes` is overwritten.
Hash32 fold(std::span<Hash32> nodes) {
    CONSILIUM_ASSERT(!nodes.empty());
    std::size_t width = nodes.size();
    while (width > 1) {
        const std::size_t pairs = width / 2;
        for (std::size_t i = 0; i < pairs; ++i)
            nodes[i] = merkle_inner_hash(nodes[2 * i], nodes[2 * i + 1]);
        if (width % 2 != 0) nodes[pairs] = nodes[width - 1];
        width = pairs + width % 2;
    }
    return nodes[0];
}

// The same without touching its input: the first level goes into a buffer half as long.
Hash32 fold_copy(std::span<const Hash32> leaves) {
    if (leaves.size() == 1) return leaves[0];
    std::vector<Hash32> half((leaves.size() + 1) / 2);
    for (std::size_t i = 0; i + 1 < leaves.size(); i += 2)
        half[i / 2] = merkle_inner_hash(leaves[i], leaves[i + 1]);
    if (leaves.size() % 2 != 0) half.back() = leaves.back();
    return fold(half);
}

}  // namespace

Hash32 merkle_leaf_hash(BytesView leaf) {
    return sha256({BytesView("\0", 1), leaf});
}

Hash32 merkle_inner_hash(const Hash32& left, const Hash32& right) {
    char buffer[65];
    buffer[0] = 1;
    std::memcpy(buffer + 1, left.value.data(), 32);
    std::memcpy(buffer + 33, right.value.data(), 32);
    return sha256(BytesView(buffer, sizeof buffer));
}

Hash32 merkle_root(std::span<const Hash32> leaf_hashes) {
    if (leaf_hashes.empty()) return sha256(BytesView());
    return fold_copy(leaf_hashes);
}

Hash32 merkle_root(std::span<const Hash32> leaf_hashes, const ParallelFor& parallel_for) {
    if (leaf_hashes.size() <= kPiece) return merkle_root(leaf_hashes);
    std::vector<Hash32> pieces((leaf_hashes.size() + kPiece - 1) / kPiece);
    parallel_for(pieces.size(), [&](std::size_t i) {
        const std::size_t from = i * kPiece;
        pieces[i] =
            fold_copy(leaf_hashes.subspan(from, std::min(kPiece, leaf_hashes.size() - from)));
    });
    return fold(pieces);
}

std::vector<Hash32> merkle_path(std::span<const Hash32> leaf_hashes, std::size_t index) {
    CONSILIUM_ASSERT(index < leaf_hashes.size());
    std::vector<Hash32> path;
    std::vector<Hash32> level(leaf_hashes.begin(), leaf_hashes.end());
    while (level.size() > 1) {
        const std::size_t sibling = index ^ 1U;
        if (sibling < level.size()) path.push_back(level[sibling]);
        const std::size_t pairs = level.size() / 2;
        for (std::size_t i = 0; i < pairs; ++i)
            level[i] = merkle_inner_hash(level[2 * i], level[2 * i + 1]);
        if (level.size() % 2 != 0) level[pairs] = level.back();
        level.resize(pairs + level.size() % 2);
        index /= 2;
    }
    return path;
}

std::optional<Hash32> merkle_root_from_path(const Hash32& leaf_hash, std::uint64_t index,
                                            std::uint64_t total, std::span<const Hash32> path) {
    if (total == 0 || total > kTotalMax || index >= total) return std::nullopt;
    Hash32 node = leaf_hash;
    std::uint64_t last = total - 1;  // index of the last node of this level
    std::size_t used = 0;
    while (last != 0) {
        if ((index & 1U) != 0 || index != last) {
            if (used == path.size()) return std::nullopt;
            const Hash32& sibling = path[used++];
            node = (index & 1U) != 0 ? merkle_inner_hash(sibling, node)
                                     : merkle_inner_hash(node, sibling);
        }
        index >>= 1U;
        last >>= 1U;
    }
    if (used != path.size()) return std::nullopt;
    return node;
}

std::optional<Hash32> merkle_root_from_sides(const Hash32& leaf_hash, std::uint32_t left,
                                             std::span<const Hash32> path) {
    if (path.size() > 32 || std::uint64_t{left} >> path.size() != 0) return std::nullopt;
    Hash32 node = leaf_hash;
    for (const Hash32& sibling : path) {
        node =
            (left & 1U) != 0 ? merkle_inner_hash(sibling, node) : merkle_inner_hash(node, sibling);
        left >>= 1U;
    }
    return node;
}

std::uint32_t merkle_path_sides(std::uint64_t index, std::uint64_t total) {
    CONSILIUM_ASSERT(total >= 1 && total <= kTotalMax && index < total);
    std::uint32_t left = 0;
    unsigned step = 0;
    for (std::uint64_t last = total - 1; last != 0; last >>= 1U, index >>= 1U) {
        if ((index & 1U) != 0) {
            left |= 1U << step++;
        } else if (index != last) {
            ++step;
        }
    }
    return left;
}

MerkleTree::MerkleTree(std::vector<Hash32> leaf_hashes) {
    levels_.push_back(std::move(leaf_hashes));
    while (levels_.back().size() > 1) {
        const std::vector<Hash32>& below = levels_.back();
        std::vector<Hash32> level((below.size() + 1) / 2);
        for (std::size_t i = 0; i + 1 < below.size(); i += 2)
            level[i / 2] = merkle_inner_hash(below[i], below[i + 1]);
        if (below.size() % 2 != 0) level.back() = below.back();
        levels_.push_back(std::move(level));
    }
}

Hash32 MerkleTree::root() const {
    return levels_.front().empty() ? sha256(BytesView()) : levels_.back().front();
}

std::vector<Hash32> MerkleTree::path(std::size_t index) const {
    CONSILIUM_ASSERT(index < size());
    std::vector<Hash32> path;
    for (const std::vector<Hash32>& level : levels_) {
        const std::size_t sibling = index ^ 1U;
        if (sibling < level.size()) path.push_back(level[sibling]);
        index /= 2;
    }
    return path;
}

}  // namespace consilium::crypto
