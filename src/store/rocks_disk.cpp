// SPDX-License-Identifier: Apache-2.0
#include "store/rocks_disk.hpp"

#include <rocksdb/db.h>
#include <rocksdb/perf_level.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <mutex>

#include "base/assert.hpp"
#include "store/rocks_options.hpp"

namespace consilium::store {
namespace {

using state::Cursor;
using state::DiskError;
using state::Durability;
using state::Space;

rocksdb::Slice slice(BytesView bytes) {
    return {bytes.data(), bytes.size()};
}
BytesView view(const rocksdb::Slice& bytes) {
    return {bytes.data(), bytes.size()};
}

// The open database; shared, so that it closes after the last snapshot of it.
struct Database {
    std::unique_ptr<rocksdb::DB> db;
    std::array<rocksdb::ColumnFamilyHandle*, state::kSpaces> families{};
    rocksdb::ColumnFamilyHandle* unused = nullptr;

    Database() = default;
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;
    ~Database() {
        if (!db) return;
        // What is flushed now need not be replayed at the next start.
        rocksdb::FlushOptions flush;
        for (rocksdb::ColumnFamilyHandle* family : families)
            (void)db->Flush(flush, family);
        for (rocksdb::ColumnFamilyHandle* family : families)
            (void)db->DestroyColumnFamilyHandle(family);
        (void)db->DestroyColumnFamilyHandle(unused);
        (void)db->Close();
    }
    [[nodiscard]] rocksdb::ColumnFamilyHandle* family(Space space) const {
        return families[static_cast<std::size_t>(space)];
    }
};

// RocksDB counts comparisons per thread unless told not to; the counting costs a twelfth of them.
void stop_counting() {
    static thread_local const bool kStopped = [] {
        rocksdb::SetPerfLevel(rocksdb::PerfLevel::kDisable);
        return true;
    }();
    (void)kStopped;
}

// Iterators of one snapshot and one space that nobody uses at the moment: to make one costs more
// than to seek with it. Thread-safe.
class IdleIterators {
 public:
    [[nodiscard]] std::unique_ptr<rocksdb::Iterator> take() {
        const std::lock_guard lock(mutex_);
        if (idle_.empty()) return nullptr;
        auto iterator = std::move(idle_.back());
        idle_.pop_back();
        return iterator;
    }
    void give(std::unique_ptr<rocksdb::Iterator> iterator) {
        const std::lock_guard lock(mutex_);
        if (idle_.size() < kMost && iterator->status().ok()) idle_.push_back(std::move(iterator));
    }
    void clear() {
        const std::lock_guard lock(mutex_);
        idle_.clear();
    }

 private:
    static constexpr std::size_t kMost = 4;
    std::mutex mutex_;
    std::vector<std::unique_ptr<rocksdb::Iterator>> idle_;
};

class RocksCursor : public Cursor {
 public:
    // `home`, where there is one, gets the iterator back.
    explicit RocksCursor(std::unique_ptr<rocksdb::Iterator> it, IdleIterators* home = nullptr)
        : it_(std::move(it)), home_(home) {}
    ~RocksCursor() override {
        if (home_ != nullptr) home_->give(std::move(it_));
    }
    RocksCursor(const RocksCursor&) = delete;
    RocksCursor& operator=(const RocksCursor&) = delete;

    void seek(BytesView key) override { placed().Seek(slice(key)); }
    void seek_for_prev(BytesView key) override { placed().SeekForPrev(slice(key)); }
    void seek_first() override { placed().SeekToFirst(); }
    void seek_last() override { placed().SeekToLast(); }
    void next() override { it_->Next(); }
    void prev() override { it_->Prev(); }
    [[nodiscard]] bool valid() const override { return placed_ && it_->Valid(); }
    [[nodiscard]] BytesView key() const override { return view(it_->key()); }
    [[nodiscard]] BytesView value() const override { return view(it_->value()); }
    [[nodiscard]] std::optional<DiskError> error() const override {
        const rocksdb::Status status = it_->status();
        return status.ok() ? std::nullopt : std::optional<DiskError>(to_disk_error(status));
    }

 private:
    rocksdb::Iterator& placed() {
        placed_ = true;
        return *it_;
    }

    std::unique_ptr<rocksdb::Iterator> it_;
    IdleIterators* home_;
    bool placed_ = false;  // an iterator that was used before still stands where it was
};

// The same walk over a space that lies in descending order: every move is its opposite.
class DescendingCursor final : public RocksCursor {
 public:
    using RocksCursor::RocksCursor;

    void seek(BytesView key) override { RocksCursor::seek_for_prev(key); }
    void seek_for_prev(BytesView key) override { RocksCursor::seek(key); }
    void seek_first() override { RocksCursor::seek_last(); }
    void seek_last() override { RocksCursor::seek_first(); }
    void next() override { RocksCursor::prev(); }
    void prev() override { RocksCursor::next(); }
};

Result<std::optional<Bytes>, DiskError> get(const Database& database,
                                            const rocksdb::ReadOptions& options, Space space,
                                            BytesView key) {
    stop_counting();
    rocksdb::PinnableSlice value;
    const rocksdb::Status status =
        database.db->Get(options, database.family(space), slice(key), &value);
    if (status.IsNotFound()) return std::optional<Bytes>();
    if (!status.ok()) return fail(to_disk_error(status));
    return std::optional<Bytes>(view(value));
}

Result<std::vector<std::optional<Bytes>>, DiskError> multi_get(const Database& database,
                                                               const rocksdb::ReadOptions& options,
                                                               Space space,
                                                               std::span<const BytesView> keys) {
    stop_counting();
    const std::size_t n = keys.size();
    std::vector<rocksdb::Slice> slices;
    slices.reserve(n);
    for (const BytesView key : keys)
        slices.push_back(slice(key));
    std::vector<rocksdb::PinnableSlice> values(n);
    std::vector<rocksdb::Status> statuses(n);
    database.db->MultiGet(options, database.family(space), n, slices.data(), values.data(),
                          statuses.data());
    std::vector<std::optional<Bytes>> out(n);
    for (std::size_t i = 0; i < n; ++i) {
        if (statuses[i].IsNotFound()) continue;
        if (!statuses[i].ok()) return fail(to_disk_error(statuses[i]));
        out[i] = view(values[i]);
    }
    return out;
}

std::unique_ptr<Cursor> cursor(const Database& database, const rocksdb::ReadOptions& options,
                               Space space, IdleIterators* home = nullptr) {
    stop_counting();
    std::unique_ptr<rocksdb::Iterator> it = home != nullptr ? home->take() : nullptr;
    if (it == nullptr) it.reset(database.db->NewIterator(options, database.family(space)));
    if (is_descending(space)) return std::make_unique<DescendingCursor>(std::move(it), home);
    return std::make_unique<RocksCursor>(std::move(it), home);
}

class RocksSnapshot : public state::DiskReader {
 public:
    explicit RocksSnapshot(std::shared_ptr<Database> database) : database_(std::move(database)) {
        options_.snapshot = database_->db->GetSnapshot();
    }
    RocksSnapshot(const RocksSnapshot&) = delete;
    RocksSnapshot& operator=(const RocksSnapshot&) = delete;
    ~RocksSnapshot() override {
        idle_.clear();
        database_->db->ReleaseSnapshot(options_.snapshot);
    }

    [[nodiscard]] Result<std::optional<Bytes>, DiskError> get(Space space,
                                                              BytesView key) const override {
        return store::get(*database_, options_, space, key);
    }
    [[nodiscard]] Result<std::vector<std::optional<Bytes>>, DiskError> multi_get(
        Space space, std::span<const BytesView> keys) const override {
        return store::multi_get(*database_, options_, space, keys);
    }
    [[nodiscard]] std::unique_ptr<Cursor> cursor(Space space) const override {
        return store::cursor(*database_, options_, space,
                             space == Space::kCurrent ? &idle_ : nullptr);
    }

 private:
    std::shared_ptr<Database> database_;
    rocksdb::ReadOptions options_;
    mutable IdleIterators idle_;  // of the space that every plan and most proofs search
};

class RocksBatch : public state::WriteBatch {
 public:
    explicit RocksBatch(std::shared_ptr<Database> database) : database_(std::move(database)) {}

    void put(Space space, BytesView key, BytesView value) override {
        check(batch_.Put(database_->family(space), slice(key), slice(value)));
    }
    void erase(Space space, BytesView key) override {
        check(batch_.Delete(database_->family(space), slice(key)));
    }
    void erase_range(Space space, BytesView from, BytesView to) override {
        if (!is_descending(space))
            return check(batch_.DeleteRange(database_->family(space), slice(from), slice(to)));
        // A range that ends below a key has no first key in descending order.
        const auto cursor = store::cursor(*database_, {}, space);
        for (cursor->seek(from); cursor->valid() && cursor->key() < to; cursor->next())
            erase(space, cursor->key());
    }
    [[nodiscard]] std::size_t bytes() const override { return batch_.GetDataSize(); }
    [[nodiscard]] rocksdb::WriteBatch& batch() { return batch_; }

 private:
    // Gathering in memory fails only for sizes beyond our limits.
    static void check(const rocksdb::Status& status) { CONSILIUM_ASSERT(status.ok()); }

    std::shared_ptr<Database> database_;
    rocksdb::WriteBatch batch_;
};

class RocksDisk : public state::Disk {
 public:
    explicit RocksDisk(std::shared_ptr<Database> database) : database_(std::move(database)) {}

    [[nodiscard]] Result<std::optional<Bytes>, DiskError> get(Space space,
                                                              BytesView key) const override {
        return store::get(*database_, {}, space, key);
    }
    [[nodiscard]] Result<std::vector<std::optional<Bytes>>, DiskError> multi_get(
        Space space, std::span<const BytesView> keys) const override {
        return store::multi_get(*database_, {}, space, keys);
    }
    [[nodiscard]] std::unique_ptr<Cursor> cursor(Space space) const override {
        return store::cursor(*database_, {}, space);
    }
    [[nodiscard]] std::unique_ptr<state::WriteBatch> new_batch() override {
        return std::make_unique<RocksBatch>(database_);
    }
    [[nodiscard]] Status<DiskError> write(state::WriteBatch& batch,
                                          Durability durability) override {
        if (failed_) return fail(DiskError::kClosed);
        stop_counting();
        rocksdb::WriteOptions options;
        options.sync = durability == Durability::kSynced;
        auto& own = dynamic_cast<RocksBatch&>(batch);
        const rocksdb::Status status = database_->db->Write(options, &own.batch());
        if (!status.ok()) return failed(status);
        own.batch().Clear();
        return Done{};
    }
    [[nodiscard]] Status<DiskError> sync() override {
        if (failed_) return fail(DiskError::kClosed);
        const rocksdb::Status status = database_->db->SyncWAL();
        if (!status.ok()) return failed(status);
        return Done{};
    }
    [[nodiscard]] std::unique_ptr<state::DiskReader> snapshot() const override {
        return std::make_unique<RocksSnapshot>(database_);
    }

 private:
    // What a failed write left behind is not known before the log has been read again.
    Failure<DiskError> failed(const rocksdb::Status& status) {
        failed_ = true;
        return fail(to_disk_error(status));
    }

    std::shared_ptr<Database> database_;
    std::atomic<bool> failed_ = false;
};

OpenError refuse(DiskError error, const std::filesystem::path& at, const std::string& why) {
    return {error, at.string() + ": " + why};
}

// RocksDB would make a new database over the remains of one whose CURRENT is lost.
std::optional<OpenError> check_directory(const std::filesystem::path& directory,
                                         const RocksOptions& options) {
    std::error_code failed;
    if (options.create) std::filesystem::create_directories(directory, failed);
    if (failed) return refuse(DiskError::kReadOnly, directory, failed.message());
    bool current = false;
    bool anything = false;
    for (std::filesystem::directory_iterator it(directory, failed), end; !failed && it != end;
         it.increment(failed)) {
        const std::string name = it->path().filename().string();
        current = current || name == "CURRENT";
        anything = anything || name.starts_with("MANIFEST-") || name.ends_with(".sst") ||
                   name.ends_with(".log");
    }
    if (failed == std::errc::no_such_file_or_directory)
        return refuse(DiskError::kMissing, directory, "there is no such directory");
    if (failed == std::errc::permission_denied)
        return refuse(DiskError::kReadOnly, directory, failed.message());
    if (failed) return refuse(DiskError::kIo, directory, failed.message());
    if (current) return std::nullopt;
    if (anything) return refuse(DiskError::kMissing, directory / "CURRENT", "this file is missing");
    if (!options.create)
        return refuse(DiskError::kMissing, directory, "there is no ledger in this directory");
    if (::access(directory.c_str(), W_OK) != 0)
        return refuse(DiskError::kReadOnly, directory, "this directory cannot be written");
    return std::nullopt;
}

}  // namespace

Result<std::unique_ptr<state::Disk>, OpenError> open_rocks_disk(
    const std::filesystem::path& directory, const RocksOptions& options) {
    if (auto refused = check_directory(directory, options)) return fail(std::move(*refused));
    const auto families = column_families(options);
    auto database = std::make_shared<Database>();
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* db = nullptr;
    rocksdb::Status status;
    try {
        status = rocksdb::DB::Open(database_options(options), directory.string(), families,
                                   &handles, &db);
    } catch (const std::exception& e) {
        return fail(refuse(DiskError::kIo, directory, e.what()));
    }
    if (!status.ok()) return fail(refuse(to_disk_error(status), directory, status.ToString()));
    database->db.reset(db);
    std::copy_n(handles.begin(), state::kSpaces, database->families.begin());
    database->unused = handles.back();
    return std::unique_ptr<state::Disk>(std::make_unique<RocksDisk>(std::move(database)));
}

}  // namespace consilium::store
