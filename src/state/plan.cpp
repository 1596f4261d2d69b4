// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/assert.hpp"
#include "crypto/hash.hpp"
#include "state/changes.hpp"
#include "state/pending.hpp"

namespace consilium::state {
namespace {

// Genesis begins the log with LOW; its keys follow it in one chain.
std::vector<StoredEntry> genesis_entries(const StateDiff& diff) {
    std::vector<StoredEntry> out(1);
    out.front().kind = v1::ENTRY_KIND_LOW;
    out.front().serial = 1;
    out.front().high = true;
    std::vector<Change> changes;
    for (const auto& [key, value] : diff) {
        if (!value) continue;
        Change& change = changes.emplace_back();
        change.key = key;
        change.value = &*value;
        change.value_hash = crypto::sha256(BytesView(*value));
        change.net = true;
    }
    if (changes.empty()) return out;
    changes.front().before.emplace().row = current_row(out.front());
    std::vector<StoredEntry> linked = link(changes, 0, 1);
    linked.front().ends = 0;  // LOW is new
    linked.front().version = 0;
    return linked;
}

void encode_packs(Pending::Body& body, Bytes tail, std::uint64_t count_before,
                  const ParallelFor& parallel) {
    constexpr std::size_t kRun = 16;
    const std::uint64_t first = count_before / kPackEntries;
    const std::uint64_t last = pack_of(body.meta.count);
    body.packs.resize(static_cast<std::size_t>(last - first + 1));
    parallel((body.packs.size() + kRun - 1) / kRun, [&](std::size_t run) {
        const std::size_t end = std::min(body.packs.size(), (run + 1) * kRun);
        for (std::size_t p = run * kRun; p < end; ++p) {
            auto& [number, bytes] = body.packs[p];
            number = first + p;
            bytes.reserve(kPackEntries * 192);
            const std::uint64_t from = std::max(number * kPackEntries, count_before);
            const std::uint64_t to = std::min((number + 1) * kPackEntries, body.meta.count);
            if (p == 0) bytes = tail;
            for (std::uint64_t i = from; i < to; ++i)
                append_slot(bytes, body.entries[static_cast<std::size_t>(i - count_before)]);
        }
    });
}

void grow_tree(Pending::Body& body, const Tree* before, const ParallelFor& parallel) {
    auto tree = before ? std::make_shared<Tree>(*before) : std::make_shared<Tree>();
    const std::uint64_t count_before = tree->count;
    body.first_twig = count_before / verify::kTwigEntries;
    body.meta.count = count_before + body.entries.size();
    std::vector<AppendedLeaf> leaves(body.entries.size());
    constexpr std::size_t kRun = 256;
    parallel((leaves.size() + kRun - 1) / kRun, [&](std::size_t run) {
        const std::size_t end = std::min(leaves.size(), (run + 1) * kRun);
        for (std::size_t i = run * kRun; i < end; ++i)
            leaves[i] = {body.entries[i].leaf_hash(), body.entries[i].kind != v1::ENTRY_KIND_END};
    });
    for (StoredEntry& entry : body.entries) {
        if (entry.ends != 0) body.ended.push_back(entry.ends);
        if (!entry.value_apart) continue;
        body.values.emplace_back(entry.serial, std::move(*entry.value));
        entry.value.reset();
    }
    std::sort(body.ended.begin(), body.ended.end());
    encode_packs(body, std::move(tree->tail_pack), count_before, parallel);
    body.pages = tree->apply(body.meta.appended, leaves, body.ended, parallel);
    tree->tail_pack.clear();
    if (tree->count % kPackEntries != 0) tree->tail_pack = body.packs.back().second;
    body.meta.root = tree->root;
    body.tree = std::move(tree);
}

}  // namespace

Result<std::unique_ptr<Pending::Body>, DiskError> plan_block(
    const DiskReader& disk, std::span<const StoredEntry> unwritten,
    const std::shared_ptr<const Tree>& before, const Meta& meta, Height height,
    const StateDiff& diff, const ParallelFor& parallel) {
    auto body = std::make_unique<Pending::Body>();
    body->meta = meta;
    body->meta.height = height;
    if (before) {
        auto changes = look_up(disk, unwritten, diff, parallel);
        if (!changes) return fail(changes.error());
        body->entries = link(*changes, height, before->count + 1);
    } else {
        body->entries = genesis_entries(diff);
    }
    if (body->entries.empty()) {
        body->tree = before;
        return body;
    }
    body->meta.appended = height;
    grow_tree(*body, before.get(), parallel);
    return body;
}

void stage_block(const Pending::Body& body, WriteBatch& batch) {
    batch.put(Space::kMeta, kMetaKey, encode_meta(body.meta));
    if (body.entries.empty()) return;
    Bytes row;
    for (const StoredEntry& entry : body.entries) {
        if (entry.kind == v1::ENTRY_KIND_END) {
            batch.erase(Space::kCurrent, entry.key);
        } else {
            row.clear();
            append_current_row(row, entry);
            batch.put(Space::kCurrent, entry.key, row);
        }
        if (entry.leaves_history())
            batch.put(Space::kHistory, history_key(entry.key, entry.ends),
                      serial_key(entry.serial));
    }
    const std::uint64_t full_packs = body.meta.count / kPackEntries;
    for (const auto& [number, pack] : body.packs)
        if (number < full_packs) batch.put(Space::kEntries, serial_key(number), pack);
    batch.put(Space::kMeta, kTailKey, serial_key(full_packs) + body.tree->tail_pack);
    for (const auto& [serial, value] : body.values)
        batch.put(Space::kValues, serial_key(serial), value);
    for (const FilledPage& filled : body.pages)
        batch.put(Space::kTwigs, page_nodes_key(filled.page), filled.nodes);
    for (std::uint64_t twig = body.first_twig; twig < body.tree->twigs.size(); ++twig)
        batch.put(Space::kTwigs, twig_key(twig), encode_twig(body.tree->twigs[twig]));
    for (const std::uint64_t twig : body.step.twigs)
        batch.put(Space::kTwigs, twig_key(twig), encode_twig(body.tree->twigs[twig]));
    batch.put(Space::kMeta, height_key(body.meta.height), serial_key(body.meta.count));
    batch.put(Space::kMeta, journal_key(body.step.number), encode_ended(body.ended));
    for (std::uint64_t number = body.step.drop_from; number < body.step.drop_to; ++number)
        batch.erase(Space::kMeta, journal_key(number));
}

Bytes encode_twig(const Twig& twig) {
    Bytes out;
    out.reserve(kPagesPerTwig * 2 * Hash32::kSize);
    for (const Hash32& page : twig.pages)
        out += page.view();
    for (const verify::PageBits& bits : twig.bits)
        out += bits.view();
    return out;
}

bool decode_twig(BytesView stored, Twig& twig) {
    if (stored.size() != kPagesPerTwig * 2 * Hash32::kSize) return false;
    for (std::size_t i = 0; i < kPagesPerTwig; ++i) {
        CONSILIUM_ASSERT(assign(twig.pages[i], stored.substr(i * 32, 32)));
        CONSILIUM_ASSERT(assign(twig.bits[i], stored.substr((kPagesPerTwig + i) * 32, 32)));
    }
    return true;
}

}  // namespace consilium::state
