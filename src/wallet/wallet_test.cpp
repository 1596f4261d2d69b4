// SPDX-License-Identifier: Apache-2.0
#include "wallet/wallet.hpp"

#include <gtest/gtest.h>

#include <set>

#include "base/hex.hpp"
#include "crypto/aead.hpp"
#include "proto/canonical.hpp"

namespace consilium::wallet {
namespace {

constexpr crypto::Argon2idCost kCheap{1, 8};

Card card_of(std::uint8_t link, const ledger::MemberId& custodian = "hospital") {
    Card card;
    card.custodian = custodian;
    card.link.value.fill(link);
    card.slot_salt = Bytes(32, 's');
    card.patient = "p1";
    return card;
}

std::string outcome(BytesView file, BytesView passphrase = "secret") {
    const auto opened = Wallet::open(file, passphrase);
    return opened ? "ok" : to_string(opened.error());
}

TEST(Wallet, keeps_keys_and_cards) {
    auto wallet = Wallet::create();
    EXPECT_EQ(*wallet.hand_out({}, "hospital", "clinic"), 1U);
    EXPECT_EQ(*wallet.hand_out({}, "payer", "clinic"), 2U);
    EXPECT_EQ(*wallet.add_card(card_of(7), std::nullopt), 1U);
    const auto file = wallet.seal("secret", kCheap);
    ASSERT_TRUE(file.ok());
    const auto again = Wallet::open(*file, "secret");
    ASSERT_TRUE(again.ok());
    ASSERT_EQ(again->keys().size(), 2U);
    EXPECT_EQ(again->find(card_of(7).link)->number(), 1U);
    EXPECT_EQ(again->find(card_of(7).link)->counterparty(), "clinic");
    EXPECT_EQ(again->find(card_of(8).link), nullptr);
    EXPECT_EQ(again->key(1).public_key(), wallet.key(1).public_key());
    // Nothing of it can be read off the file, and no two files are alike.
    EXPECT_EQ(file->find("hospital"), std::string::npos);
    EXPECT_NE(*file, *wallet.seal("secret", kCheap));
}

TEST(Wallet, a_seed_gives_the_keys_that_the_format_says) {
    // Made by another program from docs/formats/wallet.md: the seed is 32 bytes 'w', no key handed
    // out but two.
    v1::Wallet held;
    held.set_seed(Bytes(32, 'w'));
    for (std::uint32_t number : {1U, 2U}) {
        auto& key = *held.add_keys();
        key.set_number(number);
        key.set_network_id(Bytes(32, 'n'));
        key.set_custodian("hospital");
        key.set_counterparty("clinic");
    }
    Bytes file("CSW\x01", 4);
    append_be32(file, kCheap.passes);
    append_be32(file, kCheap.memory_kib);
    file += Bytes(16, 's') + Bytes(12, 'n');
    const auto key = crypto::argon2id("secret", Bytes(16, 's'), kCheap, 32);
    file += crypto::aead_seal(crypto::Aead::kAes256Gcm, key->view(), Bytes(12, 'n'), file,
                              proto::encode(held));
    const auto wallet = Wallet::open(file, "secret");
    ASSERT_TRUE(wallet.ok());
    EXPECT_EQ(to_hex(wallet->key(1).seed()),
              "b15f8c88d8b1f78c5b3cdbb3625db5d13bbd9dc9196b797ca613bfd83b847492");
    EXPECT_EQ(to_hex(wallet->key(1).public_key()),
              "94a964bc6bae4df2a4eda6ba24f377649af98b0f47b8bcb49b4853669b53e0b7");
    EXPECT_EQ(to_hex(wallet->key(2).public_key()),
              "10cb6433dcbdb95777bf23ad261bc142a94a44598d6e1f42def0aecd869dd63b");
}

TEST(Wallet, no_two_keys_are_alike) {
    auto one = Wallet::create();
    auto two = Wallet::create();
    std::set<Bytes> seen;
    for (std::uint32_t i = 1; i <= 50; ++i) {
        ASSERT_TRUE(one.hand_out({}, "hospital", "clinic").ok());
        ASSERT_TRUE(two.hand_out({}, "hospital", "clinic").ok());
        seen.insert(one.key(i).public_key());
        seen.insert(two.key(i).public_key());
    }
    EXPECT_EQ(seen.size(), 100U);
}

TEST(Wallet, opens_with_its_passphrase_alone) {
    const auto file = *Wallet::create().seal("secret", kCheap);
    EXPECT_EQ(outcome(file), "ok");
    EXPECT_EQ(outcome(file, "Secret"), "wrong-passphrase");
    EXPECT_EQ(outcome(file, ""), "passphrase");
    EXPECT_EQ(outcome(file, Bytes(kPassphraseBytesMax + 1, 'x')), "passphrase");
    EXPECT_TRUE(Wallet::create().seal(Bytes(kPassphraseBytesMax, 'x'), kCheap).ok());
    EXPECT_FALSE(Wallet::create().seal(Bytes(kPassphraseBytesMax + 1, 'x'), kCheap).ok());
    EXPECT_FALSE(Wallet::create().seal("", kCheap).ok());
}

TEST(Wallet, refuses_every_changed_byte_and_every_truncation) {
    const auto file = *Wallet::create().seal("secret", kCheap);
    for (std::size_t i = 0; i < file.size(); ++i) {
        auto changed = file;
        changed[i] = static_cast<char>(changed[i] ^ 0x40);
        EXPECT_NE(outcome(changed), "ok") << i;
        EXPECT_NE(outcome(BytesView(file).substr(0, i)), "ok") << i;
    }
    EXPECT_EQ(outcome(""), "no-wallet");
    EXPECT_EQ(outcome("nonsense"), "no-wallet");
    auto newer = file;
    newer[3] = 2;
    EXPECT_EQ(outcome(newer), "newer");
    // Costs that would take the machine down are not tried.
    auto costly = file;
    costly[4] = '\x7f';
    EXPECT_EQ(outcome(costly), "damaged");
}

TEST(Wallet, hands_out_as_many_keys_as_the_limit) {
    auto wallet = Wallet::create();
    for (std::size_t i = 0; i < kKeysMax; ++i)
        ASSERT_TRUE(wallet.hand_out({}, "hospital", "clinic").ok());
    EXPECT_EQ(wallet.hand_out({}, "hospital", "clinic").error(), WalletError::kFull);
    EXPECT_EQ(outcome(*wallet.seal("secret", kCheap)), "ok");
}

TEST(Wallet, a_card_finds_its_key) {
    auto wallet = Wallet::create();
    EXPECT_EQ(wallet.add_card(card_of(1), std::nullopt).error(), WalletError::kNoKey);
    (void)wallet.hand_out({}, "hospital", "clinic");
    (void)wallet.hand_out({}, "hospital", "payer");
    // Which of the two was given to the custodian for this link, only the patient knows.
    EXPECT_EQ(wallet.add_card(card_of(1), std::nullopt).error(), WalletError::kNoKey);
    EXPECT_EQ(*wallet.add_card(card_of(1), 2), 2U);
    EXPECT_EQ(wallet.add_card(card_of(1), 1).error(), WalletError::kTaken);
    EXPECT_EQ(wallet.add_card(card_of(2), 2).error(), WalletError::kTaken);
    EXPECT_EQ(wallet.add_card(card_of(2, "payer"), 1).error(), WalletError::kNoKey);
    EXPECT_EQ(wallet.add_card(card_of(2), 3).error(), WalletError::kNoKey);
    EXPECT_EQ(*wallet.add_card(card_of(2), std::nullopt), 1U);
}

}  // namespace
}  // namespace consilium::wallet
