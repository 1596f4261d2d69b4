// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "ledger/commitment.hpp"
#include "vault/document_reader.hpp"
#include "vault/errors.hpp"

namespace consilium::vault {

Result<std::unique_ptr<DocumentReader>, VaultError> DocumentReader::open(const Vault& vault,
                                                                         const DocumentName& name) {
    const auto row = vault.row_of(name);
    if (!row) return fail(row.error());
    auto secret = vault.secret(name);
    if (!secret) return fail(secret.error());
    std::unique_ptr<File> file;
    if (row->in_file) {
        auto opened = vault.files_.open(vault.file_of(name), Open::kRead);
        if (!opened) return fail(vault.unless_erased(name, to_vault_error(opened.error())));
        file = std::move(*opened);
    }
    return std::unique_ptr<DocumentReader>(
        new DocumentReader(vault, name, *row, std::move(*secret), std::move(file)));
}

DocumentReader::DocumentReader(const Vault& vault, const DocumentName& name, const RecordRow& row,
                               DocumentSecret secret, std::unique_ptr<File> file)
    : vault_(vault),
      name_(name),
      row_(row),
      secret_(std::move(secret)),
      file_(std::move(file)),
      stream_(vault.network_, name, secret_.key.view(),
              [this](BytesView plaintext) {
                  if (plaintext.size() > left_) return false;
                  left_ -= plaintext.size();
                  hash_.update(plaintext);
                  ready_ += plaintext;
                  return true;
              }),
      hash_(ledger::document_commitment_stream(secret_.salt.view(), row.size)),
      left_(row.size) {}

Result<Bytes, VaultError> DocumentReader::next() {
    if (error_) return fail(*error_);
    while (ready_.empty() && !ended_) {
        if (auto advanced = advance(); !advanced) {
            error_ = vault_.unless_erased(name_, advanced.error());
            return fail(*error_);
        }
    }
    // A slow reader is not shown what was erased since it began.
    if (!ready_.empty()) {
        const auto now = vault_.row_of(name_);
        if (!now || now->state != State::kStored) {
            error_ = now ? VaultError::kErased : now.error();
            return fail(*error_);
        }
    }
    return std::exchange(ready_, Bytes());
}

// The last chunk only opens at the end, where everything is checked before it is handed out.
Status<VaultError> DocumentReader::advance() {
    if (file_ == nullptr) {
        const auto read = vault_.read_row(name_, row_, [this](BytesView plaintext) {
            ready_ += plaintext;
            return true;
        });
        if (!read) return fail(read.error());
        ended_ = true;
        return Done{};
    }
    const auto piece = file_->read(at_, kChunkBytes);
    if (!piece) return fail(to_vault_error(piece.error()));
    at_ += piece->size();
    auto opened = stream_.update(*piece);
    const bool end = piece->size() < kChunkBytes;
    if (opened && end) opened = stream_.finish();
    // Refused: there is more of it than its row says.
    if (!opened) {
        return fail(opened.error() == SealError::kSink ? VaultError::kDamaged
                                                       : to_vault_error(opened.error()));
    }
    if (!end) return Done{};
    ended_ = true;
    if (left_ != 0 || hash_.finish() != row_.commitment) return fail(VaultError::kDamaged);
    return Done{};
}

}  // namespace consilium::vault
