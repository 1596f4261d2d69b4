// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "crypto/hash.hpp"
#include "vault/vault.hpp"

namespace consilium::vault {

// A document on its way into the vault. What is not committed is gone with the writer. Use by one
// thread; must not outlive its vault.
class DocumentWriter {
 public:
    ~DocumentWriter();
    DocumentWriter(const DocumentWriter&) = delete;
    DocumentWriter& operator=(const DocumentWriter&) = delete;

    // After an error every call answers that error.
    [[nodiscard]] Status<VaultError> update(BytesView plaintext);
    // Call once; durable when it returns. Answers the commitment. The rest is as in Vault::put();
    // `documents` are stored in the same step.
    [[nodiscard]] Result<Hash32, VaultError> commit(
        const std::vector<Bytes>& index, const std::optional<DocumentName>& replaces = {},
        std::span<const Row> rows = {}, std::span<const Row> expected = {},
        std::span<const NewDocument> documents = {});

 private:
    friend class Vault;
    DocumentWriter(Vault& vault, const DocumentName& name, std::optional<std::uint64_t> size,
                   std::unique_ptr<File> file);
    [[nodiscard]] Result<Hash32, VaultError> commitment();

    Vault& vault_;
    DocumentName name_;
    std::optional<std::uint64_t> size_;
    std::unique_ptr<File> file_;
    DocumentSecret secret_;
    SealStream stream_;
    std::optional<crypto::TaggedHashStream> hash_;
    std::uint64_t plaintext_bytes_ = 0;
    std::uint64_t sealed_bytes_ = 0;
    VaultError write_error_ = VaultError::kDisk;  // why the file took no more
    std::optional<VaultError> error_;
    bool committed_ = false;
};

}  // namespace consilium::vault
