// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "state/memory_disk.hpp"

namespace consilium::sim {

// The process that all disks of a simulated machine belong to. Every write and sync of any of them
// is a step; the process dies between two steps.
struct Power {
    std::uint64_t steps = 0;
    std::uint64_t off_at = 0;  // dies just before that step; 0: no death planned
    bool off = false;

    // False when the process is dead, or dies now.
    [[nodiscard]] bool step() {
        if (!off && ++steps == off_at) off = true;
        return !off;
    }
};

// What survives of a member's machine: the content of its disk and, for every write that no sync
// has covered, how to take it back. Disk objects come and go with their processes; this stays.
class Platter {
 public:
    Platter() : content_(std::make_shared<state::MemoryDisk>()) {}
    Platter(Platter&&) noexcept = default;
    Platter& operator=(Platter&&) noexcept = default;

    // The power fails: of the writes that no sync covered the first `kept` survive, each whole (a
    // torn batch fails its checksum and is gone, with all after it).
    void lose_power(std::size_t kept);
    [[nodiscard]] std::size_t unsynced() const { return undo_.size(); }

    // Everything written so far, as a backup tool that copies a snapshot would have it.
    [[nodiscard]] Platter backup() const;

 private:
    friend class CrashDisk;
    void remember(const std::vector<state::DiskOperation>& operations);

    std::shared_ptr<state::MemoryDisk> content_;
    std::vector<std::vector<state::DiskOperation>> undo_;  // one per write since the last sync
};

// The disk port over a platter, with faults. Everything written is visible at once; what is durable
// is the platter's business. Once the power is off every call answers kClosed.
class CrashDisk final : public state::Disk {
 public:
    // Ways to be wrong on purpose, for the test that the checkers notice.
    struct Lies {
        bool sync = false;           // sync() and synced writes promise and do nothing
        bool forget_outbox = false;  // records of the outbox are not written
    };

    CrashDisk(Platter& platter, Power& power, Lies lies)
        : platter_(platter), power_(power), lies_(lies), content_(platter.content_) {}
    explicit CrashDisk(Platter& platter, Power& power) : CrashDisk(platter, power, Lies{}) {}

    // From now on writes and syncs fail with `error`, reads go on; nothing ends it but reopening.
    void fail_writes(state::DiskError error) { write_error_ = error; }
    [[nodiscard]] bool failing() const { return write_error_.has_value(); }

    [[nodiscard]] Result<std::optional<Bytes>, state::DiskError> get(state::Space space,
                                                                     BytesView key) const override;
    [[nodiscard]] Result<std::vector<std::optional<Bytes>>, state::DiskError> multi_get(
        state::Space space, std::span<const BytesView> keys) const override;
    [[nodiscard]] std::unique_ptr<state::Cursor> cursor(state::Space space) const override;
    [[nodiscard]] std::unique_ptr<state::WriteBatch> new_batch() override;
    [[nodiscard]] Status<state::DiskError> write(state::WriteBatch& batch,
                                                 state::Durability durability) override;
    [[nodiscard]] Status<state::DiskError> sync() override;
    [[nodiscard]] std::unique_ptr<state::DiskReader> snapshot() const override;

 private:
    [[nodiscard]] Status<state::DiskError> step();

    Platter& platter_;
    Power& power_;
    const Lies lies_;
    std::shared_ptr<state::MemoryDisk> content_;
    std::optional<state::DiskError> write_error_;
};

}  // namespace consilium::sim
