// SPDX-License-Identifier: Apache-2.0
#include "vault/key_store.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/hex.hpp"
#include "crypto/hash.hpp"
#include "crypto/random.hpp"
#include "vault/crash_files_testing.hpp"

namespace consilium::vault {
namespace {

using testing::CrashFiles;

constexpr crypto::Argon2idCost kCheap{1, 8};

KeyStore make(CrashFiles& disk) {
    auto store = KeyStore::create(disk, "keys", "old passphrase", kCheap);
    EXPECT_TRUE(store.ok());
    EXPECT_EQ(store->add("documents", Bytes(32, 'd')).value(), 1U);
    EXPECT_EQ(store->add("documents", Bytes(32, 'e')).value(), 2U);
    EXPECT_EQ(store->add("hpke", Bytes(32, 'h')).value(), 1U);
    return std::move(store).value();
}

TEST(KeyStore, KeepsNamesAndGenerations) {
    CrashFiles disk;
    (void)make(disk);
    const auto store = KeyStore::open(disk, "keys", "old passphrase");
    ASSERT_TRUE(store.ok());
    EXPECT_EQ(store->newest("documents")->generation, 2U);
    EXPECT_EQ(store->newest("documents")->secret, Bytes(32, 'e'));
    EXPECT_EQ(store->find("documents", 1), BytesView(Bytes(32, 'd')));
    EXPECT_EQ(store->find("documents", 3), std::nullopt);
    EXPECT_EQ(store->generations("documents"), (std::vector<std::uint32_t>{1, 2}));
    EXPECT_FALSE(store->newest("document").has_value());
    EXPECT_FALSE(store->newest("documentsx").has_value());
    EXPECT_TRUE(store->generations("x").empty());
}

TEST(KeyStore, GenerationsAreNeverGivenAgain) {
    CrashFiles disk;
    auto store = make(disk);
    EXPECT_EQ(store.remove("documents", 2).error(), KeyStoreError::kNewest);
    EXPECT_EQ(store.remove("documents", 3).error(), KeyStoreError::kNoKey);
    EXPECT_TRUE(store.remove("documents", 1).ok());
    EXPECT_EQ(store.remove("documents", 1).error(), KeyStoreError::kNoKey);
    EXPECT_EQ(store.add("documents", "x").value(), 3U);
}

TEST(KeyStore, ChangesThePassphraseAndNothingElse) {
    CrashFiles disk;
    auto store = make(disk);
    ASSERT_TRUE(store.change_passphrase("new passphrase", {2, 16}).ok());
    EXPECT_EQ(KeyStore::open(disk, "keys", "old passphrase").error(),
              KeyStoreError::kWrongPassphrase);
    ASSERT_TRUE(store.add("commit", "c").ok());
    const auto again = KeyStore::open(disk, "keys", "new passphrase");
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(again->newest("documents")->secret, Bytes(32, 'e'));
    EXPECT_EQ(again->newest("commit")->secret, "c");
}

TEST(KeyStore, Limits) {
    CrashFiles disk;
    const auto create = [&](BytesView passphrase) {
        return KeyStore::create(disk, "limits", passphrase, kCheap);
    };
    EXPECT_EQ(create("").error(), KeyStoreError::kPassphrase);
    EXPECT_EQ(create(Bytes(kPassphraseBytesMax + 1, 'p')).error(), KeyStoreError::kPassphrase);
    auto store = create(Bytes(kPassphraseBytesMax, 'p'));
    ASSERT_TRUE(store.ok());
    EXPECT_EQ(create("p").error(), KeyStoreError::kExists);
    EXPECT_EQ(KeyStore::open(disk, "limits", "").error(), KeyStoreError::kPassphrase);
    for (const char* name : {"", "A", "a b", "a/b", "a\n"})
        EXPECT_EQ(store->add(name, "s").error(), KeyStoreError::kName);
    EXPECT_EQ(store->add(Bytes(kKeyNameBytesMax + 1, 'a'), "s").error(), KeyStoreError::kName);
    EXPECT_TRUE(store->add(Bytes(kKeyNameBytesMax, 'a'), "s").ok());
    EXPECT_EQ(store->add("b", "").error(), KeyStoreError::kSecret);
    EXPECT_EQ(store->add("b", Bytes(kKeySecretBytesMax + 1, 's')).error(), KeyStoreError::kSecret);
    while (true) {
        const auto added = store->add(Bytes(kKeyNameBytesMax, 'a'), Bytes(kKeySecretBytesMax, 's'));
        if (added.ok()) continue;
        EXPECT_EQ(added.error(), KeyStoreError::kFull);
        break;
    }
    const auto full = KeyStore::open(disk, "limits", Bytes(kPassphraseBytesMax, 'p'));
    ASSERT_TRUE(full.ok());
    EXPECT_EQ(full->newest(Bytes(kKeyNameBytesMax, 'a'))->generation, kKeyStoreKeysMax);
}

// Damage by chance is told from a wrong passphrase, wherever it strikes.
TEST(KeyStore, EveryByteAndEveryLengthCounts) {
    CrashFiles disk;
    (void)make(disk);
    const Bytes whole = disk.content("keys");
    for (std::size_t i = 0; i < whole.size(); ++i) {
        disk.content("keys")[i] = static_cast<char>(whole[i] ^ 0x01);
        EXPECT_EQ(KeyStore::open(disk, "keys", "old passphrase").error(),
                  i < 8 ? KeyStoreError::kNoKeyStore : KeyStoreError::kDamaged)
            << i;
        disk.content("keys") = whole.substr(0, i);
        EXPECT_EQ(KeyStore::open(disk, "keys", "old passphrase").error(),
                  i < 8 ? KeyStoreError::kNoKeyStore : KeyStoreError::kDamaged)
            << i;
        disk.content("keys") = whole;
    }
    disk.content("keys") = whole + '\0';
    EXPECT_EQ(KeyStore::open(disk, "keys", "old passphrase").error(), KeyStoreError::kDamaged);
    disk.content("keys") = whole;
    EXPECT_EQ(KeyStore::open(disk, "keys", "old passphrasf").error(),
              KeyStoreError::kWrongPassphrase);
    EXPECT_TRUE(KeyStore::open(disk, "keys", "old passphrase").ok());
}

// Someone who alters the file and mends its digest gets no further.
TEST(KeyStore, AForgedDigestDoesNotHelp) {
    CrashFiles disk;
    (void)make(disk);
    const Bytes whole = disk.content("keys");
    const std::size_t content = whole.size() - 32;
    for (std::size_t i = 8; i < content; ++i) {
        // The cost of a forged file could be high: those bytes are tried in the next test.
        if (i >= 16 && i < 24) continue;
        Bytes forged = whole.substr(0, content);
        forged[i] = static_cast<char>(forged[i] ^ 0x01);
        forged.append(crypto::sha256(forged).view());
        disk.content("keys") = forged;
        EXPECT_FALSE(KeyStore::open(disk, "keys", "old passphrase").ok()) << i;
    }
}

TEST(KeyStore, AForgedCostIsRefusedBeforeItIsPaid) {
    CrashFiles disk;
    (void)make(disk);
    const Bytes whole = disk.content("keys");
    const auto open_with = [&](std::uint32_t passes, std::uint32_t memory_kib) {
        Bytes forged = whole.substr(0, 16);
        append_be32(forged, passes);
        append_be32(forged, memory_kib);
        forged += whole.substr(24, whole.size() - 24 - 32);
        forged.append(crypto::sha256(forged).view());
        disk.content("keys") = forged;
        return KeyStore::open(disk, "keys", "old passphrase").error();
    };
    EXPECT_EQ(open_with(1, crypto::kArgon2idMemoryKibMax + 1), KeyStoreError::kDamaged);
    EXPECT_EQ(open_with(crypto::kArgon2idPassesMax + 1, 8), KeyStoreError::kDamaged);
    EXPECT_EQ(open_with(0, 8), KeyStoreError::kDamaged);
    EXPECT_EQ(open_with(1, 7), KeyStoreError::kDamaged);
    EXPECT_EQ(open_with(2, 8), KeyStoreError::kWrongPassphrase);
}

TEST(KeyStore, LaterVersionsAreNamed) {
    CrashFiles disk;
    (void)make(disk);
    const Bytes whole = disk.content("keys");
    for (const std::size_t field : {11U, 15U}) {
        Bytes later = whole.substr(0, whole.size() - 32);
        later[field] = 2;
        later.append(crypto::sha256(later).view());
        disk.content("keys") = later;
        EXPECT_EQ(KeyStore::open(disk, "keys", "old passphrase").error(), KeyStoreError::kNewer);
    }
}

TEST(KeyStore, NoSecretAndNoNameInTheFile) {
    CrashFiles disk;
    auto store = make(disk);
    ASSERT_TRUE(store.add("documents", "a secret that nobody may find").ok());
    for (const Bytes& content : disk.raw()) {
        EXPECT_EQ(content.find("a secret"), Bytes::npos);
        EXPECT_EQ(content.find("documents"), Bytes::npos);
        EXPECT_EQ(content.find(Bytes(8, 'd')), Bytes::npos);
        EXPECT_EQ(content.find("passphrase"), Bytes::npos);
    }
    // What earlier files held is overwritten: one copy of the header is left on the disk.
    std::size_t copies = 0;
    for (const Bytes& content : disk.raw())
        copies += content.find("CONSKEYS") == Bytes::npos ? 0 : 1;
    EXPECT_EQ(copies, 1U);
}

// The power goes at every change of every operation; whatever reached the disk, the store opens
// with the keys of before or after, and with those of after once the operation has answered.
TEST(KeyStore, SurvivesACrashAtEveryChange) {
    using Operation = bool (*)(KeyStore&);
    const Operation operations[] = {
        [](KeyStore& store) { return store.add("documents", "third").ok(); },
        [](KeyStore& store) { return store.remove("documents", 1).ok(); },
        [](KeyStore& store) {
            return store.change_passphrase("new passphrase", {2, 8}).ok();
        },
    };
    const auto state_of = [](CrashFiles& disk) -> std::string {
        for (const char* passphrase : {"old passphrase", "new passphrase"}) {
            const auto store = KeyStore::open(disk, "keys", passphrase);
            if (!store) continue;
            std::string out = passphrase;
            for (const std::uint32_t generation : store->generations("documents"))
                out += " " + std::to_string(generation);
            return out;
        }
        return "lost";
    };
    for (const Operation operation : operations) {
        CrashFiles reference;
        auto whole = make(reference);
        const std::string before = state_of(reference);
        ASSERT_TRUE(operation(whole));
        const std::string after = state_of(reference);
        ASSERT_NE(before, after);
        for (std::size_t at = 0;; ++at) {
            CrashFiles disk;
            auto store = make(disk);
            disk.crash_after(at);
            const bool done = operation(store);
            for (const CrashFiles::Data data : CrashFiles::kAllData) {
                for (const bool names : {false, true}) {
                    CrashFiles next = disk.after_crash(data, names);
                    const std::string found = state_of(next);
                    EXPECT_TRUE(found == after || (!done && found == before)) << found;
                }
            }
            if (done) break;
        }
    }
}

// A file that a second implementation (Python, from docs/formats/keystore.md) wrote.
TEST(KeyStore, OpensAFileOfAPeer) {
    constexpr const char* kFile =
        "434f4e534b45595300000001000000010000000200000040000102030405060708090a0b0c0d0e0f"
        "88c0660c7c92680eb0f83ce9584ad953404142434445464748494a4b0000009c75810509a7e9b4cc"
        "dfcf031f1c6f091aaf38e39c9d51734fac552743bbcde24e462128f5a5891957de30d78d71e444bb"
        "daf22043eec975508d68f3e8cc05176197c23f9facb3017bc0c521e6505e375db3923e7b44ba0f5b"
        "b87573ebd860cac42026191affce3c96dbb375e521f8435daadf42c008a040926bc1c01f508b65dc"
        "8c1683320616f0e31dfc44541b83f1d51530157eddb070175aa185490ef1011d6e603691f5982f68"
        "2d79c3c086edc04f268052f47110e27ed6e677f4";
    CrashFiles disk;
    (void)disk.open("keys", Open::kCreate).value()->write(0, from_hex(kFile).value());
    const auto store = KeyStore::open(disk, "keys", "correct horse battery staple");
    ASSERT_TRUE(store.ok());
    EXPECT_EQ(store->generations("documents"), (std::vector<std::uint32_t>{2, 3}));
    EXPECT_EQ(store->newest("documents")->secret, Bytes(32, 'e'));
    EXPECT_EQ(store->newest("hpke")->secret, Bytes(32, 'h'));
}

TEST(KeyStore, OnTheRealDisk) {
    const auto folder =
        std::filesystem::temp_directory_path() / ("consilium-" + to_hex(crypto::random_bytes(8)));
    std::filesystem::create_directory(folder);
    const auto path = folder / "keys";
    EXPECT_EQ(KeyStore::open(system_files(), path, "p").error(), KeyStoreError::kMissing);
    auto store = KeyStore::create(system_files(), path, "p", kCheap);
    ASSERT_TRUE(store.ok());
    ASSERT_TRUE(store->add("hpke", "secret").ok());
    EXPECT_EQ(KeyStore::open(system_files(), path, "p")->newest("hpke")->secret, "secret");
    ::chmod(path.c_str(), 0604);
    EXPECT_EQ(KeyStore::open(system_files(), path, "p").error(), KeyStoreError::kOpenToOthers);
    EXPECT_EQ(KeyStore::create(system_files(), folder / "none" / "keys", "p", kCheap).error(),
              KeyStoreError::kMissing);
    std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace consilium::vault
