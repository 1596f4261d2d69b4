// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/crash_disk.hpp"

#include "base/assert.hpp"

namespace consilium::sim {
namespace {

using state::DiskError;
using state::DiskOperation;
using state::Space;

void replay(const DiskOperation& operation, state::WriteBatch& batch) {
    switch (operation.kind) {
        case DiskOperation::Kind::kPut:
            batch.put(operation.space, operation.key, operation.value);
            break;
        case DiskOperation::Kind::kErase:
            batch.erase(operation.space, operation.key);
            break;
        case DiskOperation::Kind::kEraseRange:
            batch.erase_range(operation.space, operation.key, operation.value);
            break;
    }
}

// What brings `key` back to what it is now.
DiskOperation inverse(const state::MemoryDisk& disk, Space space, const Bytes& key) {
    auto value = disk.get(space, key);
    CONSILIUM_ASSERT(value.ok());
    if (!*value) return {DiskOperation::Kind::kErase, space, key, {}};
    return {DiskOperation::Kind::kPut, space, key, std::move(**value)};
}

bool is_outbox_record(const DiskOperation& operation) {
    return operation.space == Space::kNode && operation.key.starts_with("o/");
}

}  // namespace

void Platter::remember(const std::vector<DiskOperation>& operations) {
    std::vector<DiskOperation> undo;
    undo.reserve(operations.size());
    for (const DiskOperation& operation : operations) {
        if (operation.kind != DiskOperation::Kind::kEraseRange) {
            undo.push_back(inverse(*content_, operation.space, operation.key));
            continue;
        }
        const auto cursor = content_->cursor(operation.space);
        for (cursor->seek(operation.key); cursor->valid() && cursor->key() < operation.value;
             cursor->next()) {
            undo.push_back({DiskOperation::Kind::kPut, operation.space, Bytes(cursor->key()),
                            Bytes(cursor->value())});
        }
    }
    undo_.push_back(std::move(undo));
}

void Platter::lose_power(std::size_t kept) {
    CONSILIUM_ASSERT(kept <= undo_.size());
    const auto batch = content_->new_batch();
    for (std::size_t i = undo_.size(); i-- > kept;) {
        // All of a write's inverses describe the content before it, so their order is free.
        for (const DiskOperation& operation : undo_[i])
            replay(operation, *batch);
    }
    CONSILIUM_ASSERT(content_->write(*batch, state::Durability::kBuffered).ok());
    undo_.clear();
}

Platter Platter::backup() const {
    Platter copy;
    const auto batch = copy.content_->new_batch();
    for (std::size_t s = 0; s < state::kSpaces; ++s) {
        const auto space = static_cast<Space>(s);
        const auto cursor = content_->cursor(space);
        for (cursor->seek_first(); cursor->valid(); cursor->next())
            batch->put(space, cursor->key(), cursor->value());
    }
    CONSILIUM_ASSERT(copy.content_->write(*batch, state::Durability::kBuffered).ok());
    return copy;
}

Status<DiskError> CrashDisk::step() {
    if (!power_.step()) return fail(DiskError::kClosed);
    if (write_error_) return fail(*write_error_);
    return Done{};
}

Result<std::optional<Bytes>, DiskError> CrashDisk::get(Space space, BytesView key) const {
    if (power_.off) return fail(DiskError::kClosed);
    return content_->get(space, key);
}

Result<std::vector<std::optional<Bytes>>, DiskError> CrashDisk::multi_get(
    Space space, std::span<const BytesView> keys) const {
    if (power_.off) return fail(DiskError::kClosed);
    return content_->multi_get(space, keys);
}

std::unique_ptr<state::Cursor> CrashDisk::cursor(Space space) const {
    return content_->cursor(space);
}

std::unique_ptr<state::WriteBatch> CrashDisk::new_batch() {
    return content_->new_batch();
}

Status<DiskError> CrashDisk::write(state::WriteBatch& batch, state::Durability durability) {
    if (auto alive = step(); !alive) return alive;
    std::vector<DiskOperation> operations = static_cast<state::MemoryBatch&>(batch).operations();
    if (lies_.forget_outbox) std::erase_if(operations, is_outbox_record);
    platter_.remember(operations);
    if (durability == state::Durability::kSynced && !lies_.sync) platter_.undo_.clear();
    const auto honest = content_->new_batch();
    for (const DiskOperation& operation : operations)
        replay(operation, *honest);
    auto written = content_->write(*honest, durability);
    if (written) static_cast<state::MemoryBatch&>(batch).clear();
    return written;
}

Status<DiskError> CrashDisk::sync() {
    if (auto alive = step(); !alive) return alive;
    if (!lies_.sync) platter_.undo_.clear();
    return Done{};
}

std::unique_ptr<state::DiskReader> CrashDisk::snapshot() const {
    return content_->snapshot();
}

}  // namespace consilium::sim
