// SPDX-License-Identifier: Apache-2.0
#include "vault/faulty_disk_testing.hpp"

namespace consilium::vault::testing {
namespace {

rocksdb::IOStatus full() {
    return rocksdb::IOStatus::NoSpace("the disk is full");
}

class FaultyFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
    FaultyFile(std::unique_ptr<rocksdb::FSWritableFile> target, std::function<bool()> change,
               bool forgetful)
        : rocksdb::FSWritableFileOwnerWrapper(std::move(target)),
          change_(std::move(change)),
          forgetful_(forgetful) {}

    rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* debug) override {
        if (!change_()) return full();
        if (!forgetful_) return target()->Append(data, options, debug);
        pending_.append(data.data(), data.size());
        return rocksdb::IOStatus::OK();
    }
    rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                             const rocksdb::DataVerificationInfo&,
                             rocksdb::IODebugContext* debug) override {
        return Append(data, options, debug);
    }
    rocksdb::IOStatus Sync(const rocksdb::IOOptions& options,
                           rocksdb::IODebugContext* debug) override {
        if (!change_()) return full();
        if (auto done = write(options, debug); !done.ok()) return done;
        return target()->Sync(options, debug);
    }
    rocksdb::IOStatus Fsync(const rocksdb::IOOptions& options,
                            rocksdb::IODebugContext* debug) override {
        if (!change_()) return full();
        if (auto done = write(options, debug); !done.ok()) return done;
        return target()->Fsync(options, debug);
    }
    rocksdb::IOStatus Close(const rocksdb::IOOptions& options,
                            rocksdb::IODebugContext* debug) override {
        if (auto done = write(options, debug); !done.ok()) return done;
        return target()->Close(options, debug);
    }
    std::uint64_t GetFileSize(const rocksdb::IOOptions& options,
                              rocksdb::IODebugContext* debug) override {
        return target()->GetFileSize(options, debug) + pending_.size();
    }

 private:
    rocksdb::IOStatus write(const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug) {
        if (pending_.empty()) return rocksdb::IOStatus::OK();
        auto done = target()->Append(pending_, options, debug);
        pending_.clear();
        return done;
    }

    std::function<bool()> change_;
    bool forgetful_;
    std::string pending_;
};

}  // namespace

FaultyDisk::FaultyDisk(std::function<bool()> change, bool forgetful)
    : rocksdb::FileSystemWrapper(rocksdb::FileSystem::Default()),
      change_(std::move(change)),
      forgetful_(forgetful) {}

rocksdb::IOStatus FaultyDisk::NewWritableFile(const std::string& name,
                                              const rocksdb::FileOptions& options,
                                              std::unique_ptr<rocksdb::FSWritableFile>* file,
                                              rocksdb::IODebugContext* debug) {
    if (!change_()) return full();
    std::unique_ptr<rocksdb::FSWritableFile> made;
    auto done = target()->NewWritableFile(name, options, &made, debug);
    if (done.ok()) *file = std::make_unique<FaultyFile>(std::move(made), change_, forgetful_);
    return done;
}

rocksdb::IOStatus FaultyDisk::DeleteFile(const std::string& name, const rocksdb::IOOptions& options,
                                         rocksdb::IODebugContext* debug) {
    if (!change_()) return full();
    return target()->DeleteFile(name, options, debug);
}

rocksdb::IOStatus FaultyDisk::RenameFile(const std::string& from, const std::string& to,
                                         const rocksdb::IOOptions& options,
                                         rocksdb::IODebugContext* debug) {
    if (!change_()) return full();
    return target()->RenameFile(from, to, options, debug);
}

}  // namespace consilium::vault::testing
