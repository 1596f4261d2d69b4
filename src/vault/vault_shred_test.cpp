// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <rocksdb/env.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>

#include "vault/errors.hpp"
#include "vault/file_cipher.hpp"
#include "vault/vault_fixture.hpp"

namespace consilium::vault {
namespace {

namespace fs = std::filesystem;

// What erasure must destroy, as it was before.
struct Traces {
    DocumentName name;
    Bytes key;
    Bytes salt;
    Bytes payload;
    Bytes index;
};

// Someone who has the folder, the passphrase and all the time there is.
class Searcher {
 public:
    Searcher(fs::path path, fs::path scratch)
        : path_(std::move(path)), scratch_(std::move(scratch)) {
        const auto store = KeyStore::open(system_files(), path_ / kKeyStoreFile, "passphrase");
        EXPECT_TRUE(store.ok());
        keys_ = std::make_shared<FileKeys>();
        for (const std::uint32_t generation : store->generations(kFilesKey))
            keys_->generations[generation] =
                crypto::SecretBytes(*store->find(kFilesKey, generation));
        for (const std::uint32_t generation : store->generations(kDocumentsKey))
            documents_.emplace_back(*store->find(kDocumentsKey, generation));
        vault_ = DocumentKeys::header_of(system_files(), path_ / kDocumentKeysFile)->vault;
        for (const auto& entry : fs::recursive_directory_iterator(path_)) {
            if (entry.is_regular_file()) files_.push_back(entry.path());
        }
    }

    // The words found in any file: as it is, decrypted as a file of the database, or as a slot.
    [[nodiscard]] std::string found(const Traces& traces) const {
        std::string out;
        for (const fs::path& file : files_) {
            std::ifstream in(file, std::ios::binary);
            std::ostringstream raw;
            raw << in.rdbuf();
            out += found_in(traces, raw.str());
        }
        return out;
    }
    [[nodiscard]] std::string found_in(const Traces& traces, const Bytes& raw) const {
        const Bytes plain = decrypted(raw);
        std::string out;
        for (const Bytes* content : {&raw, &plain}) {
            if (content->find(traces.key) != Bytes::npos) out += "key ";
            if (content->find(traces.salt) != Bytes::npos) out += "salt ";
            if (content->find(traces.payload) != Bytes::npos) out += "payload ";
            if (content->find(traces.index) != Bytes::npos) out += "index ";
        }
        if (BytesView(raw).substr(0, 8) == "CONSDKEY" && slot_opens(traces, raw)) out += "slot ";
        return out;
    }

 private:
    [[nodiscard]] Bytes decrypted(const Bytes& raw) const {
        std::ofstream(scratch_, std::ios::binary) << raw;
        const EncryptedEnv env(keys_);
        std::string out;
        if (!rocksdb::ReadFileToString(env.env(), scratch_.string(), &out).ok()) return {};
        return out;
    }
    [[nodiscard]] bool slot_opens(const Traces& traces, BytesView raw) const {
        for (std::uint64_t slot = 0; 4096 + (slot + 1) * 96 <= raw.size(); ++slot) {
            Bytes associated("consilium/document-slot/1");
            associated += vault_.view();
            append_be64(associated, slot);
            associated += row_key(traces.name);
            const BytesView bytes = raw.substr(static_cast<std::size_t>(4096 + slot * 96), 96);
            for (const Bytes& key : documents_) {
                if (crypto::aead_open(crypto::Aead::kAes256Gcm, key, bytes.substr(0, 12),
                                      associated, bytes.substr(12, 80))) {
                    return true;
                }
            }
        }
        return false;
    }

    fs::path path_;
    fs::path scratch_;
    std::shared_ptr<FileKeys> keys_;
    std::vector<Bytes> documents_;
    VaultId vault_;
    std::vector<fs::path> files_;
};

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

constexpr const char* kChildVariables[] = {"CONSILIUM_TEST_VAULT", "CONSILIUM_TEST_NETWORK",
                                           "CONSILIUM_TEST_CHANGES", "CONSILIUM_TEST_WORK"};

// Not a test of its own: what the tests below run in a process that ends in the middle.
TEST(VaultChild, DISABLED_Work) {
    std::string arguments[std::size(kChildVariables)];
    for (std::size_t i = 0; i < std::size(kChildVariables); ++i) {
        const char* value = ::getenv(kChildVariables[i]);
        if (value == nullptr) GTEST_SKIP();
        arguments[i] = value;
    }
    ledger::NetworkId network;
    ASSERT_TRUE(assign(network, from_hex(arguments[1]).value_or(Bytes())));
    int changes = 0;
    (void)std::from_chars(arguments[2].data(), arguments[2].data() + arguments[2].size(), changes);
    ExitingFiles files(changes);
    auto vault = Vault::open(arguments[0], network, "passphrase", files);
    if (!vault) ::_exit(1);
    bool done = false;
    if (arguments[3] == "rotate") {
        done = (*vault)->rotate().ok();
    } else {
        // The keys of the rows to erase, one after the other.
        std::vector<DocumentName> names;
        const Bytes keys = from_hex(arguments[3]).value_or(Bytes());
        for (std::size_t at = 0; at + 20 <= keys.size(); at += 20)
            names.push_back(parse_row_key(BytesView(keys).substr(at, 20)).value());
        done = (*vault)->shred(names).ok();
    }
    ::_exit(done ? 0 : 1);
}

class VaultShredTest : public VaultTest {
 protected:
    Traces traces_of(const DocumentName& name, Bytes payload) {
        const auto secret = vault->secret(name);
        EXPECT_TRUE(secret.ok());
        return {name, Bytes(secret->key.view()), Bytes(secret->salt.view()), std::move(payload),
                index_of(name)};
    }
    [[nodiscard]] Searcher searcher() const { return {path, folder / "scratch"}; }
    // Runs the work that is named (VaultChild, below) in a process of its own, which ends before
    // the n-th change; true when it came through. A fork alone would lack RocksDB's threads.
    bool comes_through(int changes, const std::string& work) {
        vault.reset();
        const std::string arguments[] = {path.string(), to_hex(network.view()),
                                         std::to_string(changes), work};
        const pid_t child = ::fork();
        if (child == 0) {
            for (std::size_t i = 0; i < std::size(arguments); ++i)
                ::setenv(kChildVariables[i], arguments[i].c_str(), 1);
            ::execl("/proc/self/exe", "consilium_vault_test",
                    "--gtest_filter=VaultChild.DISABLED_Work", "--gtest_also_run_disabled_tests",
                    "--gtest_brief=1", nullptr);
            ::_exit(1);
        }
        int status = 0;
        EXPECT_EQ(::waitpid(child, &status, 0), child);
        EXPECT_TRUE(WIFEXITED(status));
        EXPECT_NE(WEXITSTATUS(status), 1);
        return WEXITSTATUS(status) == 0;
    }
};

TEST_F(VaultShredTest, NothingOfItIsFoundWithAllTheKeys) {
    ASSERT_TRUE(put({name_of(2), name_of(1), name_of(3)}).ok());
    ASSERT_TRUE(put_long(name_of(4), 300'000).ok());
    reopen();  // part of it in sorted files, part of it in the log
    // The first and the last are erased: the manifest names them as the bounds of files.
    ASSERT_TRUE(put({name_of(9), name_of(6)}).ok());
    const auto commitment = vault->info(name_of(1))->commitment;
    const Traces in_table = traces_of(name_of(1), payload_of(name_of(1)));
    const Traces in_log = traces_of(name_of(9), payload_of(name_of(9)));
    const Traces in_file = traces_of(name_of(4), Bytes(64, 'L'));
    // The search finds what is there to be found.
    for (const Traces* traces : {&in_table, &in_log, &in_file}) {
        const std::string found = searcher().found(*traces);
        EXPECT_NE(found.find("index"), std::string::npos);
        EXPECT_NE(found.find("slot"), std::string::npos);
    }

    const DocumentName names[] = {name_of(1), name_of(4), name_of(9)};
    ASSERT_TRUE(vault->shred(names).ok());
    for (const Traces* traces : {&in_table, &in_log, &in_file})
        EXPECT_EQ(searcher().found(*traces), "");
    for (int round = 0; round < 2; ++round) {
        for (const DocumentName& name : names) {
            EXPECT_EQ(get(name).error(), VaultError::kErased);
            EXPECT_EQ(vault->secret(name).error(), VaultError::kErased);
            EXPECT_TRUE(vault->find(index_of(name), std::nullopt, 9)->empty());
            EXPECT_EQ(vault->info(name)->state, State::kErased);
        }
        EXPECT_EQ(vault->info(name_of(1))->commitment, commitment);
        EXPECT_TRUE(holds(name_of(2)) && holds(name_of(3)) && holds(name_of(6)));
        EXPECT_EQ(vault->verify().value(), 3U);
        EXPECT_EQ(put({name_of(1)}).error(), VaultError::kErased);
        EXPECT_EQ(vault->begin(name_of(1), 1).error(), VaultError::kErased);
        ASSERT_TRUE(vault->shred(names).ok());
        reopen();
    }
    EXPECT_FALSE(fs::exists(path / "documents" / to_hex(row_key(name_of(4)))));
    const DocumentName none[] = {name_of(10)};
    EXPECT_EQ(vault->shred(none).error(), VaultError::kNone);
}

// Files that the database has removed: their bytes, still held open here, decrypt no more.
TEST_F(VaultShredTest, RemovedFilesTellNothing) {
    ASSERT_TRUE(put({name_of(1), name_of(2)}).ok());
    const Traces traces = traces_of(name_of(1), payload_of(name_of(1)));
    struct Held {
        int fd;
        bool told;
    };
    const auto content_of = [](int fd) {
        struct stat info {};
        EXPECT_EQ(::fstat(fd, &info), 0);
        Bytes out(static_cast<std::size_t>(info.st_size), '\0');
        EXPECT_EQ(::pread(fd, out.data(), out.size(), 0), info.st_size);
        return out;
    };
    const Searcher before = searcher();
    std::vector<Held> held;
    std::size_t telling = 0;
    for (const fs::path& file : files_in(path / "db")) {
        const int fd = ::open(file.c_str(), O_RDONLY);
        held.push_back({fd, !before.found_in(traces, content_of(fd)).empty()});
        telling += held.back().told ? 1 : 0;
    }
    EXPECT_GE(telling, 1U);
    const DocumentName names[] = {name_of(1)};
    ASSERT_TRUE(vault->shred(names).ok());
    for (const Held& file : held) {
        EXPECT_EQ(before.found_in(traces, content_of(file.fd)), "");
        ::close(file.fd);
    }
    EXPECT_TRUE(holds(name_of(2)));
}

// The process ends before every change of an erasure; the next start finishes it.
TEST_F(VaultShredTest, SurvivesTheEndOfTheProcessAtEveryChange) {
    ASSERT_TRUE(put({name_of(200)}).ok());
    bool through = false;
    int crashes = 0;
    for (int at = 0; !through; ++at) {
        const auto record = static_cast<std::uint8_t>(2 * at);
        const DocumentName short_one = name_of(record);
        const DocumentName long_one = name_of(static_cast<std::uint8_t>(record + 1));
        ASSERT_TRUE(put({short_one}).ok());
        ASSERT_TRUE(put_long(long_one, 70'000).ok());
        const Traces first = traces_of(short_one, payload_of(short_one));
        const Traces second = traces_of(long_one, Bytes(64, 'L'));
        const DocumentName names[] = {short_one, long_one};
        through = comes_through(at, to_hex(row_key(short_one) + row_key(long_one)));
        crashes += through ? 0 : 1;
        reopen();
        for (const DocumentName& name : names)
            EXPECT_EQ(get(name).error(), VaultError::kErased) << at;
        EXPECT_EQ(searcher().found(first), "") << at;
        EXPECT_EQ(searcher().found(second), "") << at;
        EXPECT_TRUE(holds(name_of(200)));
    }
    EXPECT_GE(crashes, 5);
}

TEST_F(VaultShredTest, RotationSurvivesTheEndOfTheProcessAtEveryChange) {
    ASSERT_TRUE(put({name_of(1), name_of(2)}).ok());
    bool through = false;
    int crashes = 0;
    for (int at = 0; !through; ++at) {
        through = comes_through(at, "rotate");
        crashes += through ? 0 : 1;
        reopen();
        EXPECT_TRUE(holds(name_of(1)) && holds(name_of(2))) << at;
        EXPECT_EQ(vault->key_store().generations(kFilesKey).size(), 1U);
    }
    EXPECT_GE(crashes, 15);
    EXPECT_EQ(vault->verify().value(), 2U);
}

}  // namespace
}  // namespace consilium::vault
