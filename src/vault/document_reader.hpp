// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "crypto/hash.hpp"
#include "vault/vault.hpp"

namespace consilium::vault {

// A document on its way out of the vault, a piece at a time. Holds one chunk in memory. Use by one
// thread at a time; must not outlive its vault.
class DocumentReader {
 public:
    [[nodiscard]] static Result<std::unique_ptr<DocumentReader>, VaultError> open(
        const Vault& vault, const DocumentName& name);
    DocumentReader(const DocumentReader&) = delete;
    DocumentReader& operator=(const DocumentReader&) = delete;

    [[nodiscard]] std::uint64_t size() const { return row_.size; }
    // The next bytes, each piece proven genuine; empty: that was all. The last piece comes only
    // when the whole has proven to be what its commitment is for. What is erased meanwhile ends
    // with kErased. After an error every call answers that error.
    [[nodiscard]] Result<Bytes, VaultError> next();

 private:
    DocumentReader(const Vault& vault, const DocumentName& name, const RecordRow& row,
                   DocumentSecret secret, std::unique_ptr<File> file);
    [[nodiscard]] Status<VaultError> advance();

    const Vault& vault_;
    DocumentName name_;
    RecordRow row_;
    DocumentSecret secret_;
    std::unique_ptr<File> file_;  // nothing: the document is small
    OpenStream stream_;
    crypto::TaggedHashStream hash_;
    Bytes ready_;
    std::uint64_t at_ = 0;  // in the file
    std::uint64_t left_;
    bool ended_ = false;
    std::optional<VaultError> error_;
};

}  // namespace consilium::vault
