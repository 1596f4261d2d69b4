// SPDX-License-Identifier: Apache-2.0
#include "vault/document_keys.hpp"

#include <gtest/gtest.h>

#include "base/hex.hpp"
#include "vault/crash_files_testing.hpp"

namespace consilium::vault {
namespace {

using testing::CrashFiles;
using Slot = DocumentKeys::Slot;

constexpr std::size_t kSlotBytes = 96;
const Bytes kFirstKey(32, 'a');
const Bytes kSecondKey(32, 'b');
const DocumentKeys::WrappingKey kFirst{1, kFirstKey};
const DocumentKeys::WrappingKey kSecond{2, kSecondKey};

VaultId vault_of(char c) {
    VaultId id;
    id.value.fill(static_cast<std::uint8_t>(c));
    return id;
}
const VaultId kVault = vault_of('v');

DocumentName name_of(std::size_t number) {
    DocumentName name;
    name.record.value.fill(static_cast<std::uint8_t>(0x90 + number));
    name.version = static_cast<std::uint32_t>(number + 1);
    return name;
}

DocumentSecret secret_of(std::size_t number) {
    return {crypto::SecretBytes(Bytes(32, static_cast<char>('A' + number))),
            crypto::SecretBytes(Bytes(32, static_cast<char>('a' + number)))};
}

// Five documents in slots 0 to 4.
std::unique_ptr<DocumentKeys> make(CrashFiles& disk) {
    auto keys = DocumentKeys::create(disk, "keys", kVault, kFirst);
    EXPECT_TRUE(keys.ok());
    std::vector<DocumentSecret> secrets;
    std::vector<DocumentKeys::Entry> entries;
    for (std::size_t i = 0; i < 5; ++i)
        secrets.push_back(secret_of(i));
    for (std::size_t i = 0; i < 5; ++i)
        entries.push_back({name_of(i), &secrets[i]});
    const std::span<const DocumentKeys::Entry> all(entries);
    EXPECT_EQ((*keys)->put(all.subspan(0, 2)).value(), 0U);
    EXPECT_EQ((*keys)->put(all.subspan(2)).value(), 2U);
    return std::move(*keys);
}

Result<std::unique_ptr<DocumentKeys>, DocumentKeysError> reopen(CrashFiles& disk) {
    const auto header = DocumentKeys::header_of(disk, "keys");
    if (!header) return fail(header.error());
    EXPECT_EQ(header->vault, kVault);
    return DocumentKeys::open(disk, "keys", header->vault,
                              header->generation == 1 ? kFirst : kSecond);
}

bool holds(const DocumentKeys& keys, std::size_t number) {
    const auto secret = keys.get({number, name_of(number)});
    if (!secret) return false;
    EXPECT_EQ(secret->key.view(), secret_of(number).key.view());
    EXPECT_EQ(secret->salt.view(), secret_of(number).salt.view());
    return true;
}

DocumentKeysError error_at(const DocumentKeys& keys, std::size_t number) {
    return keys.get({number, name_of(number)}).error();
}

// Whether the disk, read raw and with both wrapping keys at hand, still gives that document's
// secret: every 96 bytes at every offset are tried as its slot.
bool found_raw(const CrashFiles& disk, std::size_t number) {
    Bytes associated("consilium/document-slot/1");
    associated += kVault.view();
    append_be64(associated, number);
    associated += name_of(number).record.view();
    append_be32(associated, name_of(number).version);
    for (const Bytes& content : disk.raw()) {
        for (std::size_t at = 0; at + kSlotBytes <= content.size(); ++at) {
            const BytesView window = BytesView(content).substr(at, kSlotBytes);
            for (const Bytes& key : {kFirstKey, kSecondKey}) {
                if (crypto::aead_open(crypto::Aead::kAes256Gcm, key, window.substr(0, 12),
                                      associated, window.substr(12, 80))) {
                    return true;
                }
            }
        }
    }
    return false;
}

bool for_survivors(const std::function<bool(const Slot&)>& call_back) {
    for (const std::size_t number : {0U, 1U, 4U}) {
        if (!call_back({number, name_of(number)})) return false;
    }
    return true;
}

TEST(DocumentKeys, PutsAndGets) {
    CrashFiles disk;
    {
        const auto keys = make(disk);
        for (std::size_t i = 0; i < 5; ++i)
            EXPECT_TRUE(holds(*keys, i));
        EXPECT_EQ(error_at(*keys, 5), DocumentKeysError::kDamaged);
    }
    const auto keys = reopen(disk);
    ASSERT_TRUE(keys.ok());
    for (std::size_t i = 0; i < 5; ++i)
        EXPECT_TRUE(holds(**keys, i));
    const DocumentSecret secret = secret_of(5);
    const DocumentKeys::Entry entry{name_of(5), &secret};
    EXPECT_EQ((*keys)->put({&entry, 1}).value(), 5U);
    EXPECT_TRUE(holds(**keys, 5));
    EXPECT_EQ(DocumentKeys::create(disk, "keys", kVault, kFirst).error(), DocumentKeysError::kDisk);
    EXPECT_EQ(DocumentKeys::open(disk, "none", kVault, kFirst).error(),
              DocumentKeysError::kMissing);
}

TEST(DocumentKeys, NothingIsReadableOnTheDisk) {
    CrashFiles disk;
    (void)make(disk);
    for (std::size_t i = 0; i < 5; ++i) {
        EXPECT_EQ(disk.content("keys").find(secret_of(i).key.view().substr(0, 6)), Bytes::npos);
        EXPECT_EQ(disk.content("keys").find(secret_of(i).salt.view().substr(0, 6)), Bytes::npos);
        EXPECT_EQ(disk.content("keys").find(name_of(i).record.view()), Bytes::npos);
    }
}

TEST(DocumentKeys, SlotNameVaultAndKeyAreBound) {
    CrashFiles disk;
    const auto keys = make(disk);
    EXPECT_EQ(keys->get({0, name_of(1)}).error(), DocumentKeysError::kDamaged);
    EXPECT_EQ(keys->get({1, name_of(0)}).error(), DocumentKeysError::kDamaged);
    DocumentName other = name_of(0);
    ++other.version;
    EXPECT_EQ(keys->get({0, other}).error(), DocumentKeysError::kDamaged);
    EXPECT_EQ(DocumentKeys::open(disk, "keys", vault_of('w'), kFirst).error(),
              DocumentKeysError::kDamaged);
    EXPECT_EQ(DocumentKeys::open(disk, "keys", kVault, kSecond).error(),
              DocumentKeysError::kDamaged);
    EXPECT_EQ(DocumentKeys::open(disk, "keys", kVault, {1, kSecondKey}).error(),
              DocumentKeysError::kDamaged);
    // Two slots swapped on the disk.
    Bytes& content = disk.content("keys");
    const Bytes first = content.substr(4096, kSlotBytes);
    content.replace(4096, kSlotBytes, content.substr(4096 + kSlotBytes, kSlotBytes));
    content.replace(4096 + kSlotBytes, kSlotBytes, first);
    EXPECT_EQ(error_at(*keys, 0), DocumentKeysError::kDamaged);
    EXPECT_EQ(error_at(*keys, 1), DocumentKeysError::kDamaged);
    EXPECT_TRUE(holds(*keys, 2));
}

TEST(DocumentKeys, EveryByteOfHeaderAndSlotCounts) {
    CrashFiles disk;
    const auto keys = make(disk);
    Bytes& content = disk.content("keys");
    for (std::size_t at = 0; at < 4096; at += at < 64 ? 1 : 61) {
        content[at] = static_cast<char>(content[at] ^ 1);
        EXPECT_FALSE(DocumentKeys::open(disk, "keys", kVault, kFirst).ok()) << at;
        content[at] = static_cast<char>(content[at] ^ 1);
    }
    for (std::size_t at = 4096; at < 4096 + kSlotBytes; ++at) {
        content[at] = static_cast<char>(content[at] ^ 1);
        EXPECT_EQ(error_at(*keys, 0), DocumentKeysError::kDamaged);
        content[at] = static_cast<char>(content[at] ^ 1);
    }
    EXPECT_TRUE(holds(*keys, 0));
    content.resize(content.size() - 1);
    EXPECT_EQ(error_at(*keys, 4), DocumentKeysError::kDamaged);
}

TEST(DocumentKeys, WhatIsErasedIsNowhere) {
    CrashFiles disk;
    const auto keys = make(disk);
    EXPECT_TRUE(found_raw(disk, 2));
    const std::uint64_t slots[] = {2, 3};
    ASSERT_TRUE(keys->erase(slots).ok());
    ASSERT_TRUE(keys->erase(slots).ok());
    EXPECT_EQ(error_at(*keys, 2), DocumentKeysError::kErased);
    EXPECT_EQ(error_at(*keys, 3), DocumentKeysError::kErased);
    EXPECT_FALSE(found_raw(disk, 2));
    EXPECT_FALSE(found_raw(disk, 3));
    EXPECT_TRUE(found_raw(disk, 1));
    for (const std::size_t i : {0U, 1U, 4U})
        EXPECT_TRUE(holds(*keys, i));
    const std::uint64_t none[] = {5};
    EXPECT_EQ(keys->erase(none).error(), DocumentKeysError::kDamaged);
}

// Whatever reached the disk: others are untouched, and erasing again finishes the work.
TEST(DocumentKeys, ErasureSurvivesACrashAtEveryChange) {
    const std::uint64_t slots[] = {2, 3};
    for (std::size_t at = 0;; ++at) {
        CrashFiles disk;
        const auto keys = make(disk);
        disk.crash_after(at);
        const bool done = keys->erase(slots).ok();
        for (const CrashFiles::Data data : CrashFiles::kAllData) {
            for (const bool names : {false, true}) {
                CrashFiles next = disk.after_crash(data, names);
                if (done) {
                    EXPECT_FALSE(found_raw(next, 2));
                    EXPECT_FALSE(found_raw(next, 3));
                }
                const auto again = reopen(next);
                ASSERT_TRUE(again.ok());
                ASSERT_TRUE((*again)->erase(slots).ok());
                EXPECT_FALSE(found_raw(next, 2));
                EXPECT_FALSE(found_raw(next, 3));
                for (const std::size_t i : {0U, 1U, 4U})
                    EXPECT_TRUE(holds(**again, i));
            }
        }
        if (done) break;
    }
}

TEST(DocumentKeys, PuttingSurvivesACrashAtEveryChange) {
    for (std::size_t at = 0;; ++at) {
        CrashFiles disk;
        const auto keys = make(disk);
        const DocumentSecret secret = secret_of(5);
        const DocumentKeys::Entry entry{name_of(5), &secret};
        disk.crash_after(at);
        const bool done = keys->put({&entry, 1}).ok();
        for (const CrashFiles::Data data : CrashFiles::kAllData) {
            CrashFiles next = disk.after_crash(data, true);
            const auto again = reopen(next);
            ASSERT_TRUE(again.ok());
            EXPECT_TRUE(!done || holds(**again, 5));
            // A half-written slot is passed over.
            const DocumentSecret other = secret_of(6);
            const DocumentKeys::Entry more{name_of(6), &other};
            const auto slot = (*again)->put({&more, 1});
            ASSERT_TRUE(slot.ok());
            EXPECT_GE(*slot, 5U);
            EXPECT_EQ((*again)->get({*slot, name_of(6)})->key.view(), other.key.view());
        }
        if (done) break;
    }
}

TEST(DocumentKeys, RewrapKeepsSurvivorsAndTheirNumbersOnly) {
    CrashFiles disk;
    const auto keys = make(disk);
    ASSERT_TRUE(keys->rewrap(kSecond, for_survivors).ok());
    EXPECT_EQ(keys->generation(), 2U);
    for (const std::size_t i : {0U, 1U, 4U})
        EXPECT_TRUE(holds(*keys, i));
    EXPECT_EQ(error_at(*keys, 2), DocumentKeysError::kErased);
    EXPECT_FALSE(found_raw(disk, 2));
    EXPECT_EQ(DocumentKeys::header_of(disk, "keys")->generation, 2U);
    const auto again = reopen(disk);
    ASSERT_TRUE(again.ok());
    const DocumentSecret secret = secret_of(5);
    const DocumentKeys::Entry entry{name_of(5), &secret};
    EXPECT_EQ((*again)->put({&entry, 1}).value(), 5U);
}

TEST(DocumentKeys, ARewrapThatMeetsDamageChangesNothing) {
    CrashFiles disk;
    const auto keys = make(disk);
    disk.content("keys")[4096 + 4 * kSlotBytes] ^= 1;
    EXPECT_EQ(keys->rewrap(kSecond, for_survivors).error(), DocumentKeysError::kDamaged);
    EXPECT_EQ(keys->generation(), 1U);
    EXPECT_TRUE(holds(*keys, 2));
    // A list of survivors that breaks off must not cost those that it did not name.
    const auto broken = [](const std::function<bool(const Slot&)>& call_back) {
        (void)call_back({0, name_of(0)});
        return false;
    };
    EXPECT_EQ(keys->rewrap(kSecond, broken).error(), DocumentKeysError::kDamaged);
    EXPECT_TRUE(holds(*keys, 1));
    EXPECT_EQ(disk.open("keys.new", Open::kRead).error(), FileError::kMissing);
}

// After a crash the file is the former or the new one, and no copy is left which an erasure would
// miss.
TEST(DocumentKeys, RewrapSurvivesACrashAtEveryChange) {
    const std::uint64_t erased[] = {1};
    for (std::size_t at = 0;; ++at) {
        CrashFiles disk;
        const auto keys = make(disk);
        disk.crash_after(at);
        const bool done = keys->rewrap(kSecond, for_survivors).ok();
        for (const CrashFiles::Data data : CrashFiles::kAllData) {
            for (const bool names : {false, true}) {
                CrashFiles next = disk.after_crash(data, names);
                const auto again = reopen(next);
                ASSERT_TRUE(again.ok());
                EXPECT_TRUE(!done || (*again)->generation() == 2);
                for (const std::size_t i : {0U, 1U, 4U})
                    EXPECT_TRUE(holds(**again, i));
                // Names of ".new" are gone, and what they held.
                EXPECT_FALSE(next.open("keys.new", Open::kRead).ok());
                ASSERT_TRUE((*again)->erase(erased).ok());
                EXPECT_EQ(error_at(**again, 1), DocumentKeysError::kErased);
                if (done) {
                    EXPECT_FALSE(found_raw(next, 1));
                }
            }
        }
        if (done) break;
    }
}

// A file that a second implementation (Python, from docs/formats/document-keys.md) wrote.
TEST(DocumentKeys, OpensAFileOfAPeer) {
    Bytes content = from_hex(
                        "434f4e53444b4559000000010000000176767676767676767676767676767676131a0fd9"
                        "c1cba953dfdbbca5d42124ae")
                        .value();
    content.resize(4096, '\0');
    content += Bytes(kSlotBytes, '\0');
    content += from_hex(
                   "000102030405060708090a0bf558a6a212cd00d79d8b6d75ebdc0466f465ba7edad01c1f"
                   "5072910785024d2f37582a58c84b53c8313b58cacacc47384d8ff027b30bc2a4bb52f495"
                   "02ddf3521cb0b084aa1ae36b05fda45135e760b600000000")
                   .value();
    CrashFiles disk;
    (void)disk.open("keys", Open::kCreate).value()->write(0, content);
    const auto keys = reopen(disk);
    ASSERT_TRUE(keys.ok());
    EXPECT_EQ(error_at(**keys, 0), DocumentKeysError::kErased);
    EXPECT_TRUE(holds(**keys, 1));
}

}  // namespace
}  // namespace consilium::vault
