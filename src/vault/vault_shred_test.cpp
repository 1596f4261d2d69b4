// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <rocksdb/env.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <thread>

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

class VaultShredTest : public VaultTest {
 protected:
    Traces traces_of(const DocumentName& name, Bytes payload) {
        const auto secret = vault->secret(name);
        EXPECT_TRUE(secret.ok());
        return {name, Bytes(secret->key.view()), Bytes(secret->salt.view()), std::move(payload),
                index_of(name)};
    }
    [[nodiscard]] Searcher searcher() const { return {path, folder / "scratch"}; }
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

TEST_F(VaultShredTest, ATwiceNamedVersionIsErasedOnce) {
    ASSERT_TRUE(put({name_of(1), name_of(2)}).ok());
    const DocumentName twice[] = {name_of(1), name_of(1)};
    ASSERT_TRUE(vault->shred(twice).ok());
    ASSERT_TRUE(vault->shred(twice).ok());
    const Totals expected{1, payload_of(name_of(2)).size(), 1};
    EXPECT_EQ(vault->totals(), expected);
    reopen();
    EXPECT_EQ(vault->totals(), expected);
}

// A version that was replaced is not in the index, but its former entries lie in the files.
TEST_F(VaultShredTest, ReplacedVersionsLeaveNoEntriesEither) {
    ASSERT_TRUE(put({name_of(1), name_of(3)}).ok());
    const Traces traces = traces_of(name_of(1), payload_of(name_of(1)));
    const NewDocument next{name_of(1, 2), "next", {"other;"}, name_of(1)};
    ASSERT_TRUE(vault->put({&next, 1}).ok());
    EXPECT_NE(searcher().found(traces).find("index"), std::string::npos);
    const DocumentName names[] = {name_of(1)};
    ASSERT_TRUE(vault->shred(names).ok());
    EXPECT_EQ(searcher().found(traces), "");
    EXPECT_EQ(vault->find("other;", std::nullopt, 9)->size(), 1U);
}

// Erasures that come together share a purge, and each is over when its call returns.
TEST_F(VaultShredTest, ManyErasuresAtOnce) {
    std::vector<DocumentName> names;
    for (std::uint8_t i = 0; i < 16; ++i)
        names.push_back(name_of(i));
    ASSERT_TRUE(put(names).ok());
    std::vector<Traces> traces;
    for (std::size_t i = 0; i < 8; ++i)
        traces.push_back(traces_of(names[i], payload_of(names[i])));
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < 8; ++i) {
        threads.emplace_back([&, i] {
            EXPECT_TRUE(vault->shred({&names[i], 1}).ok());
            EXPECT_EQ(get(names[i]).error(), VaultError::kErased);
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    for (const Traces& one : traces)
        EXPECT_EQ(searcher().found(one), "");
    EXPECT_EQ(vault->verify().value(), 8U);
    EXPECT_EQ(vault->totals().erased, 8U);
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

// Readers and writers at work while versions are erased: what is erased is gone when shred()
// returns, whoever was reading.
TEST_F(VaultShredTest, ErasesUnderLoad) {
    std::vector<DocumentName> names;
    for (std::uint8_t i = 0; i < 40; ++i)
        names.push_back(name_of(i));
    ASSERT_TRUE(put(names).ok());
    std::vector<Traces> erased;
    std::atomic<bool> stop{false};
    std::atomic<int> failures{0};
    std::thread reader([&] {
        while (!stop) {
            (void)vault->find("family", std::nullopt, 100);
            const auto verified = vault->verify();
            failures += verified.ok() ? 0 : 1;
            for (std::uint8_t i = 0; i < 5; ++i) {
                const auto read = get(names[i]);
                failures += read.ok() || read.error() == VaultError::kErased ? 0 : 1;
            }
        }
    });
    std::thread writer([&] {
        for (std::uint32_t version = 2; !stop; ++version)
            failures += put({name_of(200, version)}).ok() ? 0 : 1;
    });
    for (std::uint8_t i = 0; i < 5; ++i) {
        const Traces traces = traces_of(names[i], payload_of(names[i]));
        EXPECT_TRUE(vault->shred({&names[i], 1}).ok());
        erased.push_back(traces);
        EXPECT_EQ(get(names[i]).error(), VaultError::kErased);
        EXPECT_TRUE(vault->find(index_of(names[i]), std::nullopt, 9)->empty());
        EXPECT_EQ(searcher().found(traces), "");
    }
    stop = true;
    reader.join();
    writer.join();
    EXPECT_EQ(failures, 0);
    for (const Traces& traces : erased)
        EXPECT_EQ(searcher().found(traces), "");
    for (std::uint8_t i = 5; i < 40; ++i)
        EXPECT_TRUE(holds(names[i]));
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
        through = comes_through(std::to_string(at), "shred",
                                to_hex(row_key(short_one) + row_key(long_one)));
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
        through = comes_through(std::to_string(at), "rotate");
        crashes += through ? 0 : 1;
        reopen();
        EXPECT_TRUE(holds(name_of(1)) && holds(name_of(2))) << at;
        EXPECT_EQ(vault->generations(kFilesKey).size(), 1U);
    }
    EXPECT_GE(crashes, 15);
    EXPECT_EQ(vault->verify().value(), 2U);
}

}  // namespace
}  // namespace consilium::vault
