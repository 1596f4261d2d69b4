// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rocksdb/db.h>

#include <vector>

#include "state/disk.hpp"
#include "store/rocks_disk.hpp"

// Private to this room: the only header that shows RocksDB.
namespace consilium::store {

[[nodiscard]] rocksdb::DBOptions database_options(const RocksOptions& options);

// One per space, in the order of their numbers.
[[nodiscard]] std::vector<rocksdb::ColumnFamilyDescriptor> column_families(
    const RocksOptions& options);

// Whether RocksDB keeps that space in descending order.
[[nodiscard]] inline bool is_descending(state::Space space) {
    return space == state::Space::kCurrent;
}

[[nodiscard]] state::DiskError to_disk_error(const rocksdb::Status& status);

}  // namespace consilium::store
