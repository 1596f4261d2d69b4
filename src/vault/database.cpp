// SPDX-License-Identifier: Apache-2.0
#include "vault/database_open.hpp"

#include <rocksdb/cache.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>

#include <algorithm>
#include <string>

namespace consilium::vault {
namespace {

constexpr std::size_t kMiB = 1024U * 1024U;
constexpr const char* kNames[kFamilies] = {"default", "records", "payloads",
                                           "index",   "rows",    "index-keys"};

// The least key above all that begin with `prefix`; nothing when there is none.
Bytes end_of(BytesView prefix) {
    Bytes end(prefix);
    while (!end.empty() && end.back() == '\xff')
        end.pop_back();
    if (!end.empty()) end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
    return end;
}

// What RocksDB logs could name keys; nothing of it is written.
class NoLog : public rocksdb::Logger {
 public:
    NoLog() : rocksdb::Logger(rocksdb::InfoLogLevel::HEADER_LEVEL) {}
    using rocksdb::Logger::Logv;
    void Logv(const char*, va_list) override {}
};

struct Shape {
    std::size_t write_buffer_mib = 8;
    std::size_t file_mib = 8;
    std::size_t block_kib = 4;
    rocksdb::CompressionType compression = rocksdb::kNoCompression;
    bool filter = true;
};

// What is sealed does not compress; keys of one kind that lie together do. A block is compressed
// before it is encrypted with its file, so that from outside only the file's length tells of it.
Shape shape_of(Family family) {
    switch (family) {
        case Family::kPayloads:
            return {16, 32, 4, rocksdb::kNoCompression, false};
        case Family::kIndex:
            return {16, 2, 4, rocksdb::kLZ4Compression, false};
        case Family::kIndexKeys:
            return {8, 2, 16, rocksdb::kZSTD, false};
        case Family::kRows:
            return {8, 8, 4, rocksdb::kLZ4Compression, true};
        case Family::kMeta:
        case Family::kRecords:
            break;
    }
    return {};
}

rocksdb::ColumnFamilyOptions family_options(Family of,
                                            const std::shared_ptr<rocksdb::Cache>& cache) {
    const Shape shape = shape_of(of);
    rocksdb::BlockBasedTableOptions table;
    table.block_cache = cache;
    table.format_version = 5;
    table.block_size = shape.block_kib * 1024U;
    table.cache_index_and_filter_blocks = true;
    table.pin_l0_filter_and_index_blocks_in_cache = true;
    if (shape.filter) table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
    rocksdb::ColumnFamilyOptions family;
    family.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    family.compression = shape.compression;
    family.write_buffer_size = shape.write_buffer_mib * kMiB;
    family.max_write_buffer_number = 3;
    family.target_file_size_base = shape.file_mib * kMiB;
    family.max_bytes_for_level_base = 64 * kMiB;
    family.level_compaction_dynamic_level_bytes = true;
    return family;
}

rocksdb::DBOptions database_options(rocksdb::Env* env, bool create) {
    rocksdb::DBOptions options;
    options.env = env;
    options.create_if_missing = create;
    options.create_missing_column_families = create;
    options.paranoid_checks = true;
    options.track_and_verify_wals_in_manifest = true;
    options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
    // A recycled log would be a file whose former content keeps its place.
    options.recycle_log_file_num = 0;
    options.info_log = std::make_shared<NoLog>();
    // The manifest names the first and last key of each file. A new one for every change, so that
    // those of removed files do not stay in it (purge()).
    options.max_manifest_file_size = 1;
    options.stats_dump_period_sec = 0;
    options.stats_persist_period_sec = 0;
    options.max_background_jobs = 2;
    options.max_total_wal_size = 64 * kMiB;
    options.max_open_files = 1024;
    options.db_write_buffer_size = 48 * kMiB;
    options.max_bgerror_resume_count = 0;
    return options;
}

}  // namespace

DatabaseError database_error(const rocksdb::Status& status) {
    if (status.IsNoSpace()) return DatabaseError::kFull;
    if (status.IsCorruption() || status.IsInvalidArgument()) return DatabaseError::kDamaged;
    const std::string text = status.ToString();
    if (text.find(kKeyDoesNotUnwrap) != std::string::npos) return DatabaseError::kDamaged;
    if (text.find("No space left") != std::string::npos) return DatabaseError::kFull;
    if (text.find("LOCK") != std::string::npos || text.find("lock hold") != std::string::npos)
        return DatabaseError::kLocked;
    return DatabaseError::kDisk;
}

Database::Database() = default;

Database::~Database() {
    if (!open_ || !open_->db) return;
    // So that the next start has no log to read; what is not flushed is in the log.
    (void)open_->db->Flush(rocksdb::FlushOptions(),
                           {open_->families.begin(), open_->families.end()});
    for (rocksdb::ColumnFamilyHandle* family : open_->families)
        (void)open_->db->DestroyColumnFamilyHandle(family);
    (void)open_->db->Close();
}

Result<std::unique_ptr<Database>, DatabaseError> Database::open(
    const std::filesystem::path& folder, std::shared_ptr<const FileKeys> keys,
    crypto::SecretBytes rows_key, bool create) {
    std::unique_ptr<Database> out(new Database);
    out->open_ = std::make_unique<Open>(std::move(keys));
    out->open_->folder = folder;
    out->open_->rows_key.emplace(rows_key.view());
    const auto cache = rocksdb::NewLRUCache(64 * kMiB, 4);
    std::vector<rocksdb::ColumnFamilyDescriptor> descriptors;
    for (std::size_t i = 0; i < kFamilies; ++i)
        descriptors.emplace_back(kNames[i], family_options(static_cast<Family>(i), cache));
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* db = nullptr;
    const rocksdb::Status status =
        rocksdb::DB::Open(database_options(out->open_->env.env(), create), folder.string(),
                          descriptors, &handles, &db);
    if (!status.ok()) return fail(database_error(status));
    out->open_->db.reset(db);
    std::copy(handles.begin(), handles.end(), out->open_->families.begin());
    return out;
}

Status<DatabaseError> Database::verify_files() const {
    const rocksdb::Status status = open_->db->VerifyChecksum();
    if (!status.ok()) return fail(database_error(status));
    return Done{};
}

Status<DatabaseError> Database::write(std::span<const Change> changes, bool sync) {
    rocksdb::WriteBatch batch;
    for (const Change& change : changes) {
        rocksdb::ColumnFamilyHandle* family = open_->family(change.family);
        const rocksdb::Status added =
            change.body
                ? batch.Put(
                      family, slice(change.key),
                      slice(protect_row(*open_->rows_key, change.family, change.key, *change.body)))
                : batch.Delete(family, slice(change.key));
        if (!added.ok()) return fail(database_error(added));
    }
    rocksdb::WriteOptions options;
    options.sync = sync;
    // After a full disk the database refuses writes until it has found space, or is opened again.
    const rocksdb::Status status = open_->db->Write(options, &batch);
    if (!status.ok()) return fail(database_error(status));
    return Done{};
}

Result<std::optional<Bytes>, DatabaseError> Database::get(Family family, BytesView key) const {
    rocksdb::PinnableSlice value;
    const rocksdb::Status status =
        open_->db->Get(rocksdb::ReadOptions(), open_->family(family), slice(key), &value);
    if (status.IsNotFound()) return std::optional<Bytes>();
    if (!status.ok()) return fail(database_error(status));
    const auto body = check_row(*open_->rows_key, family, key, view(value));
    if (!body) return fail(DatabaseError::kDamaged);
    return std::optional<Bytes>(*body);
}

Status<DatabaseError> Database::scan(Family family, BytesView prefix, BytesView from,
                                     const Row& row) const {
    rocksdb::ReadOptions options;
    // So that a seek past the last row of the prefix reads no further.
    const Bytes end = end_of(prefix);
    const rocksdb::Slice bound = slice(end);
    if (!end.empty()) options.iterate_upper_bound = &bound;
    const std::unique_ptr<rocksdb::Iterator> at(
        open_->db->NewIterator(options, open_->family(family)));
    for (at->Seek(slice(std::max(prefix, from))); at->Valid(); at->Next()) {
        const BytesView key = view(at->key());
        if (key.substr(0, prefix.size()) != prefix) return Done{};
        const auto body = check_row(*open_->rows_key, family, key, view(at->value()));
        if (!body) return fail(DatabaseError::kDamaged);
        if (!row(key, *body)) return Done{};
    }
    if (!at->status().ok()) return fail(database_error(at->status()));
    return Done{};
}

std::uint64_t Database::count(Family family) const {
    std::uint64_t out = 0;
    (void)open_->db->GetIntProperty(open_->family(family),
                                    rocksdb::DB::Properties::kEstimateNumKeys, &out);
    return out;
}

std::uint64_t Database::bytes() const {
    std::uint64_t sum = 0;
    for (rocksdb::ColumnFamilyHandle* family : open_->families) {
        std::uint64_t bytes = 0;
        if (open_->db->GetIntProperty(family, rocksdb::DB::Properties::kTotalSstFilesSize, &bytes))
            sum += bytes;
    }
    return sum;
}

}  // namespace consilium::vault
