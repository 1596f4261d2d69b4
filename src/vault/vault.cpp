// SPDX-License-Identifier: Apache-2.0
#include "vault/vault.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/hex.hpp"
#include "crypto/random.hpp"
#include "crypto/x25519.hpp"
#include "vault/errors.hpp"

namespace consilium::vault {

namespace fs = std::filesystem;

// Held as long as the vault is open; the operating system lets go of it when the process ends.
class Vault::FolderLock {
 public:
    static std::unique_ptr<FolderLock> take(const fs::path& folder) {
        const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0) return nullptr;
        if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
            ::close(fd);
            return nullptr;
        }
        return std::unique_ptr<FolderLock>(new FolderLock(fd));
    }
    FolderLock(const FolderLock&) = delete;
    FolderLock& operator=(const FolderLock&) = delete;
    ~FolderLock() { ::close(fd_); }

 private:
    explicit FolderLock(int fd) : fd_(fd) {}
    int fd_;
};

std::string_view describe(VaultError error) {
    switch (error) {
        case VaultError::kNone:
            return "has no such document, or is not there";
        case VaultError::kExists:
            return "has that version already, or its folder exists";
        case VaultError::kErased:
            return "has erased that version";
        case VaultError::kDamaged:
            return "is damaged: what lies on the disk is not what was stored";
        case VaultError::kConflict:
            return "has another row than expected";
        case VaultError::kInvalid:
            return "takes no such name, key or value";
        case VaultError::kTooLong:
            return "takes no document of that length";
        case VaultError::kFull:
            return "has no space left on its disk";
        case VaultError::kDisk:
            return "has a disk that is read-only or fails";
        case VaultError::kLocked:
            return "is in use by another process";
        case VaultError::kSink:
            return "could not hand the document on";
        case VaultError::kKeyStore:
            return "has a key store that does not open";
    }
    return "failed";
}

bool make_folder(const fs::path& path) {
    return ::mkdir(path.c_str(), 0700) == 0 && system_files().sync_parent(path).ok();
}

std::optional<std::vector<fs::path>> files_in(const fs::path& folder) {
    std::error_code error;
    std::vector<fs::path> out;
    for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
        if (at->symlink_status(error).type() == fs::file_type::regular) out.push_back(at->path());
    }
    if (error) return std::nullopt;
    return out;
}

namespace {

// Whether all that lies in it is what a vault or a backup consists of: what is not ours is not
// destroyed.
bool is_ours(const fs::path& folder) {
    std::error_code error;
    for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
        const std::string name = at->path().filename().string();
        const std::string_view known[] = {kKeyStoreFile,       "keystore.new",  kDocumentKeysFile,
                                          "document-keys.new", kDatabaseFolder, kDocumentsFolder,
                                          kManifestFile};
        if (std::find(std::begin(known), std::end(known), name) == std::end(known)) return false;
    }
    return !error;
}

// Keys and slots lie all over these, not only at their begin.
bool overwrite_whole(const fs::path& path) {
    std::error_code error;
    if (!fs::exists(fs::symlink_status(path, error))) return true;
    const auto file = system_files().open(path, Open::kWrite);
    return file && overwrite(**file).ok();
}

}  // namespace

bool destroy_folder(const fs::path& path) {
    std::error_code error;
    const auto type = fs::symlink_status(path, error).type();
    if (type == fs::file_type::not_found) return true;
    if (type != fs::file_type::directory || !is_ours(path)) return false;
    for (const char* name :
         {kKeyStoreFile, "keystore.new", kDocumentKeysFile, "document-keys.new"}) {
        if (!overwrite_whole(path / name)) return false;
    }
    for (const char* part : {kDatabaseFolder, kDocumentsFolder}) {
        if (!fs::exists(path / part, error)) continue;
        const auto files = files_in(path / part);
        if (!files || !std::all_of(files->begin(), files->end(), destroy_file)) return false;
    }
    fs::remove_all(path, error);
    return !error;
}

namespace {

OpenError because(VaultError error) {
    return {error, std::nullopt};
}
OpenError because(KeyStoreError error) {
    return {error == KeyStoreError::kMissing ? VaultError::kNone : VaultError::kKeyStore, error};
}

std::shared_ptr<FileKeys> file_keys(const KeyStore& store) {
    auto keys = std::make_shared<FileKeys>();
    for (const std::uint32_t generation : store.generations(kFilesKey))
        keys->generations[generation] = crypto::SecretBytes(*store.find(kFilesKey, generation));
    return keys;
}

// What a crash or a full disk left shorter than its own prefix holds nothing and was never synced,
// but RocksDB does not open a folder in which it lies. Its lock has no bytes at all.
bool remove_torn_files(const fs::path& folder) {
    const auto files = files_in(folder);
    if (!files) return false;
    for (const fs::path& file : *files) {
        std::error_code error;
        if (file.filename() == "LOCK" || fs::file_size(file, error) >= kFilePrefixBytes) continue;
        if (error || !fs::remove(file, error) || error) return false;
    }
    return true;
}

// All but the lock, in a folder that gets its name when it is whole.
Status<OpenError> make_parts(const fs::path& folder, BytesView passphrase,
                             const crypto::Argon2idCost& cost) {
    if (!make_folder(folder) || !make_folder(folder / kDatabaseFolder) ||
        !make_folder(folder / kDocumentsFolder)) {
        return fail(because(VaultError::kDisk));
    }
    auto store = KeyStore::create(system_files(), folder / kKeyStoreFile, passphrase, cost);
    if (!store) return fail(because(store.error()));
    for (const std::string_view name : {kFilesKey, kDocumentsKey, kRowsKey, kHpkeKey}) {
        const auto secret = crypto::SecretBytes::random(32);
        if (auto added = store->add(name, secret.view()); !added)
            return fail(because(added.error()));
    }
    const auto documents = *store->newest(kDocumentsKey);
    auto keys = DocumentKeys::create(system_files(), folder / kDocumentKeysFile,
                                     crypto::random_id<VaultId>(),
                                     {documents.generation, documents.secret});
    if (!keys) return fail(because(to_vault_error(keys.error())));
    auto database = Database::open(folder / kDatabaseFolder, file_keys(*store),
                                   crypto::SecretBytes(store->newest(kRowsKey)->secret), true);
    if (!database) return fail(because(to_vault_error(database.error())));
    return Done{};
}

}  // namespace

Status<OpenError> Vault::create(const fs::path& folder, BytesView passphrase,
                                const crypto::Argon2idCost& cost) {
    std::error_code error;
    if (fs::exists(folder, error) || error) return fail(because(VaultError::kExists));
    const fs::path next = folder.string() + ".new";
    if (!destroy_folder(next)) return fail(because(VaultError::kDisk));
    if (auto made = make_parts(next, passphrase, cost); !made) {
        (void)destroy_folder(next);
        return made;
    }
    if (!system_files().rename(next, folder) || !system_files().sync_parent(folder))
        return fail(because(VaultError::kDisk));
    return Done{};
}

Vault::Vault(Files& files, fs::path folder, std::unique_ptr<FolderLock> lock,
             const ledger::NetworkId& network, KeyStore key_store)
    : files_(files),
      folder_(std::move(folder)),
      lock_(std::move(lock)),
      network_(network),
      key_store_(std::move(key_store)) {}

Vault::~Vault() = default;

Result<std::unique_ptr<Vault>, OpenError> Vault::open(const fs::path& folder,
                                                      const ledger::NetworkId& network,
                                                      BytesView passphrase, Files& files) {
    std::error_code error;
    if (!fs::is_directory(folder, error)) return fail(because(VaultError::kNone));
    auto lock = FolderLock::take(folder);
    if (!lock) return fail(because(VaultError::kLocked));
    auto store = KeyStore::open(files, folder / kKeyStoreFile, passphrase);
    if (!store) return fail(because(store.error()));
    for (const std::string_view name : {kFilesKey, kDocumentsKey, kRowsKey, kHpkeKey}) {
        if (!store->newest(name) || store->newest(name)->secret.size() != 32)
            return fail(because(VaultError::kDamaged));
    }
    std::unique_ptr<Vault> vault(
        new Vault(files, folder, std::move(lock), network, std::move(store).value()));
    if (auto opened = vault->open_document_keys(); !opened) return fail(opened.error());
    if (auto opened = vault->open_database(); !opened) return fail(opened.error());
    if (auto done = vault->load_totals(); !done) return fail(because(done.error()));
    if (auto done = vault->finish_erasures(); !done) return fail(because(done.error()));
    if (auto done = vault->remove_orphans(); !done) return fail(because(done.error()));
    return vault;
}

Status<OpenError> Vault::open_document_keys() {
    const fs::path path = folder_ / kDocumentKeysFile;
    const auto header = DocumentKeys::header_of(files_, path);
    if (!header) return fail(because(to_vault_error(header.error())));
    const auto key = key_store_.find(kDocumentsKey, header->generation);
    if (!key) return fail(because(VaultError::kDamaged));
    auto keys = DocumentKeys::open(files_, path, header->vault, {header->generation, *key});
    if (!keys) return fail(because(to_vault_error(keys.error())));
    document_keys_ = std::move(*keys);
    // A rotation that was cut off after the file was wrapped again ends here; one that was cut off
    // before ends with the next rotate().
    if (key_store_.newest(kDocumentsKey)->generation != header->generation) return Done{};
    for (const std::uint32_t generation : key_store_.generations(kDocumentsKey)) {
        if (generation == header->generation) continue;
        if (auto removed = key_store_.remove(kDocumentsKey, generation); !removed)
            return fail(because(removed.error()));
    }
    return Done{};
}

Status<OpenError> Vault::open_database() {
    const auto keys = file_keys(key_store_);
    if (!remove_torn_files(folder_ / kDatabaseFolder)) return fail(because(VaultError::kDisk));
    if (keys->generations.size() > 1) {
        const auto files = files_in(folder_ / kDatabaseFolder);
        if (!files) return fail(because(VaultError::kDisk));
        for (const fs::path& file : *files) {
            if (auto done = rewrap_file(files_, file, *keys); !done) {
                return fail(because(done.error() == RewrapError::kDisk ? VaultError::kDisk
                                                                       : VaultError::kDamaged));
            }
        }
        for (const auto& [generation, key] : keys->generations) {
            if (generation == keys->generations.rbegin()->first) continue;
            if (auto removed = key_store_.remove(kFilesKey, generation); !removed)
                return fail(because(removed.error()));
        }
    }
    auto database = Database::open(folder_ / kDatabaseFolder, keys,
                                   crypto::SecretBytes(key_store_.newest(kRowsKey)->secret), false);
    if (!database) return fail(because(to_vault_error(database.error())));
    database_ = std::move(*database);
    return Done{};
}

Status<VaultError> Vault::load_totals() {
    const auto body = database_->get(Family::kMeta, kTotalsKey);
    if (!body) return fail(to_vault_error(body.error()));
    if (!body->has_value()) return Done{};
    const auto found = decode_totals(**body);
    if (!found) return fail(VaultError::kDamaged);
    totals_ = *found;
    return Done{};
}

// A crash while a document came in leaves its file, which no row names.
Status<VaultError> Vault::remove_orphans() {
    const auto files = files_in(folder_ / kDocumentsFolder);
    if (!files) return fail(VaultError::kDisk);
    for (const fs::path& file : *files) {
        const auto key = from_hex(file.filename().string());
        const auto name = key ? parse_row_key(*key) : std::nullopt;
        if (!name) continue;
        const auto row = database_->get(Family::kRecords, row_key(*name));
        if (!row) return fail(to_vault_error(row.error()));
        if (!row->has_value() && !files_.remove(file)) return fail(VaultError::kDisk);
    }
    return Done{};
}

fs::path Vault::file_of(const DocumentName& name) const {
    return folder_ / kDocumentsFolder / to_hex(row_key(name));
}

Result<RecordRow, VaultError> Vault::row_of(const DocumentName& name) const {
    const auto body = database_->get(Family::kRecords, row_key(name));
    if (!body) return fail(to_vault_error(body.error()));
    if (!body->has_value()) return fail(VaultError::kNone);
    auto row = decode_record(**body);
    if (!row) return fail(VaultError::kDamaged);
    return std::move(*row);
}

// Also of a version whose entries a later one has replaced.
Result<std::vector<Bytes>, VaultError> Vault::index_keys_of(std::uint64_t slot) const {
    const auto body = database_->get(Family::kIndexKeys, slot_key(slot));
    if (!body) return fail(to_vault_error(body.error()));
    if (!body->has_value()) return std::vector<Bytes>();
    auto keys = decode_index_keys(**body);
    if (!keys) return fail(VaultError::kDamaged);
    return std::move(*keys);
}

}  // namespace consilium::vault
