// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <map>
#include <mutex>
#include <set>

#include "state/disk.hpp"

namespace consilium::state {

// What a memory disk's batch recorded, in order. Also what a crashing disk of a test can replay.
struct DiskOperation {
    enum class Kind { kPut, kErase, kEraseRange };
    Kind kind = Kind::kPut;
    Space space = Space::kMeta;
    Bytes key;
    Bytes value;  // of an erase_range: the end
};

class MemoryBatch : public WriteBatch {
 public:
    void put(Space space, BytesView key, BytesView value) override;
    void erase(Space space, BytesView key) override;
    void erase_range(Space space, BytesView from, BytesView to) override;
    [[nodiscard]] std::size_t bytes() const override { return bytes_; }
    [[nodiscard]] const std::vector<DiskOperation>& operations() const { return operations_; }
    void clear();

 private:
    std::vector<DiskOperation> operations_;
    std::size_t bytes_ = 0;
};

// The obvious disk: sorted maps in memory, where each key keeps the versions that a living snapshot
// can still see. Everything written is "durable" until the object goes.
class MemoryDisk : public Disk {
 public:
    MemoryDisk();
    ~MemoryDisk() override;

    [[nodiscard]] Result<std::optional<Bytes>, DiskError> get(Space space,
                                                              BytesView key) const override;
    [[nodiscard]] Result<std::vector<std::optional<Bytes>>, DiskError> multi_get(
        Space space, std::span<const BytesView> keys) const override;
    [[nodiscard]] std::unique_ptr<Cursor> cursor(Space space) const override;
    [[nodiscard]] std::unique_ptr<WriteBatch> new_batch() override;
    [[nodiscard]] Status<DiskError> write(WriteBatch& batch, Durability durability) override;
    [[nodiscard]] Status<DiskError> sync() override;
    [[nodiscard]] std::unique_ptr<DiskReader> snapshot() const override;

    struct Content;

 private:
    std::shared_ptr<Content> content_;
};

}  // namespace consilium::state
