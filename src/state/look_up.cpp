// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/assert.hpp"
#include "base/limits.hpp"
#include "crypto/hash.hpp"
#include "state/changes.hpp"
#include "state/reader.hpp"

namespace consilium::state {
namespace {

// Keys that one task looks up: enough to share its cursor and its batch, few enough to spread.
constexpr std::size_t kRun = 128;

// A run of neighbouring changes.
class RunLookUp {
 public:
    RunLookUp(const DiskReader& disk, std::span<Change> run) : disk_(disk), run_(run) {}

    [[nodiscard]] Status<DiskError> run() {
        if (auto done = find_old(); !done) return done;
        for (Change& change : run_) {
            change.net = is_net(change);
            if (!change.net) continue;
            if (auto done = find_before(change); !done) return done;
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
        std::vector<BytesView> keys;
        keys.reserve(run_.size());
        for (const Change& change : run_)
            keys.push_back(change.key);
        const auto serials = disk_.multi_get(Space::kCurrent, keys);
        if (!serials) return fail(serials.error());
        std::vector<std::size_t> found;
        std::vector<Bytes> pack_keys;
        std::vector<std::uint64_t> found_serials;
        for (std::size_t i = 0; i < run_.size(); ++i) {
            if (!(*serials)[i]) continue;
            if ((*serials)[i]->size() != 8) return fail(DiskError::kCorruption);
            found.push_back(i);
            found_serials.push_back(read_be64(*(*serials)[i]));
            pack_keys.push_back(serial_key(pack_of(found_serials.back())));
        }
        if (found.empty()) return Done{};
        std::vector<BytesView> pack_views(pack_keys.begin(), pack_keys.end());
        const auto packs = disk_.multi_get(Space::kEntries, pack_views);
        if (!packs) return fail(packs.error());
        for (std::size_t i = 0; i < found.size(); ++i) {
            Change& change = run_[found[i]];
            // The last pack lies elsewhere while it is not full.
            auto entry = (*packs)[i] ? read_slot(*(*packs)[i], found_serials[i])
                                     : reader_.load(found_serials[i]);
            if (!entry) return fail(entry.error());
            if (entry->key != change.key || entry->pruned) return fail(DiskError::kCorruption);
            change.old = std::move(*entry);
        }
        return Done{};
    }

    // Follows the walk of link() as far as this run can see, and looks up what it will need.
    [[nodiscard]] Status<DiskError> find_before(Change& change) {
        if (change.creates()) {
            if (open_ && (!gap_end_ || change.key < *gap_end_)) return Done{};
            if (auto done = seek_before(change); !done) return done;
            open_gap(*change.before);
            return Done{};
        }
        const bool follows = open_ && gap_end_ && *gap_end_ == change.key;
        if (change.deletes() && !follows)
            if (auto done = seek_before(change); !done) return done;
        open_gap(*change.old);
        return Done{};
    }
    [[nodiscard]] Status<DiskError> seek_before(Change& change) {
        auto before = reader_.below(change.key);
        if (!before) return fail(before.error());
        change.before = std::move(before->entry);
        return Done{};
    }
    void open_gap(const StoredEntry& entry) {
        open_ = true;
        gap_end_ = entry.high ? std::nullopt : std::optional<BytesView>(entry.next);
    }

    const DiskReader& disk_;
    std::span<Change> run_;
    EntryReader reader_{disk_, verify::kEntriesMax, true};
    bool open_ = false;
    std::optional<BytesView> gap_end_;
};

}  // namespace

Result<std::vector<Change>, DiskError> look_up(const DiskReader& disk, const StateDiff& diff,
                                               const ParallelFor& parallel) {
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
        if (auto done = RunLookUp(disk, std::span(changes).subspan(from, n)).run(); !done)
            errors[r] = done.error();
    });
    for (const auto& error : errors)
        if (error) return fail(*error);
    return changes;
}

}  // namespace consilium::state
