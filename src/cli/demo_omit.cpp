// SPDX-License-Identifier: Apache-2.0
#include "cli/demo_omit.hpp"

#include <map>

#include "verify/state_tree.hpp"

namespace consilium::cli {
namespace {

using Place = std::pair<unsigned, std::uint64_t>;  // level, index

// The shown part of the tree, taken from an honest proof.
struct Shown {
    std::uint64_t count = 0;
    std::vector<std::uint64_t> positions;
    std::vector<Hash32> leaves;
    std::map<Place, Hash32> siblings;
    std::map<std::uint64_t, verify::PageBits> pages;
};

// Reads siblings and pages in the order in which a verifier meets them.
class Reader {
 public:
    Reader(const v1::StateProof& proof, Shown& shown)
        : siblings_(proof.siblings()), pages_(proof.pages()), shown_(shown) {}

    Hash32 leaf(std::size_t i) { return shown_.leaves[i]; }
    Hash32 sibling(unsigned level, std::uint64_t index) {
        const auto hash = take<Hash32>(siblings_);
        shown_.siblings[{level, index}] = hash;
        return hash;
    }
    Hash32 inner(const Hash32& left, const Hash32& right) {
        return verify::inner_node(left, right);
    }
    Hash32 upper(const Hash32& left, const Hash32& right) {
        return verify::upper_node(left, right);
    }
    Hash32 page(std::uint64_t index, const Hash32& entries) {
        const auto bits = take<verify::PageBits>(pages_);
        shown_.pages[index] = bits;
        return verify::page_node(entries, bits);
    }
    [[nodiscard]] bool whole() const { return whole_ && siblings_.empty() && pages_.empty(); }

 private:
    template <typename Fixed>
    Fixed take(BytesView& from) {
        Fixed out;
        whole_ = whole_ && assign(out, from.substr(0, Fixed::kSize));
        from.remove_prefix(std::min(from.size(), Fixed::kSize));
        return out;
    }
    BytesView siblings_;
    BytesView pages_;
    Shown& shown_;
    bool whole_ = true;
};

// Writes the siblings and pages of the proof that shows one entry less.
class Writer {
 public:
    Writer(const Shown& shown, std::uint64_t hidden, const Hash32& hidden_leaf)
        : shown_(shown), hidden_(hidden), hidden_leaf_(hidden_leaf) {}

    Hash32 leaf(std::size_t) { return {}; }
    Hash32 inner(const Hash32&, const Hash32&) { return {}; }
    Hash32 upper(const Hash32&, const Hash32&) { return {}; }
    Hash32 sibling(unsigned level, std::uint64_t index) {
        siblings += subtree(level, index).bytes();
        return {};
    }
    Hash32 page(std::uint64_t index, const Hash32&) {
        pages += shown_.pages.at(index).bytes();
        return {};
    }

    Bytes siblings;
    Bytes pages;

 private:
    // The hash of a subtree that shows nothing now: known, or built around the hidden leaf.
    [[nodiscard]] Hash32 subtree(unsigned level, std::uint64_t index) const {
        const auto known = shown_.siblings.find({level, index});
        if (known != shown_.siblings.end()) return known->second;
        if (level == 0) return index == hidden_ ? hidden_leaf_ : Hash32{};
        const std::uint64_t middle = (2 * index + 1) << (level - 1);
        Hash32 hash = subtree(level - 1, 2 * index);
        if (middle < shown_.count) {
            const Hash32 right = subtree(level - 1, 2 * index + 1);
            hash = level <= verify::kPageLevel ? verify::inner_node(hash, right)
                                               : verify::upper_node(hash, right);
        }
        const auto bits = shown_.pages.find(index);
        if (level == verify::kPageLevel && bits != shown_.pages.end()) {
            hash = verify::page_node(hash, bits->second);
        }
        return hash;
    }
    const Shown& shown_;
    std::uint64_t hidden_;
    const Hash32& hidden_leaf_;
};

}  // namespace

bool omit_entry(v1::StateProof& proof, std::uint64_t serial) {
    Shown shown;
    shown.count = proof.count();
    int at = -1;
    for (int i = 0; i < proof.entries_size(); ++i) {
        const auto leaf = verify::checked_leaf(proof.entries(i));
        if (!leaf) return false;
        if (proof.entries(i).serial() == serial) at = i;
        shown.positions.push_back(proof.entries(i).serial() - 1);
        shown.leaves.push_back(*leaf);
    }
    if (at < 0) return false;
    Reader reader(proof, shown);
    (void)verify::TreeWalk<Hash32, Reader>(shown.count, shown.positions, reader).run();
    if (!reader.whole()) return false;
    const Hash32 hidden_leaf = shown.leaves[static_cast<std::size_t>(at)];
    std::vector<std::uint64_t> positions = shown.positions;
    positions.erase(positions.begin() + at);
    Writer writer(shown, serial - 1, hidden_leaf);
    (void)verify::TreeWalk<Hash32, Writer>(shown.count, positions, writer).run();
    proof.mutable_entries()->DeleteSubrange(at, 1);
    proof.set_siblings(writer.siblings);
    proof.set_pages(writer.pages);
    return true;
}

}  // namespace consilium::cli
