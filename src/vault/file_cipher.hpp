// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>

#include "base/result.hpp"
#include "crypto/secret.hpp"
#include "vault/files.hpp"

// Private to this room: RocksDB on encrypted files, docs/formats/vault-files.md.
namespace consilium::vault {

// What wraps the files' keys: all generations that files may still be under, and the one that new
// files use (the newest). Immutable; shared by all threads of the database.
struct FileKeys {
    std::map<std::uint32_t, crypto::SecretBytes> generations;  // 32 bytes each; not empty
};

inline constexpr std::size_t kFilePrefixBytes = 4096;
// What the status says (an IOError) of a file whose wrapped key was altered or is under other keys.
inline constexpr const char* kKeyDoesNotUnwrap = "a file's key does not unwrap";

// An environment for one database whose files it encrypts, each under a random key of its own in
// AES-256 counter mode; the key stands wrapped in the file's first 4,096 bytes and is overwritten
// before the file is removed. The database's own log goes nowhere: give it a logger.
//
// Confidential: everything but sizes, names and times of files. Authenticated: the wrapped key of a
// file, nothing of what follows: whoever can write the disk can flip bits that checksums miss only
// by chance, swap files, or bring back old ones. So rows are authenticated one by one (rows.hpp)
// and documents are sealed (sealed.hpp); docs/adr/0017-vault-database-encryption.md.
class EncryptedEnv {
 public:
    explicit EncryptedEnv(std::shared_ptr<const FileKeys> keys);
    ~EncryptedEnv();
    EncryptedEnv(const EncryptedEnv&) = delete;
    EncryptedEnv& operator=(const EncryptedEnv&) = delete;

    // Good as long as this object.
    [[nodiscard]] rocksdb::Env* env() const { return env_.get(); }

 private:
    std::unique_ptr<rocksdb::Env> env_;
};

// What environments of this process stand on from now on; for tests of crashes and full disks.
void set_base_file_system(std::shared_ptr<rocksdb::FileSystem> base);

// Overwrites the key of a file and removes it. A missing one is no error; a link is removed and not
// followed.
[[nodiscard]] bool destroy_file(const std::filesystem::path& path);

enum class RewrapError : std::uint8_t { kDisk, kDamaged };

// Wraps the key of one file under the newest generation, in place, where its former wrap is then
// overwritten. A crash leaves a file that opens with both generations at hand. The file must not be
// open in a database that is writing it. Files without a wrapped key are left alone: a lock file,
// one that a crash cut off before its key was written, or one whose key was overwritten before a
// crash kept it from being removed.
[[nodiscard]] Status<RewrapError> rewrap_file(Files& files, const std::filesystem::path& path,
                                              const FileKeys& keys);

}  // namespace consilium::vault
