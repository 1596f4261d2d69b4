// SPDX-License-Identifier: Apache-2.0
#include "state/entry.hpp"

#include "base/assert.hpp"

namespace consilium::state {
namespace {

// The first byte of a slot.
constexpr std::uint8_t kKindMask = 3;
constexpr std::uint8_t kHigh = 4;
constexpr std::uint8_t kPruned = 8;
constexpr std::uint8_t kValueHere = 16;
constexpr std::uint8_t kValueApart = 32;

// The first byte of a row of kCurrent; the version is its lowest four bits.
constexpr std::uint8_t kRowHigh = 16;
constexpr std::uint8_t kRowLow = 32;
static_assert(kHistoryStride == kRowHigh);

std::uint8_t flags_of(const StoredEntry& entry) {
    auto flags = static_cast<std::uint8_t>(entry.kind);
    if (entry.high) flags |= kHigh;
    if (entry.pruned) flags |= kPruned;
    if (entry.value) flags |= kValueHere;
    if (entry.value_apart) flags |= kValueApart;
    return flags;
}

void append_bytes(Bytes& out, BytesView bytes) {
    append_varint(out, bytes.size());
    out += bytes;
}

bool take_bytes(BytesView& in, BytesView& out) {
    std::uint64_t size = 0;
    if (!take_varint(in, size) || size > in.size()) return false;
    out = in.substr(0, size);
    in.remove_prefix(size);
    return true;
}

bool take_byte(BytesView& in, std::uint8_t& out) {
    if (in.empty()) return false;
    out = static_cast<std::uint8_t>(in.front());
    in.remove_prefix(1);
    return true;
}

bool take_hash(BytesView& in, Hash32& out) {
    if (!assign(out, in.substr(0, Hash32::kSize))) return false;
    in.remove_prefix(Hash32::kSize);
    return true;
}

void append_body(Bytes& out, const StoredEntry& entry) {
    append_varint(out, entry.height);
    append_varint(out, entry.ends);
    if (entry.kind != v1::ENTRY_KIND_END) out.push_back(static_cast<char>(entry.version));
    if (entry.kind != v1::ENTRY_KIND_LOW) append_bytes(out, entry.key);
    if (entry.kind != v1::ENTRY_KIND_END && !entry.high) append_bytes(out, entry.next);
    if (entry.kind != v1::ENTRY_KIND_KEY) return;
    append_varint(out, entry.value_height);
    append_varint(out, entry.value_serial);
    out += entry.value_hash.view();
}

// A slot as it lies in its pack. The strings of `entry` stay empty; these stand for them.
struct SlotView {
    StoredEntry entry;
    BytesView key;
    BytesView next;
    std::optional<BytesView> value;
};

bool take_body(BytesView& in, SlotView& slot) {
    StoredEntry& entry = slot.entry;
    if (!take_varint(in, entry.height) || !take_varint(in, entry.ends)) return false;
    if (entry.kind != v1::ENTRY_KIND_END &&
        (!take_byte(in, entry.version) || entry.version >= kHistoryStride))
        return false;
    if (entry.kind != v1::ENTRY_KIND_LOW && !take_bytes(in, slot.key)) return false;
    if (entry.kind != v1::ENTRY_KIND_END && !entry.high && !take_bytes(in, slot.next)) return false;
    if (entry.kind != v1::ENTRY_KIND_KEY) return true;
    return take_varint(in, entry.value_height) && take_varint(in, entry.value_serial) &&
           take_hash(in, entry.value_hash);
}

bool parse_slot(BytesView in, SlotView& slot) {
    StoredEntry& entry = slot.entry;
    std::uint8_t flags = 0;
    if (!take_byte(in, flags)) return false;
    if ((flags & kKindMask) > v1::ENTRY_KIND_END || flags >= 2 * kValueApart) return false;
    entry.kind = static_cast<v1::EntryKind>(flags & kKindMask);
    entry.high = (flags & kHigh) != 0;
    entry.pruned = (flags & kPruned) != 0;
    entry.value_apart = (flags & kValueApart) != 0;
    if (entry.pruned ? !take_hash(in, entry.leaf) : !take_body(in, slot)) return false;
    if ((flags & kValueHere) != 0 && !take_bytes(in, slot.value.emplace())) return false;
    return in.empty();
}

}  // namespace

verify::EntryFields StoredEntry::fields() const {
    const BytesView content = kind == v1::ENTRY_KIND_KEY ? value_hash.view() : BytesView();
    return {kind, high, serial, height, value_height, ends, key, next, content};
}

Hash32 StoredEntry::leaf_hash() const {
    return pruned ? leaf : verify::entry_leaf(fields());
}

void append_varint(Bytes& out, std::uint64_t value) {
    for (; value >= 0x80; value >>= 7U)
        out.push_back(static_cast<char>((value & 0x7fU) | 0x80U));
    out.push_back(static_cast<char>(value));
}

bool take_varint(BytesView& in, std::uint64_t& value) {
    value = 0;
    for (unsigned shift = 0; shift < 64 && !in.empty(); shift += 7) {
        const auto byte = static_cast<std::uint8_t>(in.front());
        in.remove_prefix(1);
        value |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
        if (byte < 0x80) return true;
    }
    return false;
}

void append_slot(Bytes& pack, const StoredEntry& entry) {
    Bytes slot;
    slot.reserve(128 + entry.key.size() + entry.next.size() +
                 (entry.value ? entry.value->size() : 0));
    slot.push_back(static_cast<char>(flags_of(entry)));
    if (entry.pruned) {
        slot += entry.leaf.view();
    } else {
        append_body(slot, entry);
    }
    if (entry.value) append_bytes(slot, *entry.value);
    append_bytes(pack, slot);
}

Result<StoredEntry, DiskError> read_slot(BytesView pack, std::uint64_t serial) {
    CONSILIUM_ASSERT(serial >= 1);
    BytesView bytes;
    for (std::uint64_t skip = (serial - 1) % kPackEntries + 1; skip > 0; --skip)
        if (!take_bytes(pack, bytes)) return fail(DiskError::kCorruption);
    SlotView slot;
    slot.entry.serial = serial;
    if (!parse_slot(bytes, slot)) return fail(DiskError::kCorruption);
    slot.entry.key = slot.key;
    slot.entry.next = slot.next;
    if (slot.value) slot.entry.value.emplace(*slot.value);
    return std::move(slot.entry);
}

Result<std::vector<Hash32>, DiskError> read_leaves(BytesView pack, std::uint64_t number) {
    std::vector<Hash32> leaves;
    leaves.reserve(kPackEntries);
    for (std::uint64_t i = 1; i <= kPackEntries; ++i) {
        BytesView bytes;
        SlotView slot;
        slot.entry.serial = number * kPackEntries + i;
        if (!take_bytes(pack, bytes) || !parse_slot(bytes, slot))
            return fail(DiskError::kCorruption);
        verify::EntryFields fields = slot.entry.fields();
        fields.key = slot.key;
        fields.next = slot.next;
        leaves.push_back(slot.entry.pruned ? slot.entry.leaf : verify::entry_leaf(fields));
    }
    return leaves;
}

CurrentRow current_row(const StoredEntry& entry) {
    return {entry.kind == v1::ENTRY_KIND_LOW,
            entry.high,
            entry.version,
            entry.serial,
            entry.value_height,
            entry.value_serial,
            entry.value_hash,
            entry.next};
}

void append_current_row(Bytes& out, const StoredEntry& entry) {
    CONSILIUM_ASSERT(entry.kind != v1::ENTRY_KIND_END && !entry.pruned);
    const bool low = entry.kind == v1::ENTRY_KIND_LOW;
    out.push_back(
        static_cast<char>(entry.version | (entry.high ? kRowHigh : 0U) | (low ? kRowLow : 0U)));
    append_varint(out, entry.serial);
    if (!low) {
        append_varint(out, entry.serial - entry.value_serial);
        append_varint(out, entry.value_height);
        out += entry.value_hash.view();
    }
    out += entry.next;
}

Result<CurrentRow, DiskError> parse_current_row(BytesView stored) {
    CurrentRow row;
    std::uint8_t flags = 0;
    if (!take_byte(stored, flags) || flags >= 2 * kRowLow) return fail(DiskError::kCorruption);
    row.version = flags % kHistoryStride;
    row.high = (flags & kRowHigh) != 0;
    row.low = (flags & kRowLow) != 0;
    if (!take_varint(stored, row.serial) || row.serial == 0) return fail(DiskError::kCorruption);
    if (!row.low) {
        std::uint64_t since = 0;
        if (!take_varint(stored, since) || since >= row.serial ||
            !take_varint(stored, row.value_height) || !take_hash(stored, row.value_hash))
            return fail(DiskError::kCorruption);
        row.value_serial = row.serial - since;
    }
    if (stored.empty() != row.high) return fail(DiskError::kCorruption);
    row.next = stored;
    return row;
}

Result<std::uint64_t, DiskError> current_serial(BytesView stored) {
    std::uint8_t flags = 0;
    std::uint64_t serial = 0;
    if (!take_byte(stored, flags) || !take_varint(stored, serial) || serial == 0)
        return fail(DiskError::kCorruption);
    return serial;
}

Bytes serial_key(std::uint64_t serial) {
    Bytes out;
    append_be64(out, serial);
    return out;
}

Bytes numbered_key(char table, std::uint64_t number) {
    Bytes out(1, table);
    append_be64(out, number);
    return out;
}

Bytes page_nodes_key(std::uint64_t page) {
    return numbered_key('p', page);
}
Bytes twig_key(std::uint64_t twig) {
    return numbered_key('t', twig);
}

Bytes history_key(BytesView key, std::uint64_t serial) {
    Bytes out;
    out.reserve(key.size() + 12);
    for (const char c : key) {
        out.push_back(c);
        if (c == '\0') out.push_back('\xff');
    }
    out.append(2, '\0');
    append_be64(out, serial);
    return out;
}

std::optional<HistoryKey> parse_history_key(BytesView stored) {
    HistoryKey out;
    for (std::size_t i = 0; i + 1 < stored.size(); ++i) {
        if (stored[i] != '\0') {
            out.key.push_back(stored[i]);
        } else if (stored[++i] == '\xff') {
            out.key.push_back('\0');
        } else {
            const BytesView rest = stored.substr(i + 1);
            if (stored[i] != '\0' || rest.size() != 8) return std::nullopt;
            out.serial = read_be64(rest);
            return out;
        }
    }
    return std::nullopt;
}

}  // namespace consilium::state
