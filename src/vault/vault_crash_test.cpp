// SPDX-License-Identifier: Apache-2.0
// A process that ends inside the database's writes, what it had not synced lost; full disks; the
// memory that a long document takes.
#include <atomic>
#include <thread>

#include "vault/faulty_disk_testing.hpp"
#include "vault/file_cipher.hpp"
#include "vault/vault_fixture.hpp"

namespace consilium::vault {
namespace {

namespace fs = std::filesystem;

class VaultCrashTest : public VaultTest {
 protected:
    ~VaultCrashTest() override {
        vault.reset();
        set_base_file_system(rocksdb::FileSystem::Default());
    }
    // What a series of "put" has stored is there, step by step, and nothing of a step that was not
    // done. How many steps.
    std::uint64_t expect_series(std::uint64_t noted, const std::string& series) {
        ledger::RecordId record;
        if (!series.empty()) record.value.fill(static_cast<std::uint8_t>(series.front()));
        const auto row = vault->row(series + "count");
        EXPECT_TRUE(row.ok());
        const std::uint64_t count = row && row->has_value() ? std::stoul(row->value()) : 0;
        EXPECT_GE(count, noted);
        EXPECT_EQ(vault->versions(record)->size(), count);
        const auto entries = vault->find(series + "version=", std::nullopt, 100);
        EXPECT_EQ(entries->size(), count == 0 ? 0U : 1U);
        if (count > 0 && !entries->empty()) {
            EXPECT_EQ(entries->front().name.version, count);
        }
        return count;
    }
    static std::uint64_t bytes_in(const fs::path& file) {
        std::error_code error;
        const auto size = fs::file_size(file, error);
        return error ? 0 : size;
    }
    void expect_documents(std::uint64_t count) {
        EXPECT_EQ(vault->verify().value(), count);
        EXPECT_EQ(vault->totals().documents, count);
    }
};

TEST_F(VaultCrashTest, NothingThatWasPutIsLostAndNothingIsHalf) {
    const fs::path noted = folder / "noted";
    int crashes = 0;
    for (int at = 0; at < 130; at += 17) {
        crashes += comes_through("db" + std::to_string(at), "put", noted.string()) ? 0 : 1;
        reopen();
        expect_documents(expect_series(bytes_in(noted), {}));
    }
    EXPECT_GE(crashes, 5);
}

// Keys of some are written while rows of others are: of neither is anything left out.
TEST_F(VaultCrashTest, NothingThatWasPutByManyAtOnceIsLostAndNothingIsHalf) {
    const fs::path noted = folder / "noted";
    int crashes = 0;
    for (int at = 0; at < 260; at += 13) {
        // In turn before a change of the database's files, and of the vault's own.
        const std::string where = (at % 2 == 0 ? "db" : "") + std::to_string(at);
        crashes += comes_through(where, "put-many", noted.string()) ? 0 : 1;
        reopen();
        std::uint64_t count = 0;
        for (const char* series : {"a", "b", "c", "d", "e", "f"})
            count += expect_series(bytes_in(noted.string() + series), series);
        expect_documents(count);
    }
    EXPECT_GE(crashes, 5);
}

TEST_F(VaultCrashTest, AnErasureIsFinishedAfterwards) {
    ASSERT_TRUE(put({name_of(200)}).ok());
    int crashes = 0;
    bool through = false;
    for (int at = 0; !through && at < 800; at += 23) {
        const DocumentName name = name_of(static_cast<std::uint8_t>(at / 23));
        ASSERT_TRUE(put({name}).ok());
        through = comes_through("db" + std::to_string(at), "shred", to_hex(row_key(name)));
        crashes += through ? 0 : 1;
        reopen();
        // Before its intent was noted it is as it was; after that it is erased.
        const auto read = get(name);
        EXPECT_TRUE(read.ok() || read.error() == VaultError::kErased) << at;
        EXPECT_EQ(vault->find(index_of(name), std::nullopt, 9)->size(), read ? 1U : 0U);
        EXPECT_FALSE(through && read.ok());
        EXPECT_TRUE(vault->verify().ok());
        EXPECT_TRUE(holds(name_of(200)));
    }
    EXPECT_TRUE(through);
    EXPECT_GE(crashes, 5);
}

TEST_F(VaultCrashTest, ABackupThatWasCutOffIsMadeAgain) {
    ASSERT_TRUE(put({name_of(1), name_of(2)}).ok());
    ASSERT_TRUE(put_long(name_of(3), 70'000).ok());
    const fs::path backup = folder / "backup";
    bool through = false;
    int crashes = 0;
    for (int at = 0; !through; at += 3) {
        through = comes_through(std::to_string(at), "backup", backup.string());
        crashes += through ? 0 : 1;
        EXPECT_TRUE(through || !fs::exists(backup) || fs::exists(backup / "backup"));
        if (!through) fs::remove_all(backup);
    }
    EXPECT_GE(crashes, 3);
    EXPECT_FALSE(fs::exists(backup.string() + ".new"));
    EXPECT_TRUE(Vault::restore(backup, folder / "restored", network, "passphrase", {}).ok());
    // A folder of someone else's is not touched.
    fs::create_directory(folder / "other.new");
    std::ofstream(folder / "other.new" / "thesis.txt") << "years of work";
    reopen();
    EXPECT_FALSE(vault->backup(folder / "other").ok());
    EXPECT_EQ(read_all(folder / "other.new" / "thesis.txt"), "years of work");
}

TEST_F(VaultCrashTest, AFullDiskLosesNothingAndGoesOnWithSpace) {
    // The disk outlives this function: the vault writes when it is closed.
    const auto is_full = std::make_shared<std::atomic<bool>>(false);
    set_base_file_system(
        std::make_shared<testing::FaultyDisk>([is_full] { return !*is_full; }, false));
    reopen();
    ASSERT_TRUE(put({name_of(1)}).ok());
    *is_full = true;
    EXPECT_EQ(put({name_of(2)}).error(), VaultError::kFull);
    EXPECT_EQ(put({name_of(3)}).error(), VaultError::kFull);
    EXPECT_TRUE(holds(name_of(1)));
    *is_full = false;
    // The database may find the space by itself; opened again, it does.
    if (!put({name_of(4)}).ok()) {
        reopen();
        ASSERT_TRUE(put({name_of(4)}).ok());
    }
    const Totals expected = vault->totals();
    for (int round = 0; round < 2; ++round) {
        EXPECT_TRUE(holds(name_of(1)) && holds(name_of(4)));
        EXPECT_EQ(vault->totals(), expected);
        EXPECT_EQ(vault->verify().value(), expected.documents);
        reopen();
    }
    ASSERT_TRUE(put({name_of(5)}).ok());
}

// The vault's own files on a disk that takes so many bytes.
class SmallFiles final : public Files {
 public:
    explicit SmallFiles(std::uint64_t bytes) : left(bytes) {}
    std::uint64_t left;

    [[nodiscard]] Result<std::unique_ptr<File>, FileError> open(const fs::path& path,
                                                                Open mode) override {
        auto file = system_files().open(path, mode);
        if (!file) return file;
        return std::unique_ptr<File>(std::make_unique<SmallFile>(*this, std::move(*file)));
    }
    [[nodiscard]] Status<FileError> rename(const fs::path& from, const fs::path& to) override {
        return system_files().rename(from, to);
    }
    [[nodiscard]] Status<FileError> remove(const fs::path& path) override {
        return system_files().remove(path);
    }
    [[nodiscard]] Status<FileError> sync_parent(const fs::path& path) override {
        return system_files().sync_parent(path);
    }

 private:
    class SmallFile final : public File {
     public:
        SmallFile(SmallFiles& files, std::unique_ptr<File> file)
            : files_(files), file_(std::move(file)) {}
        [[nodiscard]] Result<Bytes, FileError> read(std::uint64_t offset,
                                                    std::size_t size) const override {
            return file_->read(offset, size);
        }
        [[nodiscard]] Status<FileError> write(std::uint64_t offset, BytesView bytes) override {
            if (bytes.size() > files_.left) return fail(FileError::kFull);
            files_.left -= bytes.size();
            return file_->write(offset, bytes);
        }
        [[nodiscard]] Status<FileError> sync() override { return file_->sync(); }
        [[nodiscard]] Result<std::uint64_t, FileError> size() const override {
            return file_->size();
        }
        [[nodiscard]] bool is_private() const override { return file_->is_private(); }

     private:
        SmallFiles& files_;
        std::unique_ptr<File> file_;
    };
};

TEST_F(VaultCrashTest, ALongDocumentThatDoesNotFitIsRefusedWhole) {
    SmallFiles files(2'500'000);
    reopen(files);
    {
        auto writer = vault->begin(name_of(1), std::nullopt);
        ASSERT_TRUE(writer.ok());
        std::optional<VaultError> error;
        for (int i = 0; i < 40 && !error; ++i) {
            if (auto done = (*writer)->update(Bytes(100'000, 'L')); !done) error = done.error();
        }
        EXPECT_EQ(error, VaultError::kFull);
        // Space that comes back does not make it whole.
        files.left = 100'000'000;
        EXPECT_EQ((*writer)->update("more").error(), VaultError::kFull);
        EXPECT_EQ((*writer)->commit({}).error(), VaultError::kFull);
    }
    EXPECT_EQ(get(name_of(1)).error(), VaultError::kNone);
    EXPECT_TRUE(files_in(path / "documents").empty());
    ASSERT_TRUE(put_long(name_of(1), 4'000'000).ok());
    EXPECT_TRUE(get(name_of(1)).ok());
    files.left = 50;  // not even a slot
    EXPECT_EQ(put({name_of(2)}).error(), VaultError::kDisk);
    files.left = 100'000'000;
    ASSERT_TRUE(put({name_of(2)}).ok());
    vault.reset();
}

// In a process of its own: 256 MiB in and out, with less than 64 MiB of memory at any time.
TEST_F(VaultCrashTest, TheLongestDocumentTakesLittleMemory) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "a sanitizer takes memory of its own";
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
    GTEST_SKIP() << "a sanitizer takes memory of its own";
#endif
#endif
    EXPECT_TRUE(comes_through("2000000000", "long"));
}

}  // namespace
}  // namespace consilium::vault
