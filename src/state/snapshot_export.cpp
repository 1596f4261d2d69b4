// SPDX-License-Identifier: Apache-2.0
#include "base/assert.hpp"
#include "consilium/v1/state.pb.h"
#include "proto/canonical.hpp"
#include "state/errors.hpp"
#include "state/reader.hpp"
#include "state/siblings.hpp"
#include "state/snapshot.hpp"

namespace consilium::state {
namespace {

Result<v1::SnapshotEntry, DiskError> ship(EntryReader& reader, const Tree& tree,
                                          std::uint64_t serial) {
    v1::SnapshotEntry out;
    const auto entry = reader.load(serial);
    if (!entry) return fail(entry.error());
    if (!tree.active(serial)) {
        out.set_leaf(entry->leaf_hash().bytes());
        return out;
    }
    if (entry->pruned) return fail(DiskError::kCorruption);
    std::optional<Bytes> value;
    if (entry->kind == v1::ENTRY_KIND_KEY) {
        auto read = reader.value(*entry);
        if (!read) return fail(read.error());
        value = std::move(*read);
    }
    *out.mutable_entry() = to_message(*entry, std::move(value));
    return out;
}

}  // namespace

Result<SnapshotPiece, StateError> export_chunk(const StateSnapshot& state,
                                               std::uint64_t first_serial,
                                               std::size_t entries_bytes) {
    const Tree& tree = state.tree();
    CONSILIUM_ASSERT(first_serial >= 1 && first_serial <= tree.count);
    CONSILIUM_ASSERT(entries_bytes <= kSnapshotEntriesBytesMax);
    EntryReader entries(state.disk(), tree.count, true);
    EntryReader values(state.disk(), tree.count, true);
    v1::SnapshotChunk chunk;
    chunk.set_count(tree.count);
    chunk.set_height(tree.height);
    chunk.set_first_serial(first_serial);
    std::vector<std::uint64_t> positions;
    std::size_t size = 0;
    std::uint64_t serial = first_serial;
    for (; serial <= tree.count; ++serial) {
        auto shipped = ship(tree.active(serial) ? values : entries, tree, serial);
        if (!shipped) return fail(to_state_error(shipped.error()));
        const std::size_t entry_size = shipped->ByteSizeLong() + 4;
        if (!positions.empty() && size + entry_size > entries_bytes) break;
        size += entry_size;
        positions.push_back(serial - 1);
        chunk.add_entries()->Swap(&*shipped);
    }
    auto around = surroundings(state.disk(), entries, tree, positions);
    if (!around) return fail(to_state_error(around.error()));
    chunk.set_pages(std::move(around->pages));
    chunk.set_siblings(std::move(around->siblings));
    SnapshotPiece piece{proto::encode(chunk), serial};
    CONSILIUM_ASSERT(piece.chunk.size() <= kSnapshotChunkBytesMax);
    return piece;
}

const char* to_string(SnapshotError error) {
    switch (error) {
        case SnapshotError::kTooLarge:
            return "a chunk of more than 10 MB";
        case SnapshotError::kMalformed:
            return "not the canonical encoding of a snapshot chunk";
        case SnapshotError::kForeign:
            return "a chunk of another state";
        case SnapshotError::kMissing:
            return "a chunk is missing";
        case SnapshotError::kRepeated:
            return "a chunk came twice or out of order";
        case SnapshotError::kEntry:
            return "an entry has impossible fields or is out of its place";
        case SnapshotError::kRoot:
            return "a chunk does not lead to the trusted state root";
        case SnapshotError::kForm:
            return "an active entry is not whole, or an ended one is";
        case SnapshotError::kChain:
            return "the active entries do not form one closed chain";
        case SnapshotError::kNotEmpty:
            return "there is a state already";
        case SnapshotError::kDisk:
            return "the ledger's disk failed";
    }
    return "unknown snapshot error";
}

}  // namespace consilium::state
