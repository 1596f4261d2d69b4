// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "base/bytes.hpp"
#include "base/result.hpp"

// The few things that the vault's own files need of a file system, as a port: so that tests can
// cut the power at every write. What is written is certain to survive only once sync() has
// returned; a name (creation, rename, removal) only once sync_parent() has.
namespace consilium::vault {

enum class FileError : std::uint8_t { kMissing, kExists, kFull, kReadOnly, kIo };

// An open file. Thread-safe for reads; writes are the caller's to order.
class File {
 public:
    virtual ~File() = default;

    // Fewer bytes only at the end of the file.
    [[nodiscard]] virtual Result<Bytes, FileError> read(std::uint64_t offset,
                                                        std::size_t size) const = 0;
    // All of it or an error, after which any part may have been written.
    [[nodiscard]] virtual Status<FileError> write(std::uint64_t offset, BytesView bytes) = 0;
    [[nodiscard]] virtual Status<FileError> sync() = 0;
    [[nodiscard]] virtual Result<std::uint64_t, FileError> size() const = 0;
    // True when nobody but the owner may read or write it.
    [[nodiscard]] virtual bool is_private() const = 0;
};

enum class Open : std::uint8_t {
    kRead,
    kWrite,    // an existing file, to read and write
    kCreate,   // a new file (mode 0600); an existing one is an error
    kReplace,  // a new file, or an existing one emptied
};

class Files {
 public:
    virtual ~Files() = default;

    [[nodiscard]] virtual Result<std::unique_ptr<File>, FileError> open(
        const std::filesystem::path& path, Open mode) = 0;
    // Replaces what stands at `to`.
    [[nodiscard]] virtual Status<FileError> rename(const std::filesystem::path& from,
                                                   const std::filesystem::path& to) = 0;
    [[nodiscard]] virtual Status<FileError> remove(const std::filesystem::path& path) = 0;
    [[nodiscard]] virtual Status<FileError> sync_parent(const std::filesystem::path& path) = 0;
};

// The operating system's files.
[[nodiscard]] Files& system_files();

// The whole file; kIo when it is longer than `size_max`.
[[nodiscard]] Result<Bytes, FileError> read_file(Files& files, const std::filesystem::path& path,
                                                 std::size_t size_max);

// Replaces a file as a whole or not at all, durably: writes `path`.new, syncs, renames. When the
// new one is durable, what the old one held is overwritten on disk.
[[nodiscard]] Status<FileError> replace_file(Files& files, const std::filesystem::path& path,
                                             BytesView content);

// Overwrites all of an open file with zeros and syncs it.
[[nodiscard]] Status<FileError> overwrite(File& file);

}  // namespace consilium::vault
