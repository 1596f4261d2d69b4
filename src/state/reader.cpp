// SPDX-License-Identifier: Apache-2.0
#include "state/reader.hpp"

#include <algorithm>

#include "state/meta.hpp"

namespace consilium::state {
namespace {

// Moves to the last key below `bound`.
void seek_below(Cursor& cursor, std::optional<BytesView> bound) {
    if (!bound) return cursor.seek_last();
    cursor.seek_for_prev(*bound);
    if (cursor.valid() && cursor.key() == *bound) cursor.prev();
}

}  // namespace

std::optional<Bytes> prefix_end(BytesView prefix) {
    Bytes end(prefix);
    while (!end.empty() && end.back() == '\xff')
        end.pop_back();
    if (end.empty()) return std::nullopt;
    end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
    return end;
}

Result<BytesView, DiskError> EntryReader::pack(std::uint64_t number) {
    for (const Pack& pack : packs_)
        if (pack.number == number) return BytesView(pack.bytes);
    auto stored = disk_.get(Space::kEntries, serial_key(number));
    if (!stored) return fail(stored.error());
    if (!*stored) {
        stored = tail(number);
        if (!stored) return fail(stored.error());
    }
    newest_pack_ = (newest_pack_ + 1) % packs_.size();
    packs_[newest_pack_] = {number, std::move(**stored)};
    return BytesView(packs_[newest_pack_].bytes);
}

Result<std::optional<Bytes>, DiskError> EntryReader::tail(std::uint64_t number) {
    auto stored = disk_.get(Space::kMeta, kTailKey);
    if (!stored) return fail(stored.error());
    if (!*stored || BytesView(**stored).substr(0, 8) != serial_key(number))
        return fail(DiskError::kCorruption);
    return std::optional<Bytes>((*stored)->substr(8));
}

Result<StoredEntry, DiskError> EntryReader::load(std::uint64_t serial) {
    if (serial == 0) return fail(DiskError::kCorruption);
    const auto stored = pack(pack_of(serial));
    if (!stored) return fail(stored.error());
    return read_slot(*stored, serial);
}

Result<Bytes, DiskError> EntryReader::value(const StoredEntry& entry) {
    if (entry.value) return *entry.value;
    return entry.value_apart ? value_apart(entry.serial) : value_set_by(entry.value_serial);
}

Result<Bytes, DiskError> EntryReader::value_set_by(std::uint64_t serial) {
    auto setter = load(serial);
    if (!setter) return fail(setter.error());
    if (setter->value) return std::move(*setter->value);
    if (!setter->value_apart) return fail(DiskError::kCorruption);
    return value_apart(serial);
}

Result<Bytes, DiskError> EntryReader::value_apart(std::uint64_t serial) {
    auto stored = disk_.get(Space::kValues, serial_key(serial));
    if (!stored) return fail(stored.error());
    if (!*stored) return fail(DiskError::kCorruption);
    return std::move(**stored);
}

Result<std::optional<Bytes>, DiskError> EntryReader::value_of(BytesView key) {
    if (newest_) {
        const auto stored = disk_.get(Space::kCurrent, key);
        if (!stored) return fail(stored.error());
        if (!*stored) return std::optional<Bytes>();
        const auto row = parse_current_row(**stored);
        if (!row) return fail(row.error());
        if (row->low) return fail(DiskError::kCorruption);
        auto shown = value_set_by(row->value_serial);
        if (!shown) return fail(shown.error());
        return std::optional<Bytes>(std::move(*shown));
    }
    const auto found = alive(key);
    if (!found) return fail(found.error());
    if (!*found) return std::optional<Bytes>();
    auto shown = value((*found)->entry);
    if (!shown) return fail(shown.error());
    return std::optional<Bytes>(std::move(*shown));
}

// The whole entry of that serial, which must be of that key.
Result<StoredEntry, DiskError> EntryReader::load_of(BytesView key, std::uint64_t serial) {
    auto entry = load(serial);
    if (!entry) return fail(entry.error());
    if (entry->key != key || entry->pruned || entry->kind == v1::ENTRY_KIND_END)
        return fail(DiskError::kCorruption);
    return entry;
}

Result<std::optional<AliveEntry>, DiskError> EntryReader::alive(BytesView key) {
    const auto stored = disk_.get(Space::kCurrent, key);
    if (!stored) return fail(stored.error());
    std::uint64_t current = 0;
    if (*stored) {
        const auto serial = current_serial(**stored);
        if (!serial) return fail(serial.error());
        current = *serial;
        if (current <= count_) {
            auto entry = load_of(key, current);
            if (!entry) return fail(entry.error());
            return std::optional<AliveEntry>({std::move(*entry), 0});
        }
    }
    if (newest_) return std::optional<AliveEntry>();
    return alive_then(key, current);
}

// A row of history names an entry and the entry that ended it; between two rows of one life, and
// between the last row and the current entry, lie at most kHistoryStride - 1 versions without one.
Result<std::optional<AliveEntry>, DiskError> EntryReader::alive_then(BytesView key,
                                                                     std::uint64_t current) {
    if (!history_) history_ = disk_.cursor(Space::kHistory);
    // The first row of an entry that the moment does not know yet: the one alive then is below it.
    std::uint64_t head = current;
    history_->seek(history_key(key, count_ + 1));
    if (history_->error()) return fail(*history_->error());
    if (history_->valid()) {
        const auto later = parse_history_key(history_->key());
        if (!later) return fail(DiskError::kCorruption);
        if (later->key == key) head = later->serial;
    }
    // The last row of an entry that it knows: the end may lie beyond the moment.
    history_->seek_for_prev(history_key(key, count_));
    if (history_->error()) return fail(*history_->error());
    if (history_->valid()) {
        const auto known = parse_history_key(history_->key());
        if (!known || history_->value().size() != 8) return fail(DiskError::kCorruption);
        const std::uint64_t ended_by = read_be64(history_->value());
        if (known->key == key && ended_by > count_) {
            auto entry = load_of(key, known->serial);
            if (!entry) return fail(entry.error());
            return std::optional<AliveEntry>({std::move(*entry), ended_by});
        }
    }
    return walk_down(key, head);
}

// From an entry of that key, which began after the moment, to the one that was alive then.
Result<std::optional<AliveEntry>, DiskError> EntryReader::walk_down(BytesView key,
                                                                    std::uint64_t head) {
    while (head != 0) {
        const auto entry = load_of(key, head);
        if (!entry) return fail(entry.error());
        const std::uint64_t before = entry->ends;
        if (before >= head) return fail(DiskError::kCorruption);
        if (before != 0 && before <= count_) {
            auto found = load_of(key, before);
            if (!found) return fail(found.error());
            return std::optional<AliveEntry>({std::move(*found), head});
        }
        head = before;
    }
    return std::optional<AliveEntry>();
}

Result<AliveEntry, DiskError> EntryReader::below(std::optional<BytesView> bound) {
    return newest_ ? below_newest(bound) : below_then(bound);
}

Result<AliveEntry, DiskError> EntryReader::below_newest(std::optional<BytesView> bound) {
    if (!current_) current_ = disk_.cursor(Space::kCurrent);
    seek_below(*current_, bound);
    if (current_->error()) return fail(*current_->error());
    if (!current_->valid()) return fail(DiskError::kCorruption);
    const auto serial = current_serial(current_->value());
    if (!serial) return fail(serial.error());
    auto entry = load_of(current_->key(), *serial);
    if (!entry) return fail(entry.error());
    return AliveEntry{std::move(*entry), 0};
}

Result<AliveEntry, DiskError> EntryReader::below_then(std::optional<BytesView> bound) {
    if (!current_) current_ = disk_.cursor(Space::kCurrent);
    if (!history_) history_ = disk_.cursor(Space::kHistory);
    Bytes limit;  // keys from here on have been looked at
    for (;;) {
        seek_below(*current_, bound);
        // Serials begin at 1, so this lies below every record of the bound's own.
        bound ? history_->seek_for_prev(history_key(*bound, 0)) : history_->seek_last();
        for (const auto* cursor : {current_.get(), history_.get()})
            if (cursor->error()) return fail(*cursor->error());
        Bytes candidate;
        if (current_->valid()) candidate = current_->key();
        if (history_->valid()) {
            auto dead = parse_history_key(history_->key());
            if (!dead) return fail(DiskError::kCorruption);
            candidate = std::max(candidate, dead->key);
        }
        auto found = alive(candidate);
        if (!found) return fail(found.error());
        if (*found) return std::move(**found);
        // LOW lives since genesis: to pass it means that it is not there.
        if (candidate.empty()) return fail(DiskError::kCorruption);
        limit = std::move(candidate);
        bound = limit;
    }
}

}  // namespace consilium::state
