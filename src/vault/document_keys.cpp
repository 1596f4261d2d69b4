// SPDX-License-Identifier: Apache-2.0
#include "vault/document_keys.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"
#include "crypto/derive.hpp"
#include "crypto/random.hpp"

namespace consilium::vault {
namespace {

constexpr BytesView kMagic = "CONSDKEY";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kHeaderBytes = 4096;
constexpr std::size_t kCheckBytes = 16;
constexpr std::size_t kSecretBytes = kDocumentKeyBytes + kSaltBytes;
constexpr std::size_t kWrappedBytes =
    crypto::kAeadNonceBytes + kSecretBytes + crypto::kAeadTagBytes;
constexpr std::size_t kSlotBytes = 96;
static_assert(kWrappedBytes <= kSlotBytes);

DocumentKeysError error_of(FileError error) {
    return error == FileError::kMissing ? DocumentKeysError::kMissing : DocumentKeysError::kDisk;
}

std::uint64_t offset_of(std::uint64_t slot) {
    return kHeaderBytes + slot * kSlotBytes;
}

std::filesystem::path leftover_of(const std::filesystem::path& path) {
    return path.string() + ".new";
}

Bytes make_header(const VaultId& vault, const DocumentKeys::WrappingKey& key) {
    Bytes out(kMagic);
    append_be32(out, kVersion);
    append_be32(out, key.generation);
    out += vault.view();
    const Hash32 check = crypto::hmac_sha256(key.key, {"consilium/document-keys/1", out});
    out += check.view().substr(0, kCheckBytes);
    out.resize(kHeaderBytes, '\0');
    return out;
}

bool is_empty(BytesView slot) {
    return std::all_of(slot.begin(), slot.end(), [](char c) { return c == '\0'; });
}

}  // namespace

DocumentKeys::DocumentKeys(Files& files, std::filesystem::path path, const VaultId& vault,
                           std::unique_ptr<File> file, const WrappingKey& key, std::uint64_t slots)
    : files_(&files),
      path_(std::move(path)),
      vault_(vault),
      file_(std::move(file)),
      generation_(key.generation),
      key_(key.key),
      slots_(slots) {}

Result<std::unique_ptr<DocumentKeys>, DocumentKeysError> DocumentKeys::create(
    Files& files, const std::filesystem::path& path, const VaultId& vault, const WrappingKey& key) {
    CONSILIUM_ASSERT(key.key.size() == 32 && key.generation > 0);
    auto file = files.open(path, Open::kCreate);
    if (!file) return fail(error_of(file.error()));
    if (!(*file)->write(0, make_header(vault, key)) || !(*file)->sync() || !files.sync_parent(path))
        return fail(DocumentKeysError::kDisk);
    return std::unique_ptr<DocumentKeys>(
        new DocumentKeys(files, path, vault, std::move(*file), key, 0));
}

Result<DocumentKeys::Header, DocumentKeysError> DocumentKeys::header_of(
    Files& files, const std::filesystem::path& path) {
    const auto file = files.open(path, Open::kRead);
    if (!file) return fail(error_of(file.error()));
    const auto header = (*file)->read(0, kHeaderBytes);
    if (!header) return fail(error_of(header.error()));
    if (header->size() != kHeaderBytes || BytesView(*header).substr(0, 8) != kMagic)
        return fail(DocumentKeysError::kDamaged);
    Header out;
    out.generation = read_be32(BytesView(*header).substr(12));
    CONSILIUM_ASSERT(assign(out.vault, BytesView(*header).substr(16, VaultId::kSize)));
    return out;
}

Result<std::unique_ptr<DocumentKeys>, DocumentKeysError> DocumentKeys::open(
    Files& files, const std::filesystem::path& path, const VaultId& vault, const WrappingKey& key) {
    CONSILIUM_ASSERT(key.key.size() == 32);
    auto file = files.open(path, Open::kWrite);
    if (!file) return fail(error_of(file.error()));
    const auto header = (*file)->read(0, kHeaderBytes);
    const auto size = (*file)->size();
    if (!header || !size) return fail(DocumentKeysError::kDisk);
    if (!crypto::equal_in_constant_time(*header, make_header(vault, key)))
        return fail(DocumentKeysError::kDamaged);
    // A slot that a crash left half written belongs to no document; it is not used again.
    const std::uint64_t slots = (*size - kHeaderBytes + kSlotBytes - 1) / kSlotBytes;
    auto keys = std::unique_ptr<DocumentKeys>(
        new DocumentKeys(files, path, vault, std::move(*file), key, slots));
    if (auto removed = keys->remove_leftover(); !removed) return fail(removed.error());
    return keys;
}

std::uint32_t DocumentKeys::generation() const {
    const std::shared_lock lock(in_use_);
    return generation_;
}

// A second copy of slots must not outlive an erasure.
Status<DocumentKeysError> DocumentKeys::remove_leftover() {
    const std::filesystem::path leftover = leftover_of(path_);
    auto file = files_->open(leftover, Open::kWrite);
    if (!file && file.error() == FileError::kMissing) return Done{};
    if (!file || !overwrite(**file) || !files_->remove(leftover) || !files_->sync_parent(leftover))
        return fail(DocumentKeysError::kDisk);
    return Done{};
}

bool DocumentKeys::make_name_durable() {
    name_is_durable_ = name_is_durable_ || files_->sync_parent(path_).ok();
    return name_is_durable_;
}

Bytes DocumentKeys::associated(const Slot& slot) const {
    Bytes out("consilium/document-slot/1");
    out += vault_.view();
    append_be64(out, slot.number);
    out += slot.name.record.view();
    append_be32(out, slot.name.version);
    return out;
}

void DocumentKeys::seal_slot(Bytes& out, crypto::AeadKey& key, const Slot& slot,
                             const DocumentSecret& secret) const {
    CONSILIUM_ASSERT(secret.key.size() == kDocumentKeyBytes && secret.salt.size() == kSaltBytes);
    const std::size_t begin = out.size();
    const Bytes nonce = crypto::random_bytes(crypto::kAeadNonceBytes);
    Bytes plaintext(secret.key.view());
    plaintext += secret.salt.view();
    out += nonce;
    key.seal_to(out, nonce, associated(slot), plaintext);
    crypto::wipe(plaintext);
    out.resize(begin + kSlotBytes, '\0');
}

Result<std::uint64_t, DocumentKeysError> DocumentKeys::put(std::span<const Entry> entries) {
    const std::lock_guard lock(writes_);
    if (!make_name_durable()) return fail(DocumentKeysError::kDisk);
    const std::uint64_t first = slots_;
    // Counted first: after an error these slots may hold something.
    slots_ += entries.size();
    Bytes bytes;
    bytes.reserve(entries.size() * kSlotBytes);
    crypto::AeadKey key(crypto::Aead::kAes256Gcm, key_.view());
    for (std::size_t i = 0; i < entries.size(); ++i)
        seal_slot(bytes, key, {first + i, entries[i].name}, *entries[i].secret);
    if (!file_->write(offset_of(first), bytes) || !file_->sync())
        return fail(DocumentKeysError::kDisk);
    return first;
}

Result<DocumentSecret, DocumentKeysError> DocumentKeys::read_slot(const Slot& slot) const {
    const auto read = file_->read(offset_of(slot.number), kSlotBytes);
    if (!read) return fail(DocumentKeysError::kDisk);
    const BytesView bytes = *read;
    if (bytes.size() != kSlotBytes) return fail(DocumentKeysError::kDamaged);
    if (is_empty(bytes)) return fail(DocumentKeysError::kErased);
    if (!is_empty(bytes.substr(kWrappedBytes))) return fail(DocumentKeysError::kDamaged);
    const auto opened = crypto::aead_open(
        crypto::Aead::kAes256Gcm, key_.view(), bytes.substr(0, crypto::kAeadNonceBytes),
        associated(slot),
        bytes.substr(crypto::kAeadNonceBytes, kSecretBytes + crypto::kAeadTagBytes));
    if (!opened) return fail(DocumentKeysError::kDamaged);
    return DocumentSecret{crypto::SecretBytes(opened->view().substr(0, kDocumentKeyBytes)),
                          crypto::SecretBytes(opened->view().substr(kDocumentKeyBytes))};
}

Result<DocumentSecret, DocumentKeysError> DocumentKeys::get(const Slot& slot) const {
    const std::shared_lock lock(in_use_);
    return read_slot(slot);
}

Status<DocumentKeysError> DocumentKeys::erase(std::span<const std::uint64_t> slots) {
    const std::lock_guard lock(writes_);
    if (!make_name_durable()) return fail(DocumentKeysError::kDisk);
    if (auto removed = remove_leftover(); !removed) return removed;
    const Bytes nothing(kSlotBytes, '\0');
    for (const std::uint64_t slot : slots) {
        if (slot >= slots_) return fail(DocumentKeysError::kDamaged);
        if (!file_->write(offset_of(slot), nothing)) return fail(DocumentKeysError::kDisk);
    }
    if (!file_->sync()) return fail(DocumentKeysError::kDisk);
    for (const std::uint64_t slot : slots) {
        const auto after = file_->read(offset_of(slot), kSlotBytes);
        if (!after || *after != nothing) return fail(DocumentKeysError::kDisk);
    }
    return Done{};
}

Status<DocumentKeysError> DocumentKeys::write_next(File& next, const WrappingKey& key,
                                                   const ForEachSlot& for_each_slot) const {
    if (!next.write(0, make_header(vault_, key))) return fail(DocumentKeysError::kDisk);
    // The file keeps its length, so that no slot's number is given again.
    if (slots_ > 0 && !next.write(offset_of(slots_) - 1, Bytes(1, '\0')))
        return fail(DocumentKeysError::kDisk);
    crypto::AeadKey wrapping(crypto::Aead::kAes256Gcm, key.key);
    Status<DocumentKeysError> result = Done{};
    const bool complete = for_each_slot([&](const Slot& slot) {
        const auto secret = read_slot(slot);
        if (!secret) {
            result = fail(secret.error());
            return false;
        }
        Bytes bytes;
        seal_slot(bytes, wrapping, slot, *secret);
        if (!next.write(offset_of(slot.number), bytes)) result = fail(DocumentKeysError::kDisk);
        return result.ok();
    });
    if (!result) return result;
    if (!complete) return fail(DocumentKeysError::kDamaged);
    if (!next.sync()) return fail(DocumentKeysError::kDisk);
    return Done{};
}

Status<DocumentKeysError> DocumentKeys::rewrap(const WrappingKey& key,
                                               const ForEachSlot& for_each_slot) {
    CONSILIUM_ASSERT(key.key.size() == 32);
    const std::lock_guard lock(writes_);
    CONSILIUM_ASSERT(key.generation > generation_);
    if (auto removed = remove_leftover(); !removed) return removed;
    const std::filesystem::path leftover = leftover_of(path_);
    auto next = files_->open(leftover, Open::kCreate);
    if (!next) return fail(DocumentKeysError::kDisk);
    if (auto written = write_next(**next, key, for_each_slot); !written) {
        (void)remove_leftover();
        return written;
    }
    if (!files_->rename(leftover, path_)) {
        (void)remove_leftover();
        return fail(DocumentKeysError::kDisk);
    }
    // From here on the new file is the one in use; the former has no name any more.
    std::unique_ptr<File> former = std::move(*next);
    {
        const std::lock_guard swap(in_use_);
        std::swap(former, file_);
        generation_ = key.generation;
        key_ = crypto::SecretBytes(key.key);
    }
    name_is_durable_ = false;
    if (!make_name_durable() || !overwrite(*former)) return fail(DocumentKeysError::kDisk);
    return Done{};
}

}  // namespace consilium::vault
