// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "state/disk.hpp"
#include "state/view.hpp"

namespace consilium::state {

// The map as of the moment when the log had `count` entries. Thread-safe.
class MomentView : public StateView {
 public:
    // `newest`: that moment is the disk's own.
    MomentView(std::shared_ptr<const DiskReader> disk, std::uint64_t count, bool newest)
        : disk_(std::move(disk)), count_(count), newest_(newest) {}

    [[nodiscard]] Result<std::optional<Bytes>, DiskError> get(BytesView key) const override;
    [[nodiscard]] Result<std::optional<KeyValue>, DiskError> last(BytesView prefix) const override;
    [[nodiscard]] Result<std::vector<KeyValue>, DiskError> scan(BytesView prefix, BytesView from,
                                                                std::size_t limit) const override;

 private:
    std::shared_ptr<const DiskReader> disk_;
    std::uint64_t count_;
    bool newest_;
};

}  // namespace consilium::state
