// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "base/assert.hpp"
#include "ledger/commitment.hpp"
#include "vault/document_writer.hpp"
#include "vault/errors.hpp"

namespace consilium::vault {
namespace {

// The rows of one stored document, but its payload.
void add_rows(std::vector<Database::Change>& changes, const DocumentName& name,
              const RecordRow& row) {
    changes.push_back({Family::kRecords, row_key(name), encode_record(row)});
    for (const Bytes& key : row.index)
        changes.push_back({Family::kIndex, index_row_key(key, name), Bytes()});
}

bool is_index(std::span<const Bytes> index) {
    return index.size() <= kIndexKeysMax &&
           std::all_of(index.begin(), index.end(), [](const Bytes& key) {
               return !key.empty() && key.size() <= kIndexKeyBytesMax;
           });
}

}  // namespace

Status<VaultError> Vault::check_new(const DocumentName& name, std::span<const Bytes> index) const {
    if (name.version == 0 || !is_index(index)) return fail(VaultError::kInvalid);
    const auto row = row_of(name);
    if (row) return fail(row->state == State::kStored ? VaultError::kExists : VaultError::kErased);
    if (row.error() != VaultError::kNone) return fail(row.error());
    return Done{};
}

Result<std::vector<Hash32>, VaultError> Vault::put(std::span<const NewDocument> documents) {
    if (documents.empty() || documents.size() > kDocumentsPerPutMax)
        return fail(VaultError::kInvalid);
    std::vector<DocumentSecret> secrets;
    std::vector<DocumentKeys::Entry> entries;
    std::vector<Database::Change> changes;
    std::vector<Hash32> commitments;
    secrets.reserve(documents.size());
    // Sealed before the lock is taken: this part runs beside other writes.
    for (const NewDocument& document : documents) {
        if (document.payload.size() > kInlineBytesMax) return fail(VaultError::kTooLong);
        secrets.push_back(DocumentSecret::random());
        const DocumentSecret& secret = secrets.back();
        entries.push_back({document.name, &secret});
        commitments.push_back(ledger::document_commitment(secret.salt.view(), document.payload));
        Bytes sealed;
        SealStream stream(network_, document.name, secret.key.view(), [&sealed](BytesView bytes) {
            sealed += bytes;
            return true;
        });
        CONSILIUM_ASSERT(stream.update(document.payload).ok() && stream.finish().ok());
        changes.push_back({Family::kPayloads, row_key(document.name), std::move(sealed)});
    }
    const std::lock_guard lock(writes_);
    std::set<DocumentName> names;
    for (const NewDocument& document : documents) {
        if (auto checked = check_new(document.name, document.index); !checked)
            return fail(checked.error());
        if (in_writing_.count(document.name) != 0 || !names.insert(document.name).second)
            return fail(VaultError::kExists);
    }
    const auto first = document_keys_->put(entries);
    if (!first) return fail(to_vault_error(first.error()));
    for (std::size_t i = 0; i < documents.size(); ++i) {
        RecordRow row;
        row.slot = *first + i;
        row.size = documents[i].payload.size();
        row.commitment = commitments[i];
        row.index = documents[i].index;
        add_rows(changes, documents[i].name, row);
    }
    if (auto written = database_->write(changes); !written)
        return fail(to_vault_error(written.error()));
    return commitments;
}

Result<std::unique_ptr<DocumentWriter>, VaultError> Vault::begin(
    const DocumentName& name, std::optional<std::uint64_t> size) {
    if (size && *size > kDocumentBytesMax) return fail(VaultError::kTooLong);
    const std::lock_guard lock(writes_);
    if (auto checked = check_new(name, {}); !checked) return fail(checked.error());
    if (in_writing_.count(name) != 0) return fail(VaultError::kExists);
    auto file = files_.open(file_of(name), Open::kReplace);
    if (!file) return fail(to_vault_error(file.error()));
    in_writing_.insert(name);
    return std::unique_ptr<DocumentWriter>(new DocumentWriter(*this, name, size, std::move(*file)));
}

DocumentWriter::DocumentWriter(Vault& vault, const DocumentName& name,
                               std::optional<std::uint64_t> size, std::unique_ptr<File> file)
    : vault_(vault),
      name_(name),
      size_(size),
      file_(std::move(file)),
      secret_(DocumentSecret::random()),
      stream_(vault.network_, name, secret_.key.view(), [this](BytesView sealed) {
          const bool written = file_->write(sealed_bytes_, sealed).ok();
          sealed_bytes_ += sealed.size();
          return written;
      }) {
    if (size_) hash_ = ledger::document_commitment_stream(secret_.salt.view(), *size_);
}

DocumentWriter::~DocumentWriter() {
    const std::lock_guard lock(vault_.writes_);
    vault_.in_writing_.erase(name_);
    // What stays after a failure here is removed at the next start.
    if (!committed_) (void)vault_.files_.remove(vault_.file_of(name_));
}

Status<VaultError> DocumentWriter::update(BytesView plaintext) {
    if (plaintext.size() > size_.value_or(kDocumentBytesMax) - plaintext_bytes_)
        return fail(VaultError::kTooLong);
    plaintext_bytes_ += plaintext.size();
    if (hash_) hash_->update(plaintext);
    if (auto sealed = stream_.update(plaintext); !sealed) {
        return fail(sealed.error() == SealError::kSink ? VaultError::kDisk
                                                       : to_vault_error(sealed.error()));
    }
    return Done{};
}

Result<Hash32, VaultError> DocumentWriter::commitment() {
    if (hash_) return hash_->finish();
    auto hash = ledger::document_commitment_stream(secret_.salt.view(), plaintext_bytes_);
    OpenStream again(vault_.network_, name_, secret_.key.view(), [&hash](BytesView bytes) {
        hash.update(bytes);
        return true;
    });
    for (std::uint64_t at = 0; at < sealed_bytes_; at += kChunkBytes) {
        const auto piece = file_->read(at, kChunkBytes);
        if (!piece) return fail(to_vault_error(piece.error()));
        if (!again.update(*piece)) return fail(VaultError::kDamaged);
    }
    if (!again.finish()) return fail(VaultError::kDamaged);
    return hash.finish();
}

Result<Hash32, VaultError> DocumentWriter::commit(const std::vector<Bytes>& index) {
    CONSILIUM_ASSERT(!committed_);
    if (!is_index(index)) return fail(VaultError::kInvalid);
    if (size_ && *size_ != plaintext_bytes_) return fail(VaultError::kTooLong);
    if (!stream_.finish()) return fail(VaultError::kDisk);
    auto made = commitment();
    if (!made) return fail(made.error());
    if (auto synced = file_->sync(); !synced) return fail(to_vault_error(synced.error()));
    if (auto synced = vault_.files_.sync_parent(vault_.file_of(name_)); !synced)
        return fail(to_vault_error(synced.error()));
    RecordRow row;
    row.in_file = true;
    row.size = plaintext_bytes_;
    row.commitment = *made;
    row.index = index;
    const std::lock_guard lock(vault_.writes_);
    const DocumentKeys::Entry entry{name_, &secret_};
    const auto slot = vault_.document_keys_->put({&entry, 1});
    if (!slot) return fail(to_vault_error(slot.error()));
    row.slot = *slot;
    std::vector<Database::Change> changes;
    add_rows(changes, name_, row);
    // From here on the row may name the file, whatever the write answers.
    committed_ = true;
    if (auto written = vault_.database_->write(changes); !written)
        return fail(to_vault_error(written.error()));
    return *made;
}

}  // namespace consilium::vault
