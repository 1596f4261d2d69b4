// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <memory>
#include <optional>

#include "state/disk.hpp"
#include "state/entry.hpp"

namespace consilium::state {

// An entry that was alive at the reader's moment, and the entry that has ended it since (0: none).
struct AliveEntry {
    StoredEntry entry;
    std::uint64_t ended_by = 0;
};

// Finds entries as of one moment: when the log had `count` entries. One thread at a time; cheap to
// make. LOW is the entry of the empty key.
class EntryReader {
 public:
    // `newest`: the moment is that of the disk shown, so that history need not be asked.
    EntryReader(const DiskReader& disk, std::uint64_t count, bool newest)
        : disk_(disk), count_(count), newest_(newest) {}

    [[nodiscard]] Result<StoredEntry, DiskError> load(std::uint64_t serial);
    // The pack itself; until the next call.
    [[nodiscard]] Result<BytesView, DiskError> pack(std::uint64_t number);
    // The value that a KEY entry shows.
    [[nodiscard]] Result<Bytes, DiskError> value(const StoredEntry& entry);
    [[nodiscard]] Result<std::optional<AliveEntry>, DiskError> alive(BytesView key);
    // The value of a key that is there; reads one pack, where alive() and value() may read two.
    [[nodiscard]] Result<std::optional<Bytes>, DiskError> value_of(BytesView key);
    // The alive entry of the greatest key below `bound` (of all keys, without one); LOW at least.
    [[nodiscard]] Result<AliveEntry, DiskError> below(std::optional<BytesView> bound);

 private:
    [[nodiscard]] Result<std::optional<Bytes>, DiskError> tail(std::uint64_t number);
    [[nodiscard]] Result<Bytes, DiskError> value_set_by(std::uint64_t serial);
    [[nodiscard]] Result<Bytes, DiskError> value_apart(std::uint64_t serial);
    [[nodiscard]] Result<AliveEntry, DiskError> below_newest(std::optional<BytesView> bound);
    [[nodiscard]] Result<AliveEntry, DiskError> below_then(std::optional<BytesView> bound);
    // `current`: the serial of the key's active entry, 0 when it is not there now.
    [[nodiscard]] Result<std::optional<AliveEntry>, DiskError> alive_then(BytesView key,
                                                                          std::uint64_t current);
    [[nodiscard]] Result<std::optional<AliveEntry>, DiskError> walk_down(BytesView key,
                                                                         std::uint64_t head);
    [[nodiscard]] Result<StoredEntry, DiskError> load_of(BytesView key, std::uint64_t serial);

    const DiskReader& disk_;
    std::uint64_t count_;
    bool newest_;
    std::unique_ptr<Cursor> current_;
    std::unique_ptr<Cursor> history_;
    struct Pack {
        std::optional<std::uint64_t> number;
        Bytes bytes;
    };
    // An entry and the one that set its value lie in two packs as often as not.
    std::array<Pack, 2> packs_;
    std::size_t newest_pack_ = 0;
};

// The least key above all that begin with `prefix`; nothing when there is none (ff..., or empty).
[[nodiscard]] std::optional<Bytes> prefix_end(BytesView prefix);

}  // namespace consilium::state
