// SPDX-License-Identifier: Apache-2.0
// Former values off the disk, and a standstill for backups.
#include <rocksdb/sst_file_reader.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <limits>
#include <thread>

#include "vault/database_open.hpp"

namespace consilium::vault {
namespace {

namespace fs = std::filesystem;

// Above this the whole family is rewritten at once.
constexpr std::size_t kPlacesMax = 512;
// How long a reader, or the writing of a file, may keep a purge.
constexpr std::chrono::seconds kPatience{60};

using Names = std::vector<std::string>;

bool is_log(const std::string& name) {
    return fs::path(name).extension() == ".log";
}
bool is_table_or_manifest(const std::string& name) {
    return fs::path(name).extension() == ".sst" || name.rfind("MANIFEST-", 0) == 0;
}

std::optional<Names> files_in(const fs::path& folder, bool (*is)(const std::string&)) {
    std::error_code error;
    Names out;
    for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
        std::string name = at->path().filename().string();
        if (is(name)) out.push_back(std::move(name));
    }
    if (error) return std::nullopt;
    return out;
}

}  // namespace

// Whether no sorted file could hold anything at that key: neither a row nor the mark of a removed
// one, which names the key as well.
bool Database::is_clean(const Place& place) const {
    rocksdb::ColumnFamilyMetaData meta;
    open_->db->GetColumnFamilyMetaData(open_->family(place.family), &meta);
    for (const auto& level : meta.levels) {
        for (const auto& file : level.files) {
            if (place.key < file.smallestkey || file.largestkey < place.key) continue;
            rocksdb::Options options;
            options.env = open_->env.env();
            rocksdb::SstFileReader reader(options);
            if (!reader.Open(file.db_path + file.name).ok()) return false;
            if (reader.GetTableProperties()->num_deletions > 0) return false;
            const std::unique_ptr<rocksdb::Iterator> at(reader.NewIterator({}));
            at->Seek(slice(place.key));
            if (!at->status().ok() || (at->Valid() && view(at->key()) == place.key)) return false;
        }
    }
    return true;
}

rocksdb::Status Database::compact(Family family, std::span<const Place> places, bool everywhere) {
    rocksdb::CompactRangeOptions force;
    force.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
    rocksdb::ColumnFamilyHandle* handle = open_->family(family);
    std::vector<const Place*> own;
    for (const Place& place : places) {
        if (place.family == family) own.push_back(&place);
    }
    if (everywhere || own.size() > kPlacesMax)
        return open_->db->CompactRange(force, handle, nullptr, nullptr);
    std::sort(own.begin(), own.end(),
              [](const Place* a, const Place* b) { return a->key < b->key; });
    for (const Place* place : own) {
        // What was rewritten for the place before is clean for its neighbours.
        if (is_clean(*place)) continue;
        const rocksdb::Slice key = slice(place->key);
        if (auto done = open_->db->CompactRange(force, handle, &key, &key); !done.ok()) return done;
    }
    return rocksdb::Status::OK();
}

// The database removes a file when nobody reads it any more and it comes to it, and says nothing
// when that fails: so it is looked at.
Status<DatabaseError> Database::await_removal(const Names& logs, const Names& others) {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    for (std::chrono::milliseconds pause(1);; pause *= 2) {
        // Allowing it again makes the database look for files to remove.
        rocksdb::Status status = open_->db->DisableFileDeletions();
        if (status.ok()) status = open_->db->EnableFileDeletions(false);
        Names live;
        std::uint64_t manifest_bytes = 0;
        if (status.ok()) status = open_->db->GetLiveFiles(live, &manifest_bytes, false);
        if (!status.ok()) return fail(database_error(status));
        const auto is_gone = [&](const std::string& name) {
            std::error_code error;
            return !fs::exists(open_->folder / name, error) && !error;
        };
        const bool done = std::all_of(logs.begin(), logs.end(), is_gone) &&
                          std::all_of(others.begin(), others.end(), [&](const std::string& name) {
                              return is_gone(name) || (name.rfind("MANIFEST-", 0) != 0 &&
                                                       std::find(live.begin(), live.end(),
                                                                 "/" + name) != live.end());
                          });
        if (done) return Done{};
        if (std::chrono::steady_clock::now() > end) return fail(DatabaseError::kDisk);
        pause = std::min(pause, std::chrono::milliseconds(100));
        std::this_thread::sleep_for(pause);
    }
}

Status<DatabaseError> Database::purge(std::span<const Place> places, bool everywhere) {
    if (places.empty() && !everywhere) return Done{};
    // A row of its own, so that there is something to flush and every log up to here ends.
    const Change mark{Family::kMeta, "purged", Bytes()};
    if (auto marked = write({&mark, 1}); !marked) return marked;
    const auto logs = files_in(open_->folder, is_log);
    if (!logs) return fail(DatabaseError::kDisk);
    // Out of the log: it is removed when every family has been flushed past it.
    const std::vector<rocksdb::ColumnFamilyHandle*> all(open_->families.begin(),
                                                        open_->families.end());
    rocksdb::Status status = open_->db->Flush(rocksdb::FlushOptions(), all);
    for (const Family family : {Family::kIndex, Family::kIndexKeys}) {
        if (status.ok()) status = compact(family, places, everywhere);
    }
    if (!status.ok()) return fail(database_error(status));
    const auto others = files_in(open_->folder, is_table_or_manifest);
    if (!others) return fail(DatabaseError::kDisk);
    // A new manifest begins with the state before the change that it is made for: only one more
    // change makes one that knows the compacted files alone.
    if (auto marked = write({&mark, 1}); !marked) return marked;
    status = open_->db->Flush(rocksdb::FlushOptions(), open_->family(Family::kMeta));
    if (!status.ok()) return fail(database_error(status));
    return await_removal(*logs, *others);
}

Database::Freeze::~Freeze() {
    (void)database_.open_->db->EnableFileDeletions(false);
    (void)database_.open_->db->ContinueBackgroundWork();
}

Result<std::unique_ptr<Database::Freeze>, DatabaseError> Database::freeze() {
    rocksdb::DB& db = *open_->db;
    const std::vector<rocksdb::ColumnFamilyHandle*> all(open_->families.begin(),
                                                        open_->families.end());
    rocksdb::Status status = db.Flush(rocksdb::FlushOptions(), all);
    if (status.ok()) status = db.PauseBackgroundWork();
    if (!status.ok()) return fail(database_error(status));
    status = db.DisableFileDeletions();
    if (!status.ok()) {
        (void)db.ContinueBackgroundWork();
        return fail(database_error(status));
    }
    auto out = std::make_unique<Freeze>(*this);
    rocksdb::LiveFilesStorageInfoOptions options;
    options.wal_size_for_flush = std::numeric_limits<std::uint64_t>::max();
    std::vector<rocksdb::LiveFileStorageInfo> files;
    status = db.GetLiveFilesStorageInfo(options, &files);
    if (!status.ok()) return fail(database_error(status));
    for (const auto& file : files)
        out->files.push_back(file.relative_filename);
    return out;
}

}  // namespace consilium::vault
