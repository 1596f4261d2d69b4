// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>

namespace consilium::vault::testing {

// While it lives, vaults that are opened have their databases on a disk that can be made full; for
// tests of rooms that do not see the database.
class FullDisk {
 public:
    FullDisk();
    ~FullDisk();
    FullDisk(const FullDisk&) = delete;
    FullDisk& operator=(const FullDisk&) = delete;
    void set_full(bool full) { *full_ = full; }

 private:
    std::shared_ptr<std::atomic<bool>> full_ = std::make_shared<std::atomic<bool>>(false);
};

}  // namespace consilium::vault::testing
