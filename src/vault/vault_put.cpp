// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <utility>

#include "base/assert.hpp"
#include "ledger/commitment.hpp"
#include "vault/document_writer.hpp"
#include "vault/errors.hpp"

namespace consilium::vault {
namespace {

// Calls behind the first join its group up to this size, so that none waits for a long one.
constexpr std::size_t kGroupBytesMax = 4U * 1024U * 1024U;

bool is_index(std::span<const Bytes> index) {
    return index.size() <= kIndexKeysMax &&
           std::all_of(index.begin(), index.end(), [](const Bytes& key) {
               return !key.empty() && key.size() <= kIndexKeyBytesMax;
           });
}

bool are_rows(std::span<const Row> rows) {
    return rows.size() <= kRowsPerPutMax &&
           std::all_of(rows.begin(), rows.end(), [](const Row& row) {
               return !row.key.empty() && row.key.size() <= kRowKeyBytesMax &&
                      (!row.value || row.value->size() <= kRowValueBytesMax);
           });
}

}  // namespace

// Everything that needs no lock is done before it is handed over.
struct Vault::Put {
    struct Item {
        DocumentName name;
        const DocumentSecret* secret = nullptr;
        const std::vector<Bytes>* index = nullptr;
        std::optional<DocumentName> replaces;
        RecordRow row;        // but its slot
        Bytes sealed;         // nothing when it lies in a file
        bool indexed = true;  // until a later one of the group replaces it

        // Sealed and committed to; `secret` and `document` outlive it.
        [[nodiscard]] static Result<Item, VaultError> of(const ledger::NetworkId& network,
                                                         const NewDocument& document,
                                                         const DocumentSecret& secret) {
            if (document.name.version == 0 || !is_index(document.index))
                return fail(VaultError::kInvalid);
            if (document.payload.size() > kInlineBytesMax) return fail(VaultError::kTooLong);
            Item item{document.name, &secret, &document.index, document.replaces, {}, {}};
            item.row.size = document.payload.size();
            item.row.commitment = ledger::document_commitment(secret.salt.view(), document.payload);
            item.sealed = seal_small(network, document.name, secret.key.view(), document.payload);
            return item;
        }
        [[nodiscard]] std::size_t bytes() const {
            std::size_t sum = sealed.size() + 256;
            for (const Bytes& key : *index)
                sum += 2 * key.size();
            return sum;
        }
    };
    std::vector<Item> items;
    std::span<const Row> rows;
    std::span<const Row> expected;

    std::uint64_t slot = 0;  // the first item's; the others' follow
    std::chrono::microseconds keys_took{0};
    std::optional<VaultError> error;
    bool written = false;  // perhaps: it got as far as the database

    [[nodiscard]] std::size_t bytes() const {
        std::size_t sum = 0;
        for (const Item& item : items)
            sum += item.bytes();
        for (const Row& row : rows)
            sum += row.key.size() + (row.value ? row.value->size() : 0);
        return sum;
    }

    // Of a group.
    struct Limit {
        std::size_t bytes = 0;
        std::size_t documents = 0;
        bool operator()(const Put& put) {
            bytes += put.bytes();
            documents += put.items.size();
            return bytes <= kGroupBytesMax && documents <= kDocumentsPerPutMax;
        }
    };
};

// The calls of a group that can be done one after the other: each sees those before it.
class Vault::Group {
 public:
    explicit Group(const Vault& vault) : vault_(vault) {}

    // Nothing of a call that cannot be done is taken.
    void add(Put& put) {
        std::vector<Database::Change> removals;
        std::vector<Put::Item*> replaced;
        std::map<DocumentName, Put::Item*> own;
        for (Put::Item& item : put.items) {
            put.error = check(item, own, removals, replaced);
            if (put.error) return;
            own.emplace(item.name, &item);
        }
        for (const Row& row : put.expected) {
            if (!put.error) put.error = check_expected(row);
        }
        if (put.error) return;
        puts_.push_back(&put);
        items_.merge(own);
        for (Put::Item* item : replaced)
            item->indexed = false;
        std::move(removals.begin(), removals.end(), std::back_inserter(changes_));
        for (const Row& row : put.rows)
            rows_[row.key] = &row;
    }

    // What to write, when the documents' secrets are in their slots.
    [[nodiscard]] std::vector<Database::Change> changes(Totals& totals) {
        for (Put* put : puts_) {
            put->written = true;
            std::uint64_t slot = put->slot;
            for (Put::Item& item : put->items) {
                item.row.slot = slot++;
                totals.documents += 1;
                totals.bytes += item.row.size;
                add_rows(item);
            }
        }
        for (const auto& [key, row] : rows_)
            changes_.push_back({Family::kRows, key, row->value});
        if (!items_.empty())
            changes_.push_back({Family::kMeta, Bytes(kTotalsKey), encode_totals(totals)});
        return std::move(changes_);
    }

    void fail_all(VaultError error) {
        for (Put* put : puts_)
            put->error = error;
    }
    [[nodiscard]] bool empty() const { return items_.empty() && rows_.empty(); }
    // The longest of its calls.
    [[nodiscard]] std::chrono::microseconds keys_took() const {
        std::chrono::microseconds out{0};
        for (const Put* put : puts_)
            out = std::max(out, put->keys_took);
        return out;
    }

 private:
    [[nodiscard]] std::optional<VaultError> check(const Put::Item& item,
                                                  const std::map<DocumentName, Put::Item*>& own,
                                                  std::vector<Database::Change>& removals,
                                                  std::vector<Put::Item*>& replaced) const {
        if (own.count(item.name) != 0 || items_.count(item.name) != 0 ||
            // A writer has its name for itself.
            (!item.row.in_file && vault_.in_writing_.count(item.name) != 0)) {
            return VaultError::kExists;
        }
        if (const auto checked = vault_.check_new(item.name); !checked) return checked.error();
        if (!item.replaces) return std::nullopt;
        for (const auto* among : {&own, &items_}) {
            const auto found = among->find(*item.replaces);
            if (found == among->end()) continue;
            replaced.push_back(found->second);
            return std::nullopt;
        }
        const auto row = vault_.row_of(*item.replaces);
        if (!row) return row.error();
        // Entries of one that is being erased go with it.
        if (row->state != State::kStored) return std::nullopt;
        const auto keys = vault_.index_keys_of(row->slot);
        if (!keys) return keys.error();
        for (const Bytes& key : *keys)
            removals.push_back({Family::kIndex, index_row_key(key, *item.replaces), std::nullopt});
        return std::nullopt;
    }

    [[nodiscard]] std::optional<VaultError> check_expected(const Row& expected) const {
        const auto ahead = rows_.find(expected.key);
        if (ahead != rows_.end()) {
            return ahead->second->value == expected.value ? std::nullopt
                                                          : std::optional(VaultError::kConflict);
        }
        const auto now = vault_.row(expected.key);
        if (!now) return now.error();
        return *now == expected.value ? std::nullopt : std::optional(VaultError::kConflict);
    }

    void add_rows(Put::Item& item) {
        changes_.push_back({Family::kRecords, row_key(item.name), encode_record(item.row)});
        const Bytes slot = slot_key(item.row.slot);
        if (!item.row.in_file)
            changes_.push_back({Family::kPayloads, slot, std::move(item.sealed)});
        if (item.index->empty()) return;
        changes_.push_back({Family::kIndexKeys, slot, encode_index_keys(*item.index)});
        if (!item.indexed) return;
        for (const Bytes& key : *item.index)
            changes_.push_back({Family::kIndex, index_row_key(key, item.name), Bytes()});
    }

    const Vault& vault_;
    std::vector<Put*> puts_;
    std::map<DocumentName, Put::Item*> items_;
    std::map<Bytes, const Row*> rows_;
    std::vector<Database::Change> changes_;
};

Status<VaultError> Vault::check_new(const DocumentName& name) const {
    const auto row = row_of(name);
    if (row) return fail(row->state == State::kStored ? VaultError::kExists : VaultError::kErased);
    if (row.error() != VaultError::kNone) return fail(row.error());
    return Done{};
}

// Two steps, in each of which calls go in groups, and one group's second step beside the first step
// of the next: the disk syncs the keys of some while it syncs the rows of others.
// 1. Secrets into slots, synced. No row names them yet.
// 2. Each call is checked, and the rows of those that can be done are written, synced.
// A row is written after the sync of its slot only, whatever group either was in, so that no crash
// leaves a row without its key. A crash between the two steps, and a call that step 2 refuses,
// leave secrets of no document: nothing was sealed with them that is kept, and the slots are not
// used again.
void Vault::submit(Put& put) {
    const auto inside = puts_.enter();
    if (!put.items.empty()) {
        keys_turns_.take(put, Put::Limit(),
                         [this](const std::vector<Put*>& group) { put_keys(group); });
        if (put.error) return;
    }
    rows_turns_.take(put, Put::Limit(), [this](const std::vector<Put*>& group) {
        const std::lock_guard writing(writes_);
        Group checked(*this);
        for (Put* one : group)
            checked.add(*one);
        if (const auto written = write(checked); !written) checked.fail_all(written.error());
    });
}

void Vault::put_keys(std::span<Put* const> group) {
    const auto start = std::chrono::steady_clock::now();
    std::vector<DocumentKeys::Entry> entries;
    for (const Put* put : group) {
        for (const Put::Item& item : put->items)
            entries.push_back({item.name, item.secret});
    }
    const auto first = document_keys_->put(entries);
    std::uint64_t slot = first ? *first : 0;
    for (Put* put : group) {
        if (!first) put->error = to_vault_error(first.error());
        put->slot = slot;
        slot += put->items.size();
        put->keys_took = std::chrono::duration_cast<std::chrono::microseconds>(
            std::chrono::steady_clock::now() - start);
    }
}

Status<VaultError> Vault::write(Group& group) {
    if (group.empty()) return Done{};
    const auto start = std::chrono::steady_clock::now();
    Totals next = totals();
    const std::vector<Database::Change> changes = group.changes(next);
    if (auto written = database_->write(changes); !written)
        return fail(to_vault_error(written.error()));
    if (observer_) {
        observer_(group.keys_took() + std::chrono::duration_cast<std::chrono::microseconds>(
                                          std::chrono::steady_clock::now() - start));
    }
    const std::lock_guard lock(totals_mutex_);
    totals_ = next;
    return Done{};
}

Result<std::vector<Hash32>, VaultError> Vault::put(std::span<const NewDocument> documents,
                                                   std::span<const Row> rows,
                                                   std::span<const Row> expected) {
    if ((documents.empty() && rows.empty()) || documents.size() > kDocumentsPerPutMax ||
        !are_rows(rows) || !are_rows(expected)) {
        return fail(VaultError::kInvalid);
    }
    std::vector<DocumentSecret> secrets;
    std::vector<Hash32> commitments;
    secrets.reserve(documents.size());
    Put put;
    put.rows = rows;
    put.expected = expected;
    for (const NewDocument& document : documents) {
        secrets.push_back(DocumentSecret::random());
        auto item = Put::Item::of(network_, document, secrets.back());
        if (!item) return fail(item.error());
        commitments.push_back(item->row.commitment);
        put.items.push_back(std::move(*item));
    }
    if (put.bytes() > kPutBytesMax) return fail(VaultError::kTooLong);
    submit(put);
    if (put.error) return fail(*put.error);
    return commitments;
}

Status<VaultError> Vault::append(std::span<const Row> rows) {
    if (rows.empty() || !are_rows(rows)) return fail(VaultError::kInvalid);
    std::vector<Database::Change> changes;
    changes.reserve(rows.size());
    for (const Row& row : rows)
        changes.push_back({Family::kRows, row.key, row.value});
    const std::shared_lock appending(freezes_);
    if (auto written = database_->write(changes, false); !written)
        return fail(to_vault_error(written.error()));
    return Done{};
}

Result<std::unique_ptr<DocumentWriter>, VaultError> Vault::begin(
    const DocumentName& name, std::optional<std::uint64_t> size) {
    if (size && *size > kDocumentBytesMax) return fail(VaultError::kTooLong);
    if (name.version == 0) return fail(VaultError::kInvalid);
    const std::lock_guard lock(writes_);
    if (auto checked = check_new(name); !checked) return fail(checked.error());
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
          const auto written = file_->write(sealed_bytes_, sealed);
          if (!written) write_error_ = to_vault_error(written.error());
          sealed_bytes_ += sealed.size();
          return written.ok();
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
    if (!error_ && plaintext.size() > size_.value_or(kDocumentBytesMax) - plaintext_bytes_)
        error_ = VaultError::kTooLong;
    if (error_) return fail(*error_);
    plaintext_bytes_ += plaintext.size();
    if (hash_) hash_->update(plaintext);
    if (auto sealed = stream_.update(plaintext); !sealed) {
        error_ = sealed.error() == SealError::kSink ? write_error_ : to_vault_error(sealed.error());
        return fail(*error_);
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

Result<Hash32, VaultError> DocumentWriter::commit(const std::vector<Bytes>& index,
                                                  const std::optional<DocumentName>& replaces,
                                                  std::span<const Row> rows,
                                                  std::span<const Row> expected,
                                                  std::span<const NewDocument> documents) {
    CONSILIUM_ASSERT(!committed_);
    if (!is_index(index) || !are_rows(rows) || !are_rows(expected) ||
        documents.size() >= kDocumentsPerPutMax) {
        return fail(VaultError::kInvalid);
    }
    if (error_) return fail(*error_);
    if (size_ && *size_ != plaintext_bytes_) return fail(VaultError::kTooLong);
    if (!stream_.finish()) return fail(write_error_);
    auto made = commitment();
    if (!made) return fail(made.error());
    if (auto synced = file_->sync(); !synced) return fail(to_vault_error(synced.error()));
    if (auto synced = vault_.files_.sync_parent(vault_.file_of(name_)); !synced)
        return fail(to_vault_error(synced.error()));
    Vault::Put put;
    put.rows = rows;
    put.expected = expected;
    std::vector<DocumentSecret> secrets;
    secrets.reserve(documents.size());
    for (const NewDocument& document : documents) {
        secrets.push_back(DocumentSecret::random());
        auto item = Vault::Put::Item::of(vault_.network_, document, secrets.back());
        if (!item) return fail(item.error());
        put.items.push_back(std::move(*item));
    }
    Vault::Put::Item item{name_, &secret_, &index, replaces, {}, {}};
    item.row.in_file = true;
    item.row.size = plaintext_bytes_;
    item.row.commitment = *made;
    put.items.push_back(std::move(item));
    if (put.bytes() > kPutBytesMax) return fail(VaultError::kTooLong);
    vault_.submit(put);
    // The row may name the file, whatever the write answered.
    committed_ = put.written;
    if (put.error) return fail(*put.error);
    return *made;
}

}  // namespace consilium::vault
