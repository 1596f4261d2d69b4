// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "vault/key_store.hpp"

// What can go wrong with a vault.
namespace consilium::vault {

enum class VaultError : std::uint8_t {
    kNone,      // no such document version, or no vault in that folder
    kExists,    // the version is stored already, or the folder is not empty
    kErased,    // it was erased, for good
    kDamaged,   // what the disk holds is not what was stored
    kConflict,  // a row is not as it was expected to be
    kInvalid,   // a version, key, value or number of them outside its limits
    kTooLong,   // more than kDocumentBytesMax, or not as many bytes as announced
    kFull,      // the disk is full
    kDisk,      // the disk is read-only or fails
    kLocked,    // another process has the vault open
    kSink,      // the receiver of a document's bytes refused them
    kKeyStore,  // see OpenError::key_store
};

// What the error is, to go behind "the vault ": "is in use by another process".
[[nodiscard]] std::string_view describe(VaultError error);

struct OpenError {
    VaultError error = VaultError::kDisk;
    std::optional<KeyStoreError> key_store;
};

}  // namespace consilium::vault
