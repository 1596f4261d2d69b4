// SPDX-License-Identifier: Apache-2.0
#include "vault/crash_files_testing.hpp"

#include <algorithm>

namespace consilium::vault::testing {
namespace {

void apply(Bytes& content, const CrashFiles::Write& write, std::size_t size) {
    if (write.empties) content.clear();
    if (write.bytes.empty()) return;
    const auto end = static_cast<std::size_t>(write.offset) + size;
    if (content.size() < end) content.resize(end, '\0');
    std::copy_n(write.bytes.data(), size,
                content.begin() + static_cast<std::ptrdiff_t>(write.offset));
}

class MemoryFile final : public File {
 public:
    MemoryFile(CrashFiles& disk, std::shared_ptr<CrashFiles::Inode> inode)
        : disk_(&disk), inode_(std::move(inode)) {}

    [[nodiscard]] Result<Bytes, FileError> read(std::uint64_t offset,
                                                std::size_t size) const override {
        if (disk_->dead()) return fail(FileError::kIo);
        if (offset >= inode_->now.size()) return Bytes();
        return inode_->now.substr(static_cast<std::size_t>(offset), size);
    }
    [[nodiscard]] Status<FileError> write(std::uint64_t offset, BytesView bytes) override {
        if (disk_->dead()) return fail(FileError::kIo);
        inode_->pending.push_back({offset, Bytes(bytes), false});
        apply(inode_->now, inode_->pending.back(), bytes.size());
        if (disk_->goes_now()) return fail(FileError::kIo);
        return Done{};
    }
    [[nodiscard]] Status<FileError> sync() override {
        if (disk_->dead() || disk_->goes_now()) return fail(FileError::kIo);
        inode_->durable = inode_->now;
        inode_->pending.clear();
        return Done{};
    }
    [[nodiscard]] Result<std::uint64_t, FileError> size() const override {
        if (disk_->dead()) return fail(FileError::kIo);
        return std::uint64_t{inode_->now.size()};
    }
    [[nodiscard]] bool is_private() const override { return true; }

 private:
    CrashFiles* disk_;
    std::shared_ptr<CrashFiles::Inode> inode_;
};

}  // namespace

bool CrashFiles::goes_now() {
    ++changes_;
    if (left_ == kNever) return false;
    if (left_-- > 0) return false;
    dead_ = true;
    return true;
}

Result<std::unique_ptr<File>, FileError> CrashFiles::open(const std::filesystem::path& path,
                                                          Open mode) {
    if (dead_) return fail(FileError::kIo);
    const auto found = now_.find(path.string());
    std::shared_ptr<Inode> inode = found == now_.end() ? nullptr : found->second;
    const bool creates = mode == Open::kCreate || mode == Open::kReplace;
    if (inode && mode == Open::kCreate) return fail(FileError::kExists);
    if (!inode && !creates) return fail(FileError::kMissing);
    if (!inode) {
        inode = std::make_shared<Inode>();
        all_.push_back(inode);
        now_[path.string()] = inode;
    } else if (mode == Open::kReplace) {
        inode->pending.push_back({0, {}, true});
        inode->now.clear();
    }
    if (creates && goes_now()) return fail(FileError::kIo);
    return std::unique_ptr<File>(std::make_unique<MemoryFile>(*this, inode));
}

Status<FileError> CrashFiles::rename(const std::filesystem::path& from,
                                     const std::filesystem::path& to) {
    if (dead_) return fail(FileError::kIo);
    auto node = now_.extract(from.string());
    if (node.empty()) return fail(FileError::kMissing);
    now_[to.string()] = std::move(node.mapped());
    if (goes_now()) return fail(FileError::kIo);
    return Done{};
}

Status<FileError> CrashFiles::remove(const std::filesystem::path& path) {
    if (dead_) return fail(FileError::kIo);
    if (now_.erase(path.string()) == 0) return fail(FileError::kMissing);
    if (goes_now()) return fail(FileError::kIo);
    return Done{};
}

Status<FileError> CrashFiles::sync_parent(const std::filesystem::path&) {
    if (dead_ || goes_now()) return fail(FileError::kIo);
    durable_ = now_;
    return Done{};
}

CrashFiles CrashFiles::after_crash(Data data, bool names) const {
    CrashFiles next;
    std::map<Inode*, std::shared_ptr<Inode>> copies;
    for (const auto& inode : all_) {
        auto copy = std::make_shared<Inode>();
        copy->now = inode->durable;
        const std::size_t count = data == Data::kNone ? 0 : inode->pending.size();
        for (std::size_t i = data == Data::kLast && count > 0 ? count - 1 : 0; i < count; ++i) {
            const Write& write = inode->pending[i];
            const bool torn = data == Data::kTorn && i + 1 == count;
            apply(copy->now, write, torn ? write.bytes.size() / 2 : write.bytes.size());
        }
        copy->durable = copy->now;
        next.all_.push_back(copy);
        copies[inode.get()] = copy;
    }
    for (const auto& [name, inode] : names ? now_ : durable_)
        next.now_[name] = copies.at(inode.get());
    next.durable_ = next.now_;
    return next;
}

std::vector<Bytes> CrashFiles::raw() const {
    std::vector<Bytes> out;
    for (const auto& inode : all_)
        out.push_back(inode->now);
    return out;
}

}  // namespace consilium::vault::testing
