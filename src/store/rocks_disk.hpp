// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "state/disk.hpp"

namespace consilium::store {

struct RocksOptions {
    // Makes the database when the directory is missing or empty. Never over files that are there.
    bool create = true;
    // What RocksDB may keep in memory: written and not yet flushed, and read. With the defaults a
    // process that holds five million keys stays below 700 MiB.
    std::size_t write_memory_bytes = 160U * 1024U * 1024U;
    std::size_t cache_bytes = 288U * 1024U * 1024U;
};

// Why a ledger's directory cannot be used: the kind, and the sentence for an operator. The sentence
// names files, never content.
struct OpenError {
    state::DiskError error = state::DiskError::kIo;
    std::string detail;
};

// The disk port on RocksDB, one column family per space, in `directory`. RocksDB's own log is
// switched off: nothing about content leaves the database. Thread-safe as the port says.
//
// Corruption is found when a file is opened or a block is read (every block carries a checksum); a
// half-written end of the log is what a crash leaves and is cut off, damage before it is refused.
[[nodiscard]] Result<std::unique_ptr<state::Disk>, OpenError> open_rocks_disk(
    const std::filesystem::path& directory, const RocksOptions& options = {});

}  // namespace consilium::store
