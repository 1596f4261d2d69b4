// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rocksdb/db.h>

#include "vault/database.hpp"

// Private to database.cpp and database_purge.cpp: what an open database consists of.
namespace consilium::vault {

inline rocksdb::Slice slice(BytesView bytes) {
    return {bytes.data(), bytes.size()};
}
inline BytesView view(const rocksdb::Slice& bytes) {
    return {bytes.data(), bytes.size()};
}

[[nodiscard]] DatabaseError database_error(const rocksdb::Status& status);

struct Database::Open {
    explicit Open(std::shared_ptr<const FileKeys> keys) : env(std::move(keys)) {}
    EncryptedEnv env;
    std::optional<crypto::HmacKey> rows_key;
    std::unique_ptr<rocksdb::DB> db;
    std::array<rocksdb::ColumnFamilyHandle*, kFamilies> families{};
    std::filesystem::path folder;

    [[nodiscard]] rocksdb::ColumnFamilyHandle* family(Family of) const {
        return families[static_cast<std::size_t>(of)];
    }
};

}  // namespace consilium::vault
