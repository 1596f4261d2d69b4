// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "crypto/derive.hpp"
#include "crypto/secret.hpp"
#include "vault/files.hpp"

// A member's secret keys in one file under a passphrase: docs/formats/keystore.md. Keys have a name
// and a generation; the newest generation of a name is the one to use, older ones are kept until
// what they protect has been wrapped again. The file is replaced as a whole by every change, so
// that a crash leaves the old keys or the new ones, and what an old file held is overwritten.
//
// One process at a time writes a key store: the vault's lock sees to that. Not thread-safe.
namespace consilium::vault {

inline constexpr std::size_t kKeyStoreKeysMax = 256;
inline constexpr std::size_t kKeyNameBytesMax = 64;
inline constexpr std::size_t kKeySecretBytesMax = 128;
inline constexpr std::size_t kPassphraseBytesMax = 1024;

enum class KeyStoreError : std::uint8_t {
    kMissing,          // no such file
    kExists,           // create() replaces none
    kOpenToOthers,     // others than the owner may read the file; chmod 600 mends it
    kDisk,             // the disk is full, read-only or fails
    kNoKeyStore,       // the file is something else
    kNewer,            // a version or method that this program does not know
    kDamaged,          // the bytes are not those that were written: take the backup
    kWrongPassphrase,  // the file is whole and opens under another passphrase
    kPassphrase,       // empty, or longer than kPassphraseBytesMax
    kMemory,           // the memory that the passphrase's check asks for is not to be had
    kName,             // not 1..64 characters a-z, 0-9, '-'
    kSecret,           // empty, or longer than kKeySecretBytesMax
    kFull,             // kKeyStoreKeysMax keys are there
    kNoKey,            // no key of that name and generation
    kNewest,           // the newest generation stays: its number must not be given again
};
[[nodiscard]] std::string_view describe(KeyStoreError error);

class KeyStore {
 public:
    // A new file without keys. Its folder must exist.
    [[nodiscard]] static Result<KeyStore, KeyStoreError> create(Files& files,
                                                                const std::filesystem::path& path,
                                                                BytesView passphrase,
                                                                const crypto::Argon2idCost& cost);
    [[nodiscard]] static Result<KeyStore, KeyStoreError> open(Files& files,
                                                              const std::filesystem::path& path,
                                                              BytesView passphrase);

    struct Key {
        std::uint32_t generation = 0;
        BytesView secret;  // good until the store is changed
    };
    [[nodiscard]] std::optional<Key> newest(std::string_view name) const;
    [[nodiscard]] std::optional<BytesView> find(std::string_view name,
                                                std::uint32_t generation) const;
    // Ascending.
    [[nodiscard]] std::vector<std::uint32_t> generations(std::string_view name) const;

    // The next generation of `name`, 1 for the first; durable when it returns. A failed change
    // leaves the store in memory as it was; on disk it may or may not have happened.
    [[nodiscard]] Result<std::uint32_t, KeyStoreError> add(std::string_view name, BytesView secret);
    // An older generation, when nothing is wrapped with it any more.
    [[nodiscard]] Status<KeyStoreError> remove(std::string_view name, std::uint32_t generation);
    // The same keys under another passphrase, salt and cost.
    [[nodiscard]] Status<KeyStoreError> change_passphrase(BytesView passphrase,
                                                          const crypto::Argon2idCost& cost);

 private:
    struct Name {
        std::string name;
        std::uint32_t generation = 0;
        friend auto operator<=>(const Name&, const Name&) = default;
    };
    // What a passphrase opens, and how it was made.
    struct Lock {
        crypto::Argon2idCost cost;
        Bytes salt;
        Bytes check;
        crypto::SecretBytes key;
    };
    using Keys = std::map<Name, crypto::SecretBytes>;

    KeyStore(Files& files, std::filesystem::path path, Lock lock);
    [[nodiscard]] static Result<Lock, KeyStoreError> make_lock(BytesView passphrase, Bytes salt,
                                                               const crypto::Argon2idCost& cost);
    [[nodiscard]] static Bytes encode_body(const Keys& keys);
    [[nodiscard]] static std::optional<Keys> decode_body(BytesView body);
    [[nodiscard]] Status<KeyStoreError> save(const Lock& lock) const;

    Files* files_;
    std::filesystem::path path_;
    Lock lock_;
    Keys keys_;
};

}  // namespace consilium::vault
