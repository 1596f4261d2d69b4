// SPDX-License-Identifier: Apache-2.0
#include "vault/key_store.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"
#include "crypto/aead.hpp"
#include "crypto/hash.hpp"
#include "crypto/random.hpp"

namespace consilium::vault {
namespace {

using crypto::Argon2idCost;
using crypto::SecretBytes;

constexpr BytesView kMagic = "CONSKEYS";
constexpr std::uint32_t kVersion = 1;
constexpr std::uint32_t kMethodArgon2id = 1;
constexpr std::size_t kCheckBytes = 16;
// magic, version, method, passes, memory, salt, check, nonce, length of the sealed body
constexpr std::size_t kCheckAt = 8 + 4 * 4 + crypto::kArgon2idSaltBytes;
constexpr std::size_t kNonceAt = kCheckAt + kCheckBytes;
constexpr std::size_t kLengthAt = kNonceAt + crypto::kAeadNonceBytes;
constexpr std::size_t kHeaderBytes = kLengthAt + 4;
constexpr std::size_t kDigestBytes = Hash32::kSize;
constexpr std::size_t kFileBytesMax = 128U * 1024U;

KeyStoreError error_of(FileError error) {
    if (error == FileError::kMissing) return KeyStoreError::kMissing;
    if (error == FileError::kExists) return KeyStoreError::kExists;
    return KeyStoreError::kDisk;
}

bool is_name(std::string_view name) {
    const auto allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    };
    return !name.empty() && name.size() <= kKeyNameBytesMax &&
           std::all_of(name.begin(), name.end(), allowed);
}

bool is_passphrase(BytesView passphrase) {
    return !passphrase.empty() && passphrase.size() <= kPassphraseBytesMax;
}

}  // namespace

std::string_view describe(KeyStoreError error) {
    switch (error) {
        case KeyStoreError::kMissing:
            return "there is no key store";
        case KeyStoreError::kExists:
            return "there is a key store already";
        case KeyStoreError::kOpenToOthers:
            return "the key store can be read by others than its owner; run chmod 600 on it";
        case KeyStoreError::kDisk:
            return "the key store's disk is full, read-only or failing";
        case KeyStoreError::kNoKeyStore:
            return "the file is not a key store";
        case KeyStoreError::kNewer:
            return "the key store is of a later version of Consilium";
        case KeyStoreError::kDamaged:
            return "the key store is damaged; take it from a backup";
        case KeyStoreError::kWrongPassphrase:
            return "the passphrase is not that of the key store";
        case KeyStoreError::kPassphrase:
            return "a passphrase has 1 to 1024 bytes";
        case KeyStoreError::kMemory:
            return "there is not enough memory to check the passphrase";
        case KeyStoreError::kName:
            return "a key's name has 1 to 64 characters a-z, 0-9 and '-'";
        case KeyStoreError::kSecret:
            return "a key has 1 to 128 bytes";
        case KeyStoreError::kFull:
            return "the key store is full; remove keys that nothing uses any more";
        case KeyStoreError::kNoKey:
            return "the key store holds no such key";
        case KeyStoreError::kNewest:
            return "the newest generation of a key is not removed";
    }
    return "unknown";
}

KeyStore::KeyStore(Files& files, std::filesystem::path path, Lock lock)
    : files_(&files), path_(std::move(path)), lock_(std::move(lock)) {}

Result<KeyStore::Lock, KeyStoreError> KeyStore::make_lock(BytesView passphrase, Bytes salt,
                                                          const Argon2idCost& cost) {
    if (!is_passphrase(passphrase)) return fail(KeyStoreError::kPassphrase);
    const auto root = crypto::argon2id(passphrase, salt, cost, 32);
    if (!root) return fail(KeyStoreError::kMemory);
    Lock lock;
    lock.cost = cost;
    lock.salt = std::move(salt);
    lock.check =
        Bytes(crypto::hkdf_expand(root->view(), "consilium/keystore-check/1", kCheckBytes).view());
    lock.key = crypto::hkdf_expand(root->view(), "consilium/keystore/1", 32);
    return lock;
}

Result<KeyStore, KeyStoreError> KeyStore::create(Files& files, const std::filesystem::path& path,
                                                 BytesView passphrase, const Argon2idCost& cost) {
    auto lock = make_lock(passphrase, crypto::random_bytes(crypto::kArgon2idSaltBytes), cost);
    if (!lock) return fail(lock.error());
    if (const auto there = files.open(path, Open::kRead); there)
        return fail(KeyStoreError::kExists);
    KeyStore store(files, path, std::move(lock).value());
    if (auto saved = store.save(store.lock_); !saved) return fail(saved.error());
    return store;
}

Result<KeyStore, KeyStoreError> KeyStore::open(Files& files, const std::filesystem::path& path,
                                               BytesView passphrase) {
    if (!is_passphrase(passphrase)) return fail(KeyStoreError::kPassphrase);
    const auto file = files.open(path, Open::kRead);
    if (!file) return fail(error_of(file.error()));
    if (!(*file)->is_private()) return fail(KeyStoreError::kOpenToOthers);
    const auto read = (*file)->read(0, kFileBytesMax + 1);
    if (!read) return fail(error_of(read.error()));
    const BytesView bytes = *read;
    if (bytes.size() < kMagic.size() || bytes.substr(0, kMagic.size()) != kMagic)
        return fail(KeyStoreError::kNoKeyStore);
    if (bytes.size() < kHeaderBytes + crypto::kAeadTagBytes + kDigestBytes ||
        bytes.size() > kFileBytesMax) {
        return fail(KeyStoreError::kDamaged);
    }
    const BytesView content = bytes.substr(0, bytes.size() - kDigestBytes);
    // A digest without a key tells damage from a wrong passphrase. Whoever can write the file can
    // write the digest too: then the seal below decides.
    if (crypto::sha256(content).view() != bytes.substr(content.size()))
        return fail(KeyStoreError::kDamaged);
    if (read_be32(bytes.substr(8)) != kVersion || read_be32(bytes.substr(12)) != kMethodArgon2id)
        return fail(KeyStoreError::kNewer);
    const Argon2idCost cost{read_be32(bytes.substr(16)), read_be32(bytes.substr(20))};
    if (!crypto::is_argon2id_cost(cost) ||
        read_be32(bytes.substr(kLengthAt)) != content.size() - kHeaderBytes) {
        return fail(KeyStoreError::kDamaged);
    }
    auto lock = make_lock(passphrase, Bytes(bytes.substr(24, crypto::kArgon2idSaltBytes)), cost);
    if (!lock) return fail(lock.error());
    if (!crypto::equal_in_constant_time(lock->check, bytes.substr(kCheckAt, kCheckBytes)))
        return fail(KeyStoreError::kWrongPassphrase);
    const auto body = crypto::aead_open(
        crypto::Aead::kAes256Gcm, lock->key.view(), bytes.substr(kNonceAt, crypto::kAeadNonceBytes),
        bytes.substr(0, kHeaderBytes), content.substr(kHeaderBytes));
    if (!body) return fail(KeyStoreError::kDamaged);
    auto keys = decode_body(body->view());
    if (!keys) return fail(KeyStoreError::kDamaged);
    KeyStore store(files, path, std::move(lock).value());
    store.keys_ = std::move(*keys);
    return store;
}

Bytes KeyStore::encode_body(const Keys& keys) {
    // Reserved at once, so that growing leaves no copies of keys behind.
    Bytes out;
    out.reserve(kFileBytesMax);
    append_be32(out, static_cast<std::uint32_t>(keys.size()));
    for (const auto& [name, secret] : keys) {
        out.push_back(static_cast<char>(name.name.size()));
        out.append(name.name);
        append_be32(out, name.generation);
        out.push_back(static_cast<char>(secret.size()));
        out.append(secret.view());
    }
    CONSILIUM_ASSERT(out.size() < kFileBytesMax - 1024);
    return out;
}

std::optional<KeyStore::Keys> KeyStore::decode_body(BytesView body) {
    const auto take = [&body](std::size_t size) -> std::optional<BytesView> {
        if (body.size() < size) return std::nullopt;
        const BytesView out = body.substr(0, size);
        body.remove_prefix(size);
        return out;
    };
    const auto take_short = [&take]() -> std::optional<BytesView> {
        const auto size = take(1);
        return size ? take(static_cast<std::uint8_t>(size->front())) : std::nullopt;
    };
    const auto count = take(4);
    if (!count || read_be32(*count) > kKeyStoreKeysMax) return std::nullopt;
    Keys keys;
    for (std::uint32_t i = 0; i < read_be32(*count); ++i) {
        const auto name = take_short();
        const auto generation = name ? take(4) : std::nullopt;
        const auto secret = generation ? take_short() : std::nullopt;
        if (!secret || !is_name(*name) || secret->empty() || secret->size() > kKeySecretBytesMax)
            return std::nullopt;
        Name key{std::string(*name), read_be32(*generation)};
        if (key.generation == 0 || (!keys.empty() && !(keys.rbegin()->first < key)))
            return std::nullopt;
        keys.emplace(std::move(key), SecretBytes(*secret));
    }
    if (!body.empty()) return std::nullopt;
    return keys;
}

Status<KeyStoreError> KeyStore::save(const Lock& lock) const {
    Bytes out(kMagic);
    append_be32(out, kVersion);
    append_be32(out, kMethodArgon2id);
    append_be32(out, lock.cost.passes);
    append_be32(out, lock.cost.memory_kib);
    out.append(lock.salt).append(lock.check);
    const Bytes nonce = crypto::random_bytes(crypto::kAeadNonceBytes);
    out.append(nonce);
    Bytes body = encode_body(keys_);
    append_be32(out, static_cast<std::uint32_t>(body.size() + crypto::kAeadTagBytes));
    CONSILIUM_ASSERT(out.size() == kHeaderBytes);
    out.append(crypto::aead_seal(crypto::Aead::kAes256Gcm, lock.key.view(), nonce, out, body));
    crypto::wipe(body);
    out.append(crypto::sha256(out).view());
    if (auto replaced = replace_file(*files_, path_, out); !replaced)
        return fail(error_of(replaced.error()));
    return Done{};
}

std::optional<KeyStore::Key> KeyStore::newest(std::string_view name) const {
    const auto after = keys_.upper_bound({std::string(name), 0xffffffffU});
    if (after == keys_.begin()) return std::nullopt;
    const auto& [key, secret] = *std::prev(after);
    if (key.name != name) return std::nullopt;
    return Key{key.generation, secret.view()};
}

std::optional<BytesView> KeyStore::find(std::string_view name, std::uint32_t generation) const {
    const auto found = keys_.find({std::string(name), generation});
    if (found == keys_.end()) return std::nullopt;
    return found->second.view();
}

std::vector<std::uint32_t> KeyStore::generations(std::string_view name) const {
    std::vector<std::uint32_t> out;
    for (auto at = keys_.lower_bound({std::string(name), 0});
         at != keys_.end() && at->first.name == name; ++at) {
        out.push_back(at->first.generation);
    }
    return out;
}

Result<std::uint32_t, KeyStoreError> KeyStore::add(std::string_view name, BytesView secret) {
    if (!is_name(name)) return fail(KeyStoreError::kName);
    if (secret.empty() || secret.size() > kKeySecretBytesMax) return fail(KeyStoreError::kSecret);
    if (keys_.size() >= kKeyStoreKeysMax) return fail(KeyStoreError::kFull);
    const auto last = newest(name);
    const std::uint32_t generation = last ? last->generation + 1 : 1;
    if (generation == 0) return fail(KeyStoreError::kFull);
    const auto added =
        keys_.emplace(Name{std::string(name), generation}, SecretBytes(secret)).first;
    if (auto saved = save(lock_); !saved) {
        keys_.erase(added);
        return fail(saved.error());
    }
    return generation;
}

Status<KeyStoreError> KeyStore::remove(std::string_view name, std::uint32_t generation) {
    if (!find(name, generation)) return fail(KeyStoreError::kNoKey);
    if (newest(name)->generation == generation) return fail(KeyStoreError::kNewest);
    auto node = keys_.extract({std::string(name), generation});
    auto saved = save(lock_);
    if (!saved) keys_.insert(std::move(node));
    return saved;
}

Status<KeyStoreError> KeyStore::change_passphrase(BytesView passphrase, const Argon2idCost& cost) {
    auto lock = make_lock(passphrase, crypto::random_bytes(crypto::kArgon2idSaltBytes), cost);
    if (!lock) return fail(lock.error());
    if (auto saved = save(*lock); !saved) return saved;
    lock_ = std::move(lock).value();
    return Done{};
}

}  // namespace consilium::vault
