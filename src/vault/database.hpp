// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "vault/file_cipher.hpp"
#include "vault/rows.hpp"

// Private to this room: the vault's RocksDB on encrypted files, with rows that carry their own
// code. Thread-safe; one writer at a time is the caller's to see to where order matters.
namespace consilium::vault {

enum class DatabaseError : std::uint8_t { kLocked, kFull, kDisk, kDamaged };

class Database {
 public:
    // `keys` and the rows' key stay with the database. Makes it when `create` is set.
    [[nodiscard]] static Result<std::unique_ptr<Database>, DatabaseError> open(
        const std::filesystem::path& folder, std::shared_ptr<const FileKeys> keys,
        crypto::SecretBytes rows_key, bool create);
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    struct Change {
        Family family = Family::kMeta;
        Bytes key;
        std::optional<Bytes> body;  // nothing: the row is removed
    };
    // All of them or none, synced when it returns; without `sync`, in the log and handed to the
    // system.
    [[nodiscard]] Status<DatabaseError> write(std::span<const Change> changes, bool sync = true);
    // Nothing when there is no such row.
    [[nodiscard]] Result<std::optional<Bytes>, DatabaseError> get(Family family,
                                                                  BytesView key) const;
    // Rows whose keys begin with `prefix` and are not below `from`, ascending, until the call back
    // answers false. A purge waits for scans that began before it, for some seconds: keep them
    // short.
    using Row = std::function<bool(BytesView key, BytesView body)>;
    [[nodiscard]] Status<DatabaseError> scan(Family family, BytesView prefix, BytesView from,
                                             const Row& row) const;

    // Reads every sorted file and compares the checksums of its blocks.
    [[nodiscard]] Status<DatabaseError> verify_files() const;

    // About how many rows a family has, and how many bytes the sorted files take.
    [[nodiscard]] std::uint64_t count(Family family) const;
    [[nodiscard]] std::uint64_t bytes() const;

    struct Place {
        Family family = Family::kMeta;
        Bytes key;
    };
    // Former values and removed rows at these keys are no longer in any file when it returns, and
    // the files that held them have lost their keys. Costs a flush and the rewriting of the files
    // around each key; with `everywhere` of all that holds index keys. An error also when a reader
    // holds on to such a file for long: then it is to be done again.
    [[nodiscard]] Status<DatabaseError> purge(std::span<const Place> places, bool everywhere);

    // As long as it lives the files stay as they are; no write may go on meanwhile.
    class Freeze {
     public:
        explicit Freeze(Database& database) : database_(database) {}
        ~Freeze();
        Freeze(const Freeze&) = delete;
        Freeze& operator=(const Freeze&) = delete;
        std::vector<std::string> files;  // names of all that the database is made of

     private:
        Database& database_;
    };
    [[nodiscard]] Result<std::unique_ptr<Freeze>, DatabaseError> freeze();

 private:
    struct Open;
    Database();
    [[nodiscard]] bool is_clean(const Place& place) const;
    [[nodiscard]] rocksdb::Status compact(Family family, std::span<const Place> places,
                                          bool everywhere);
    [[nodiscard]] Status<DatabaseError> await_removal(const std::vector<std::string>& logs,
                                                      const std::vector<std::string>& others);
    std::unique_ptr<Open> open_;
};

}  // namespace consilium::vault
