// SPDX-License-Identifier: Apache-2.0
#include "vault/file_cipher.hpp"

#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "base/hex.hpp"
#include "crypto/random.hpp"
#include "vault/crash_files_testing.hpp"

namespace consilium::vault {
namespace {

namespace fs = std::filesystem;

constexpr BytesView kPlain = "Verena Musterpatientin 1961-04-30";

std::shared_ptr<FileKeys> keys_of(std::initializer_list<std::uint32_t> generations) {
    auto keys = std::make_shared<FileKeys>();
    for (const std::uint32_t generation : generations)
        keys->generations[generation] =
            crypto::SecretBytes(Bytes(32, static_cast<char>('a' + generation)));
    return keys;
}

class SilentLogger : public rocksdb::Logger {
 public:
    using rocksdb::Logger::Logv;
    void Logv(const char*, va_list) override {}
};

Bytes read_all(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

class FileCipher : public ::testing::Test {
 protected:
    fs::path folder = fs::temp_directory_path() / ("consilium-" + to_hex(crypto::random_bytes(8)));
    std::unique_ptr<EncryptedEnv> env;
    std::unique_ptr<rocksdb::DB> db;

    FileCipher() { fs::create_directory(folder); }
    ~FileCipher() override {
        close();
        fs::remove_all(folder);
    }
    void close() {
        db.reset();
        env.reset();
    }
    rocksdb::Status open(std::shared_ptr<FileKeys> keys, const fs::path& path) {
        close();
        env = std::make_unique<EncryptedEnv>(std::move(keys));
        rocksdb::Options options;
        options.create_if_missing = true;
        options.env = env->env();
        options.info_log = std::make_shared<SilentLogger>();
        options.write_buffer_size = 64U * 1024U;
        options.compression = rocksdb::kNoCompression;
        options.disable_auto_compactions = true;
        rocksdb::DB* opened = nullptr;
        const rocksdb::Status status = rocksdb::DB::Open(options, path.string(), &opened);
        db.reset(opened);
        return status;
    }
    rocksdb::Status open(std::initializer_list<std::uint32_t> generations) {
        return open(keys_of(generations), folder / "db");
    }
    void fill(int from, int to) {
        rocksdb::WriteOptions synced;
        synced.sync = true;
        for (int i = from; i < to; ++i) {
            const Bytes key = "patient/" + std::to_string(i);
            ASSERT_TRUE(db->Put(i % 100 == 0 ? synced : rocksdb::WriteOptions(), key,
                                Bytes(kPlain) + std::to_string(i))
                            .ok());
        }
    }
    bool holds(int from, int to) {
        for (int i = from; i < to; ++i) {
            std::string value;
            if (!db->Get({}, "patient/" + std::to_string(i), &value).ok() ||
                value != Bytes(kPlain) + std::to_string(i)) {
                return false;
            }
        }
        return true;
    }
    [[nodiscard]] std::vector<fs::path> files() const {
        std::vector<fs::path> out;
        for (const auto& entry : fs::recursive_directory_iterator(folder)) {
            if (entry.is_regular_file()) out.push_back(entry.path());
        }
        return out;
    }
    // Names of files that hold one of the words that a plain database would show.
    [[nodiscard]] std::string readable_files() const {
        std::string out;
        for (const fs::path& path : files()) {
            const Bytes content = read_all(path);
            for (const BytesView word :
                 {BytesView("Verena"), BytesView("1961-04"), BytesView("patient/"),
                  BytesView("leveldb"), BytesView("rocksdb"), BytesView("MANIFEST-"),
                  BytesView("write_buffer")}) {
                if (content.find(word) != Bytes::npos) out += path.filename().string() + " ";
            }
        }
        return out;
    }
};

TEST_F(FileCipher, NoFileOfADatabaseIsReadable) {
    ASSERT_TRUE(open({1}).ok());
    fill(0, 3000);
    // The log while it is written, the sorted files, the manifest, options and identity.
    EXPECT_EQ(readable_files(), "");
    ASSERT_TRUE(db->Flush({}).ok());
    fill(3000, 3100);
    ASSERT_TRUE(db->CompactRange({}, nullptr, nullptr).ok());
    EXPECT_EQ(readable_files(), "");
    std::size_t kinds = 0;
    for (const fs::path& path : files()) {
        const std::string name = path.filename().string();
        for (const char* kind : {".log", ".sst", "MANIFEST-", "OPTIONS-", "CURRENT", "IDENTITY"})
            kinds += name.find(kind) == std::string::npos ? 0 : 1;
        EXPECT_EQ(name.find("LOG"), std::string::npos) << name;
    }
    EXPECT_GE(kinds, 6U);
    ASSERT_TRUE(open({1}).ok());
    EXPECT_TRUE(holds(0, 3100));
    ASSERT_TRUE(db->VerifyChecksum().ok());
}

TEST_F(FileCipher, EachFileHasAKeyOfItsOwn) {
    ASSERT_TRUE(open({1}).ok());
    fill(0, 100);
    ASSERT_TRUE(db->Flush({}).ok());
    fill(0, 100);
    ASSERT_TRUE(db->Flush({}).ok());
    std::vector<Bytes> tables;
    for (const fs::path& path : files()) {
        if (path.extension() == ".sst") tables.push_back(read_all(path));
    }
    ASSERT_EQ(tables.size(), 2U);
    // The same rows at the same places: one key would show the same bytes.
    EXPECT_NE(tables[0].substr(4096, 64), tables[1].substr(4096, 64));
    EXPECT_NE(tables[0].substr(16, 64), tables[1].substr(16, 64));
}

TEST_F(FileCipher, OtherKeysAndForgedPrefixesOpenNothing) {
    ASSERT_TRUE(open({1}).ok());
    fill(0, 10);
    EXPECT_FALSE(open({2}).ok());
    ASSERT_TRUE(open({1}).ok());
    close();
    for (const fs::path& path : files()) {
        if (path.filename() != "CURRENT") continue;
        const Bytes whole = read_all(path);
        for (std::size_t at = 0; at < 4096; at += at < 90 ? 1 : 211) {
            // The second place may hold anything that does not unwrap: a crash leaves it half made.
            if (at >= 2048) break;
            Bytes altered = whole;
            altered[at] = static_cast<char>(altered[at] ^ 1);
            std::ofstream(path, std::ios::binary) << altered;
            EXPECT_FALSE(open({1}).ok()) << at;
            close();
        }
        std::ofstream(path, std::ios::binary) << whole.substr(0, 4000);
        EXPECT_FALSE(open({1}).ok());
        close();
        std::ofstream(path, std::ios::binary) << whole;
    }
    ASSERT_TRUE(open({1}).ok());
    EXPECT_TRUE(holds(0, 10));
}

// A flipped bit in a table or a log is found by RocksDB's checksums.
TEST_F(FileCipher, FlippedBitsAreFound) {
    ASSERT_TRUE(open({1}).ok());
    fill(0, 1000);
    ASSERT_TRUE(db->Flush({}).ok());
    close();
    for (const fs::path& path : files()) {
        if (path.extension() != ".sst") continue;
        Bytes content = read_all(path);
        content[4096 + 1000] = static_cast<char>(content[4096 + 1000] ^ 1);
        std::ofstream(path, std::ios::binary) << content;
    }
    ASSERT_TRUE(open({1}).ok());
    EXPECT_TRUE(db->VerifyChecksum().IsCorruption());
    EXPECT_FALSE(holds(0, 1000));
}

// What is removed cannot be decrypted any more, not even with the vault's keys: a hard link keeps
// hold of what the disk would still have. (The link is made under a name that RocksDB does not
// see, so the count of names is lowered again by removing the first.)
TEST_F(FileCipher, RemovedFilesLoseTheirKeys) {
    ASSERT_TRUE(open({1}).ok());
    fill(0, 3000);
    ASSERT_TRUE(db->Flush({}).ok());
    std::vector<int> held;
    for (const fs::path& path : files()) {
        if (path.extension() == ".sst" || path.extension() == ".log")
            held.push_back(::open(path.c_str(), O_RDONLY));
    }
    rocksdb::CompactRangeOptions all;
    all.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
    ASSERT_TRUE(db->CompactRange(all, nullptr, nullptr).ok());
    std::size_t removed = 0;
    for (const int fd : held) {
        struct stat info {};
        ASSERT_EQ(::fstat(fd, &info), 0);
        Bytes prefix(4096, 'x');
        ASSERT_EQ(::pread(fd, prefix.data(), prefix.size(), 0), 4096);
        if (info.st_nlink == 0) {
            ++removed;
            EXPECT_EQ(prefix, Bytes(4096, '\0'));
        } else {
            EXPECT_EQ(prefix.substr(0, 8), "CONSFILE");
        }
        ::close(fd);
    }
    EXPECT_GE(removed, 2U);
    EXPECT_TRUE(holds(0, 3000));
}

// A crash between the overwriting of a file's key and its removal leaves a file without a key, one
// before its first write an empty one: neither keeps the database from being wrapped again.
TEST_F(FileCipher, WrappingAgainLeavesFilesWithoutAKeyAlone) {
    ASSERT_TRUE(open({1}).ok());
    fill(0, 500);
    ASSERT_TRUE(db->Flush({}).ok());
    close();
    const Bytes zeros(6000, '\0');
    for (const char* name : {"000001.sst", "000002.log", "000003.sst"})
        std::ofstream(folder / "db" / name, std::ios::binary)
            << BytesView(zeros).substr(0, name[5] == '3' ? 100 : 6000);
    for (const fs::path& path : files())
        EXPECT_TRUE(rewrap_file(system_files(), path, *keys_of({1, 2})).ok()) << path;
    ASSERT_TRUE(open({2}).ok());
    EXPECT_TRUE(holds(0, 500));
}

TEST_F(FileCipher, WrappingAgainTakesEveryFileToTheNewKey) {
    ASSERT_TRUE(open({1}).ok());
    fill(0, 500);
    ASSERT_TRUE(db->Flush({}).ok());
    fill(500, 600);
    close();
    const auto both = keys_of({1, 2});
    std::size_t wrapped = 0;
    for (const fs::path& path : files()) {
        ASSERT_TRUE(rewrap_file(system_files(), path, *both).ok());
        ASSERT_TRUE(rewrap_file(system_files(), path, *both).ok());
        ++wrapped;
    }
    EXPECT_GE(wrapped, 5U);
    EXPECT_FALSE(open({1}).ok());
    ASSERT_TRUE(open({2}).ok());
    EXPECT_TRUE(holds(0, 600));
    close();
    for (const fs::path& path : files()) {
        if (fs::file_size(path) == 0) continue;
        EXPECT_EQ(rewrap_file(system_files(), path, *keys_of({1})).error(), RewrapError::kDamaged);
    }
}

// The power goes at every change; the file opens with both generations at hand, and wrapping it
// again finishes the work.
TEST_F(FileCipher, WrappingAgainSurvivesACrashAtEveryChange) {
    using testing::CrashFiles;
    ASSERT_TRUE(open({1}).ok());
    close();
    const Bytes original = read_all(folder / "db" / "CURRENT");
    const fs::path copy = folder / "copy";
    const auto content_of = [&](const Bytes& bytes, std::initializer_list<std::uint32_t> keys) {
        std::ofstream(copy, std::ios::binary) << bytes;
        const EncryptedEnv reading(keys_of(keys));
        std::string out;
        (void)rocksdb::ReadFileToString(reading.env(), copy.string(), &out);
        return out;
    };
    const std::string expected = content_of(original, {1});
    ASSERT_EQ(expected.substr(0, 9), "MANIFEST-");
    const auto both = keys_of({1, 2});
    for (std::size_t at = 0;; ++at) {
        CrashFiles disk;
        {
            const auto file = disk.open("f", Open::kCreate);
            ASSERT_TRUE((*file)->write(0, original).ok() && (*file)->sync().ok());
            ASSERT_TRUE(disk.sync_parent("f").ok());
        }
        disk.crash_after(at);
        const bool done = rewrap_file(disk, "f", *both).ok();
        for (const CrashFiles::Data data : CrashFiles::kAllData) {
            CrashFiles next = disk.after_crash(data, true);
            EXPECT_EQ(content_of(next.content("f"), {1, 2}), expected);
            ASSERT_TRUE(rewrap_file(next, "f", *both).ok());
            EXPECT_EQ(content_of(next.content("f"), {2}), expected);
            EXPECT_EQ(content_of(next.content("f"), {1}), "");
        }
        if (done) break;
    }
}

// A file that a second implementation (Python, from docs/formats/vault-files.md) wrote.
TEST_F(FileCipher, ReadsAFileOfAPeer) {
    Bytes content = from_hex(
                        "434f4e5346494c450000000100000001000102030405060708090a0b79212f2e48e61e83"
                        "0de0ee775c83750af6bbd3ffea9f485a90117349cc4617f61260b143fa38290c46b6653e"
                        "70c720ac")
                        .value();
    content.resize(kFilePrefixBytes, '\0');
    content += from_hex("8a90afbfada99f6701b062b5c977b81f04b14322f8").value();
    const fs::path path = folder / "peer";
    std::ofstream(path, std::ios::binary) << content;
    const EncryptedEnv reading(keys_of({1}));
    std::string out;
    ASSERT_TRUE(rocksdb::ReadFileToString(reading.env(), path.string(), &out).ok());
    EXPECT_EQ(out, "what a database wrote");
}

}  // namespace
}  // namespace consilium::vault
