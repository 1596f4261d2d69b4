// SPDX-License-Identifier: Apache-2.0
#include "state/prune.hpp"

#include <map>

#include "state/entry.hpp"
#include "state/meta.hpp"
#include "state/reader.hpp"

namespace consilium::state {
namespace {

constexpr BytesView kPrunedKey = "pruned";  // the last serial whose `ends` has been dealt with

class Pruner {
 public:
    Pruner(const DiskReader& disk, std::uint64_t count, WriteBatch& batch)
        : reader_(disk, count, true), batch_(batch) {}

    // Forgets what the entry with this serial ended; and the entry itself, when it is an end mark.
    [[nodiscard]] Status<DiskError> forget_ended_by(std::uint64_t serial) {
        auto end = find(serial);
        if (!end) return fail(end.error());
        if ((*end)->pruned || (*end)->ends == 0) return Done{};
        auto ended = find((*end)->ends);
        if (!ended) return fail(ended.error());
        const StoredEntry before = **ended;
        // A snapshot brought only its leaf.
        if (before.pruned) return Done{};
        const bool deleted = (*end)->kind == v1::ENTRY_KIND_END;
        const bool last_use = deleted || (*end)->value_serial != before.value_serial;
        if ((*end)->leaves_history())
            batch_.erase(Space::kHistory, history_key(before.key, before.serial));
        if (before.kind == v1::ENTRY_KIND_KEY && last_use) {
            if (auto done = forget_value(before.value_serial); !done) return done;
        }
        shrink(**ended);
        if (deleted) shrink(**end);
        return Done{};
    }

    // Writes the packs that changed.
    void write() {
        for (const auto& [number, entries] : packs_) {
            Bytes pack;
            for (const StoredEntry& entry : entries)
                append_slot(pack, entry);
            batch_.put(Space::kEntries, serial_key(number), pack);
        }
    }

 private:
    // Only the leaf stays; a short value stays until its last use has ended.
    static void shrink(StoredEntry& entry) {
        entry.leaf = entry.leaf_hash();
        entry.pruned = true;
        entry.key.clear();
        entry.next.clear();
    }
    [[nodiscard]] Status<DiskError> forget_value(std::uint64_t serial) {
        auto setter = find(serial);
        if (!setter) return fail(setter.error());
        if ((*setter)->value_apart) batch_.erase(Space::kValues, serial_key(serial));
        (*setter)->value_apart = false;
        (*setter)->value.reset();
        return Done{};
    }
    [[nodiscard]] Result<StoredEntry*, DiskError> find(std::uint64_t serial) {
        const std::uint64_t number = pack_of(serial);
        auto at = packs_.find(number);
        if (at == packs_.end()) {
            std::vector<StoredEntry> entries;
            for (std::uint64_t i = 0; i < kPackEntries; ++i) {
                auto entry = reader_.load(number * kPackEntries + i + 1);
                if (!entry) return fail(entry.error());
                entries.push_back(std::move(*entry));
            }
            at = packs_.emplace(number, std::move(entries)).first;
        }
        return &at->second[(serial - 1) % kPackEntries];
    }

    EntryReader reader_;
    WriteBatch& batch_;
    std::map<std::uint64_t, std::vector<StoredEntry>> packs_;
};

}  // namespace

Result<bool, DiskError> stage_prune(const DiskReader& disk, std::uint64_t count, Height retained,
                                    std::uint64_t limit, WriteBatch& batch) {
    const auto stored = disk.get(Space::kMeta, kPrunedKey);
    if (!stored) return fail(stored.error());
    if (*stored && (*stored)->size() != 8) return fail(DiskError::kCorruption);
    const std::uint64_t from = *stored ? read_be64(**stored) : 0;
    const auto then = count_at(disk, retained);
    if (!then) return fail(then.error());
    // What lies in the last pack waits until the pack is full.
    const std::uint64_t end = std::min(*then, count / kPackEntries * kPackEntries);
    const std::uint64_t to = std::max(from, std::min(end, from + limit));
    Pruner pruner(disk, count, batch);
    for (std::uint64_t serial = from + 1; serial <= to; ++serial)
        if (auto done = pruner.forget_ended_by(serial); !done) return fail(done.error());
    pruner.write();
    batch.put(Space::kMeta, kPrunedKey, serial_key(to));
    return to >= end;
}

}  // namespace consilium::state
