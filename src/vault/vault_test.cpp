// SPDX-License-Identifier: Apache-2.0
#include "vault/vault.hpp"

#include "ledger/commitment.hpp"
#include "vault/file_cipher.hpp"
#include "vault/vault_fixture.hpp"

namespace consilium::vault {
namespace {

TEST_F(VaultTest, PutsReadsAndFindsAfterARestart) {
    const auto commitments = put({name_of(1), name_of(1, 2), name_of(2)});
    ASSERT_TRUE(commitments.ok());
    for (int round = 0; round < 2; ++round) {
        EXPECT_TRUE(holds(name_of(1)) && holds(name_of(1, 2)) && holds(name_of(2)));
        EXPECT_EQ(get(name_of(3)).error(), VaultError::kNone);
        EXPECT_EQ(get(name_of(2, 2)).error(), VaultError::kNone);
        EXPECT_EQ(vault->versions(name_of(1).record).value(), (std::vector<std::uint32_t>{1, 2}));
        EXPECT_TRUE(vault->versions(name_of(3).record)->empty());
        const auto info = vault->info(name_of(2));
        EXPECT_EQ(info->commitment, commitments->at(2));
        EXPECT_EQ(info->size, payload_of(name_of(2)).size());
        EXPECT_EQ(vault->verify().value(), 3U);
        reopen();
    }
    // The commitment is the ledger's, over salt and payload.
    const auto secret = vault->secret(name_of(2));
    EXPECT_EQ(ledger::document_commitment(secret->salt.view(), payload_of(name_of(2))),
              commitments->at(2));
}

TEST_F(VaultTest, FindsByPrefixAndPagesOn) {
    std::vector<NewDocument> documents;
    for (std::uint8_t i = 0; i < 10; ++i)
        documents.push_back({name_of(i), "x", {"code=a;", "date=" + std::to_string(i) + ";"}});
    ASSERT_TRUE(vault->put(documents).ok());
    EXPECT_EQ(vault->find("code=a;", std::nullopt, 100)->size(), 10U);
    EXPECT_EQ(vault->find("date=3", std::nullopt, 100)->at(0).name, name_of(3));
    EXPECT_TRUE(vault->find("code=b", std::nullopt, 100)->empty());
    // A prefix that goes on into the names of shorter keys is none of theirs.
    EXPECT_TRUE(vault->find("code=a;\x93", std::nullopt, 100)->empty());
    EXPECT_TRUE(vault->find("code=a;", std::nullopt, 0)->empty());
    std::optional<Vault::Entry> after;
    std::size_t found = 0;
    while (true) {
        const auto page = vault->find("code=a;", after, 3);
        ASSERT_TRUE(page.ok());
        if (page->empty()) break;
        found += page->size();
        after = page->back();
    }
    EXPECT_EQ(found, 10U);
}

TEST_F(VaultTest, AllOrNothing) {
    ASSERT_TRUE(put({name_of(1)}).ok());
    EXPECT_EQ(put({name_of(2), name_of(1)}).error(), VaultError::kExists);
    EXPECT_EQ(put({name_of(3), name_of(3)}).error(), VaultError::kExists);
    EXPECT_EQ(get(name_of(2)).error(), VaultError::kNone);
    EXPECT_EQ(get(name_of(3)).error(), VaultError::kNone);
    EXPECT_EQ(vault->verify().value(), 1U);
}

TEST_F(VaultTest, Limits) {
    const auto put_one = [&](const NewDocument& document) {
        const auto done = vault->put({&document, 1});
        return done ? std::nullopt : std::optional(done.error());
    };
    const Bytes most(kInlineBytesMax, 'p');
    EXPECT_EQ(put_one({name_of(1), most, {}}), std::nullopt);
    EXPECT_EQ(put_one({name_of(2), most + "p", {}}), VaultError::kTooLong);
    EXPECT_EQ(put_one({name_of(2, 0), "p", {}}), VaultError::kInvalid);
    EXPECT_EQ(put_one({name_of(2), "p", {Bytes(kIndexKeyBytesMax + 1, 'i')}}),
              VaultError::kInvalid);
    EXPECT_EQ(put_one({name_of(2), "p", {""}}), VaultError::kInvalid);
    EXPECT_EQ(put_one({name_of(2), "p", std::vector<Bytes>(kIndexKeysMax + 1, "i")}),
              VaultError::kInvalid);
    EXPECT_EQ(
        put_one({name_of(2), "", std::vector<Bytes>(kIndexKeysMax, Bytes(kIndexKeyBytesMax, 'i'))}),
        std::nullopt);
    EXPECT_EQ(get(name_of(2)).value(), "");
    EXPECT_EQ(vault->put({}).error(), VaultError::kInvalid);
    std::vector<NewDocument> many(kDocumentsPerPutMax + 1, NewDocument{name_of(3), "p", {}});
    for (std::size_t i = 0; i < many.size(); ++i)
        many[i].name.version = static_cast<std::uint32_t>(i + 1);
    EXPECT_EQ(vault->put(many).error(), VaultError::kInvalid);
    many.pop_back();
    EXPECT_TRUE(vault->put(many).ok());
    EXPECT_EQ(vault->begin(name_of(4), kDocumentBytesMax + 1).error(), VaultError::kTooLong);
}

TEST_F(VaultTest, LongDocumentsComeInPieces) {
    for (const bool announced : {true, false}) {
        const DocumentName name = name_of(announced ? 1 : 2);
        const auto commitment = put_long(name, 3'500'000, announced);
        ASSERT_TRUE(commitment.ok());
        const auto secret = vault->secret(name);
        EXPECT_EQ(*commitment,
                  ledger::document_commitment(secret->salt.view(), Bytes(3'500'000, 'L')));
        reopen();
        EXPECT_EQ(get(name).value(), Bytes(3'500'000, 'L'));
        EXPECT_EQ(vault->find(index_of(name), std::nullopt, 9)->size(), 1U);
    }
}

TEST_F(VaultTest, AWriterThatIsGivenUpLeavesNothing) {
    {
        auto writer = vault->begin(name_of(1), 10);
        ASSERT_TRUE(writer.ok());
        ASSERT_TRUE((*writer)->update("12345").ok());
        EXPECT_EQ(vault->begin(name_of(1), 10).error(), VaultError::kExists);
        EXPECT_EQ(put({name_of(1)}).error(), VaultError::kExists);
        EXPECT_EQ((*writer)->update("123456").error(), VaultError::kTooLong);
    }
    {
        auto writer = vault->begin(name_of(1), 10);
        ASSERT_TRUE((*writer)->update("12345").ok());
        EXPECT_EQ((*writer)->commit({}).error(), VaultError::kTooLong);
    }
    EXPECT_TRUE(files_in(path / "documents").empty());
    EXPECT_EQ(get(name_of(1)).error(), VaultError::kNone);
    // What a crash leaves there goes at the next start; other files stay.
    std::ofstream(path / "documents" / to_hex(row_key(name_of(7)))) << "half";
    std::ofstream(path / "documents" / "other") << "file";
    ASSERT_TRUE(put_long(name_of(1), 100'000).ok());
    reopen();
    EXPECT_EQ(files_in(path / "documents").size(), 2U);
    EXPECT_TRUE(get(name_of(1)).ok());
}

TEST_F(VaultTest, NothingIsReadableOnTheDisk) {
    ASSERT_TRUE(put({name_of(1), name_of(2)}).ok());
    ASSERT_TRUE(put_long(name_of(3), 200'000).ok());
    const auto secret = vault->secret(name_of(1));
    const std::initializer_list<BytesView> words = {"Verena",   "1961-04", "musterpatientin",
                                                    "document", "LLLLLL",  "passphrase"};
    for (int round = 0; round < 2; ++round) {
        for (const BytesView word : words)
            EXPECT_FALSE(on_disk(path, word)) << word;
        EXPECT_FALSE(on_disk(path, secret->key.view()));
        EXPECT_FALSE(on_disk(path, secret->salt.view()));
        EXPECT_FALSE(on_disk(path, secret->salt.view().substr(0, 6)));
        reopen();
    }
    std::size_t files = 0;
    for (const auto& file : files_in(path)) {
        EXPECT_EQ(file.filename().string().find("LOG"), std::string::npos);
        ++files;
    }
    EXPECT_GE(files, 7U);
}

TEST_F(VaultTest, WrongPassphraseLockAndDamageAreTold) {
    EXPECT_EQ(Vault::open(path, network, "passphrase").error().error, VaultError::kLocked);
    ASSERT_TRUE(put({name_of(1)}).ok());
    vault.reset();
    const auto wrong = Vault::open(path, network, "passphrasf").error();
    EXPECT_EQ(wrong.error, VaultError::kKeyStore);
    EXPECT_EQ(wrong.key_store, KeyStoreError::kWrongPassphrase);
    EXPECT_EQ(Vault::open(folder / "none", network, "p").error().error, VaultError::kNone);
    EXPECT_EQ(Vault::create(path, "passphrase", {1, 8}).error().error, VaultError::kExists);
    // Of another network nothing opens.
    auto other = Vault::open(path, crypto::random_id<ledger::NetworkId>(), "passphrase");
    ASSERT_TRUE(other.ok());
    EXPECT_EQ((*other)->verify().error(), VaultError::kDamaged);
}

// A bit flipped in a document's file, its key's slot, or files exchanged.
TEST_F(VaultTest, AlteredFilesAreFound) {
    ASSERT_TRUE(put_long(name_of(1), 1'500'000).ok());
    ASSERT_TRUE(put_long(name_of(2), 1'500'000).ok());
    const auto first = path / "documents" / to_hex(row_key(name_of(1)));
    const auto second = path / "documents" / to_hex(row_key(name_of(2)));
    const Bytes whole = read_all(first);
    for (const std::size_t at :
         {std::size_t{0}, std::size_t{4}, whole.size() / 2, whole.size() - 1}) {
        Bytes altered = whole;
        altered[at] = static_cast<char>(altered[at] ^ 1);
        std::ofstream(first, std::ios::binary) << altered;
        EXPECT_EQ(get(name_of(1)).error(), VaultError::kDamaged);
        EXPECT_EQ(vault->verify().error(), VaultError::kDamaged);
    }
    for (const std::size_t size : {std::size_t{0}, std::size_t{1'048'596}, whole.size() - 1}) {
        std::ofstream(first, std::ios::binary) << whole.substr(0, size);
        EXPECT_EQ(get(name_of(1)).error(), VaultError::kDamaged);
    }
    std::filesystem::copy_file(second, first, std::filesystem::copy_options::overwrite_existing);
    EXPECT_EQ(get(name_of(1)).error(), VaultError::kDamaged);
    std::filesystem::remove(first);
    EXPECT_EQ(get(name_of(1)).error(), VaultError::kDamaged);
    std::ofstream(first, std::ios::binary) << whole;
    EXPECT_TRUE(get(name_of(1)).ok());
}

// The database's own files: a damaged head is refused with words, a damaged block is found by
// verify() though no document stands in it.
TEST_F(VaultTest, DamagedFilesOfTheDatabaseAreTold) {
    ASSERT_TRUE(put({name_of(1)}).ok());
    reopen();
    vault.reset();
    std::size_t refused = 0;
    std::size_t tables = 0;
    for (const auto& file : std::filesystem::directory_iterator(path / "db")) {
        const Bytes whole = read_all(file.path());
        if (whole.size() < 4096) continue;
        const auto altered_at = [&](std::size_t at) {
            Bytes altered = whole;
            altered[at] = static_cast<char>(altered[at] ^ 1);
            std::ofstream(file.path(), std::ios::binary) << altered;
            bool found = true;
            {
                const auto opened = Vault::open(path, network, "passphrase");
                found = !opened.ok() || !(*opened)->verify().ok();
            }
            std::ofstream(file.path(), std::ios::binary) << whole;
            return found;
        };
        for (const std::size_t at : {std::size_t{0}, std::size_t{9}, std::size_t{40}})
            refused += altered_at(at) ? 1 : 0;
        if (file.path().extension() != ".sst") continue;
        ++tables;
        EXPECT_TRUE(altered_at(4096 + 1));
    }
    EXPECT_GE(refused, 9U);
    EXPECT_GE(tables, 1U);
}

// RocksDB makes files before their prefix is written, and stops the process at one without.
TEST_F(VaultTest, OpensAfterAFullDiskCutFilesShort) {
    ASSERT_TRUE(put({name_of(1)}).ok());
    vault.reset();
    std::vector<std::filesystem::path> torn;
    const std::size_t sizes[] = {0, 1, kFilePrefixBytes - 1};
    for (std::size_t i = 0; i < 9; ++i) {
        const std::string number = "00090" + std::to_string(i);
        const std::string names[] = {number + ".log", number + ".sst", "MANIFEST-" + number};
        torn.push_back(path / "db" / names[i / 3]);
        std::ofstream(torn.back(), std::ios::binary) << Bytes(sizes[i % 3], '\xA5');
    }
    reopen();
    ASSERT_NE(vault, nullptr);
    for (const auto& file : torn)
        EXPECT_FALSE(std::filesystem::exists(file)) << file;
    EXPECT_TRUE(holds(name_of(1)));
    ASSERT_TRUE(put({name_of(2)}).ok());
    reopen();
    EXPECT_EQ(vault->verify().value(), 2U);
}

TEST_F(VaultTest, ASinkMayStopAReading) {
    ASSERT_TRUE(put({name_of(1)}).ok());
    EXPECT_EQ(vault->read(name_of(1), [](BytesView) { return false; }).error(), VaultError::kSink);
}

TEST_F(VaultTest, RotationKeepsEverythingAndRetiresKeys) {
    ASSERT_TRUE(put({name_of(1), name_of(2)}).ok());
    ASSERT_TRUE(put_long(name_of(3), 100'000).ok());
    const auto generations = [&](std::string_view name) { return vault->generations(name); };
    ASSERT_TRUE(vault->rotate().ok());
    EXPECT_EQ(generations("documents"), (std::vector<std::uint32_t>{2}));
    EXPECT_EQ(generations("files"), (std::vector<std::uint32_t>{1, 2}));
    EXPECT_EQ(vault->verify().value(), 3U);
    ASSERT_TRUE(put({name_of(4)}).ok());
    reopen();
    EXPECT_EQ(generations("files"), (std::vector<std::uint32_t>{2}));
    EXPECT_EQ(vault->verify().value(), 4U);
    ASSERT_TRUE(vault->rotate().ok());
    reopen();
    EXPECT_EQ(generations("documents"), (std::vector<std::uint32_t>{3}));
    EXPECT_EQ(vault->verify().value(), 4U);
}

}  // namespace
}  // namespace consilium::vault
