// SPDX-License-Identifier: Apache-2.0
// A process of its own that works on a vault and ends in the middle, for the tests:
//   consilium_vault_child FOLDER NETWORK CHANGES WORK [ARGUMENT]
// WORK is "shred" with the row keys, in hexadecimal, of the versions to erase; "rotate"; "backup"
// with a folder; "put" with a file: puts documents until it ends, and notes each there; "put-many":
// the same by several threads at once, each with a file of its own; "long": a
// document of the greatest length comes and goes, in little memory. It ends with kExited before the
// n-th change of the vault's own files, or, when CHANGES begins with "db", of the database's files,
// of which what was not synced is lost; with 0 when the work was done before, with 1 when it
// failed.
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <fstream>
#include <limits>
#include <thread>

#include "base/hex.hpp"
#include "vault/document_writer.hpp"
#include "vault/faulty_disk_testing.hpp"
#include "vault/file_cipher.hpp"

namespace consilium::vault {
namespace {

namespace fs = std::filesystem;

constexpr int kExited = 42;
constexpr std::uint64_t kMemoryKibMax = 64U * 1024U;

// Ends the process, without a word to anyone, before the n-th change.
class ExitingFiles final : public Files {
 public:
    explicit ExitingFiles(int changes) : left_(changes) {}
    void change() {
        if (left_-- == 0) ::_exit(kExited);
    }
    [[nodiscard]] Result<std::unique_ptr<File>, FileError> open(const fs::path& path,
                                                                Open mode) override {
        if (mode == Open::kCreate || mode == Open::kReplace) change();
        auto file = system_files().open(path, mode);
        if (!file) return file;
        return std::unique_ptr<File>(std::make_unique<ExitingFile>(*this, std::move(*file)));
    }
    [[nodiscard]] Status<FileError> rename(const fs::path& from, const fs::path& to) override {
        change();
        return system_files().rename(from, to);
    }
    [[nodiscard]] Status<FileError> remove(const fs::path& path) override {
        change();
        return system_files().remove(path);
    }
    [[nodiscard]] Status<FileError> sync_parent(const fs::path& path) override {
        change();
        return system_files().sync_parent(path);
    }

 private:
    class ExitingFile final : public File {
     public:
        ExitingFile(ExitingFiles& files, std::unique_ptr<File> file)
            : files_(files), file_(std::move(file)) {}
        [[nodiscard]] Result<Bytes, FileError> read(std::uint64_t offset,
                                                    std::size_t size) const override {
            return file_->read(offset, size);
        }
        [[nodiscard]] Status<FileError> write(std::uint64_t offset, BytesView bytes) override {
            files_.change();
            return file_->write(offset, bytes);
        }
        [[nodiscard]] Status<FileError> sync() override {
            files_.change();
            return file_->sync();
        }
        [[nodiscard]] Result<std::uint64_t, FileError> size() const override {
            return file_->size();
        }
        [[nodiscard]] bool is_private() const override { return file_->is_private(); }

     private:
        ExitingFiles& files_;
        std::unique_ptr<File> file_;
    };
    std::atomic<int> left_;
};

bool shred(Vault& vault, std::string_view argument) {
    const Bytes keys = from_hex(argument).value_or(Bytes());
    std::vector<DocumentName> names;
    for (std::size_t at = 0; at + 20 <= keys.size(); at += 20) {
        const auto name = parse_row_key(BytesView(keys).substr(at, 20));
        if (name) names.push_back(*name);
    }
    return !names.empty() && vault.shred(names).ok();
}

// Version n of one record and a row that says n, in one step; then a byte in the file. `series` is
// in the names of row, index and file.
bool put(Vault& vault, const std::string& file, const std::string& series) {
    std::ofstream noted(file + series, std::ios::binary | std::ios::app);
    const std::string count = series + "count";
    const auto before = vault.row(count);
    if (!before) return false;
    ledger::RecordId record;
    if (!series.empty()) record.value.fill(static_cast<std::uint8_t>(series.front()));
    auto version =
        static_cast<std::uint32_t>(before->has_value() ? std::stoul(before->value()) + 1 : 1);
    for (int i = 0; i < 30; ++i, ++version) {
        const std::string text = std::to_string(version);
        NewDocument document{{record, version}, text, {series + "version=" + text + ";"}};
        if (version > 1) document.replaces = DocumentName{record, version - 1};
        const Row row{count, text};
        if (!vault.put({&document, 1}, {&row, 1})) return false;
        noted << 'x' << std::flush;
    }
    return true;
}

bool put_many(Vault& vault, const std::string& file) {
    std::atomic<bool> all = true;
    std::vector<std::thread> threads;
    for (const char* series : {"a", "b", "c", "d", "e", "f"}) {
        threads.emplace_back([&, series] {
            if (!put(vault, file, series)) all = false;
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    return all;
}

std::uint64_t memory_kib() {
    std::ifstream in("/proc/self/status");
    for (std::string word; in >> word;) {
        std::uint64_t kib = 0;
        if (word == "VmHWM:" && in >> kib) return kib;
    }
    return ~std::uint64_t{0};
}

bool come_and_go(Vault& vault) {
    const DocumentName name{{}, 1};
    auto writer = vault.begin(name, std::nullopt);
    if (!writer) return false;
    const Bytes piece(1'000'000, 'L');
    for (std::uint64_t at = 0; at < kDocumentBytesMax; at += piece.size()) {
        const auto rest = std::min<std::uint64_t>(piece.size(), kDocumentBytesMax - at);
        if (!(*writer)->update(BytesView(piece).substr(0, static_cast<std::size_t>(rest))))
            return false;
    }
    if (!(*writer)->commit({})) return false;
    std::uint64_t bytes = 0;
    const auto read = vault.read(name, [&bytes](BytesView part) {
        bytes += part.size();
        return true;
    });
    return read && bytes == kDocumentBytesMax && memory_kib() < kMemoryKibMax;
}

// Ends the process without closing the vault.
bool append(Vault& vault) {
    for (int i = 0; i < 100; ++i) {
        const Row row{"audit/" + std::to_string(100 + i), std::to_string(i)};
        if (!vault.append({&row, 1})) return false;
    }
    ::_exit(0);
}

bool work(Vault& vault, std::string_view what, const std::string& argument) {
    if (what == "append") return append(vault);
    if (what == "rotate") return vault.rotate().ok();
    if (what == "backup") return vault.backup(argument).ok();
    if (what == "put") return put(vault, argument, {});
    if (what == "put-many") return put_many(vault, argument);
    if (what == "long") return come_and_go(vault);
    return what == "shred" && shred(vault, argument);
}

int run(const std::string& folder, std::string_view network_hex, std::string_view count,
        std::string_view what, const std::string& argument) {
    const bool in_database = count.substr(0, 2) == "db";
    if (in_database) count.remove_prefix(2);
    ledger::NetworkId network;
    int changes = 0;
    if (!assign(network, from_hex(network_hex).value_or(Bytes())) ||
        std::from_chars(count.data(), count.data() + count.size(), changes).ec != std::errc()) {
        return 1;
    }
    constexpr int kNever = std::numeric_limits<int>::max();
    std::atomic<int> left = in_database ? changes : kNever;
    set_base_file_system(std::make_shared<testing::FaultyDisk>(
        [&left] {
            if (left-- == 0) ::_exit(kExited);
            return true;
        },
        in_database));
    ExitingFiles files(in_database ? kNever : changes);
    auto vault = Vault::open(folder, network, "passphrase", files);
    if (!vault || !work(**vault, what, argument)) return 1;
    // Closing is not part of the work.
    left = kNever;
    return 0;
}

}  // namespace
}  // namespace consilium::vault

int main(int argc, char** argv) {
    if (argc != 5 && argc != 6) return 1;
    return consilium::vault::run(argv[1], argv[2], argv[3], argv[4], argc == 6 ? argv[5] : "");
}
