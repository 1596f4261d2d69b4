// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "state/view.hpp"

// The disk port: ordered byte maps ("spaces") that change together in atomic batches. store/
// implements it on RocksDB, memory_disk.hpp in memory, the simulation on a disk that crashes.
namespace consilium::state {

// The numbers are stored on disk and never change meaning.
enum class Space : std::uint8_t {
    kMeta = 0,  // of the state: counters, root, heights, journal of ended entries
    kCurrent = 1,
    kHistory = 2,
    kEntries = 3,
    kValues = 4,
    kTwigs = 5,
    // Beside the state, written in the same batch by store/ and node/.
    kBlocks = 6,
    kHeaders = 7,
    kOutcomes = 8,
    kIndex = 9,  // secondary indexes, such as transaction id -> place
    kNode = 10,  // outbox and whatever else a node keeps for itself
};
inline constexpr std::size_t kSpaces = 11;

// A walk over one space in unsigned byte order. Starts nowhere: seek first. Sees what its reader
// saw when the cursor was made, and must go before its reader does. One thread at a time. key() and
// value() hold until the next move. After a failed read valid() is false and error() says why.
class Cursor {
 public:
    virtual ~Cursor() = default;
    virtual void seek(BytesView key) = 0;           // the first key >= `key`
    virtual void seek_for_prev(BytesView key) = 0;  // the last key <= `key`
    virtual void seek_first() = 0;
    virtual void seek_last() = 0;
    virtual void next() = 0;
    virtual void prev() = 0;
    [[nodiscard]] virtual bool valid() const = 0;
    [[nodiscard]] virtual BytesView key() const = 0;
    [[nodiscard]] virtual BytesView value() const = 0;
    [[nodiscard]] virtual std::optional<DiskError> error() const = 0;
};

// Thread-safe.
class DiskReader {
 public:
    virtual ~DiskReader() = default;
    [[nodiscard]] virtual Result<std::optional<Bytes>, DiskError> get(Space space,
                                                                      BytesView key) const = 0;
    // One answer per key, in their order; fastest when the keys ascend.
    [[nodiscard]] virtual Result<std::vector<std::optional<Bytes>>, DiskError> multi_get(
        Space space, std::span<const BytesView> keys) const = 0;
    [[nodiscard]] virtual std::unique_ptr<Cursor> cursor(Space space) const = 0;
};

// Writes gathered to happen all or none, in the order given: of two writes to one key the later one
// counts. Made by the disk that will take it.
class WriteBatch {
 public:
    virtual ~WriteBatch() = default;
    virtual void put(Space space, BytesView key, BytesView value) = 0;
    virtual void erase(Space space, BytesView key) = 0;
    // Every key with from <= key < to.
    virtual void erase_range(Space space, BytesView from, BytesView to) = 0;
    [[nodiscard]] virtual std::size_t bytes() const = 0;
};

enum class Durability {
    kBuffered,  // atomic and visible at once; durable after the next sync() or synced write
    kSynced,    // durable, with every write before it, when the call returns
};

// Writes are seen by readers in the order of the calls. After a crash a prefix of the writes is
// there, each whole, at least up to the last one that was synced. As a reader it shows the newest
// write. Reading is thread-safe; one thread writes at a time; sync() may run beside both.
class Disk : public DiskReader {
 public:
    [[nodiscard]] virtual std::unique_ptr<WriteBatch> new_batch() = 0;
    // Leaves the batch empty when it succeeds. After a failure nothing of it is visible, and every
    // later write fails too: reopen.
    [[nodiscard]] virtual Status<DiskError> write(WriteBatch& batch, Durability durability) = 0;
    // Makes every write that has returned durable.
    [[nodiscard]] virtual Status<DiskError> sync() = 0;
    // The content as of now, unmoved by later writes. Must go before the disk does.
    [[nodiscard]] virtual std::unique_ptr<DiskReader> snapshot() const = 0;
};

}  // namespace consilium::state
