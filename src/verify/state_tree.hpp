// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "consilium/v1/state.pb.h"

// The hashes and the shape of the state's tree, shared by who makes proofs and who checks them.
// docs/formats/state.md is the rule. Pure; thread-safe.
namespace consilium::verify {

inline constexpr std::uint64_t kPageEntries = 256;   // share 32 bytes of active bits
inline constexpr std::uint64_t kTwigEntries = 2048;  // eight pages, kept together
inline constexpr unsigned kPageLevel = 8;
inline constexpr unsigned kTwigLevel = 11;
// A log of 2^48 entries is beyond anything; it bounds every loop over levels.
inline constexpr std::uint64_t kEntriesMax = std::uint64_t{1} << 48U;

// Bit i of a page is bit i % 8 (1 is the lowest) of byte i / 8.
using PageBits = FixedBytes<32>;
[[nodiscard]] inline bool page_bit(const PageBits& bits, std::uint64_t index) {
    return ((bits.value[(index % kPageEntries) / 8] >> (index % 8)) & 1U) != 0;
}
inline void set_page_bit(PageBits& bits, std::uint64_t index, bool value) {
    auto& byte = bits.value[(index % kPageEntries) / 8];
    const auto mask = static_cast<std::uint8_t>(1U << (index % 8));
    byte = static_cast<std::uint8_t>(value ? byte | mask : byte & ~mask);
}

// What a leaf covers. `content` is SHA-256 of the value, or empty for LOW and END.
struct EntryFields {
    v1::EntryKind kind = v1::ENTRY_KIND_KEY;
    bool high = false;
    std::uint64_t serial = 0;
    Height height = 0;
    Height value_height = 0;
    std::uint64_t ends = 0;
    BytesView key;
    BytesView next;
    BytesView content;
};

[[nodiscard]] Hash32 entry_leaf(const EntryFields& entry);
[[nodiscard]] Hash32 inner_node(const Hash32& left, const Hash32& right);  // levels 1..8 of a page
[[nodiscard]] Hash32 page_node(const Hash32& entries, const PageBits& bits);
[[nodiscard]] Hash32 upper_node(const Hash32& left, const Hash32& right);  // above pages
[[nodiscard]] Hash32 state_root(std::uint64_t count, Height height, const Hash32& top);

// The level of the tree's top: the least L >= 8 with 2^L >= count.
[[nodiscard]] unsigned top_level(std::uint64_t count);

// Walks the nodes that a set of shown entries leads to, left to right, children before parents:
// the one order in which siblings are listed. `Handler` has
//   Hash leaf(std::size_t i)                     the i-th shown entry's leaf
//   Hash sibling(unsigned level, uint64 index)   a subtree that shows nothing
//   Hash inner(Hash, Hash), upper(Hash, Hash)
//   Hash page(uint64 page, Hash entries)         called once per page touched, ascending
// `positions` are serial - 1, strictly ascending, below `count`.
template <typename Hash, typename Handler>
class TreeWalk {
 public:
    TreeWalk(std::uint64_t count, std::span<const std::uint64_t> positions, Handler& handler)
        : count_(count), positions_(positions), handler_(handler) {}

    [[nodiscard]] Hash run() { return node(top_level(count_), 0, 0, positions_.size()); }

 private:
    // The node (level, index), which shows positions_[first, last).
    Hash node(unsigned level, std::uint64_t index, std::size_t first, std::size_t last) {
        if (first == last) return handler_.sibling(level, index);
        if (level == 0) return handler_.leaf(first);
        Hash hash = children(level, index, first, last);
        if (level == kPageLevel) return handler_.page(index, hash);
        return hash;
    }
    Hash children(unsigned level, std::uint64_t index, std::size_t first, std::size_t last) {
        const std::uint64_t middle = (2 * index + 1) << (level - 1);
        // Where there is no right child the left one stands for its parent.
        if (middle >= count_) return node(level - 1, 2 * index, first, last);
        std::size_t split = first;
        while (split < last && positions_[split] < middle)
            ++split;
        const Hash left = node(level - 1, 2 * index, first, split);
        const Hash right = node(level - 1, 2 * index + 1, split, last);
        return level <= kPageLevel ? handler_.inner(left, right) : handler_.upper(left, right);
    }

    std::uint64_t count_;
    std::span<const std::uint64_t> positions_;
    Handler& handler_;
};

// A run or a scatter of entries shown, with what else is needed to come to the root.
struct ShownEntries {
    std::uint64_t count = 0;               // of the whole log, 1..kEntriesMax
    Height height = 0;                     // last block that appended
    std::vector<std::uint64_t> positions;  // serial - 1, strictly ascending, below count
    std::vector<Hash32> leaves;            // one per position
    BytesView pages;
    BytesView siblings;
};

enum class FoldError { kPages, kSiblings };

// The root that shown entries lead to. Refuses pages and siblings that are too few, too many or not
// whole, and bits of entries beyond the count.
[[nodiscard]] Result<Hash32, FoldError> fold_to_root(const ShownEntries& shown);

// The active bit of each shown entry, once fold_to_root has succeeded.
[[nodiscard]] std::vector<bool> shown_bits(const ShownEntries& shown);

// The leaf of an entry as a proof or a snapshot carries it, or nothing when its fields are not
// those of its kind: KEY has a key, a link and a value or its hash; LOW a link alone; END a key and
// `ends` alone. Limits on lengths included.
[[nodiscard]] std::optional<Hash32> checked_leaf(const v1::StateEntry& entry);

// The guard of a proof's question (v1::StateProof.question_sum).
[[nodiscard]] Bytes question_sum(v1::StateProofKind kind, BytesView subject,
                                 std::optional<Height> as_of);

}  // namespace consilium::verify
