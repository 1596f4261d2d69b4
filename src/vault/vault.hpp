// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <shared_mutex>
#include <span>
#include <vector>

#include "base/result.hpp"
#include "vault/batch.hpp"
#include "vault/document_keys.hpp"
#include "vault/key_store.hpp"
#include "vault/sealed.hpp"
#include "vault/turns.hpp"
#include "vault/vault_error.hpp"

// Where a member's documents lie, sealed. A folder:
//   keystore        the keys, under a passphrase (key_store.hpp)
//   document-keys   key and salt of each document version (document_keys.hpp)
//   db/             records, index entries, small documents, services' rows (database.hpp)
//   documents/      sealed documents above kInlineBytesMax, a file each
// Nothing in it is readable without the passphrase. Thread-safe; reads run beside each other and
// beside writes; writes that come together become durable together.
namespace consilium::vault {

class Database;
class DocumentWriter;  // document_writer.hpp

struct DocumentInfo {
    State state = State::kStored;
    std::uint64_t size = 0;
    Hash32 commitment;
};

class Vault {
    class FolderLock;

 public:
    // Makes the vault whole or not at all.
    [[nodiscard]] static Status<OpenError> create(const std::filesystem::path& folder,
                                                  BytesView passphrase,
                                                  const crypto::Argon2idCost& cost);
    // Also finishes erasures and rotations that a crash cut off. `files` is for tests of crashes.
    [[nodiscard]] static Result<std::unique_ptr<Vault>, OpenError> open(
        const std::filesystem::path& folder, const ledger::NetworkId& network, BytesView passphrase,
        Files& files = system_files());
    ~Vault();
    Vault(const Vault&) = delete;
    Vault& operator=(const Vault&) = delete;

    // Stores all of it or nothing, if each row of `expected` is as said; durable when it returns.
    // Answers the documents' commitments. Calls that come while others are written share their two
    // syncs, and the keys of some are synced while the rows of others are. kNone: what a document
    // replaces is not there.
    [[nodiscard]] Result<std::vector<Hash32>, VaultError> put(
        std::span<const NewDocument> documents, std::span<const Row> rows = {},
        std::span<const Row> expected = {});
    // Rows that need no sync of their own, all or none: they outlive the process when it returns,
    // and the machine once any later put() returns.
    [[nodiscard]] Status<VaultError> append(std::span<const Row> rows);
    // A document that comes in pieces. `size` saves reading it again for its commitment.
    [[nodiscard]] Result<std::unique_ptr<DocumentWriter>, VaultError> begin(
        const DocumentName& name, std::optional<std::uint64_t> size);

    // Hands the plaintext on in order, each piece proven genuine. Only the answer says that it is
    // complete and what the ledger's commitment is for: after an error, take it back.
    [[nodiscard]] Result<DocumentInfo, VaultError> read(const DocumentName& name,
                                                        const Sink& sink) const;
    // The whole of it; kTooLong when it has more than `size_max` bytes.
    [[nodiscard]] Result<Bytes, VaultError> read(const DocumentName& name,
                                                 std::uint64_t size_max) const;
    [[nodiscard]] Result<DocumentInfo, VaultError> info(const DocumentName& name) const;
    // Ascending; erased ones too.
    [[nodiscard]] Result<std::vector<std::uint32_t>, VaultError> versions(
        const ledger::RecordId& record) const;
    // The key and salt, to seal them to another member.
    [[nodiscard]] Result<DocumentSecret, VaultError> secret(const DocumentName& name) const;
    // Versions with an index key that begins with `prefix`, ascending by key, then by name: at most
    // `limit`, those after the entry `after` (nothing: from the first).
    struct Entry {
        Bytes key;
        DocumentName name;
    };
    [[nodiscard]] Result<std::vector<Entry>, VaultError> find(BytesView prefix,
                                                              const std::optional<Entry>& after,
                                                              std::size_t limit) const;
    // The value of a service's row; nothing when there is none.
    [[nodiscard]] Result<std::optional<Bytes>, VaultError> row(BytesView key) const;
    // Rows whose keys begin with `prefix` and are above `after`, ascending, at most `limit`.
    [[nodiscard]] Result<std::vector<Row>, VaultError> rows(BytesView prefix, BytesView after,
                                                            std::size_t limit) const;

    // Destroys key, salt, payload and index entries of each: when it returns, nothing in the folder
    // gives them, not with the passphrase either. Calls that come while others purge share the next
    // purge. Services' rows are theirs to remove, which is no erasure. What stays: that they
    // existed, and commitments. A crash leaves an erasure that the next open() finishes; versions
    // already erased are no error.
    [[nodiscard]] Status<VaultError> shred(std::span<const DocumentName> names);

    // New wrapping keys for documents (at once) and for the database's files (at the next open).
    [[nodiscard]] Status<VaultError> rotate();
    [[nodiscard]] Status<KeyStoreError> change_passphrase(BytesView passphrase,
                                                          const crypto::Argon2idCost& cost);
    // The X25519 secret key to which other members seal document keys.
    [[nodiscard]] crypto::SecretBytes hpke_key() const;
    // Of a key in the key store, ascending.
    [[nodiscard]] std::vector<std::uint32_t> generations(std::string_view key) const;
    [[nodiscard]] Totals totals() const;
    struct Figures {             // of the database, as it estimates
        std::uint64_t rows = 0;  // of services
        std::uint64_t index_entries = 0;
        std::uint64_t database_bytes = 0;
    };
    [[nodiscard]] Figures figures() const;
    // Called after every group of writes with how long its two syncs took; set before the first.
    void on_sync(std::function<void(std::chrono::microseconds)> observer) {
        observer_ = std::move(observer);
    }
    // Reads every document and compares its commitment; the number of stored ones.
    [[nodiscard]] Result<std::uint64_t, VaultError> verify() const;

    // A consistent copy in `folder`, which must not exist (docs/formats/backup.md). The passphrase
    // restores it: it holds keys that later erasures do not reach. Writes wait.
    [[nodiscard]] Status<VaultError> backup(const std::filesystem::path& folder);
    // Makes a vault out of a backup, erases what was erased since (before anything can read it) and
    // verifies every document.
    [[nodiscard]] static Status<OpenError> restore(const std::filesystem::path& backup,
                                                   const std::filesystem::path& folder,
                                                   const ledger::NetworkId& network,
                                                   BytesView passphrase,
                                                   std::span<const DocumentName> erased_since);

 private:
    friend class DocumentReader;
    friend class DocumentWriter;
    Vault(Files& files, std::filesystem::path folder, std::unique_ptr<FolderLock> lock,
          const ledger::NetworkId& network, KeyStore key_store);

    [[nodiscard]] Status<OpenError> open_document_keys();
    [[nodiscard]] Status<OpenError> open_database();
    [[nodiscard]] Status<VaultError> load_totals();
    [[nodiscard]] Status<VaultError> finish_erasures();
    [[nodiscard]] Status<VaultError> remove_orphans();
    [[nodiscard]] std::filesystem::path file_of(const DocumentName& name) const;
    [[nodiscard]] Result<RecordRow, VaultError> row_of(const DocumentName& name) const;
    [[nodiscard]] Result<std::vector<Bytes>, VaultError> index_keys_of(std::uint64_t slot) const;
    [[nodiscard]] Status<VaultError> check_new(const DocumentName& name) const;
    // vault_put.cpp: one call's part of a group, and the group.
    struct Put;
    class Group;
    void submit(Put& put);
    void put_keys(std::span<Put* const> group);
    [[nodiscard]] Status<VaultError> write(Group& group);
    [[nodiscard]] Status<VaultError> open_sealed(const DocumentName& name, const RecordRow& row,
                                                 const DocumentSecret& secret,
                                                 const Sink& sink) const;
    [[nodiscard]] VaultError unless_erased(const DocumentName& name, VaultError error) const;
    [[nodiscard]] Result<DocumentInfo, VaultError> read_row(const DocumentName& name,
                                                            const RecordRow& row,
                                                            const Sink& sink) const;
    // What of an erasure is left when its rows are written: where former values still stand.
    struct Leavings;
    [[nodiscard]] Result<Leavings, VaultError> mark(std::span<const DocumentName> names);
    [[nodiscard]] Result<Leavings, VaultError> erase(std::span<const DocumentName> names);
    struct Purge;
    [[nodiscard]] Status<VaultError> purge(const Leavings& leavings);
    [[nodiscard]] Status<VaultError> purge_now(const Leavings& leavings);
    [[nodiscard]] bool is_backed_up(const std::filesystem::path& document) const;
    [[nodiscard]] Status<VaultError> copy_parts(const std::filesystem::path& folder,
                                                const std::vector<std::string>& database);
    [[nodiscard]] bool for_each_stored(
        const std::function<bool(const DocumentKeys::Slot&)>& call_back) const;

    Files& files_;
    std::filesystem::path folder_;
    std::unique_ptr<FolderLock> lock_;
    ledger::NetworkId network_;
    KeyStore key_store_;
    std::unique_ptr<DocumentKeys> document_keys_;
    std::unique_ptr<Database> database_;
    std::function<void(std::chrono::microseconds)> observer_;
    mutable std::mutex totals_mutex_;
    Totals totals_;
    Turns<Put> keys_turns_, rows_turns_;
    Gate puts_;  // from before a put's keys are written until its rows are; before writes_
    Turns<Purge> purging_;
    std::mutex purges_;                  // one purge at a time; never taken under writes_
    mutable std::mutex writes_;          // one write at a time; guards key_store_
    std::shared_mutex freezes_;          // of appends; a backup has it alone
    std::set<DocumentName> in_writing_;  // by a DocumentWriter; guarded by writes_
};

}  // namespace consilium::vault
