// SPDX-License-Identifier: Apache-2.0
#include "crypto/merkle.hpp"

#include <gtest/gtest.h>

#include <atomic>

#include "base/hex.hpp"
#include "crypto/hash.hpp"

namespace consilium::crypto {
namespace {

// RFC 6962 section 2.1 as it is written, the slow reference.
Hash32 reference_root(std::span<const Hash32> leaves) {
    if (leaves.empty()) return sha256(BytesView());
    if (leaves.size() == 1) return leaves[0];
    std::size_t split = 1;
    while (split * 2 < leaves.size())
        split *= 2;
    return sha256({BytesView("\1", 1), reference_root(leaves.first(split)).view(),
                   reference_root(leaves.subspan(split)).view()});
}

std::vector<Hash32> reference_path(std::span<const Hash32> leaves, std::size_t index) {
    if (leaves.size() <= 1) return {};
    std::size_t split = 1;
    while (split * 2 < leaves.size())
        split *= 2;
    std::vector<Hash32> path;
    if (index < split) {
        path = reference_path(leaves.first(split), index);
        path.push_back(reference_root(leaves.subspan(split)));
    } else {
        path = reference_path(leaves.subspan(split), index - split);
        path.push_back(reference_root(leaves.first(split)));
    }
    return path;
}

std::vector<Hash32> make_leaves(std::size_t count) {
    std::vector<Hash32> leaves;
    for (std::size_t i = 0; i < count; ++i)
        leaves.push_back(merkle_leaf_hash(std::to_string(i)));
    return leaves;
}

TEST(Merkle, CometBftVectors) {
    const auto root_of = [](const std::vector<std::string>& leaves) {
        std::vector<Hash32> hashes;
        for (const std::string& leaf : leaves)
            hashes.push_back(merkle_leaf_hash(*from_hex(leaf)));
        return to_hex(merkle_root(hashes).view());
    };
    EXPECT_EQ(root_of({}), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(root_of({"010203"}),
              "054edec1d0211f624fed0cbca9d4f9400b0e491c43742af2c5b0abebf0c990d8");
    EXPECT_EQ(root_of({""}), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
    EXPECT_EQ(root_of({"010203", "040506"}),
              "82e6cfce00453804379b53962939eaa7906b39904be0813fcadd31b100773c4b");
    EXPECT_EQ(root_of({"0102", "0304", "0506", "0708", "090a"}),
              "f326493eceab4f2d9ffbc78c59432a0a005d6ea98392045c74df5d14a113be18");
}

TEST(Merkle, RootsAndPathsEqualTheReferenceAtEverySizeTo130) {
    for (std::size_t count = 0; count <= 130; ++count) {
        const std::vector<Hash32> leaves = make_leaves(count);
        const Hash32 root = reference_root(leaves);
        const MerkleTree tree(leaves);
        ASSERT_EQ(merkle_root(leaves), root);
        ASSERT_EQ(tree.root(), root);
        for (std::size_t i = 0; i < count; ++i) {
            const std::vector<Hash32> path = reference_path(leaves, i);
            ASSERT_EQ(merkle_path(leaves, i), path);
            ASSERT_EQ(tree.path(i), path);
            ASSERT_EQ(merkle_root_from_path(leaves[i], i, count, path), root);
            ASSERT_EQ(merkle_root_from_sides(leaves[i], merkle_path_sides(i, count), path), root);
        }
    }
}

TEST(Merkle, PiecesInParallelMakeTheSameRoot) {
    for (const std::size_t count : {0U, 1U, 4095U, 4096U, 4097U, 8192U, 8193U, 12289U, 20000U}) {
        const std::vector<Hash32> leaves = make_leaves(count);
        std::atomic<std::size_t> pieces{0};
        const ParallelFor backwards = [&](std::size_t n,
                                          const std::function<void(std::size_t)>& body) {
            for (std::size_t i = n; i-- > 0;)
                body(i);
            pieces += n;
        };
        EXPECT_EQ(merkle_root(leaves, backwards), reference_root(leaves));
        EXPECT_EQ(pieces, count <= 4096 ? 0 : (count + 4095) / 4096);
    }
}

TEST(Merkle, APathOfAnotherShapeIsRefused) {
    const std::vector<Hash32> leaves = make_leaves(11);
    for (std::size_t i = 0; i < leaves.size(); ++i) {
        std::vector<Hash32> path = merkle_path(leaves, i);
        std::vector<Hash32> longer = path;
        longer.push_back(leaves[0]);
        EXPECT_EQ(merkle_root_from_path(leaves[i], i, 11, longer), std::nullopt);
        path.pop_back();
        EXPECT_EQ(merkle_root_from_path(leaves[i], i, 11, path), std::nullopt);
    }
    EXPECT_EQ(merkle_root_from_path(leaves[0], 0, 0, {}), std::nullopt);
    EXPECT_EQ(merkle_root_from_path(leaves[0], 1, 1, {}), std::nullopt);
    EXPECT_EQ(merkle_root_from_path(leaves[0], 0, 1, {}), leaves[0]);
}

TEST(Merkle, EverySideCounts) {
    const std::vector<Hash32> leaves = make_leaves(5);
    for (std::size_t i = 0; i < leaves.size(); ++i) {
        const std::vector<Hash32> path = merkle_path(leaves, i);
        const std::uint32_t left = merkle_path_sides(i, leaves.size());
        for (unsigned bit = 0; bit < 32; ++bit) {
            const auto other = merkle_root_from_sides(leaves[i], left ^ (1U << bit), path);
            EXPECT_NE(other, merkle_root(leaves));
            EXPECT_EQ(other.has_value(), bit < path.size());
        }
    }
    const std::vector<Hash32> longest(32, leaves[0]);
    EXPECT_TRUE(merkle_root_from_sides(leaves[0], ~0U, longest).has_value());
    const std::vector<Hash32> longer(33, leaves[0]);
    EXPECT_FALSE(merkle_root_from_sides(leaves[0], 0, longer).has_value());
}

TEST(Merkle, TheTotalIsBounded) {
    const Hash32 leaf = merkle_leaf_hash("x");
    const std::vector<Hash32> path(32, leaf);
    EXPECT_TRUE(merkle_root_from_path(leaf, 0, 1ULL << 32U, path).has_value());
    const std::vector<Hash32> longer(33, leaf);
    EXPECT_FALSE(merkle_root_from_path(leaf, 0, (1ULL << 32U) + 1, longer).has_value());
}

TEST(Merkle, EveryBitOfAPathAndItsIndexCount) {
    const std::vector<Hash32> leaves = make_leaves(7);
    const Hash32 root = merkle_root(leaves);
    for (std::size_t i = 0; i < leaves.size(); ++i) {
        std::vector<Hash32> path = merkle_path(leaves, i);
        for (Hash32& node : path) {
            for (std::size_t bit = 0; bit < 256; ++bit) {
                node.value[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
                EXPECT_NE(merkle_root_from_path(leaves[i], i, 7, path), root);
                node.value[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
            }
        }
        for (std::size_t other = 0; other < leaves.size(); ++other) {
            if (other != i) {
                EXPECT_NE(merkle_root_from_path(leaves[i], other, 7, path), root);
            }
        }
    }
}

}  // namespace
}  // namespace consilium::crypto
