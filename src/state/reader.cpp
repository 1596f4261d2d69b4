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
    if (pack_number_ != number) {
        auto stored = disk_.get(Space::kEntries, serial_key(number));
        if (!stored) return fail(stored.error());
        if (!*stored) return tail(number);
        pack_ = std::move(**stored);
        pack_number_ = number;
    }
    return BytesView(pack_);
}

Result<BytesView, DiskError> EntryReader::tail(std::uint64_t number) {
    auto stored = disk_.get(Space::kMeta, kTailKey);
    if (!stored) return fail(stored.error());
    if (!*stored || BytesView(**stored).substr(0, 8) != serial_key(number))
        return fail(DiskError::kCorruption);
    pack_ = (*stored)->substr(8);
    pack_number_ = number;
    return BytesView(pack_);
}

Result<StoredEntry, DiskError> EntryReader::load(std::uint64_t serial) {
    if (serial == 0) return fail(DiskError::kCorruption);
    const auto stored = pack(pack_of(serial));
    if (!stored) return fail(stored.error());
    return read_slot(*stored, serial);
}

Result<Bytes, DiskError> EntryReader::value(const StoredEntry& entry) {
    if (entry.value) return *entry.value;
    bool apart = entry.value_apart;
    if (entry.serial != entry.value_serial) {
        auto setter = load(entry.value_serial);
        if (!setter) return fail(setter.error());
        if (setter->value) return std::move(*setter->value);
        apart = setter->value_apart;
    }
    if (!apart) return fail(DiskError::kCorruption);
    auto stored = disk_.get(Space::kValues, serial_key(entry.value_serial));
    if (!stored) return fail(stored.error());
    if (!*stored) return fail(DiskError::kCorruption);
    return std::move(**stored);
}

Result<std::optional<AliveEntry>, DiskError> EntryReader::alive(BytesView key) {
    const auto stored = disk_.get(Space::kCurrent, key);
    if (!stored) return fail(stored.error());
    if (*stored) {
        if ((*stored)->size() != 8) return fail(DiskError::kCorruption);
        const std::uint64_t serial = read_be64(**stored);
        if (serial <= count_) {
            auto entry = load(serial);
            if (!entry) return fail(entry.error());
            if (entry->key != key || entry->pruned) return fail(DiskError::kCorruption);
            return std::optional<AliveEntry>({std::move(*entry), 0});
        }
    }
    if (newest_) return std::optional<AliveEntry>();
    return alive_then(key);
}

Result<std::optional<AliveEntry>, DiskError> EntryReader::alive_then(BytesView key) {
    if (!history_) history_ = disk_.cursor(Space::kHistory);
    history_->seek_for_prev(history_key(key, count_));
    if (history_->error()) return fail(*history_->error());
    if (!history_->valid()) return std::optional<AliveEntry>();
    const auto found = parse_history_key(history_->key());
    if (!found || history_->value().size() != 8) return fail(DiskError::kCorruption);
    const std::uint64_t ended_by = read_be64(history_->value());
    if (found->key != key || ended_by <= count_) return std::optional<AliveEntry>();
    auto entry = load(found->serial);
    if (!entry) return fail(entry.error());
    if (entry->key != key || entry->pruned) return fail(DiskError::kCorruption);
    return std::optional<AliveEntry>({std::move(*entry), ended_by});
}

Result<AliveEntry, DiskError> EntryReader::below(std::optional<BytesView> bound) {
    return newest_ ? below_newest(bound) : below_then(bound);
}

Result<AliveEntry, DiskError> EntryReader::below_newest(std::optional<BytesView> bound) {
    if (!current_) current_ = disk_.cursor(Space::kCurrent);
    seek_below(*current_, bound);
    if (current_->error()) return fail(*current_->error());
    if (!current_->valid() || current_->value().size() != 8) return fail(DiskError::kCorruption);
    auto entry = load(read_be64(current_->value()));
    if (!entry) return fail(entry.error());
    if (entry->key != current_->key() || entry->pruned) return fail(DiskError::kCorruption);
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
