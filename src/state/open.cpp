// SPDX-License-Identifier: Apache-2.0
#include "state/open.hpp"

#include "state/entry.hpp"
#include "state/pending.hpp"
#include "state/reader.hpp"

namespace consilium::state {
namespace {

// Nothing may be said of pages that do not exist yet.
bool empty_beyond(const Tree& tree) {
    for (std::uint64_t page = tree.pages(); page % kPagesPerTwig != 0; ++page) {
        const Twig& twig = tree.twigs[page / kPagesPerTwig];
        if (!twig.pages[page % kPagesPerTwig].is_zero()) return false;
        if (!twig.bits[page % kPagesPerTwig].is_zero()) return false;
    }
    return true;
}

Status<DiskError> read_twigs(const DiskReader& disk, Tree& tree) {
    tree.twigs.grow(
        static_cast<std::size_t>((tree.count + verify::kTwigEntries - 1) / verify::kTwigEntries));
    const auto cursor = disk.cursor(Space::kTwigs);
    cursor->seek(twig_key(0));
    for (std::uint64_t twig = 0; twig < tree.twigs.size(); ++twig, cursor->next()) {
        if (cursor->error()) return fail(*cursor->error());
        if (!cursor->valid() || cursor->key() != twig_key(twig) ||
            !decode_twig(cursor->value(), tree.twigs.change(twig)))
            return fail(DiskError::kCorruption);
    }
    if (!empty_beyond(tree)) return fail(DiskError::kCorruption);
    return Done{};
}

Status<DiskError> apply_journal(const DiskReader& disk, Opened& opened, Tree& tree) {
    const auto cursor = disk.cursor(Space::kMeta);
    for (cursor->seek(journal_key(0)); cursor->valid(); cursor->next()) {
        if (cursor->key().substr(0, 1) != "j") break;
        const auto ended = decode_ended(cursor->value());
        if (!ended || cursor->key().size() != 9) return fail(DiskError::kCorruption);
        for (const std::uint64_t serial : *ended) {
            if (serial > tree.count) return fail(DiskError::kCorruption);
            const std::uint64_t page = (serial - 1) / verify::kPageEntries;
            Twig& twig = tree.twigs.change(page / kPagesPerTwig);
            verify::set_page_bit(twig.bits[page % kPagesPerTwig], serial - 1, false);
        }
        opened.journal.recovered(read_be64(cursor->key().substr(1)), *ended);
    }
    if (cursor->error()) return fail(*cursor->error());
    return Done{};
}

// The leaves of the last page and the bytes of the last pack, where they are not full.
Status<DiskError> read_tail(const DiskReader& disk, Tree& tree) {
    EntryReader reader(disk, tree.count, true);
    const std::uint64_t first = tree.count / verify::kPageEntries * verify::kPageEntries;
    for (std::uint64_t serial = first + 1; serial <= tree.count; ++serial) {
        const auto entry = reader.load(serial);
        if (!entry) return fail(entry.error());
        tree.tail_leaves.push_back(entry->leaf_hash());
    }
    if (tree.tail_leaves.empty()) return Done{};
    const std::uint64_t page = first / verify::kPageEntries;
    if (fold_inner(tree.tail_leaves) !=
        tree.twigs[page / kPagesPerTwig].pages[page % kPagesPerTwig])
        return fail(DiskError::kCorruption);
    if (tree.count % kPackEntries == 0) return Done{};
    const auto pack = reader.pack(pack_of(tree.count));
    if (!pack) return fail(pack.error());
    tree.tail_pack = *pack;
    return Done{};
}

}  // namespace

Result<std::optional<Opened>, DiskError> read_state(const DiskReader& disk) {
    const auto importing = disk.get(Space::kMeta, kImportKey);
    if (!importing) return fail(importing.error());
    const auto meta = read_meta(disk);
    if (!meta) return fail(meta.error());
    if (*importing || !*meta) return std::optional<Opened>();
    Opened opened;
    opened.meta = **meta;
    auto tree = std::make_shared<Tree>();
    tree->count = opened.meta.count;
    tree->height = opened.meta.appended;
    if (auto done = read_twigs(disk, *tree); !done) return fail(done.error());
    if (auto done = apply_journal(disk, opened, *tree); !done) return fail(done.error());
    if (auto done = read_tail(disk, *tree); !done) return fail(done.error());
    tree->rebuild(serial_for);
    if (tree->root != opened.meta.root) return fail(DiskError::kCorruption);
    opened.tree = std::move(tree);
    return std::optional<Opened>(std::move(opened));
}

}  // namespace consilium::state
