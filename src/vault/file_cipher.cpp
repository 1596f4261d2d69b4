// SPDX-License-Identifier: Apache-2.0
#include "vault/file_cipher.hpp"

#include <fcntl.h>
#include <rocksdb/env_encryption.h>
#include <rocksdb/file_system.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/assert.hpp"
#include "crypto/aead.hpp"
#include "crypto/random.hpp"

namespace consilium::vault {
namespace {

constexpr BytesView kMagic = "CONSFILE";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kHeadBytes = 8 + 4 + 4;
constexpr std::size_t kKeyBytes = crypto::CounterCipher::kKeyBytes;
constexpr std::size_t kUsedBytes =
    kHeadBytes + crypto::kAeadNonceBytes + kKeyBytes + crypto::kAeadTagBytes;

// A prefix has two places for the wrapped key. One is in use; the other is zero, but while the key
// is being wrapped again.
constexpr std::size_t kPlaceBytes = kFilePrefixBytes / 2;

Bytes make_place(std::uint32_t generation, BytesView wrapping_key, BytesView file_key) {
    Bytes out(kMagic);
    append_be32(out, kVersion);
    append_be32(out, generation);
    const Bytes nonce = crypto::random_bytes(crypto::kAeadNonceBytes);
    const Bytes head = out;
    out += nonce;
    crypto::AeadKey(crypto::Aead::kAes256Gcm, wrapping_key).seal_to(out, nonce, head, file_key);
    CONSILIUM_ASSERT(out.size() == kUsedBytes);
    out.resize(kPlaceBytes, '\0');
    return out;
}

bool is_zero(BytesView bytes) {
    return std::all_of(bytes.begin(), bytes.end(), [](char c) { return c == '\0'; });
}

struct Unwrapped {
    crypto::SecretBytes key;
    std::uint32_t generation = 0;
    std::size_t place = 0;  // its offset
};

std::optional<Unwrapped> unwrap(const FileKeys& keys, BytesView prefix) {
    if (prefix.size() != kFilePrefixBytes) return std::nullopt;
    for (const std::size_t at : {std::size_t{0}, kPlaceBytes}) {
        const BytesView place = prefix.substr(at, kPlaceBytes);
        if (place.substr(0, kMagic.size()) != kMagic ||
            read_be32(place.substr(kMagic.size())) != kVersion ||
            !is_zero(place.substr(kUsedBytes))) {
            continue;
        }
        const std::uint32_t generation = read_be32(place.substr(kMagic.size() + 4));
        const auto wrapping = keys.generations.find(generation);
        if (wrapping == keys.generations.end()) continue;
        auto key = crypto::aead_open(
            crypto::Aead::kAes256Gcm, wrapping->second.view(),
            place.substr(kHeadBytes, crypto::kAeadNonceBytes), place.substr(0, kHeadBytes),
            place.substr(kHeadBytes + crypto::kAeadNonceBytes, kKeyBytes + crypto::kAeadTagBytes));
        if (key) return Unwrapped{std::move(*key), generation, at};
    }
    return std::nullopt;
}

bool has_wrapped_key(BytesView prefix) {
    return prefix.size() == kFilePrefixBytes &&
           (prefix.substr(0, kMagic.size()) == kMagic ||
            prefix.substr(kPlaceBytes, kMagic.size()) == kMagic);
}

// RocksDB's offsets begin at the file's first byte, the prefix counted in.
class CounterStream final : public rocksdb::BlockAccessCipherStream {
 public:
    explicit CounterStream(crypto::SecretBytes key) : cipher_(std::move(key)) {}
    std::size_t BlockSize() override { return crypto::CounterCipher::kBlockBytes; }
    rocksdb::Status Encrypt(std::uint64_t offset, char* data, std::size_t size) override {
        cipher_.apply(offset, data, size);
        return rocksdb::Status::OK();
    }
    rocksdb::Status Decrypt(std::uint64_t offset, char* data, std::size_t size) override {
        cipher_.apply(offset, data, size);
        return rocksdb::Status::OK();
    }

 protected:
    // Whole ranges are done above; RocksDB's way, block by block, is never taken.
    void AllocateScratch(std::string&) override {}
    rocksdb::Status EncryptBlock(std::uint64_t, char*, char*) override {
        return rocksdb::Status::NotSupported();
    }
    rocksdb::Status DecryptBlock(std::uint64_t, char*, char*) override {
        return rocksdb::Status::NotSupported();
    }

 private:
    crypto::CounterCipher cipher_;
};

class Provider final : public rocksdb::EncryptionProvider {
 public:
    explicit Provider(std::shared_ptr<const FileKeys> keys) : keys_(std::move(keys)) {}
    const char* Name() const override { return "consilium"; }
    std::size_t GetPrefixLength() const override { return kFilePrefixBytes; }

    rocksdb::Status CreateNewPrefix(const std::string&, char* prefix,
                                    std::size_t size) const override {
        CONSILIUM_ASSERT(size == kFilePrefixBytes);
        const auto& [generation, key] = *keys_->generations.rbegin();
        const Bytes made =
            make_place(generation, key.view(), crypto::SecretBytes::random(kKeyBytes).view());
        std::fill_n(std::copy(made.begin(), made.end(), prefix), kPlaceBytes, '\0');
        return rocksdb::Status::OK();
    }

    rocksdb::Status AddCipher(const std::string&, const char*, std::size_t, bool) override {
        return rocksdb::Status::NotSupported();
    }

    rocksdb::Status CreateCipherStream(
        const std::string&, const rocksdb::EnvOptions&, rocksdb::Slice& prefix,
        std::unique_ptr<rocksdb::BlockAccessCipherStream>* result) override {
        auto unwrapped = unwrap(*keys_, {prefix.data(), prefix.size()});
        // Not Corruption: reading its IDENTITY, RocksDB stops the process at that.
        if (!unwrapped) return rocksdb::Status::IOError(kKeyDoesNotUnwrap);
        *result = std::make_unique<CounterStream>(std::move(unwrapped->key));
        return rocksdb::Status::OK();
    }

 private:
    std::shared_ptr<const FileKeys> keys_;
};

// Removing a file leaves its bytes on the disk. Without the key in its prefix they are noise.
bool destroy_key_of(const std::string& path) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) return errno == ENOENT || errno == ELOOP;
    const off_t size = ::lseek(fd, 0, SEEK_END);
    const Bytes zeros(
        static_cast<std::size_t>(std::clamp<off_t>(size, 0, static_cast<off_t>(kFilePrefixBytes))),
        '\0');
    const bool done =
        size >= 0 &&
        ::pwrite(fd, zeros.data(), zeros.size(), 0) == static_cast<ssize_t>(zeros.size()) &&
        ::fdatasync(fd) == 0;
    ::close(fd);
    return done;
}

class DestroyingFileSystem final : public rocksdb::FileSystemWrapper {
 public:
    using rocksdb::FileSystemWrapper::FileSystemWrapper;
    const char* Name() const override { return "consilium-destroying"; }

    // No file has a second name: backups are copies.
    rocksdb::IOStatus DeleteFile(const std::string& name, const rocksdb::IOOptions& options,
                                 rocksdb::IODebugContext* debug) override {
        if (!destroy_key_of(name))
            return rocksdb::IOStatus::IOError("a removed file's key could not be overwritten");
        return target()->DeleteFile(name, options, debug);
    }
};

std::shared_ptr<rocksdb::FileSystem>& base_file_system() {
    static std::shared_ptr<rocksdb::FileSystem> base = rocksdb::FileSystem::Default();
    return base;
}

}  // namespace

void set_base_file_system(std::shared_ptr<rocksdb::FileSystem> base) {
    base_file_system() = std::move(base);
}

bool destroy_file(const std::filesystem::path& path) {
    if (!destroy_key_of(path.string())) return false;
    std::error_code error;
    std::filesystem::remove(path, error);
    return !error;
}

Status<RewrapError> rewrap_file(Files& files, const std::filesystem::path& path,
                                const FileKeys& keys) {
    auto file = files.open(path, Open::kWrite);
    if (!file) return fail(RewrapError::kDisk);
    const auto size = (*file)->size();
    const auto prefix = (*file)->read(0, kFilePrefixBytes);
    if (!size || !prefix) return fail(RewrapError::kDisk);
    if (!has_wrapped_key(*prefix)) return Done{};
    const auto now = unwrap(keys, *prefix);
    if (!now) return fail(RewrapError::kDamaged);
    const auto& [newest, wrapping_key] = *keys.generations.rbegin();
    const std::size_t other = kPlaceBytes - now->place;
    std::size_t former = other;
    if (now->generation != newest) {
        const Bytes place = make_place(newest, wrapping_key.view(), now->key.view());
        if (!(*file)->write(other, place) || !(*file)->sync()) return fail(RewrapError::kDisk);
        former = now->place;
    } else if (is_zero(BytesView(*prefix).substr(other, kPlaceBytes))) {
        return Done{};
    }
    if (!(*file)->write(former, Bytes(kPlaceBytes, '\0')) || !(*file)->sync())
        return fail(RewrapError::kDisk);
    return Done{};
}

EncryptedEnv::EncryptedEnv(std::shared_ptr<const FileKeys> keys) {
    CONSILIUM_ASSERT(!keys->generations.empty());
    const auto destroying = std::make_shared<DestroyingFileSystem>(base_file_system());
    env_ = rocksdb::NewCompositeEnv(
        rocksdb::NewEncryptedFS(destroying, std::make_shared<Provider>(std::move(keys))));
}

EncryptedEnv::~EncryptedEnv() = default;

}  // namespace consilium::vault
