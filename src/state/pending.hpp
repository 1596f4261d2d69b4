// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "state/entry.hpp"
#include "state/journal.hpp"
#include "state/ledger_state.hpp"
#include "state/meta.hpp"
#include "state/tree.hpp"

namespace consilium::state {

// What plan() has worked out and stage() writes.
struct Pending::Body {
    Meta meta;
    std::shared_ptr<const Tree> tree;
    // Empty when the block appends nothing; then only `meta` is written.
    std::vector<StoredEntry> entries;
    std::vector<std::uint64_t> ended;  // serials, ascending
    TwigJournal::Step step;
    std::vector<std::pair<std::uint64_t, Bytes>> packs;
    std::vector<FilledPage> pages;
    std::vector<std::pair<std::uint64_t, Bytes>> values;  // long ones, by serial
    std::uint64_t first_twig = 0;                         // of those appended to
};

// Works out what a block appends, from the tree before it (null: this is genesis). `unwritten` are
// the entries of the block before where the disk shown does not have them yet.
[[nodiscard]] Result<std::unique_ptr<Pending::Body>, DiskError> plan_block(
    const DiskReader& disk, std::span<const StoredEntry> unwritten,
    const std::shared_ptr<const Tree>& before, const Meta& meta, Height height,
    const StateDiff& diff, const ParallelFor& parallel);

void stage_block(const Pending::Body& body, WriteBatch& batch);

[[nodiscard]] Bytes encode_twig(const Twig& twig);
[[nodiscard]] bool decode_twig(BytesView stored, Twig& twig);

}  // namespace consilium::state
