// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rocksdb/file_system.h>

#include <atomic>
#include <functional>
#include <memory>

namespace consilium::vault::testing {

// The files of the vault's database, over the operating system's, for tests: `change` is asked
// before every write, sync, removal and renaming; when it answers false, the disk is full. With
// `forgetful` what was not synced stays in memory, so that it is lost with the process as it would
// be with the power.
class FaultyDisk final : public rocksdb::FileSystemWrapper {
 public:
    FaultyDisk(std::function<bool()> change, bool forgetful);
    [[nodiscard]] const char* Name() const override { return "faulty"; }

    rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSWritableFile>* file,
                                      rocksdb::IODebugContext* debug) override;
    rocksdb::IOStatus DeleteFile(const std::string& name, const rocksdb::IOOptions& options,
                                 rocksdb::IODebugContext* debug) override;
    rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                                 const rocksdb::IOOptions& options,
                                 rocksdb::IODebugContext* debug) override;

 private:
    std::function<bool()> change_;
    bool forgetful_;
};

}  // namespace consilium::vault::testing
