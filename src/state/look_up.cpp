// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <limits>
#include <memory>

#include "base/assert.hpp"
#include "base/limits.hpp"
#include "crypto/hash.hpp"
#include "state/changes.hpp"

namespace consilium::state {
namespace {

// Keys that one task looks up: enough to share its cursor and its batch, few enough to spread.
constexpr std::size_t kRun = 128;

// The entries of a block that the disk does not have yet, ascending by key.
class Unwritten {
 public:
    explicit Unwritten(std::span<const StoredEntry> entries) : entries_(entries) {}

    // The first entry whose key is not below `key`, from where an earlier search ended or, where
    // there was none, by bisection. Searches ascend.
    [[nodiscard]] std::size_t at_or_above(BytesView key) {
        const auto below = [](const StoredEntry& entry, BytesView k) { return entry.key < k; };
        if (at_ == kNowhere)
            at_ = static_cast<std::size_t>(
                std::lower_bound(entries_.begin(), entries_.end(), key, below) - entries_.begin());
        while (at_ < entries_.size() && entries_[at_].key < key)
            ++at_;
        return at_;
    }
    [[nodiscard]] const StoredEntry* find(BytesView key) {
        const std::size_t at = at_or_above(key);
        return at < entries_.size() && entries_[at].key == key ? &entries_[at] : nullptr;
    }
    // The entry of the greatest key below `key` that is there after the block.
    [[nodiscard]] const StoredEntry* alive_below(BytesView key) {
        for (std::size_t at = at_or_above(key); at > 0; --at)
            if (entries_[at - 1].kind != v1::ENTRY_KIND_END) return &entries_[at - 1];
        return nullptr;
    }
    [[nodiscard]] bool deletes(BytesView key) const {
        const auto below = [](const StoredEntry& entry, BytesView k) { return entry.key < k; };
        const auto at = std::lower_bound(entries_.begin(), entries_.end(), key, below);
        return at != entries_.end() && at->key == key && at->kind == v1::ENTRY_KIND_END;
    }

 private:
    static constexpr std::size_t kNowhere = std::numeric_limits<std::size_t>::max();

    std::span<const StoredEntry> entries_;
    std::size_t at_ = kNowhere;
};

// A run of neighbouring changes.
class RunLookUp {
 public:
    RunLookUp(const DiskReader& disk, std::span<const StoredEntry> unwritten, std::span<Change> run)
        : disk_(disk), unwritten_(unwritten), run_(run) {}

    [[nodiscard]] Status<DiskError> run() {
        if (auto done = find_old(); !done) return done;
        Unwritten below = unwritten_;
        for (Change& change : run_) {
            change.net = is_net(change);
            if (!change.net) continue;
            if (auto done = find_before(change, below); !done) return done;
        }
        return Done{};
    }

 private:
    static bool is_net(Change& change) {
        if (!change.value) return change.old.has_value();
        change.value_hash = crypto::sha256(BytesView(*change.value));
        return !change.old || change.old->value_hash != change.value_hash;
    }

    [[nodiscard]] Status<DiskError> find_old() {
        Unwritten newer = unwritten_;
        std::vector<BytesView> keys;
        std::vector<Change*> asked;
        keys.reserve(run_.size());
        asked.reserve(run_.size());
        for (Change& change : run_) {
            const StoredEntry* entry = newer.find(change.key);
            if (entry == nullptr) {
                keys.push_back(change.key);
                asked.push_back(&change);
            } else if (entry->kind != v1::ENTRY_KIND_END) {
                change.old = current_row(*entry);
            }
        }
        const auto rows = disk_.multi_get(Space::kCurrent, keys);
        if (!rows) return fail(rows.error());
        for (std::size_t i = 0; i < asked.size(); ++i) {
            if (!(*rows)[i]) continue;
            auto row = parse_current_row(*(*rows)[i]);
            if (!row) return fail(row.error());
            if (row->low) return fail(DiskError::kCorruption);
            asked[i]->old = std::move(*row);
        }
        return Done{};
    }

    // Follows the walk of link() as far as this run can see, and looks up what it will need.
    [[nodiscard]] Status<DiskError> find_before(Change& change, Unwritten& newer) {
        if (change.creates()) {
            if (open_ && (!gap_end_ || change.key < *gap_end_)) return Done{};
            if (auto done = seek_before(change, newer); !done) return done;
            open_gap(change.before->row);
            return Done{};
        }
        const bool follows = open_ && gap_end_ && *gap_end_ == change.key;
        if (change.deletes() && !follows)
            if (auto done = seek_before(change, newer); !done) return done;
        open_gap(*change.old);
        return Done{};
    }
    // What the disk has below the key, unless the unwritten block has something nearer or deleted
    // it.
    [[nodiscard]] Status<DiskError> seek_before(Change& change, Unwritten& newer) {
        if (!cursor_) cursor_ = disk_.cursor(Space::kCurrent);
        cursor_->seek_for_prev(change.key);
        if (cursor_->valid() && cursor_->key() == change.key) cursor_->prev();
        while (cursor_->valid() && unwritten_.deletes(cursor_->key()))
            cursor_->prev();
        if (cursor_->error()) return fail(*cursor_->error());
        const StoredEntry* entry = newer.alive_below(change.key);
        if (entry != nullptr && !(cursor_->valid() && entry->key < cursor_->key())) {
            change.before = {entry->key, current_row(*entry)};
            return Done{};
        }
        if (!cursor_->valid()) return fail(DiskError::kCorruption);
        auto row = parse_current_row(cursor_->value());
        if (!row) return fail(row.error());
        change.before = {Bytes(cursor_->key()), std::move(*row)};
        return Done{};
    }
    void open_gap(const CurrentRow& row) {
        open_ = true;
        gap_end_ = row.high ? std::nullopt : std::optional<BytesView>(row.next);
    }

    const DiskReader& disk_;
    const Unwritten unwritten_;
    std::span<Change> run_;
    std::unique_ptr<Cursor> cursor_;
    bool open_ = false;
    std::optional<BytesView> gap_end_;
};

}  // namespace

Result<std::vector<Change>, DiskError> look_up(const DiskReader& disk,
                                               std::span<const StoredEntry> unwritten,
                                               const StateDiff& diff, const ParallelFor& parallel) {
    std::vector<Change> changes;
    changes.reserve(diff.size());
    for (const auto& [key, value] : diff) {
        CONSILIUM_ASSERT(!key.empty() && key.size() <= limits::kStateKeyBytesMax);
        CONSILIUM_ASSERT(!value || value->size() <= limits::kStateValueBytesMax);
        changes.emplace_back().key = key;
        changes.back().value = value ? &*value : nullptr;
    }
    const std::size_t runs = (changes.size() + kRun - 1) / kRun;
    std::vector<std::optional<DiskError>> errors(runs);
    parallel(runs, [&](std::size_t r) {
        const std::size_t from = r * kRun;
        const std::size_t n = std::min(kRun, changes.size() - from);
        if (auto done = RunLookUp(disk, unwritten, std::span(changes).subspan(from, n)).run();
            !done)
            errors[r] = done.error();
    });
    for (const auto& error : errors)
        if (error) return fail(*error);
    return changes;
}

}  // namespace consilium::state
