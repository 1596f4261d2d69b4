// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "state/disk.hpp"
#include "verify/state_tree.hpp"

// How entries lie on this node's disk. Not part of any proof: two nodes may store them differently.
// docs/formats/state.md, "On disk".
namespace consilium::state {

// Sixteen neighbouring entries are stored together, so that writing costs a sixteenth of a record
// and a proof finds the nearest siblings in one place.
inline constexpr std::uint64_t kPackEntries = 16;
// A page's nodes of this level are stored, one per pack.
inline constexpr unsigned kPackLevel = 4;
// A longer value lies apart, so that a pack stays small.
inline constexpr std::size_t kInlineValueBytesMax = 256;
// Of a key's versions every 16th leaves a row of history, and the last one before a deletion. From
// such a row, or from the current entry, `ends` leads to the versions between.
inline constexpr std::uint8_t kHistoryStride = 16;
[[nodiscard]] inline std::uint8_t next_version(std::uint8_t version) {
    return static_cast<std::uint8_t>((version + 1U) % kHistoryStride);
}

// One entry, whole or (pruned) only its leaf. The value lies with the entry that set it, whose
// serial is `value_serial`: a rewritten link copies no value.
struct StoredEntry {
    v1::EntryKind kind = v1::ENTRY_KIND_KEY;
    bool high = false;
    bool pruned = false;
    bool value_apart = false;  // in Space::kValues, under this serial
    std::uint8_t version = 0;  // entries of this key since its creation, modulo kHistoryStride
    std::uint64_t serial = 0;
    Height height = 0;
    Height value_height = 0;
    std::uint64_t value_serial = 0;
    std::uint64_t ends = 0;
    Bytes key;
    Bytes next;
    Hash32 value_hash;           // of a KEY entry
    Hash32 leaf;                 // of a pruned one
    std::optional<Bytes> value;  // of a KEY entry that set a value, when it is short

    [[nodiscard]] verify::EntryFields fields() const;
    [[nodiscard]] Hash32 leaf_hash() const;
    // Whether a row of history says that this entry ended its predecessor.
    [[nodiscard]] bool leaves_history() const {
        return ends != 0 && (kind == v1::ENTRY_KIND_END || version == 0);
    }
};

// A row of Space::kCurrent: of an active entry all that planning the next block needs, so that it
// reads no pack.
struct CurrentRow {
    bool low = false;
    bool high = false;
    std::uint8_t version = 0;
    std::uint64_t serial = 0;
    Height value_height = 0;
    std::uint64_t value_serial = 0;
    Hash32 value_hash;
    Bytes next;

    friend bool operator==(const CurrentRow&, const CurrentRow&) = default;
};

[[nodiscard]] CurrentRow current_row(const StoredEntry& entry);
void append_current_row(Bytes& out, const StoredEntry& entry);
[[nodiscard]] Result<CurrentRow, DiskError> parse_current_row(BytesView stored);
// The serial alone.
[[nodiscard]] Result<std::uint64_t, DiskError> current_serial(BytesView stored);

// Adds an entry to the pack it belongs to, behind those before it.
void append_slot(Bytes& pack, const StoredEntry& entry);
// The entry with that serial in its pack; corruption when the pack is not one or ends before it.
[[nodiscard]] Result<StoredEntry, DiskError> read_slot(BytesView pack, std::uint64_t serial);
// The leaves of all entries of a full pack.
[[nodiscard]] Result<std::vector<Hash32>, DiskError> read_leaves(BytesView pack,
                                                                 std::uint64_t number);

[[nodiscard]] inline std::uint64_t pack_of(std::uint64_t serial) {
    return (serial - 1) / kPackEntries;
}

// Keys of the spaces.
[[nodiscard]] Bytes serial_key(std::uint64_t serial);  // values by serial, packs by number
[[nodiscard]] Bytes numbered_key(char table, std::uint64_t number);
[[nodiscard]] Bytes page_nodes_key(std::uint64_t page);
[[nodiscard]] Bytes twig_key(std::uint64_t twig);
// Ordered by key, then serial: 00 within the key becomes 00 ff, and 00 00 ends it.
[[nodiscard]] Bytes history_key(BytesView key, std::uint64_t serial);
// The key and serial of a history key, or nothing when it is not one.
struct HistoryKey {
    Bytes key;
    std::uint64_t serial = 0;
};
[[nodiscard]] std::optional<HistoryKey> parse_history_key(BytesView stored);

void append_varint(Bytes& out, std::uint64_t value);
// Takes a varint off the front; false when there is none.
[[nodiscard]] bool take_varint(BytesView& in, std::uint64_t& value);

}  // namespace consilium::state
