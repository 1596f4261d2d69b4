// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "base/hex.hpp"
#include "crypto/hash.hpp"
#include "vault/errors.hpp"
#include "vault/vault.hpp"

namespace consilium::vault {
namespace {

namespace fs = std::filesystem;

constexpr BytesView kMagic = "CONSBKUP";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kManifestBytesMax = 256U * 1024U * 1024U;
constexpr std::uint64_t kPieceBytes = 1024U * 1024U;

struct Item {
    std::string path;  // below the folder, with '/'
    std::uint64_t size = 0;
    Hash32 digest;
};

// SHA-256 over the digests of the pieces: pieces are hashed as they are copied.
Result<Item, FileError> copy_file(Files& files, const fs::path& from, const fs::path& to,
                                  std::string path) {
    auto source = files.open(from, Open::kRead);
    if (!source) return fail(source.error());
    auto target = files.open(to, Open::kCreate);
    if (!target) return fail(target.error());
    Item item;
    item.path = std::move(path);
    Bytes digests;
    while (true) {
        const auto piece = (*source)->read(item.size, kPieceBytes);
        if (!piece) return fail(piece.error());
        if (piece->empty()) break;
        digests += crypto::sha256(*piece).view();
        if (auto written = (*target)->write(item.size, *piece); !written)
            return fail(written.error());
        item.size += piece->size();
    }
    item.digest = crypto::sha256(digests);
    if (auto synced = (*target)->sync(); !synced) return fail(synced.error());
    return item;
}

Hash32 code_of(BytesView rows_key, BytesView manifest) {
    const auto key = crypto::hkdf_expand(rows_key, "consilium/backup/1", 32);
    return crypto::hmac_sha256(key.view(), {manifest});
}

Bytes encode(std::vector<Item> items, BytesView rows_key) {
    std::sort(items.begin(), items.end(),
              [](const Item& a, const Item& b) { return a.path < b.path; });
    Bytes out(kMagic);
    append_be32(out, kVersion);
    append_be32(out, static_cast<std::uint32_t>(items.size()));
    for (const Item& item : items) {
        append_be32(out, static_cast<std::uint32_t>(item.path.size()));
        out += item.path;
        append_be64(out, item.size);
        out += item.digest.view();
    }
    out += code_of(rows_key, out).view();
    return out;
}

// A file in the folder, in db or in documents, by a plain name.
bool is_path(std::string_view path) {
    const std::size_t slash = path.find('/');
    const std::string_view folder = path.substr(0, slash == std::string_view::npos ? 0 : slash);
    const std::string_view name = slash == std::string_view::npos ? path : path.substr(slash + 1);
    return (folder.empty() || folder == kDatabaseFolder || folder == kDocumentsFolder) &&
           !name.empty() && name.front() != '.' &&
           std::all_of(name.begin(), name.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                      c == '-' || c == '.' || c == '_';
           });
}

// The manifest's items; nothing unless the vault's owner wrote it.
std::optional<std::vector<Item>> decode(BytesView bytes, BytesView rows_key) {
    constexpr std::size_t kHeadBytes = 8 + 4 + 4;
    if (bytes.size() < kHeadBytes + Hash32::kSize || bytes.substr(0, 8) != kMagic ||
        read_be32(bytes.substr(8)) != kVersion) {
        return std::nullopt;
    }
    const BytesView content = bytes.substr(0, bytes.size() - Hash32::kSize);
    if (!crypto::equal_in_constant_time(code_of(rows_key, content).view(),
                                        bytes.substr(content.size()))) {
        return std::nullopt;
    }
    const std::uint32_t count = read_be32(content.substr(12));
    BytesView rest = content.substr(kHeadBytes);
    std::vector<Item> items;
    for (std::uint32_t i = 0; i < count; ++i) {
        if (rest.size() < 4) return std::nullopt;
        const std::size_t length = read_be32(rest);
        if (rest.size() < 4 + length + 8 + Hash32::kSize) return std::nullopt;
        Item item;
        item.path = std::string(rest.substr(4, length));
        item.size = read_be64(rest.substr(4 + length));
        if (!assign(item.digest, rest.substr(4 + length + 8, Hash32::kSize)) ||
            !is_path(item.path)) {
            return std::nullopt;
        }
        rest.remove_prefix(4 + length + 8 + Hash32::kSize);
        items.push_back(std::move(item));
    }
    if (!rest.empty()) return std::nullopt;
    return items;
}

bool make_folders(const fs::path& folder) {
    return destroy_folder(folder) && make_folder(folder) && make_folder(folder / kDatabaseFolder) &&
           make_folder(folder / kDocumentsFolder);
}

bool sync_names(const fs::path& folder) {
    Files& files = system_files();
    return files.sync_parent(folder / kDatabaseFolder / "any").ok() &&
           files.sync_parent(folder / kDocumentsFolder / "any").ok() &&
           files.sync_parent(folder / "any").ok();
}

OpenError because(VaultError error) {
    return {error, std::nullopt};
}

// Copies what the manifest names, each file compared with it.
Status<OpenError> copy_back(const fs::path& backup, const fs::path& folder, BytesView passphrase) {
    const auto store = KeyStore::open(system_files(), backup / kKeyStoreFile, passphrase);
    if (!store) {
        return fail(OpenError{
            store.error() == KeyStoreError::kMissing ? VaultError::kNone : VaultError::kKeyStore,
            store.error()});
    }
    const auto rows = store->newest(kRowsKey);
    const auto manifest = read_file(system_files(), backup / kManifestFile, kManifestBytesMax);
    if (!rows || !manifest) return fail(because(VaultError::kDamaged));
    const auto items = decode(*manifest, rows->secret);
    if (!items) return fail(because(VaultError::kDamaged));
    for (const Item& item : *items) {
        const auto copied =
            copy_file(system_files(), backup / item.path, folder / item.path, item.path);
        if (!copied) return fail(because(to_vault_error(copied.error())));
        if (copied->size != item.size || copied->digest != item.digest)
            return fail(because(VaultError::kDamaged));
    }
    if (!sync_names(folder)) return fail(because(VaultError::kDisk));
    return Done{};
}

}  // namespace

// A document that is on its way has a file and no row.
bool Vault::is_backed_up(const fs::path& document) const {
    const auto key = from_hex(document.filename().string());
    const auto name = key ? parse_row_key(*key) : std::nullopt;
    if (!name) return false;
    const auto row = row_of(*name);
    return row && row->state == State::kStored && row->in_file;
}

Status<VaultError> Vault::copy_parts(const fs::path& folder,
                                     const std::vector<std::string>& database) {
    std::vector<std::pair<fs::path, std::string>> parts = {
        {folder_ / kKeyStoreFile, kKeyStoreFile}, {folder_ / kDocumentKeysFile, kDocumentKeysFile}};
    for (const std::string& name : database) {
        parts.emplace_back(folder_ / kDatabaseFolder / name,
                           std::string(kDatabaseFolder) + "/" + name);
    }
    const auto documents = files_in(folder_ / kDocumentsFolder);
    if (!documents) return fail(VaultError::kDisk);
    for (const fs::path& file : *documents) {
        if (is_backed_up(file))
            parts.emplace_back(file,
                               std::string(kDocumentsFolder) + "/" + file.filename().string());
    }
    std::vector<Item> items;
    for (const auto& [from, name] : parts) {
        auto copied = copy_file(files_, from, folder / name, name);
        if (!copied) return fail(to_vault_error(copied.error()));
        items.push_back(std::move(*copied));
    }
    const Bytes manifest = encode(std::move(items), key_store_.newest(kRowsKey)->secret);
    if (manifest.size() > kManifestBytesMax) return fail(VaultError::kInvalid);
    auto file = files_.open(folder / kManifestFile, Open::kCreate);
    if (!file) return fail(to_vault_error(file.error()));
    if (auto written = (*file)->write(0, manifest); !written)
        return fail(to_vault_error(written.error()));
    if (!(*file)->sync() || !sync_names(folder)) return fail(VaultError::kDisk);
    return Done{};
}

// The files are copied and not linked: a second name would keep a file's key from being overwritten
// when the database removes it.
Status<VaultError> Vault::backup(const fs::path& folder) {
    const std::lock_guard purging(purges_);
    const auto no_puts = puts_.alone();
    const std::lock_guard writing(writes_);
    const std::lock_guard appending(freezes_);
    std::error_code error;
    if (fs::exists(folder, error) || error) return fail(VaultError::kExists);
    const fs::path next = folder.string() + ".new";
    if (!make_folders(next)) return fail(VaultError::kDisk);
    Status<VaultError> done = Done{};
    {
        const auto frozen = database_->freeze();
        done = frozen ? copy_parts(next, (*frozen)->files)
                      : Status<VaultError>(fail(to_vault_error(frozen.error())));
    }
    if (done && (!files_.rename(next, folder) || !files_.sync_parent(folder)))
        done = fail(VaultError::kDisk);
    if (!done) (void)destroy_folder(next);
    return done;
}

Status<OpenError> Vault::restore(const fs::path& backup, const fs::path& folder,
                                 const ledger::NetworkId& network, BytesView passphrase,
                                 std::span<const DocumentName> erased_since) {
    std::error_code error;
    if (fs::exists(folder, error) || error) return fail(because(VaultError::kExists));
    const fs::path next = folder.string() + ".new";
    if (!make_folders(next)) return fail(because(VaultError::kDisk));
    const auto fill = [&]() -> Status<OpenError> {
        if (auto copied = copy_back(backup, next, passphrase); !copied) return copied;
        auto opened = open(next, network, passphrase);
        if (!opened) return fail(opened.error());
        Vault& vault = **opened;
        std::vector<DocumentName> names;
        for (const DocumentName& name : erased_since) {
            if (const auto row = vault.row_of(name); row || row.error() != VaultError::kNone)
                names.push_back(name);
        }
        if (auto shredded = vault.shred(names); !shredded) return fail(because(shredded.error()));
        if (auto verified = vault.verify(); !verified) return fail(because(verified.error()));
        return Done{};
    };
    if (auto filled = fill(); !filled) {
        (void)destroy_folder(next);
        return filled;
    }
    if (!system_files().rename(next, folder) || !system_files().sync_parent(folder))
        return fail(because(VaultError::kDisk));
    return Done{};
}

}  // namespace consilium::vault
