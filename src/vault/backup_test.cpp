// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "vault/vault_fixture.hpp"

namespace consilium::vault {
namespace {

namespace fs = std::filesystem;

class BackupTest : public VaultTest {
 protected:
    fs::path backup = folder / "backup";
    fs::path restored = folder / "restored";

    void make_backup() {
        ASSERT_TRUE(put({name_of(1), name_of(2), name_of(3)}).ok());
        ASSERT_TRUE(put_long(name_of(4), 1'200'000).ok());
        ASSERT_TRUE(vault->backup(backup).ok());
    }
    [[nodiscard]] std::optional<VaultError> restore(
        std::span<const DocumentName> erased_since = {}) const {
        const auto done = Vault::restore(backup, restored, network, "passphrase", erased_since);
        if (done) return std::nullopt;
        return done.error().error;
    }
    void use_restored() {
        path = restored;
        reopen();
    }
    static void write(const fs::path& file, const Bytes& content) {
        std::ofstream(file, std::ios::binary) << content;
    }
};

TEST_F(BackupTest, RestoresWhatThereWas) {
    make_backup();
    ASSERT_TRUE(put({name_of(5)}).ok());
    EXPECT_EQ(vault->backup(backup).error(), VaultError::kExists);
    EXPECT_FALSE(fs::exists(path / "backup.new"));
    EXPECT_EQ(restore(), std::nullopt);
    EXPECT_EQ(restore(), VaultError::kExists);
    use_restored();
    EXPECT_TRUE(holds(name_of(1)) && holds(name_of(2)) && holds(name_of(3)));
    EXPECT_EQ(get(name_of(4)).value(), Bytes(1'200'000, 'L'));
    EXPECT_EQ(get(name_of(5)).error(), VaultError::kNone);
    EXPECT_EQ(vault->verify().value(), 4U);
    EXPECT_EQ(vault->find(index_of(name_of(2)), std::nullopt, 9)->size(), 1U);
    ASSERT_TRUE(put({name_of(6)}).ok());
}

TEST_F(BackupTest, ErasuresSinceAreReplayed) {
    make_backup();
    const DocumentName names[] = {name_of(2), name_of(4), name_of(9)};
    EXPECT_EQ(restore(names), std::nullopt);
    use_restored();
    EXPECT_EQ(get(name_of(2)).error(), VaultError::kErased);
    EXPECT_EQ(get(name_of(4)).error(), VaultError::kErased);
    EXPECT_EQ(vault->verify().value(), 2U);
    EXPECT_TRUE(vault->find(index_of(name_of(2)), std::nullopt, 9)->empty());
}

TEST_F(BackupTest, NothingInItIsReadable) {
    make_backup();
    for (const BytesView word : {"Verena", "1961-04", "musterpatientin", "LLLLLL", "passphrase"})
        EXPECT_FALSE(on_disk(backup, word)) << word;
}

TEST_F(BackupTest, WhatIsOnItsWayIsNotInIt) {
    auto writer = vault->begin(name_of(7), std::nullopt);
    ASSERT_TRUE((*writer)->update(Bytes(2'000'000, 'L')).ok());
    make_backup();
    ASSERT_TRUE((*writer)->commit({}).ok());
    EXPECT_EQ(restore(), std::nullopt);
    writer->reset();
    use_restored();
    EXPECT_EQ(get(name_of(7)).error(), VaultError::kNone);
    EXPECT_EQ(vault->verify().value(), 4U);
}

TEST_F(BackupTest, AnAlteredOneIsRefusedWhole) {
    make_backup();
    const auto refused = [&](const fs::path& file) {
        EXPECT_NE(restore(), std::nullopt) << file.filename();
        EXPECT_FALSE(fs::exists(restored));
        EXPECT_FALSE(fs::exists(restored.string() + ".new"));
    };
    std::vector<fs::path> files = files_in(backup);
    EXPECT_GE(files.size(), 8U);
    for (const fs::path& file : files) {
        const Bytes whole = read_all(file);
        if (whole.empty()) continue;
        Bytes altered = whole;
        altered[whole.size() / 2] = static_cast<char>(altered[whole.size() / 2] ^ 1);
        write(file, altered);
        refused(file);
        if (file.filename() == "backup" || file.filename() == "document-keys") {
            write(file, whole.substr(0, whole.size() - 1));
            refused(file);
            write(file, whole + "x");
            refused(file);
        }
        fs::remove(file);
        refused(file);
        write(file, whole);
        if (file.filename() == "keystore") {
            fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write);
        }
    }
    EXPECT_EQ(restore(), std::nullopt);
}

TEST_F(BackupTest, PartsOfAnotherBackupAreRefused) {
    make_backup();
    ASSERT_TRUE(put({name_of(5)}).ok());
    const fs::path later = folder / "later";
    ASSERT_TRUE(vault->backup(later).ok());
    const Bytes former = read_all(backup / "document-keys");
    fs::copy_file(later / "document-keys", backup / "document-keys",
                  fs::copy_options::overwrite_existing);
    EXPECT_EQ(restore(), VaultError::kDamaged);
    write(backup / "document-keys", former);
    EXPECT_EQ(restore(), std::nullopt);
    const auto wrong = Vault::restore(later, folder / "other", network, "passphrasf", {});
    EXPECT_EQ(wrong.error().key_store, KeyStoreError::kWrongPassphrase);
    EXPECT_EQ(Vault::restore(folder / "none", folder / "other", network, "p", {}).error().error,
              VaultError::kNone);
}

}  // namespace
}  // namespace consilium::vault
