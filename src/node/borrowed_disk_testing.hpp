// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "state/disk.hpp"

namespace consilium::node {

// For tests: a disk that outlives those who open it, as what lies in a directory does.
class BorrowedDisk final : public state::Disk {
 public:
    // `disk` outlives this.
    explicit BorrowedDisk(state::Disk& disk) : disk_(disk) {}

    [[nodiscard]] Result<std::optional<Bytes>, state::DiskError> get(state::Space space,
                                                                     BytesView key) const override {
        return disk_.get(space, key);
    }
    [[nodiscard]] Result<std::vector<std::optional<Bytes>>, state::DiskError> multi_get(
        state::Space space, std::span<const BytesView> keys) const override {
        return disk_.multi_get(space, keys);
    }
    [[nodiscard]] std::unique_ptr<state::Cursor> cursor(state::Space space) const override {
        return disk_.cursor(space);
    }
    [[nodiscard]] std::unique_ptr<state::WriteBatch> new_batch() override {
        return disk_.new_batch();
    }
    [[nodiscard]] Status<state::DiskError> write(state::WriteBatch& batch,
                                                 state::Durability durability) override {
        return disk_.write(batch, durability);
    }
    [[nodiscard]] Status<state::DiskError> sync() override { return disk_.sync(); }
    [[nodiscard]] std::unique_ptr<state::DiskReader> snapshot() const override {
        return disk_.snapshot();
    }

 private:
    state::Disk& disk_;
};

}  // namespace consilium::node
