// SPDX-License-Identifier: Apache-2.0
#include "state/siblings.hpp"

#include <algorithm>

namespace consilium::state {
namespace {

using verify::kPageEntries;
using verify::kPageLevel;

struct Nothing {};

// The handler of a walk that emits instead of computing.
class Collector {
 public:
    Collector(const DiskReader& disk, EntryReader& reader, const Tree& tree)
        : disk_(disk), tree_(tree), reader_(reader) {}

    static Nothing leaf(std::size_t) { return {}; }
    static Nothing inner(Nothing, Nothing) { return {}; }
    static Nothing upper(Nothing, Nothing) { return {}; }
    Nothing page(std::uint64_t page, Nothing) {
        out.pages += tree_.bits_of(page).view();
        return {};
    }
    Nothing sibling(unsigned level, std::uint64_t index) {
        if (!error) {
            const auto hash = level >= kPageLevel
                                  ? Result<Hash32, DiskError>(tree_.node(level, index))
                                  : inside_page(level, index);
            if (hash) {
                out.siblings += hash->view();
            } else {
                error = hash.error();
            }
        }
        return {};
    }

    Surroundings out;
    std::optional<DiskError> error;

 private:
    [[nodiscard]] Result<Hash32, DiskError> inside_page(unsigned level, std::uint64_t index) {
        const std::uint64_t first = index << level;
        const std::uint64_t page = first / kPageEntries;
        if (page == tree_.count / kPageEntries) return inside_tail(level, first);
        if (level < kPackLevel) return inside_pack(level, first);
        if (page_ != page) {
            if (auto done = read_page(page); !done) return fail(done.error());
        }
        const std::size_t from = (first % kPageEntries) >> kPackLevel;
        return fold_inner(
            std::span(page_nodes_).subspan(from, std::size_t{1} << (level - kPackLevel)));
    }
    [[nodiscard]] Hash32 inside_tail(unsigned level, std::uint64_t first) const {
        const std::size_t from = first % kPageEntries;
        const std::size_t n = std::min(std::size_t{1} << level, tree_.tail_leaves.size() - from);
        return fold_inner(std::span(tree_.tail_leaves).subspan(from, n));
    }
    [[nodiscard]] Result<Hash32, DiskError> inside_pack(unsigned level, std::uint64_t first) {
        const std::uint64_t pack = first / kPackEntries;
        if (pack_ != pack) {
            if (auto done = read_pack(pack); !done) return fail(done.error());
        }
        return fold_inner(
            std::span(pack_leaves_).subspan(first % kPackEntries, std::size_t{1} << level));
    }
    [[nodiscard]] Status<DiskError> read_page(std::uint64_t page) {
        const auto stored = disk_.get(Space::kTwigs, page_nodes_key(page));
        if (!stored) return fail(stored.error());
        constexpr std::size_t kNodes = kPageEntries / kPackEntries;
        if (!*stored || (*stored)->size() != kNodes * Hash32::kSize)
            return fail(DiskError::kCorruption);
        page_nodes_.resize(kNodes);
        for (std::size_t i = 0; i < kNodes; ++i)
            CONSILIUM_ASSERT(assign(page_nodes_[i], BytesView(**stored).substr(i * 32, 32)));
        page_ = page;
        return Done{};
    }
    [[nodiscard]] Status<DiskError> read_pack(std::uint64_t pack) {
        const auto stored = reader_.pack(pack);
        if (!stored) return fail(stored.error());
        auto leaves = read_leaves(*stored, pack);
        if (!leaves) return fail(leaves.error());
        pack_leaves_ = std::move(*leaves);
        pack_ = pack;
        return Done{};
    }

    const DiskReader& disk_;
    const Tree& tree_;
    EntryReader& reader_;
    std::optional<std::uint64_t> page_;
    std::vector<Hash32> page_nodes_;
    std::optional<std::uint64_t> pack_;
    std::vector<Hash32> pack_leaves_;
};

}  // namespace

Result<Surroundings, DiskError> surroundings(const DiskReader& disk, EntryReader& reader,
                                             const Tree& tree,
                                             std::span<const std::uint64_t> positions) {
    Collector collector(disk, reader, tree);
    (void)verify::TreeWalk<Nothing, Collector>(tree.count, positions, collector).run();
    if (collector.error) return fail(*collector.error);
    return std::move(collector.out);
}

}  // namespace consilium::state
