// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "vault/files.hpp"

namespace consilium::vault::testing {

// Files in memory whose power can be cut at any change. What was written and not synced, and the
// names that were made and not synced, survive in whole, in part or not at all, as asked.
// Not thread-safe.
class CrashFiles final : public Files {
 public:
    // The power goes at the n-th change from now (0: the next one), which may still reach the disk;
    // every call after it fails.
    void crash_after(std::size_t changes) { left_ = changes; }
    void never_crash() { left_ = kNever; }
    [[nodiscard]] bool crashed() const { return dead_; }
    [[nodiscard]] std::size_t changes() const { return changes_; }

    // What of each file's unsynced writes survives.
    enum class Data { kNone, kAll, kTorn, kLast };
    static constexpr Data kAllData[] = {Data::kNone, Data::kAll, Data::kTorn, Data::kLast};
    // The disk as it is found at the next start.
    [[nodiscard]] CrashFiles after_crash(Data data, bool names) const;

    // Everything that stands on the disk now: files with names, and what files without a name still
    // hold, as someone who reads the raw disk would find it.
    [[nodiscard]] std::vector<Bytes> raw() const;
    [[nodiscard]] Bytes& content(const std::string& path) { return now_.at(path)->now; }

    [[nodiscard]] Result<std::unique_ptr<File>, FileError> open(const std::filesystem::path& path,
                                                                Open mode) override;
    [[nodiscard]] Status<FileError> rename(const std::filesystem::path& from,
                                           const std::filesystem::path& to) override;
    [[nodiscard]] Status<FileError> remove(const std::filesystem::path& path) override;
    [[nodiscard]] Status<FileError> sync_parent(const std::filesystem::path& path) override;

    struct Write {
        std::uint64_t offset = 0;
        Bytes bytes;
        bool empties = false;
    };
    struct Inode {
        Bytes now;
        Bytes durable;
        std::vector<Write> pending;
    };
    // Counts a change; true when the power goes with it.
    [[nodiscard]] bool goes_now();
    [[nodiscard]] bool dead() const { return dead_; }

 private:
    static constexpr std::size_t kNever = ~std::size_t{0};
    using Names = std::map<std::string, std::shared_ptr<Inode>>;

    Names now_;
    Names durable_;
    std::vector<std::shared_ptr<Inode>> all_;
    std::size_t left_ = kNever;
    std::size_t changes_ = 0;
    bool dead_ = false;
};

}  // namespace consilium::vault::testing
