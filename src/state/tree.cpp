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

void sort_unique(std::vector<std::uint64_t>& values) {
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
}

}  // namespace

Hash32 fold_inner(std::span<const Hash32> leaves) {
    return fold(leaves, verify::inner_node);
}

Hash32 Tree::twig_node(std::uint64_t twig) const {
    const std::uint64_t n = std::min<std::uint64_t>(kPagesPerTwig, pages() - twig * kPagesPerTwig);
    std::array<Hash32, kPagesPerTwig> nodes;
    for (std::size_t i = 0; i < n; ++i)
        nodes[i] = verify::page_node(twigs[twig].pages[i], twigs[twig].bits[i]);
    return fold(std::span(nodes).first(n), verify::upper_node);
}

Hash32 Tree::node(unsigned level, std::uint64_t index) const {
    CONSILIUM_ASSERT(level >= kPageLevel);
    if (level >= kTwigLevel) return upper[level - kTwigLevel][index];
    if (level == kPageLevel) {
        const Twig& twig = twigs[index / kPagesPerTwig];
        const std::size_t page = index % kPagesPerTwig;
        return verify::page_node(twig.pages[page], twig.bits[page]);
    }
    const Hash32 left = node(level - 1, 2 * index);
    if (((2 * index + 1) << (level - 1)) >= count) return left;
    return verify::upper_node(left, node(level - 1, 2 * index + 1));
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
    std::vector<std::uint64_t> dirty;
    dirty.reserve(ended.size() + leaves.size() / verify::kTwigEntries + 2);
    for (const std::uint64_t serial : ended) {
        CONSILIUM_ASSERT(serial >= 1 && serial <= count && active(serial));
        const std::uint64_t page = (serial - 1) / kPageEntries;
        verify::set_page_bit(twigs.change(page / kPagesPerTwig).bits[page % kPagesPerTwig],
                             serial - 1, false);
        dirty.push_back(page / kPagesPerTwig);
    }
    const std::uint64_t first_twig = count / verify::kTwigEntries;
    std::vector<FilledPage> filled = append_pages(leaves, parallel);
    for (std::uint64_t twig = first_twig; twig < twigs.size(); ++twig)
        dirty.push_back(twig);
    height = block;
    sort_unique(dirty);
    update_upper(std::move(dirty), parallel);
    return filled;
}

void Tree::update_upper(std::vector<std::uint64_t> dirty, const ParallelFor& parallel) {
    std::vector<Hash32> fresh(dirty.size());
    in_runs(parallel, dirty.size(), 128, [&](std::size_t i) { fresh[i] = twig_node(dirty[i]); });
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
    std::vector<std::uint64_t> all(twigs.size());
    for (std::size_t i = 0; i < all.size(); ++i)
        all[i] = i;
    update_upper(std::move(all), parallel);
}

}  // namespace consilium::state
