// SPDX-License-Identifier: Apache-2.0
#include "vault/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace consilium::vault {
namespace {

FileError error_of(int error) {
    switch (error) {
        case ENOENT:
            return FileError::kMissing;
        case EEXIST:
            return FileError::kExists;
        case ENOSPC:
        case EDQUOT:
        case EFBIG:
            return FileError::kFull;
        case EACCES:
        case EPERM:
        case EROFS:
            return FileError::kReadOnly;
        default:
            return FileError::kIo;
    }
}

class SystemFile final : public File {
 public:
    explicit SystemFile(int fd) : fd_(fd) {}
    SystemFile(const SystemFile&) = delete;
    SystemFile& operator=(const SystemFile&) = delete;
    ~SystemFile() override { ::close(fd_); }

    [[nodiscard]] Result<Bytes, FileError> read(std::uint64_t offset,
                                                std::size_t size) const override {
        Bytes out(size, '\0');
        std::size_t done = 0;
        while (done < size) {
            const ssize_t got =
                ::pread(fd_, out.data() + done, size - done, static_cast<off_t>(offset + done));
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) return fail(error_of(errno));
            if (got == 0) break;
            done += static_cast<std::size_t>(got);
        }
        out.resize(done);
        return out;
    }

    [[nodiscard]] Status<FileError> write(std::uint64_t offset, BytesView bytes) override {
        while (!bytes.empty()) {
            const ssize_t put =
                ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
            if (put < 0 && errno == EINTR) continue;
            if (put < 0) return fail(error_of(errno));
            bytes.remove_prefix(static_cast<std::size_t>(put));
            offset += static_cast<std::uint64_t>(put);
        }
        return Done{};
    }

    [[nodiscard]] Status<FileError> sync() override {
        if (::fdatasync(fd_) != 0) return fail(error_of(errno));
        return Done{};
    }

    [[nodiscard]] Result<std::uint64_t, FileError> size() const override {
        struct stat info {};
        if (::fstat(fd_, &info) != 0) return fail(error_of(errno));
        return static_cast<std::uint64_t>(info.st_size);
    }

    [[nodiscard]] bool is_private() const override {
        struct stat info {};
        return ::fstat(fd_, &info) == 0 && S_ISREG(info.st_mode) && (info.st_mode & 077U) == 0;
    }

 private:
    int fd_;
};

class SystemFiles final : public Files {
 public:
    [[nodiscard]] Result<std::unique_ptr<File>, FileError> open(const std::filesystem::path& path,
                                                                Open mode) override {
        int flags = O_CLOEXEC | (mode == Open::kRead ? O_RDONLY : O_RDWR);
        if (mode == Open::kCreate) flags |= O_CREAT | O_EXCL;
        if (mode == Open::kReplace) flags |= O_CREAT | O_TRUNC;
        const int fd = ::open(path.c_str(), flags, 0600);
        if (fd < 0) return fail(error_of(errno));
        return std::unique_ptr<File>(std::make_unique<SystemFile>(fd));
    }

    [[nodiscard]] Status<FileError> rename(const std::filesystem::path& from,
                                           const std::filesystem::path& to) override {
        if (::rename(from.c_str(), to.c_str()) != 0) return fail(error_of(errno));
        return Done{};
    }

    [[nodiscard]] Status<FileError> remove(const std::filesystem::path& path) override {
        if (::unlink(path.c_str()) != 0) return fail(error_of(errno));
        return Done{};
    }

    [[nodiscard]] Status<FileError> sync_parent(const std::filesystem::path& path) override {
        const std::filesystem::path parent = path.has_parent_path() ? path.parent_path() : ".";
        const int fd = ::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0) return fail(error_of(errno));
        const bool synced = ::fsync(fd) == 0;
        const int error = errno;
        ::close(fd);
        if (!synced) return fail(error_of(error));
        return Done{};
    }
};

// What an attempt that a crash cut off has left under that name is overwritten, not just cut off.
Status<FileError> write_new(Files& files, const std::filesystem::path& path, BytesView content) {
    if (auto left = files.open(path, Open::kWrite); left) {
        if (auto done = overwrite(**left); !done) return done;
    } else if (left.error() != FileError::kMissing) {
        return fail(left.error());
    }
    auto file = files.open(path, Open::kReplace);
    if (!file) return fail(file.error());
    if (auto written = (*file)->write(0, content); !written) return written;
    return (*file)->sync();
}

}  // namespace

Files& system_files() {
    static SystemFiles files;
    return files;
}

Result<Bytes, FileError> read_file(Files& files, const std::filesystem::path& path,
                                   std::size_t size_max) {
    auto file = files.open(path, Open::kRead);
    if (!file) return fail(file.error());
    const auto size = (*file)->size();
    if (!size) return fail(size.error());
    if (*size > size_max) return fail(FileError::kIo);
    return (*file)->read(0, static_cast<std::size_t>(*size));
}

Status<FileError> replace_file(Files& files, const std::filesystem::path& path, BytesView content) {
    const std::filesystem::path next = path.string() + ".new";
    if (auto written = write_new(files, next, content); !written) return written;
    auto old = files.open(path, Open::kWrite);
    if (!old && old.error() != FileError::kMissing) return fail(old.error());
    if (auto renamed = files.rename(next, path); !renamed) return renamed;
    if (auto synced = files.sync_parent(path); !synced) return synced;
    if (old) return overwrite(**old);
    return Done{};
}

Status<FileError> overwrite(File& file) {
    const auto size = file.size();
    if (!size) return fail(size.error());
    const Bytes zeros(64U * 1024U, '\0');
    for (std::uint64_t at = 0; at < *size; at += zeros.size()) {
        const auto rest =
            static_cast<std::size_t>(std::min<std::uint64_t>(zeros.size(), *size - at));
        if (auto written = file.write(at, BytesView(zeros).substr(0, rest)); !written)
            return written;
    }
    return file.sync();
}

}  // namespace consilium::vault
