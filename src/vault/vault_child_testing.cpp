// SPDX-License-Identifier: Apache-2.0
// A process of its own that works on a vault and ends in the middle, for vault_shred_test:
//   consilium_vault_child FOLDER NETWORK CHANGES (rotate | NAMES)
// NAMES are the row keys, in hexadecimal, of the versions to erase. It ends with kExited before the
// n-th change of the vault's own files, with 0 when the work was done before, with 1 when it
// failed.
#include <unistd.h>

#include <charconv>

#include "base/hex.hpp"
#include "vault/vault.hpp"

namespace consilium::vault {
namespace {

namespace fs = std::filesystem;

// Ends the process, without a word to anyone, before the n-th change.
class ExitingFiles final : public Files {
 public:
    explicit ExitingFiles(int changes) : left_(changes) {}
    static constexpr int kExited = 42;

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
    int left_;
};

bool work(Vault& vault, std::string_view what) {
    if (what == "rotate") return vault.rotate().ok();
    const Bytes keys = from_hex(what).value_or(Bytes());
    std::vector<DocumentName> names;
    for (std::size_t at = 0; at + 20 <= keys.size(); at += 20) {
        const auto name = parse_row_key(BytesView(keys).substr(at, 20));
        if (name) names.push_back(*name);
    }
    return !names.empty() && vault.shred(names).ok();
}

int run(const std::string& folder, std::string_view network_hex, std::string_view count,
        std::string_view what) {
    ledger::NetworkId network;
    int changes = 0;
    if (!assign(network, from_hex(network_hex).value_or(Bytes())) ||
        std::from_chars(count.data(), count.data() + count.size(), changes).ec != std::errc()) {
        return 1;
    }
    ExitingFiles files(changes);
    auto vault = Vault::open(folder, network, "passphrase", files);
    return vault && work(**vault, what) ? 0 : 1;
}

}  // namespace
}  // namespace consilium::vault

int main(int argc, char** argv) {
    if (argc != 5) return 1;
    return consilium::vault::run(argv[1], argv[2], argv[3], argv[4]);
}
