// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <span>
#include <vector>

#include "base/result.hpp"
#include "crypto/aead.hpp"
#include "vault/document.hpp"
#include "vault/files.hpp"

// The keys and salts of a vault's documents, each in a slot of its own of one file, wrapped under a
// key of the key store: docs/formats/document-keys.md. The file is ours and not the database's, so
// that erasure is one write in place: no log, no older version and no other copy of a slot exists
// (docs/adr/0016-document-keys-in-slots.md says what that asks of the disk).
//
// Thread-safe, but that rewrap() is given slots which nobody erases meanwhile.
namespace consilium::vault {

using VaultId = Id<struct VaultIdTag, 16>;

enum class DocumentKeysError : std::uint8_t {
    kMissing,  // no such file
    kDisk,     // the disk is full, read-only or fails
    kDamaged,  // not what was written, or under another key
    kErased,   // the slot holds nothing, for good
};

class DocumentKeys {
 public:
    struct WrappingKey {
        std::uint32_t generation = 0;
        BytesView key;  // 32 bytes
    };
    struct Entry {
        DocumentName name;
        const DocumentSecret* secret = nullptr;
    };
    struct Slot {
        std::uint64_t number = 0;
        DocumentName name;
    };
    // Calls back for every slot that is in use; stops when the call back answers false. Answers
    // false when it could not name all: then nothing is wrapped again.
    using ForEachSlot = std::function<bool(const std::function<bool(const Slot&)>&)>;

    [[nodiscard]] static Result<std::unique_ptr<DocumentKeys>, DocumentKeysError> create(
        Files& files, const std::filesystem::path& path, const VaultId& vault,
        const WrappingKey& key);
    struct Header {
        std::uint32_t generation = 0;
        VaultId vault;
    };
    // What the file says of itself before it can be opened; open() proves it.
    [[nodiscard]] static Result<Header, DocumentKeysError> header_of(
        Files& files, const std::filesystem::path& path);
    // Also destroys what a rewrap() that a crash cut off has left.
    [[nodiscard]] static Result<std::unique_ptr<DocumentKeys>, DocumentKeysError> open(
        Files& files, const std::filesystem::path& path, const VaultId& vault,
        const WrappingKey& key);

    [[nodiscard]] std::uint32_t generation() const;

    // Puts secrets into new slots, the first of which it answers, the others following; durable
    // when it returns. Slots are never used again.
    [[nodiscard]] Result<std::uint64_t, DocumentKeysError> put(std::span<const Entry> entries);
    [[nodiscard]] Result<DocumentSecret, DocumentKeysError> get(const Slot& slot) const;
    // Overwrites slots; when it returns they are gone from the disk. To erase again is no error.
    // After an error, or a crash, any part may have gone: erase again.
    [[nodiscard]] Status<DocumentKeysError> erase(std::span<const std::uint64_t> slots);

    // Writes the file anew under another key, with the slots that are named and no others, and
    // overwrites the former one. After an error the former file or the new one is in use.
    [[nodiscard]] Status<DocumentKeysError> rewrap(const WrappingKey& key,
                                                   const ForEachSlot& for_each_slot);

 private:
    DocumentKeys(Files& files, std::filesystem::path path, const VaultId& vault,
                 std::unique_ptr<File> file, const WrappingKey& key, std::uint64_t slots);
    [[nodiscard]] Bytes associated(const Slot& slot) const;
    void seal_slot(Bytes& out, crypto::AeadKey& key, const Slot& slot,
                   const DocumentSecret& secret) const;
    [[nodiscard]] Result<DocumentSecret, DocumentKeysError> read_slot(const Slot& slot) const;
    [[nodiscard]] Status<DocumentKeysError> remove_leftover();
    [[nodiscard]] bool make_name_durable();
    [[nodiscard]] Status<DocumentKeysError> write_next(File& next, const WrappingKey& key,
                                                       const ForEachSlot& for_each_slot) const;

    Files* files_;
    std::filesystem::path path_;
    VaultId vault_;
    std::mutex writes_;  // one change at a time
    // Guards which file and key are in use, which rewrap() alone changes: readers wait for no sync.
    mutable std::shared_mutex in_use_;
    std::unique_ptr<File> file_;
    std::uint32_t generation_;
    crypto::SecretBytes key_;
    std::uint64_t slots_;
    // False while a crash could still bring the former file back under our name.
    bool name_is_durable_ = true;
};

}  // namespace consilium::vault
