// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "base/assert.hpp"
#include "state/changes.hpp"

namespace consilium::state {
namespace {

// Walks the changes in key order. At most one entry's link is open: it leads to the next live key,
// which is the next creation in the gap, or where the gap of the state before ends.
class Linker {
 public:
    Linker(std::vector<StoredEntry>& out, Height height, std::uint64_t first_serial)
        : out_(out), height_(height), next_serial_(first_serial) {}

    void take(Change& change) {
        if (change.creates()) return create(change);
        if (change.deletes()) return remove(change);
        update(change);
    }
    void finish() { close(); }

 private:
    void create(Change& change) {
        if (!(open_ && (high_ || change.key < gap_end_))) {
            close();
            relink(change.before);
        }
        set_link(change.key);
        StoredEntry& entry = append(v1::ENTRY_KIND_KEY, change.key);
        set_value(entry, change);
        open_ = open_index();
    }

    void update(Change& change) {
        close();
        Bytes next = std::move(change.old->next);
        const bool high = change.old->high;
        StoredEntry& entry = append(v1::ENTRY_KIND_KEY, change.key);
        entry.ends = change.old->serial;
        entry.version = next_version(change.old->version);
        set_value(entry, change);
        open_at_gap(std::move(next), high);
    }

    void remove(Change& change) {
        const bool follows = open_ && !high_ && gap_end_ == change.key;
        if (!follows) {
            close();
            relink(change.before);
        }
        const std::size_t open = *open_;
        append(v1::ENTRY_KIND_END, change.key).ends = change.old->serial;
        open_ = open;
        gap_end_ = std::move(change.old->next);
        high_ = change.old->high;
    }

    // Rewrites the entry below a gap: same value, new link.
    void relink(std::optional<Change::Before>& before) {
        CONSILIUM_ASSERT(before.has_value());
        CurrentRow& old = before->row;
        StoredEntry& entry = append(old.low ? v1::ENTRY_KIND_LOW : v1::ENTRY_KIND_KEY, before->key);
        entry.ends = old.serial;
        entry.version = next_version(old.version);
        entry.value_height = old.value_height;
        entry.value_serial = old.value_serial;
        entry.value_hash = old.value_hash;
        open_at_gap(std::move(old.next), old.high);
    }

    StoredEntry& append(v1::EntryKind kind, BytesView key) {
        CONSILIUM_ASSERT(out_.empty() || BytesView(out_.back().key) < key);
        StoredEntry& entry = out_.emplace_back();
        entry.kind = kind;
        entry.serial = next_serial_++;
        entry.height = height_;
        entry.key = key;
        return entry;
    }
    void set_value(StoredEntry& entry, const Change& change) const {
        entry.value_height = height_;
        entry.value_serial = entry.serial;
        entry.value_hash = change.value_hash;
        entry.value = *change.value;
        entry.value_apart = change.value->size() > kInlineValueBytesMax;
    }
    void open_at_gap(Bytes end, bool high) {
        open_ = open_index();
        gap_end_ = std::move(end);
        high_ = high;
    }
    [[nodiscard]] std::size_t open_index() const { return out_.size() - 1; }
    void set_link(BytesView next) { out_[*open_].next = next; }
    void close() {
        if (!open_) return;
        out_[*open_].next = std::move(gap_end_);
        out_[*open_].high = high_;
        gap_end_.clear();
        open_.reset();
    }

    std::vector<StoredEntry>& out_;
    Height height_;
    std::uint64_t next_serial_;
    std::optional<std::size_t> open_;  // the entry whose link is open
    Bytes gap_end_;
    bool high_ = false;
};

}  // namespace

std::vector<StoredEntry> link(std::vector<Change>& changes, Height height,
                              std::uint64_t first_serial) {
    std::vector<StoredEntry> out;
    out.reserve(changes.size() * 2);
    Linker linker(out, height, first_serial);
    for (Change& change : changes)
        if (change.net) linker.take(change);
    linker.finish();
    return out;
}

}  // namespace consilium::state
