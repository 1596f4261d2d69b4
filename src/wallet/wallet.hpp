// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.hpp"
#include "consilium/v1/wallet.pb.h"
#include "crypto/derive.hpp"
#include "crypto/sign.hpp"
#include "ledger/ids.hpp"
#include "wallet/card.hpp"

// A patient's keys in one file under a passphrase: docs/formats/wallet.md. One seed, a key of its
// own for every link, so that nothing on the ledger ties two links together. Not thread-safe; reads
// no clock and no file.
namespace consilium::wallet {

inline constexpr std::size_t kSeedBytes = 32;
inline constexpr std::size_t kKeysMax = 1024;
inline constexpr std::size_t kWalletBytesMax = 1024U * 1024U;
inline constexpr std::size_t kPassphraseBytesMax = 1024;

enum class WalletError : std::uint8_t {
    kNoWallet,         // the bytes are something else
    kNewer,            // a version that this program does not know
    kDamaged,          // cut short, or costs that no wallet has
    kWrongPassphrase,  // or the bytes were changed
    kPassphrase,       // empty, or longer than kPassphraseBytesMax
    kMemory,           // the memory that the passphrase's check asks for is not to be had
    kFull,             // kKeysMax keys were handed out
    kNoKey,            // no key of that number, or none that waits for such a card
    kTaken,            // the key has a card, or the link has a key
};
[[nodiscard]] const char* to_string(WalletError error);

class Wallet {
 public:
    [[nodiscard]] static Wallet create();
    [[nodiscard]] static Result<Wallet, WalletError> open(BytesView file, BytesView passphrase);
    // What to write: under a fresh salt and nonce each time.
    [[nodiscard]] Result<Bytes, WalletError> seal(BytesView passphrase,
                                                  const crypto::Argon2idCost& cost) const;

    Wallet(Wallet&& other) noexcept;
    Wallet& operator=(Wallet&& other) noexcept;
    ~Wallet();

    // The next key, to be named when the custodian opens the link.
    [[nodiscard]] Result<std::uint32_t, WalletError> hand_out(const ledger::NetworkId& network,
                                                              const ledger::MemberId& custodian,
                                                              const ledger::MemberId& counterparty);
    // Keeps the card of the link that was opened with that key; without a number it is the only key
    // of that custodian's which waits for a card, or kNoKey.
    [[nodiscard]] Result<std::uint32_t, WalletError> add_card(const Card& card,
                                                              std::optional<std::uint32_t> number);

    [[nodiscard]] const std::vector<v1::WalletKey>& keys() const { return keys_; }
    [[nodiscard]] const v1::WalletKey* find(const ledger::LinkId& link) const;
    // The key of that number: Ed25519, of seed HKDF-SHA256(salt "consilium/wallet/1", seed, info
    // "link-key" || u32be(number)).
    [[nodiscard]] crypto::SigningKey key(std::uint32_t number) const;

 private:
    Wallet() = default;
    crypto::SecretBytes seed_;
    std::vector<v1::WalletKey> keys_;
};

}  // namespace consilium::wallet
