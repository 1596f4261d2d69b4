// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "vault/database.hpp"
#include "vault/vault.hpp"

// Private to this room: errors of the parts as errors of the vault.
namespace consilium::vault {

[[nodiscard]] inline VaultError to_vault_error(FileError error) {
    if (error == FileError::kMissing) return VaultError::kDamaged;
    return error == FileError::kFull ? VaultError::kFull : VaultError::kDisk;
}

[[nodiscard]] inline VaultError to_vault_error(DatabaseError error) {
    switch (error) {
        case DatabaseError::kLocked:
            return VaultError::kLocked;
        case DatabaseError::kFull:
            return VaultError::kFull;
        case DatabaseError::kDamaged:
            return VaultError::kDamaged;
        case DatabaseError::kDisk:
            return VaultError::kDisk;
    }
    return VaultError::kDisk;
}

[[nodiscard]] inline VaultError to_vault_error(DocumentKeysError error) {
    if (error == DocumentKeysError::kErased) return VaultError::kErased;
    return error == DocumentKeysError::kDisk ? VaultError::kDisk : VaultError::kDamaged;
}

[[nodiscard]] inline VaultError to_vault_error(SealError error) {
    if (error == SealError::kTooLong) return VaultError::kTooLong;
    return error == SealError::kSink ? VaultError::kSink : VaultError::kDamaged;
}

// Names of the keys in the key store: docs/formats/keystore.md.
inline constexpr std::string_view kFilesKey = "files";
inline constexpr std::string_view kDocumentsKey = "documents";
inline constexpr std::string_view kRowsKey = "rows";
inline constexpr std::string_view kHpkeKey = "hpke";

// The key of Totals in kMeta.
inline constexpr std::string_view kTotalsKey = "totals";

// Names in a vault's folder.
inline constexpr const char* kKeyStoreFile = "keystore";
inline constexpr const char* kDocumentKeysFile = "document-keys";
inline constexpr const char* kDatabaseFolder = "db";
inline constexpr const char* kDocumentsFolder = "documents";
inline constexpr const char* kManifestFile = "backup";  // of a backup

// The regular files of a folder; nothing when it cannot be read.
[[nodiscard]] std::optional<std::vector<std::filesystem::path>> files_in(
    const std::filesystem::path& folder);
// A folder that only its owner may enter, durable with its name; false when it exists or fails.
[[nodiscard]] bool make_folder(const std::filesystem::path& path);
// Removes a vault or a backup that is not whole, keys first. False when it fails, or when something
// else lies in that folder; a missing one is no error.
[[nodiscard]] bool destroy_folder(const std::filesystem::path& path);

}  // namespace consilium::vault
