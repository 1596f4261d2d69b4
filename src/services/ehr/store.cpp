// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/store.hpp"

#include "base/assert.hpp"
#include "crypto/random.hpp"
#include "vault/document_writer.hpp"

namespace consilium::services::ehr {
namespace {

using vault::DocumentName;
using vault::kInlineBytesMax;
using vault::NewDocument;
using vault::Row;

// A row's decoded value; nothing when there is none, kDisk when it is not what this service wrote.
template <typename T, typename Decode>
Result<std::optional<T>, StoreError> read_row(const vault::Vault& vault, const Bytes& key,
                                              Decode decode) {
    const auto value = vault.row(key);
    if (!value) return fail(to_store_error(value.error()));
    if (!*value) return std::optional<T>();
    auto row = decode(**value);
    if (!row) return fail(StoreError::kDisk);
    return row;
}

}  // namespace

StoreError to_store_error(vault::VaultError error) {
    switch (error) {
        case vault::VaultError::kNone:
            return StoreError::kNone;
        case vault::VaultError::kErased:
            return StoreError::kErased;
        case vault::VaultError::kExists:
        case vault::VaultError::kConflict:
            return StoreError::kConflict;
        case vault::VaultError::kTooLong:
        case vault::VaultError::kInvalid:
            return StoreError::kTooLarge;
        case vault::VaultError::kFull:
            return StoreError::kFull;
        default:
            return StoreError::kDisk;
    }
}

Result<std::optional<ResourceRow>, StoreError> Store::find(std::string_view type,
                                                           std::string_view id) const {
    return read_row<ResourceRow>(vault_, resource_key(type, id), decode_resource);
}

Result<Bytes, StoreError> Store::read(const ledger::RecordId& record, std::uint32_t version) const {
    auto bytes = vault_.read(DocumentName{record, version}, vault::kDocumentBytesMax);
    if (!bytes) return fail(to_store_error(bytes.error()));
    return std::move(bytes).value();
}

Result<std::optional<ChartRow>, StoreError> Store::chart_of(std::string_view patient_id) const {
    return read_row<ChartRow>(vault_, chart_key(patient_id), decode_chart);
}

Result<std::optional<AnchorRow>, StoreError> Store::anchor_of(
    const ledger::RecordId& record) const {
    return read_row<AnchorRow>(vault_, anchor_key(record), decode_anchor);
}

Status<StoreError> Store::put(const std::vector<NewDocument>& documents,
                              const std::vector<Row>& rows, const std::vector<Row>& expected) {
    const auto stored = vault_.put(documents, rows, expected);
    if (!stored) return fail(to_store_error(stored.error()));
    return Done{};
}

// A document too long for a step with others goes into a file of its own.
Status<StoreError> Store::write_long(const NewDocument& document, const std::vector<Row>& rows,
                                     const std::vector<Row>& expected) {
    auto writer = vault_.begin(document.name, document.payload.size());
    if (!writer) return fail(to_store_error(writer.error()));
    if (auto written = (*writer)->update(document.payload); !written)
        return fail(to_store_error(written.error()));
    const auto stored = (*writer)->commit(document.index, document.replaces, rows, expected);
    if (!stored) return fail(to_store_error(stored.error()));
    return Done{};
}

Status<StoreError> Store::write(const std::vector<Change>& changes,
                                const std::map<std::string, ChartRow>& charts, Extra extra) {
    std::vector<NewDocument> documents = std::move(extra.documents);
    std::vector<Row> rows = std::move(extra.rows);
    std::vector<Row> expected = std::move(extra.expected);
    documents.reserve(documents.size() + changes.size());
    for (const Change& change : changes) {
        CONSILIUM_ASSERT(change.after.version == (change.before ? change.before->version : 0) + 1);
        NewDocument document;
        document.name = {change.after.record, change.after.version};
        document.payload = change.stored;
        document.index = change.index;
        if (change.before) document.replaces = {change.after.record, change.before->version};
        documents.push_back(std::move(document));
        const Bytes key = resource_key(change.type, change.id);
        rows.push_back({key, encode(change.after)});
        rows.push_back(
            {pending_key({change.after.chart, change.after.record, change.after.version}),
             Bytes()});
        expected.push_back(
            {key, change.before ? std::optional(encode(*change.before)) : std::nullopt});
    }
    for (const auto& [patient, chart] : charts) {
        rows.push_back({chart_key(patient), encode(chart)});
        rows.push_back({patient_key(chart.chart), Bytes(patient)});
        expected.push_back({chart_key(patient), std::nullopt});
    }
    const bool alone = documents.size() == 1 && documents[0].payload.size() > kInlineBytesMax;
    Status<StoreError> stored = Done{};
    if (extra.content != nullptr) {
        CONSILIUM_ASSERT(changes.size() == 1);
        rows.push_back({content_key({changes[0].after.record, changes[0].after.version}),
                        encode(ContentRow{extra.content_record})});
        const auto written = extra.content->commit({}, {}, rows, expected, documents);
        if (!written) stored = fail(to_store_error(written.error()));
    } else {
        stored = alone ? write_long(documents[0], rows, expected) : put(documents, rows, expected);
    }
    if (!stored) return stored;
    if (on_pending_) on_pending_();
    return Done{};
}

Result<std::optional<DocumentName>, StoreError> Store::content_of(
    const DocumentName& version) const {
    const auto row = read_row<ContentRow>(vault_, content_key(version), decode_content);
    if (!row) return fail(row.error());
    if (!*row) return std::optional<DocumentName>();
    return std::optional(DocumentName{(*row)->record, 1});
}

Result<std::vector<DocumentName>, StoreError> with_contents(const vault::Vault& vault,
                                                            std::vector<DocumentName> versions) {
    const std::size_t count = versions.size();
    for (std::size_t i = 0; i < count; ++i) {
        const auto row = read_row<ContentRow>(vault, content_key(versions[i]), decode_content);
        if (!row) return fail(row.error());
        if (*row) versions.push_back({(*row)->record, 1});
    }
    return versions;
}

Status<StoreError> Store::finish_erasures() {
    constexpr std::size_t kPage = 1024;
    std::vector<DocumentName> erased;
    Bytes after;
    for (;;) {
        const auto page = vault_.rows(content_prefix(), after, kPage);
        if (!page) return fail(to_store_error(page.error()));
        for (const Row& row : *page) {
            const auto version = decode_content_key(row.key);
            const auto content = decode_content(*row.value);
            if (!version || !content) return fail(StoreError::kDisk);
            const auto binary = vault_.info(*version);
            const auto bytes = vault_.info({content->record, 1});
            if (!binary || !bytes) return fail(StoreError::kDisk);
            if (binary->state != vault::State::kStored && bytes->state == vault::State::kStored)
                erased.push_back({content->record, 1});
        }
        if (page->size() < kPage) break;
        after = page->back().key;
    }
    if (erased.empty()) return Done{};
    if (auto shredded = vault_.shred(erased); !shredded)
        return fail(to_store_error(shredded.error()));
    return Done{};
}

Result<std::vector<Pending>, StoreError> Store::pending(const std::optional<Pending>& after,
                                                        std::size_t limit) const {
    const auto rows = vault_.rows(pending_prefix(), after ? pending_key(*after) : Bytes(), limit);
    if (!rows) return fail(to_store_error(rows.error()));
    std::vector<Pending> out;
    out.reserve(rows->size());
    for (const Row& row : *rows) {
        const auto pending = decode_pending_key(row.key);
        if (!pending) return fail(StoreError::kDisk);
        out.push_back(*pending);
    }
    return out;
}

ChartRow new_chart() {
    ChartRow row;
    row.chart = crypto::random_id<ledger::ChartId>();
    for (std::size_t i = 0; i < kSlots; ++i) {
        SlotOpening slot;
        const Bytes salt = crypto::random_bytes(slot.salt.size());
        std::copy(salt.begin(), salt.end(), slot.salt.begin());
        slot.link = crypto::random_id<ledger::LinkId>();
        row.slots.push_back(slot);
    }
    return row;
}

}  // namespace consilium::services::ehr
