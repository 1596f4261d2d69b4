// SPDX-License-Identifier: Apache-2.0
#include "ledger/manifest.hpp"

#include <gtest/gtest.h>

#include "base/limits.hpp"
#include "crypto/hash.hpp"
#include "crypto/merkle.hpp"
#include "ledger/commitment.hpp"

namespace consilium::ledger {
namespace {

std::vector<ManifestEntry> entries(std::size_t count) {
    std::vector<ManifestEntry> out(count);
    for (std::size_t i = 0; i < count; ++i) {
        const Hash32 hash = crypto::sha256(std::to_string(i));
        (void)assign(out[i].record_id, hash.view().substr(0, 16));
        out[i].commitment = hash;
    }
    return out;
}

TEST(Manifest, RootAndPathsAreThoseOfThePlainTree) {
    for (const std::size_t count : {2U, 4U, 64U, 1024U, 4096U}) {
        const auto manifest = Manifest::build(entries(count));
        ASSERT_TRUE(manifest);
        std::vector<Hash32> leaves;
        for (std::size_t i = 0; i < count; ++i) {
            const ManifestEntry& entry = manifest->entries()[i];
            if (i > 0) {
                EXPECT_LT(manifest->entries()[i - 1].record_id, entry.record_id);
            }
            leaves.push_back(
                crypto::merkle_leaf_hash(manifest_leaf(entry.record_id, entry.commitment).view()));
        }
        EXPECT_EQ(manifest->root(), crypto::merkle_root(leaves));
        for (std::uint32_t i = 0; i < count; i += 1 + static_cast<std::uint32_t>(count) / 7) {
            EXPECT_EQ(manifest->path(i), crypto::merkle_path(leaves, i));
            EXPECT_EQ(manifest->index_of(manifest->entries()[i].record_id), i);
            EXPECT_EQ(crypto::merkle_root_from_path(leaves[i], i, count, manifest->path(i)),
                      manifest->root());
        }
        EXPECT_FALSE(manifest->index_of(RecordId{}));
    }
}

TEST(Manifest, WhatIsNoManifest) {
    for (const std::size_t count : {0U, 1U, 3U, 1000U})
        EXPECT_FALSE(Manifest::build(entries(count))) << count;
    auto twice = entries(4);
    twice[3].record_id = twice[0].record_id;
    EXPECT_FALSE(Manifest::build(twice));
}

TEST(Manifest, Padding) {
    EXPECT_EQ(Manifest::padding(1), 1U);
    EXPECT_EQ(Manifest::padding(2), 0U);
    EXPECT_EQ(Manifest::padding(3), 1U);
    EXPECT_EQ(Manifest::padding(100'000), 31'072U);
    EXPECT_EQ(Manifest::padding(limits::kManifestLeavesMax),
              limits::kManifestLeafCountMax - limits::kManifestLeavesMax);
}

}  // namespace
}  // namespace consilium::ledger
