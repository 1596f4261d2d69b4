// SPDX-License-Identifier: Apache-2.0
#include "store/rocks_options.hpp"

#include <rocksdb/cache.h>
#include <rocksdb/comparator.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>

#include <string_view>

#include "store/memory_table.hpp"

namespace consilium::store {
namespace {

using state::Space;

constexpr std::size_t kMiB = 1024U * 1024U;

// How a space is used decides how it is kept.
enum class Use {
    kLookUp,   // random keys, read by key and by neighbour all the time
    kRecord,   // random keys, written once, rarely read
    kMember,   // random keys, written once, mostly asked for when they are not there
    kAppend,   // ascending keys, written once: files move down without being rewritten
    kArchive,  // the same, large and compressible
    kSmall,    // few keys, overwritten
    kQueue,    // large values that soon go again, mostly before they leave memory
};

struct Family {
    Space space;
    const char* name;
    Use use;
};

constexpr Family kFamilies[] = {
    {Space::kMeta, "meta", Use::kSmall},           {Space::kCurrent, "current", Use::kLookUp},
    {Space::kHistory, "history", Use::kRecord},    {Space::kEntries, "entries", Use::kAppend},
    {Space::kValues, "values", Use::kArchive},     {Space::kTwigs, "twigs", Use::kSmall},
    {Space::kBlocks, "blocks", Use::kArchive},     {Space::kHeaders, "headers", Use::kArchive},
    {Space::kOutcomes, "outcomes", Use::kArchive}, {Space::kIndex, "index", Use::kMember},
    {Space::kNode, "node", Use::kQueue},
};
static_assert(std::size(kFamilies) == state::kSpaces);

class SilentLogger : public rocksdb::Logger {
 public:
    SilentLogger() : rocksdb::Logger(rocksdb::InfoLogLevel::HEADER_LEVEL) {}
    using rocksdb::Logger::Logv;
    void Logv(const char*, va_list) override {}
};

// A look-up of what lies on disk need not search the memory tables first.
void filter_memtable(rocksdb::ColumnFamilyOptions& family) {
    family.memtable_prefix_bloom_size_ratio = 0.05;
    family.memtable_whole_key_filtering = true;
}

rocksdb::ColumnFamilyOptions family_options(Use use, const std::shared_ptr<rocksdb::Cache>& cache) {
    rocksdb::BlockBasedTableOptions table;
    table.block_cache = cache;
    table.format_version = 5;
    table.block_size = 4096;
    table.cache_index_and_filter_blocks = true;
    table.pin_l0_filter_and_index_blocks_in_cache = true;
    table.pin_top_level_index_and_filter = true;
    rocksdb::ColumnFamilyOptions family;
    family.compression = rocksdb::kNoCompression;
    family.write_buffer_size = 8 * kMiB;
    family.max_write_buffer_number = 3;
    family.level_compaction_dynamic_level_bytes = false;
    switch (use) {
        case Use::kLookUp:
            table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
            // What is asked most is the greatest key below another one. RocksDB walks forwards at
            // half the cost of backwards, so this space lies in descending order.
            family.comparator = rocksdb::ReverseBytewiseComparator();
            filter_memtable(family);
            family.write_buffer_size = 48 * kMiB;
            // One level that all of the index fits into: what is merged into it is merged once.
            family.level0_file_num_compaction_trigger = 4;
            family.max_bytes_for_level_base = 1024 * kMiB;
            family.target_file_size_base = 32 * kMiB;
            break;
        case Use::kMember:
            table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
            filter_memtable(family);
            [[fallthrough]];
        case Use::kRecord:
            family.write_buffer_size = 32 * kMiB;
            family.level0_file_num_compaction_trigger = 8;
            family.level0_slowdown_writes_trigger = 24;
            family.level0_stop_writes_trigger = 36;
            family.max_bytes_for_level_base = 512 * kMiB;
            family.target_file_size_base = 64 * kMiB;
            break;
        case Use::kAppend:
            filter_memtable(family);
            // A block for each pack of entries: what is read is one of them.
            table.block_size = 2048;
            family.write_buffer_size = 32 * kMiB;
            family.max_bytes_for_level_base = 1024 * kMiB;
            family.target_file_size_base = 64 * kMiB;
            break;
        case Use::kArchive:
            table.block_size = 16 * 1024;
            family.write_buffer_size = 16 * kMiB;
            family.compression = rocksdb::kLZ4Compression;
            family.target_file_size_base = 64 * kMiB;
            break;
        case Use::kSmall:
            break;
        case Use::kQueue:
            family.write_buffer_size = 32 * kMiB;
            break;
    }
    family.memtable_factory = std::make_shared<MemoryTableFactory>(use == Use::kLookUp);
    family.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    return family;
}

}  // namespace

rocksdb::DBOptions database_options(const RocksOptions& options) {
    rocksdb::DBOptions db;
    db.create_if_missing = options.create;
    db.create_missing_column_families = true;
    db.paranoid_checks = true;
    db.track_and_verify_wals_in_manifest = true;
    // A torn last record is what a crash leaves; anything else unreadable is refused.
    db.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
    db.allow_concurrent_memtable_write = false;  // one thread writes at a time (memory_table.hpp)
    db.max_total_wal_size = 256 * kMiB;
    db.db_write_buffer_size = options.write_memory_bytes;
    // What a crash left in the log is read back, not written out before the ledger opens.
    db.avoid_flush_during_recovery = true;
    db.max_background_jobs = 2;
    db.max_subcompactions = 1;
    db.bytes_per_sync = kMiB;
    db.max_open_files = 512;
    db.max_bgerror_resume_count = 0;
    db.info_log = std::make_shared<SilentLogger>();
    db.keep_log_file_num = 1;
    db.stats_dump_period_sec = 0;
    db.stats_persist_period_sec = 0;
    db.allow_fallocate = true;
    return db;
}

std::vector<rocksdb::ColumnFamilyDescriptor> column_families(const RocksOptions& options) {
    // The index is asked for every operation and nearly fits; what is read at random beside it
    // would only push it out.
    const std::size_t index_bytes = options.cache_bytes / 8 * 7;
    const auto index_cache = rocksdb::NewLRUCache(index_bytes, 4);
    const auto cache = rocksdb::NewLRUCache(options.cache_bytes - index_bytes, 4);
    std::vector<rocksdb::ColumnFamilyDescriptor> out;
    for (const Family& family : kFamilies) {
        const bool index = family.use == Use::kLookUp;
        out.emplace_back(family.name, family_options(family.use, index ? index_cache : cache));
    }
    // RocksDB always has this one; nothing is kept in it.
    out.emplace_back(rocksdb::kDefaultColumnFamilyName, family_options(Use::kSmall, cache));
    return out;
}

state::DiskError to_disk_error(const rocksdb::Status& status) {
    const std::string text = status.ToString();
    const auto says = [&](std::string_view words) { return text.find(words) != std::string::npos; };
    if (status.IsNoSpace() || says("No space left") || says("File too large") || says("quota"))
        return state::DiskError::kFull;
    if (says("Permission denied") || says("Read-only file system"))
        return state::DiskError::kReadOnly;
    if (says("No such file") || status.IsPathNotFound() || says("does not exist"))
        return state::DiskError::kMissing;
    if (status.IsCorruption()) return state::DiskError::kCorruption;
    if (says("LOCK")) return state::DiskError::kLocked;
    return state::DiskError::kIo;
}

}  // namespace consilium::store
