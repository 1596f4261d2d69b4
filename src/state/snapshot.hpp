// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "state/ledger_state.hpp"

// Shipping a state to a node that does not have the blocks (docs/formats/snapshot.md).
namespace consilium::state {

// No chunk is larger; what a maker puts into one stays well below.
inline constexpr std::size_t kSnapshotChunkBytesMax = 10U * 1024U * 1024U;
// Where a chunk ends: leaves room for one more entry at its limits, pages and siblings.
inline constexpr std::size_t kSnapshotEntriesBytesMax = 8U * 1024U * 1024U;

struct SnapshotPiece {
    Bytes chunk;                    // v1::SnapshotChunk, canonical
    std::uint64_t next_serial = 0;  // where the next one begins; above the count: this was the last
};

// The chunk that begins at `first_serial` (1 for the first). Chunks of one state must be made from
// the same snapshot. A chunk ends where its entries would pass `entries_bytes`, at most
// kSnapshotEntriesBytesMax; it holds one entry at least.
[[nodiscard]] Result<SnapshotPiece, StateError> export_chunk(
    const StateSnapshot& state, std::uint64_t first_serial,
    std::size_t entries_bytes = kSnapshotEntriesBytesMax);

// Why a snapshot is refused. docs/formats/snapshot.md numbers the same checks.
enum class SnapshotError {
    kTooLarge,   // the chunk has more than 10 MB
    kMalformed,  // not the canonical encoding of a v1::SnapshotChunk
    kForeign,    // of another state than the chunks before, or than the header
    kMissing,    // a chunk before this one, or the last ones, did not come
    kRepeated,   // a chunk that came before, or out of order
    kEntry,      // an entry with impossible fields, or out of its place
    kRoot,       // the chunk does not lead to the trusted root: altered, or of another ledger
    kForm,       // an active entry without its body, or an ended one with it
    kChain,      // the active entries do not form one closed chain
    kNotEmpty,   // the disk holds a state
    kDisk,
};

[[nodiscard]] const char* to_string(SnapshotError error);

// Takes chunks in order, onto a disk without a state. One thread. Until finish() has succeeded the
// disk counts as empty; an import that was broken off is begun anew.
class SnapshotImport {
 public:
    // `root` is trusted: the app hash in header `height` + 1. `disk` must outlive the import.
    [[nodiscard]] static Result<std::unique_ptr<SnapshotImport>, SnapshotError> begin(
        Disk& disk, const Hash32& root, Height height);
    ~SnapshotImport();

    // Checks a chunk against the root and writes it. A refused chunk changes nothing: another copy
    // of it may follow.
    [[nodiscard]] Status<SnapshotError> take(BytesView chunk);
    // Audits the chain of links and makes the state durable. LedgerState::open finds it then, with
    // `height` as its newest and its oldest height.
    [[nodiscard]] Status<SnapshotError> finish();

    [[nodiscard]] std::uint64_t next_serial() const;

 private:
    struct Inner;
    explicit SnapshotImport(std::unique_ptr<Inner> inner);
    std::unique_ptr<Inner> inner_;
};

}  // namespace consilium::state
