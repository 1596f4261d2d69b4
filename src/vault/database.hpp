// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>

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
    // All of them or none, synced when it returns.
    [[nodiscard]] Status<DatabaseError> write(std::span<const Change> changes);
    // Nothing when there is no such row.
    [[nodiscard]] Result<std::optional<Bytes>, DatabaseError> get(Family family,
                                                                  BytesView key) const;
    // Rows whose keys begin with `prefix` and are not below `from`, ascending, until the call back
    // answers false. A purge waits for scans to end: keep them short, and start none out of the
    // call back.
    using Row = std::function<bool(BytesView key, BytesView body)>;
    [[nodiscard]] Status<DatabaseError> scan(Family family, BytesView prefix, BytesView from,
                                             const Row& row) const;

    // About how many rows a family has, and how many bytes the sorted files take.
    [[nodiscard]] std::uint64_t count(Family family) const;
    [[nodiscard]] std::uint64_t bytes() const;

    struct Place {
        Family family = Family::kMeta;
        Bytes key;
    };
    // Former values and removed rows at these keys are no longer in any file when it returns, and
    // the files that held them have lost their keys. Costs a flush and the rewriting of the files
    // around each key; with no places, of all that holds index keys.
    [[nodiscard]] Status<DatabaseError> purge(std::span<const Place> places);

    // A copy as of now in `folder`, which must not exist; sorted files are shared by hard links.
    [[nodiscard]] Status<DatabaseError> checkpoint(const std::filesystem::path& folder);

 private:
    struct Open;
    Database();
    std::unique_ptr<Open> open_;
};

}  // namespace consilium::vault
