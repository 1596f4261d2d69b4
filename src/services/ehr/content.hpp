// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "crypto/hash.hpp"
#include "services/ehr/store.hpp"
#include "vault/document_writer.hpp"

// The content of a Binary that is too large to be held: a document of its own in the vault, which
// the Binary names by its length and its SHA-256. With the Binary, that is anchored.
namespace consilium::services::ehr {

// Up to this size a content is a part of its resource, as base64.
inline constexpr std::size_t kInlineContentMax = 4U * 1024U * 1024U;

// On its way into the vault. What no Binary was stored with is gone with it. Use by one thread at a
// time.
class Content {
 public:
    // `size`, where it is known, saves reading it again.
    [[nodiscard]] static Result<std::unique_ptr<Content>, StoreError> begin(
        Store& store, std::optional<std::uint64_t> size);

    [[nodiscard]] Status<StoreError> update(BytesView bytes);
    // After the last update().
    void finish();

    [[nodiscard]] std::uint64_t size() const { return size_; }
    [[nodiscard]] const Hash32& sha256() const { return sha256_; }
    [[nodiscard]] const ledger::RecordId& record() const { return record_; }
    [[nodiscard]] vault::DocumentWriter& writer() { return *writer_; }

 private:
    Content(const ledger::RecordId& record, std::unique_ptr<vault::DocumentWriter> writer)
        : record_(record), writer_(std::move(writer)) {}
    ledger::RecordId record_;
    std::unique_ptr<vault::DocumentWriter> writer_;
    crypto::Sha256Stream hash_;
    Hash32 sha256_;
    std::uint64_t size_ = 0;
};

}  // namespace consilium::services::ehr
