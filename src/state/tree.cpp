// SPDX-License-Identifier: Apache-2.0
#include "state/tree.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "state/entry.hpp"

namespace consilium::state {
namespace {

using verify::kPageEntries;
using verify::kPageLevel;
using verify::kTwigLevel;

using Join = Hash32 (*)(const Hash32&, const Hash32&);

Hash32 fold(std::span<const Hash32> nodes, Join join) {
    CONSILIUM_ASSERT(!nodes.empty());
    CONSILIUM_ASSERT(nodes.size() <= kPageEntries);
    std::array<Hash32, kPageEntries> level;
    std::copy(nodes.begin(), nodes.end(), level.begin());
    for (std::size_t n = nodes.size(); n > 1; n = (n + 1) / 2) {
        for (std::size_t i = 0; i + 1 < n; i += 2)
            level[i / 2] = join(level[i], level[i + 1]);
        if (n % 2 != 0) level[n / 2] = level[n - 1];
    }
    return level.front();
}

// The nodes of a page's level 4 over its leaves.
std::vector<Hash32> pack_nodes(std::span<const Hash32> leaves) {
    std::vector<Hash32> nodes;
    nodes.reserve(kPageEntries / kPackEntries);
    for (std::size_t from = 0; from < leaves.size(); from += kPackEntries)
        nodes.push_back(
            fold_inner(leaves.subspan(from, std::min(kPackEntries, leaves.size() - from))));
    return nodes;
}

Bytes concatenate(std::span<const Hash32> hashes) {
    Bytes out;
    out.reserve(hashes.size() * Hash32::kSize);
    for (const Hash32& hash : hashes)
        out += hash.view();
    return out;
}

// Runs body over [0, count) in runs long enough to be worth a thread.
void in_runs(const ParallelFor& parallel, std::size_t count, std::size_t run,
             const std::function<void(std::size_t)>& body) {
    parallel((count + run - 1) / run, [&](std::size_t r) {
        const std::size_t end = std::min(count, (r + 1) * run);
        for (std::size_t i = r * run; i < end; ++i)
            body(i);
    });
}

}  // namespace

Hash32 fold_inner(std::span<const Hash32> leaves) {
    return fold(leaves, verify::inner_node);
}

// Recomputes what depends on the dirty pages of a twig; returns its node of level 11. A last node
// without a right neighbour stands for its parent.
Hash32 Tree::refresh(const DirtyTwig& dirty) {
    Twig& twig = twigs.change(dirty.twig);
    const std::size_t n =
        std::min<std::uint64_t>(kPagesPerTwig, pages() - dirty.twig * kPagesPerTwig);
    for (std::size_t i = 0; i < n; ++i)
        if (((dirty.pages >> i) & 1U) != 0)
            twig.page_nodes[i] = verify::page_node(twig.pages[i], twig.bits[i]);
    const auto parent = [](std::span<const Hash32> nodes, std::size_t i) {
        return 2 * i + 1 < nodes.size() ? verify::upper_node(nodes[2 * i], nodes[2 * i + 1])
                                        : nodes[2 * i];
    };
    const std::span page_nodes = std::span(twig.page_nodes).first(n);
    const std::span pairs = std::span(twig.pairs).first((n + 1) / 2);
    const std::span quads = std::span(twig.quads).first((n + 3) / 4);
    for (std::size_t i = 0; i < pairs.size(); ++i)
        if (((dirty.pages >> (2 * i)) & 0x3U) != 0) pairs[i] = parent(page_nodes, i);
    for (std::size_t i = 0; i < quads.size(); ++i)
        if (((dirty.pages >> (4 * i)) & 0xfU) != 0) quads[i] = parent(pairs, i);
    return parent(quads, 0);
}

Hash32 Tree::node(unsigned level, std::uint64_t index) const {
    CONSILIUM_ASSERT(level >= kPageLevel);
    if (level >= kTwigLevel) return upper[level - kTwigLevel][index];
    const std::uint64_t per_twig = std::uint64_t{1} << (kTwigLevel - level);
    const Twig& twig = twigs[index / per_twig];
    if (level == kPageLevel) return twig.page_nodes[index % per_twig];
    return level == kPageLevel + 1 ? twig.pairs[index % per_twig] : twig.quads[index % per_twig];
}

std::vector<FilledPage> Tree::append_pages(std::span<const AppendedLeaf> leaves,
                                           const ParallelFor& parallel) {
    const std::uint64_t first = count;
    const std::uint64_t first_page = first / kPageEntries;
    std::vector<Hash32> hashes = std::move(tail_leaves);
    hashes.reserve(hashes.size() + leaves.size());
    for (const AppendedLeaf& leaf : leaves)
        hashes.push_back(leaf.hash);
    count += leaves.size();
    twigs.grow(static_cast<std::size_t>((pages() + kPagesPerTwig - 1) / kPagesPerTwig));
    for (std::size_t i = 0; i < leaves.size(); ++i) {
        if (!leaves[i].active) continue;
        const std::uint64_t page = (first + i) / kPageEntries;
        verify::set_page_bit(twigs.change(page / kPagesPerTwig).bits[page % kPagesPerTwig],
                             first + i, true);
    }
    std::vector<Hash32> roots(static_cast<std::size_t>(pages() - first_page));
    std::vector<FilledPage> filled(hashes.size() / kPageEntries);
    parallel(roots.size(), [&](std::size_t i) {
        const std::size_t from = i * kPageEntries;
        const std::size_t n = std::min<std::size_t>(kPageEntries, hashes.size() - from);
        const std::vector<Hash32> nodes = pack_nodes(std::span(hashes).subspan(from, n));
        roots[i] = fold_inner(nodes);
        if (i < filled.size()) filled[i] = {first_page + i, concatenate(nodes)};
    });
    for (std::size_t i = 0; i < roots.size(); ++i) {
        const std::uint64_t page = first_page + i;
        twigs.change(page / kPagesPerTwig).pages[page % kPagesPerTwig] = roots[i];
    }
    const std::size_t full = hashes.size() / kPageEntries * kPageEntries;
    tail_leaves.assign(hashes.begin() + static_cast<std::ptrdiff_t>(full), hashes.end());
    return filled;
}

std::vector<FilledPage> Tree::apply(Height block, std::span<const AppendedLeaf> leaves,
                                    std::span<const std::uint64_t> ended,
                                    const ParallelFor& parallel) {
    CONSILIUM_ASSERT(!leaves.empty());
    std::vector<DirtyTwig> dirty;
    dirty.reserve(ended.size() + leaves.size() / verify::kTwigEntries + 2);
    const auto touch = [&](std::uint64_t page) {
        const std::uint64_t twig = page / kPagesPerTwig;
        CONSILIUM_ASSERT(dirty.empty() || dirty.back().twig <= twig);
        if (dirty.empty() || dirty.back().twig != twig) dirty.push_back({twig, 0});
        dirty.back().pages |= 1U << (page % kPagesPerTwig);
    };
    for (const std::uint64_t serial : ended) {
        CONSILIUM_ASSERT(serial >= 1 && serial <= count && active(serial));
        const std::uint64_t page = (serial - 1) / kPageEntries;
        verify::set_page_bit(twigs.change(page / kPagesPerTwig).bits[page % kPagesPerTwig],
                             serial - 1, false);
        touch(page);
    }
    const std::uint64_t first_page = count / kPageEntries;
    std::vector<FilledPage> filled = append_pages(leaves, parallel);
    for (std::uint64_t page = first_page; page < pages(); ++page)
        touch(page);
    height = block;
    update_nodes(dirty, parallel);
    return filled;
}

void Tree::update_nodes(const std::vector<DirtyTwig>& dirty_twigs, const ParallelFor& parallel) {
    std::vector<Hash32> fresh(dirty_twigs.size());
    std::vector<std::uint64_t> dirty(dirty_twigs.size());
    // Each twig has been changed before, so it is this tree's own already: different ones may be
    // changed at the same time.
    in_runs(parallel, dirty.size(), 128, [&](std::size_t i) {
        dirty[i] = dirty_twigs[i].twig;
        fresh[i] = refresh(dirty_twigs[i]);
    });
    if (upper.empty()) upper.emplace_back();
    upper[0].grow(twigs.size());
    for (std::size_t i = 0; i < dirty.size(); ++i)
        upper[0].change(dirty[i]) = fresh[i];
    for (std::size_t k = 0; upper[k].size() > 1; ++k) {
        if (upper.size() == k + 1) upper.emplace_back();
        const CowVector<Hash32, 64>& below = upper[k];
        upper[k + 1].grow((below.size() + 1) / 2);
        for (std::uint64_t& index : dirty)
            index /= 2;
        dirty.erase(std::unique(dirty.begin(), dirty.end()), dirty.end());
        for (const std::uint64_t index : dirty) {
            const std::uint64_t left = 2 * index;
            upper[k + 1].change(index) = left + 1 < below.size()
                                             ? verify::upper_node(below[left], below[left + 1])
                                             : below[left];
        }
    }
    root = verify::state_root(count, height, upper.back()[0]);
}

void Tree::rebuild(const ParallelFor& parallel) {
    upper.clear();
    std::vector<DirtyTwig> all(twigs.size());
    for (std::size_t i = 0; i < all.size(); ++i)
        all[i] = {i, (1U << kPagesPerTwig) - 1};
    update_nodes(all, parallel);
}

}  // namespace consilium::state
