// SPDX-License-Identifier: Apache-2.0
#include "base/assert.hpp"
#include "base/limits.hpp"
#include "consilium/v1/state.pb.h"
#include "crypto/hash.hpp"
#include "proto/canonical.hpp"
#include "state/meta.hpp"
#include "state/pending.hpp"
#include "state/snapshot.hpp"

namespace consilium::state {
namespace {

using Error = SnapshotError;

constexpr Space kStateSpaces[] = {Space::kMeta,    Space::kCurrent, Space::kHistory,
                                  Space::kEntries, Space::kValues,  Space::kTwigs};

bool possible(const v1::StateEntry& entry, std::uint64_t serial, const v1::SnapshotChunk& chunk) {
    const bool low = entry.kind() == v1::ENTRY_KIND_LOW;
    const bool row =
        entry.kind() == v1::ENTRY_KIND_KEY && entry.content_case() == v1::StateEntry::kValue;
    return (low || row) && entry.serial() == serial && entry.height() <= chunk.height() &&
           entry.value_height() <= entry.height() && entry.ends() < entry.serial();
}

// The stored form. A value lies with the entry that brought it here.
StoredEntry to_stored(v1::StateEntry& entry) {
    StoredEntry out;
    out.kind = entry.kind();
    out.high = entry.high();
    out.serial = entry.serial();
    out.height = entry.height();
    out.value_height = entry.value_height();
    out.ends = entry.ends();
    out.key = std::move(*entry.mutable_key());
    out.next = std::move(*entry.mutable_next());
    if (entry.kind() != v1::ENTRY_KIND_KEY) return out;
    out.value_serial = entry.serial();
    out.value_hash = crypto::sha256(BytesView(entry.value()));
    out.value_apart = entry.value().size() > kInlineValueBytesMax;
    if (!out.value_apart) out.value = std::move(*entry.mutable_value());
    return out;
}

}  // namespace

struct SnapshotImport::Inner {
    Disk& disk;
    Hash32 root;
    Height height = 0;
    Tree tree;                // of what has come
    std::uint64_t count = 0;  // of the whole state, once the first chunk has come
    Height appended = 0;
    std::uint64_t active = 0;

    // Checks 2 to 6 of the format page; `leaves` are those of the chunk.
    [[nodiscard]] Status<Error> check(const v1::SnapshotChunk& chunk,
                                      std::vector<AppendedLeaf>& leaves) const {
        if (chunk.count() == 0 || chunk.count() > verify::kEntriesMax || chunk.height() > height)
            return fail(Error::kForeign);
        if (count != 0 && (chunk.count() != count || chunk.height() != appended))
            return fail(Error::kForeign);
        if (chunk.first_serial() > tree.count + 1) return fail(Error::kMissing);
        if (chunk.first_serial() != tree.count + 1) return fail(Error::kRepeated);
        const auto n = static_cast<std::uint64_t>(chunk.entries_size());
        if (n == 0 || n > chunk.count() - tree.count) return fail(Error::kEntry);
        verify::ShownEntries shown;
        shown.count = chunk.count();
        shown.height = chunk.height();
        shown.pages = chunk.pages();
        shown.siblings = chunk.siblings();
        for (std::uint64_t i = 0; i < n; ++i) {
            const auto leaf = leaf_of(chunk, i);
            if (!leaf) return fail(Error::kEntry);
            shown.positions.push_back(tree.count + i);
            shown.leaves.push_back(*leaf);
        }
        const auto folded = verify::fold_to_root(shown);
        if (!folded || *folded != root) return fail(Error::kRoot);
        const std::vector<bool> bits = verify::shown_bits(shown);
        for (std::uint64_t i = 0; i < n; ++i) {
            const auto& entry = chunk.entries(static_cast<int>(i));
            if (bits[i] != entry.has_entry()) return fail(Error::kForm);
            leaves.push_back({shown.leaves[i], bits[i]});
        }
        return Done{};
    }
    [[nodiscard]] std::optional<Hash32> leaf_of(const v1::SnapshotChunk& chunk,
                                                std::uint64_t i) const {
        const auto& shipped = chunk.entries(static_cast<int>(i));
        if (shipped.has_entry()) {
            if (!possible(shipped.entry(), tree.count + i + 1, chunk)) return std::nullopt;
            return verify::checked_leaf(shipped.entry());
        }
        Hash32 leaf;
        if (!assign(leaf, shipped.leaf())) return std::nullopt;
        return leaf;
    }

    // Writes a chunk that has been checked.
    [[nodiscard]] Status<Error> write(v1::SnapshotChunk& chunk,
                                      const std::vector<AppendedLeaf>& leaves) {
        auto batch = disk.new_batch();
        Bytes pack = std::move(tree.tail_pack);
        for (std::size_t i = 0; i < leaves.size(); ++i) {
            const std::uint64_t serial = tree.count + i + 1;
            append_slot(pack, stored(*chunk.mutable_entries(static_cast<int>(i)), leaves[i], serial,
                                     *batch));
            if (serial % kPackEntries != 0) continue;
            batch->put(Space::kEntries, serial_key(pack_of(serial)), pack);
            pack.clear();
        }
        const std::uint64_t first_twig = tree.count / verify::kTwigEntries;
        for (const FilledPage& filled : tree.apply(chunk.height(), leaves, {}, serial_for))
            batch->put(Space::kTwigs, page_nodes_key(filled.page), filled.nodes);
        tree.tail_pack = std::move(pack);
        batch->put(Space::kMeta, kTailKey, serial_key(tree.count / kPackEntries) + tree.tail_pack);
        for (std::uint64_t twig = first_twig; twig < tree.twigs.size(); ++twig)
            batch->put(Space::kTwigs, twig_key(twig), encode_twig(tree.twigs[twig]));
        if (!disk.write(*batch, Durability::kBuffered)) return fail(Error::kDisk);
        return Done{};
    }
    [[nodiscard]] StoredEntry stored(v1::SnapshotEntry& shipped, const AppendedLeaf& leaf,
                                     std::uint64_t serial, WriteBatch& batch) {
        if (!shipped.has_entry()) {
            StoredEntry out;
            out.serial = serial;
            out.pruned = true;
            out.leaf = leaf.hash;
            return out;
        }
        ++active;
        StoredEntry out = to_stored(*shipped.mutable_entry());
        Bytes row;
        append_current_row(row, out);
        batch.put(Space::kCurrent, out.key, row);
        if (out.value_apart) batch.put(Space::kValues, serial_key(serial), shipped.entry().value());
        return out;
    }

    // Walks down from the greatest key: each entry's link must lead to the one just left.
    [[nodiscard]] Status<Error> audit_chain() const {
        const auto cursor = disk.cursor(Space::kCurrent);
        std::optional<Bytes> above;
        std::uint64_t rows = 0;
        for (cursor->seek_last(); cursor->valid(); cursor->prev(), ++rows) {
            const auto row = parse_current_row(cursor->value());
            if (!row) return fail(Error::kDisk);
            const bool linked = above ? !row->high && row->next == *above : row->high;
            if (!linked || row->low != cursor->key().empty()) return fail(Error::kChain);
            above = Bytes(cursor->key());
        }
        if (cursor->error()) return fail(Error::kDisk);
        // A key that came twice left fewer rows than active entries.
        if (rows != active || above != Bytes()) return fail(Error::kChain);
        return Done{};
    }
};

SnapshotImport::SnapshotImport(std::unique_ptr<Inner> inner) : inner_(std::move(inner)) {}
SnapshotImport::~SnapshotImport() = default;

std::uint64_t SnapshotImport::next_serial() const {
    return inner_->tree.count + 1;
}

Result<std::unique_ptr<SnapshotImport>, SnapshotError> SnapshotImport::begin(Disk& disk,
                                                                             const Hash32& root,
                                                                             Height height) {
    const auto importing = disk.get(Space::kMeta, kImportKey);
    const auto meta = disk.get(Space::kMeta, kMetaKey);
    if (!importing || !meta) return fail(Error::kDisk);
    if (*meta && !*importing) return fail(Error::kNotEmpty);
    auto batch = disk.new_batch();
    const Bytes beyond(limits::kStateKeyBytesMax + 64, '\xff');
    for (const Space space : kStateSpaces)
        batch->erase_range(space, "", beyond);
    batch->put(Space::kMeta, kImportKey, root.view());
    if (!disk.write(*batch, Durability::kSynced)) return fail(Error::kDisk);
    return std::unique_ptr<SnapshotImport>(
        new SnapshotImport(std::unique_ptr<Inner>(new Inner{disk, root, height, {}, 0, 0, 0})));
}

Status<SnapshotError> SnapshotImport::take(BytesView bytes) {
    if (bytes.size() > kSnapshotChunkBytesMax) return fail(Error::kTooLarge);
    v1::SnapshotChunk chunk;
    if (!proto::parse_canonical(bytes, chunk)) return fail(Error::kMalformed);
    std::vector<AppendedLeaf> leaves;
    if (auto checked = inner_->check(chunk, leaves); !checked) return checked;
    inner_->count = chunk.count();
    inner_->appended = chunk.height();
    return inner_->write(chunk, leaves);
}

Status<SnapshotError> SnapshotImport::finish() {
    if (inner_->count == 0 || inner_->tree.count != inner_->count) return fail(Error::kMissing);
    if (inner_->tree.root != inner_->root) return fail(Error::kRoot);
    if (auto audited = inner_->audit_chain(); !audited) return audited;
    Meta meta;
    meta.height = meta.retained = inner_->height;
    meta.appended = inner_->appended;
    meta.count = inner_->count;
    meta.root = inner_->root;
    auto batch = inner_->disk.new_batch();
    batch->put(Space::kMeta, kMetaKey, encode_meta(meta));
    batch->put(Space::kMeta, height_key(meta.appended), serial_key(meta.count));
    batch->erase(Space::kMeta, kImportKey);
    if (!inner_->disk.write(*batch, Durability::kSynced)) return fail(Error::kDisk);
    return Done{};
}

}  // namespace consilium::state
