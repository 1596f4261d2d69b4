// SPDX-License-Identifier: Apache-2.0
#include "verify/state_tree.hpp"

#include "base/assert.hpp"
#include "base/limits.hpp"
#include "crypto/hash.hpp"

namespace consilium::verify {
namespace {

constexpr BytesView kEntryTag = "consilium/state-entry/1";
constexpr BytesView kInnerTag = "consilium/state-inner/1";
constexpr BytesView kPageTag = "consilium/state-page/1";
constexpr BytesView kUpperTag = "consilium/state-upper/1";
constexpr BytesView kRootTag = "consilium/state-root/1";
constexpr BytesView kQuestionTag = "consilium/state-question/1";

void put_be64(char* to, std::uint64_t v) {
    for (int i = 7; i >= 0; --i, v >>= 8U)
        to[i] = static_cast<char>(v);
}

// Computes upwards from what a proof shows; siblings and pages are taken in order.
class Folder {
 public:
    explicit Folder(const ShownEntries& shown) : shown_(shown) {}

    Hash32 leaf(std::size_t i) { return shown_.leaves[i]; }
    Hash32 sibling(unsigned, std::uint64_t) { return take(shown_.siblings, siblings_, failed_); }
    static Hash32 inner(const Hash32& left, const Hash32& right) { return inner_node(left, right); }
    static Hash32 upper(const Hash32& left, const Hash32& right) { return upper_node(left, right); }
    Hash32 page(std::uint64_t page, const Hash32& entries) {
        const PageBits bits = take(shown_.pages, pages_, bad_pages_);
        const std::uint64_t first = page * kPageEntries;
        for (std::uint64_t i = shown_.count - first; i < kPageEntries; ++i)
            bad_pages_ = bad_pages_ || page_bit(bits, i);
        return page_node(entries, bits);
    }

    [[nodiscard]] bool pages_fit() const { return !bad_pages_ && pages_ == shown_.pages.size(); }
    [[nodiscard]] bool siblings_fit() const {
        return !failed_ && siblings_ == shown_.siblings.size();
    }

 private:
    static Hash32 take(BytesView from, std::size_t& at, bool& failed) {
        Hash32 out;
        if (from.size() - at < Hash32::kSize) {
            failed = true;
            return out;
        }
        std::memcpy(out.value.data(), from.data() + at, Hash32::kSize);
        at += Hash32::kSize;
        return out;
    }

    const ShownEntries& shown_;
    std::size_t siblings_ = 0;
    std::size_t pages_ = 0;
    bool failed_ = false;
    bool bad_pages_ = false;
};

bool is_key(BytesView key) {
    return !key.empty() && key.size() <= limits::kStateKeyBytesMax;
}

// A link leads upwards, or is the high end and then names nothing.
bool is_link(const v1::StateEntry& entry) {
    if (entry.high()) return entry.next().empty();
    return is_key(entry.next()) && BytesView(entry.key()) < BytesView(entry.next());
}

bool has_shape_of_kind(const v1::StateEntry& entry) {
    switch (entry.kind()) {
        case v1::ENTRY_KIND_KEY:
            if (!is_key(entry.key()) || !is_link(entry)) return false;
            if (entry.content_case() == v1::StateEntry::kValue)
                return entry.value().size() <= limits::kStateValueBytesMax;
            return entry.content_case() == v1::StateEntry::kValueSha256 &&
                   entry.value_sha256().size() == Hash32::kSize;
        case v1::ENTRY_KIND_LOW:
            return entry.key().empty() && is_link(entry) && entry.value_height() == 0 &&
                   entry.content_case() == v1::StateEntry::CONTENT_NOT_SET;
        case v1::ENTRY_KIND_END:
            return is_key(entry.key()) && entry.next().empty() && !entry.high() &&
                   entry.value_height() == 0 && entry.ends() != 0 &&
                   entry.content_case() == v1::StateEntry::CONTENT_NOT_SET;
        default:
            return false;
    }
}

}  // namespace

Hash32 entry_leaf(const EntryFields& entry) {
    char head[34];
    head[0] = static_cast<char>(entry.kind);
    head[1] = entry.high ? 1 : 0;
    put_be64(head + 2, entry.serial);
    put_be64(head + 10, entry.height);
    put_be64(head + 18, entry.value_height);
    put_be64(head + 26, entry.ends);
    return crypto::tagged_hash(kEntryTag,
                               {{head, sizeof head}, entry.key, entry.next, entry.content});
}

Hash32 inner_node(const Hash32& left, const Hash32& right) {
    return crypto::tagged_hash(kInnerTag, {left.view(), right.view()});
}

Hash32 page_node(const Hash32& entries, const PageBits& bits) {
    return crypto::tagged_hash(kPageTag, {entries.view(), bits.view()});
}

Hash32 upper_node(const Hash32& left, const Hash32& right) {
    return crypto::tagged_hash(kUpperTag, {left.view(), right.view()});
}

Hash32 state_root(std::uint64_t count, Height height, const Hash32& top) {
    char head[16];
    put_be64(head, count);
    put_be64(head + 8, height);
    return crypto::tagged_hash(kRootTag, {{head, 8}, {head + 8, 8}, top.view()});
}

unsigned top_level(std::uint64_t count) {
    CONSILIUM_ASSERT(count >= 1 && count <= kEntriesMax);
    unsigned level = kPageLevel;
    while ((std::uint64_t{1} << level) < count)
        ++level;
    return level;
}

Result<Hash32, FoldError> fold_to_root(const ShownEntries& shown) {
    CONSILIUM_ASSERT(shown.leaves.size() == shown.positions.size() && !shown.leaves.empty());
    Folder folder(shown);
    const Hash32 top = TreeWalk<Hash32, Folder>(shown.count, shown.positions, folder).run();
    if (!folder.pages_fit()) return fail(FoldError::kPages);
    if (!folder.siblings_fit()) return fail(FoldError::kSiblings);
    return state_root(shown.count, shown.height, top);
}

std::vector<bool> shown_bits(const ShownEntries& shown) {
    std::vector<bool> out;
    out.reserve(shown.positions.size());
    PageBits bits;
    std::size_t at = 0;
    for (std::size_t i = 0; i < shown.positions.size(); ++i) {
        const bool first =
            i == 0 || shown.positions[i] / kPageEntries != shown.positions[i - 1] / kPageEntries;
        if (first) {
            CONSILIUM_ASSERT(assign(bits, shown.pages.substr(at, PageBits::kSize)));
            at += PageBits::kSize;
        }
        out.push_back(page_bit(bits, shown.positions[i]));
    }
    return out;
}

std::optional<Hash32> checked_leaf(const v1::StateEntry& entry) {
    if (!has_shape_of_kind(entry)) return std::nullopt;
    Hash32 hash;
    BytesView content;
    if (entry.content_case() == v1::StateEntry::kValue) {
        hash = crypto::sha256(BytesView(entry.value()));
        content = hash.view();
    } else if (entry.content_case() == v1::StateEntry::kValueSha256) {
        content = entry.value_sha256();
    }
    return entry_leaf({entry.kind(), entry.high(), entry.serial(), entry.height(),
                       entry.value_height(), entry.ends(), entry.key(), entry.next(), content});
}

Bytes question_sum(v1::StateProofKind kind, BytesView subject, std::optional<Height> as_of) {
    const char kind_byte = static_cast<char>(kind);
    char moment[8];
    put_be64(moment, as_of.value_or(0));
    const BytesView moment_part = as_of ? BytesView(moment, 8) : BytesView();
    return Bytes(crypto::tagged_hash(kQuestionTag, {{&kind_byte, 1}, subject, moment_part})
                     .view()
                     .substr(0, 4));
}

}  // namespace consilium::verify
