// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <span>
#include <vector>

#include "base/bytes.hpp"
#include "base/parallel.hpp"
#include "base/time.hpp"
#include "state/cow_vector.hpp"
#include "verify/state_tree.hpp"

namespace consilium::state {

inline constexpr std::size_t kPagesPerTwig = verify::kTwigEntries / verify::kPageEntries;

// What memory keeps of 2,048 entries: per page the root over its entries and its active bits, and,
// not stored on disk, the nodes of levels 8 to 10 that follow from them.
struct Twig {
    std::array<Hash32, kPagesPerTwig> pages;
    std::array<verify::PageBits, kPagesPerTwig> bits;
    std::array<Hash32, kPagesPerTwig> page_nodes;
    std::array<Hash32, kPagesPerTwig / 2> pairs;
    std::array<Hash32, kPagesPerTwig / 4> quads;
};

// One entry that a block appends, as the tree sees it.
struct AppendedLeaf {
    Hash32 hash;
    bool active = true;
};

// A page that a block filled: its nodes of level 4, 16 of 32 bytes, kept on disk so that a proof
// need not read 256 entries.
struct FilledPage {
    std::uint64_t page = 0;
    Bytes nodes;
};

// The tree after one block. A published tree never changes; the next one is made from a copy.
struct Tree {
    std::uint64_t count = 0;
    Height height = 0;  // last block that appended
    Hash32 root;
    CowVector<Twig, 4> twigs;
    // upper[k] holds the nodes of level 11 + k; the last of them has one node, the top.
    std::vector<CowVector<Hash32, 64>> upper;
    std::vector<Hash32> tail_leaves;  // of the last page while it is not full
    Bytes tail_pack;                  // of the last pack while it is not full (entry.hpp)

    // Appends leaves and clears the bits of `ended` (serials, each active until now); then the
    // root is that of the new content. Returns the pages that became full.
    [[nodiscard]] std::vector<FilledPage> apply(Height block, std::span<const AppendedLeaf> leaves,
                                                std::span<const std::uint64_t> ended,
                                                const ParallelFor& parallel);

    // Recomputes every node above the pages, and the root, from twigs, count and height.
    void rebuild(const ParallelFor& parallel);

    [[nodiscard]] std::uint64_t pages() const {
        return (count + verify::kPageEntries - 1) / verify::kPageEntries;
    }
    [[nodiscard]] const verify::PageBits& bits_of(std::uint64_t page) const {
        return twigs[page / kPagesPerTwig].bits[page % kPagesPerTwig];
    }
    [[nodiscard]] bool active(std::uint64_t serial) const {
        return verify::page_bit(bits_of((serial - 1) / verify::kPageEntries), serial - 1);
    }
    // A node of level 8 or above that exists.
    [[nodiscard]] Hash32 node(unsigned level, std::uint64_t index) const;

 private:
    // Pages of one twig whose node is out of date, as a mask.
    struct DirtyTwig {
        std::uint64_t twig = 0;
        unsigned pages = 0;
    };
    [[nodiscard]] Hash32 refresh(const DirtyTwig& dirty);
    [[nodiscard]] std::vector<FilledPage> append_pages(std::span<const AppendedLeaf> leaves,
                                                       const ParallelFor& parallel);
    void update_nodes(const std::vector<DirtyTwig>& dirty, const ParallelFor& parallel);
};

// The root over up to 2^level leaves, left to right, the last one standing for its parent where it
// has no sibling. At least one leaf.
[[nodiscard]] Hash32 fold_inner(std::span<const Hash32> leaves);

}  // namespace consilium::state
