// SPDX-License-Identifier: Apache-2.0
#include "wallet/wallet.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "crypto/aead.hpp"
#include "crypto/random.hpp"
#include "proto/canonical.hpp"

namespace consilium::wallet {
namespace {

constexpr BytesView kMagic{"CSW\x01", 4};
constexpr std::size_t kHeaderBytes =
    4 + 4 + 4 + crypto::kArgon2idSaltBytes + crypto::kAeadNonceBytes;
constexpr std::size_t kKeyBytes = 32;

bool is_passphrase(BytesView passphrase) {
    return !passphrase.empty() && passphrase.size() <= kPassphraseBytesMax;
}

bool is_good(const v1::Wallet& wallet) {
    if (wallet.seed().size() != kSeedBytes ||
        static_cast<std::size_t>(wallet.keys_size()) > kKeysMax)
        return false;
    std::uint32_t last = 0;
    return std::all_of(wallet.keys().begin(), wallet.keys().end(), [&last](const auto& key) {
        const bool follows = key.number() == last + 1;
        last = key.number();
        const bool has_card = !key.link_id().empty();
        return follows && key.network_id().size() == ledger::NetworkId::kSize &&
               ledger::is_member_id(key.custodian()) && ledger::is_member_id(key.counterparty()) &&
               (!has_card || (key.link_id().size() == ledger::LinkId::kSize &&
                              key.slot_salt().size() == kSlotSaltBytes && !key.patient().empty()));
    });
}

}  // namespace

const char* to_string(WalletError error) {
    switch (error) {
        case WalletError::kNoWallet:
            return "no-wallet";
        case WalletError::kNewer:
            return "newer";
        case WalletError::kDamaged:
            return "damaged";
        case WalletError::kWrongPassphrase:
            return "wrong-passphrase";
        case WalletError::kPassphrase:
            return "passphrase";
        case WalletError::kMemory:
            return "memory";
        case WalletError::kFull:
            return "full";
        case WalletError::kNoKey:
            return "no-key";
        case WalletError::kTaken:
            return "taken";
    }
    return "unknown";
}

Wallet::Wallet(Wallet&& other) noexcept = default;
Wallet& Wallet::operator=(Wallet&& other) noexcept = default;
Wallet::~Wallet() = default;

Wallet Wallet::create() {
    Wallet made;
    made.seed_ = crypto::SecretBytes::random(kSeedBytes);
    return made;
}

Result<Wallet, WalletError> Wallet::open(BytesView file, BytesView passphrase) {
    if (!is_passphrase(passphrase)) return fail(WalletError::kPassphrase);
    if (file.substr(0, 3) != kMagic.substr(0, 3)) return fail(WalletError::kNoWallet);
    if (file.size() < kMagic.size() || file[3] != kMagic[3]) return fail(WalletError::kNewer);
    if (file.size() < kHeaderBytes + crypto::kAeadTagBytes || file.size() > kWalletBytesMax)
        return fail(WalletError::kDamaged);
    const auto header = file.substr(0, kHeaderBytes);
    const crypto::Argon2idCost cost{read_be32(header.substr(4)), read_be32(header.substr(8))};
    if (!crypto::is_argon2id_cost(cost)) return fail(WalletError::kDamaged);
    const auto key = crypto::argon2id(passphrase, header.substr(12, crypto::kArgon2idSaltBytes),
                                      cost, kKeyBytes);
    if (!key) return fail(WalletError::kMemory);
    const auto nonce = header.substr(kHeaderBytes - crypto::kAeadNonceBytes);
    const auto plain = crypto::aead_open(crypto::Aead::kAes256Gcm, key->view(), nonce, header,
                                         file.substr(kHeaderBytes));
    if (!plain) return fail(WalletError::kWrongPassphrase);
    v1::Wallet read;
    if (!proto::parse_canonical(plain->view(), read) || !is_good(read))
        return fail(WalletError::kDamaged);
    Wallet wallet;
    wallet.seed_ = crypto::SecretBytes(read.seed());
    wallet.keys_.assign(read.keys().begin(), read.keys().end());
    crypto::wipe(*read.mutable_seed());
    return wallet;
}

Result<Bytes, WalletError> Wallet::seal(BytesView passphrase,
                                        const crypto::Argon2idCost& cost) const {
    if (!is_passphrase(passphrase)) return fail(WalletError::kPassphrase);
    CONSILIUM_ASSERT(crypto::is_argon2id_cost(cost));
    const Bytes salt = crypto::random_bytes(crypto::kArgon2idSaltBytes);
    const auto key = crypto::argon2id(passphrase, salt, cost, kKeyBytes);
    if (!key) return fail(WalletError::kMemory);
    Bytes out(kMagic);
    append_be32(out, cost.passes);
    append_be32(out, cost.memory_kib);
    out += salt;
    const Bytes nonce = crypto::random_bytes(crypto::kAeadNonceBytes);
    out += nonce;
    v1::Wallet held;
    held.set_seed(Bytes(seed_.view()));
    for (const auto& one : keys_)
        *held.add_keys() = one;
    Bytes plain = proto::encode(held);
    CONSILIUM_ASSERT(is_good(held));
    out += crypto::aead_seal(crypto::Aead::kAes256Gcm, key->view(), nonce, out, plain);
    crypto::wipe(plain);
    crypto::wipe(*held.mutable_seed());
    return out;
}

Result<std::uint32_t, WalletError> Wallet::hand_out(const ledger::NetworkId& network,
                                                    const ledger::MemberId& custodian,
                                                    const ledger::MemberId& counterparty) {
    CONSILIUM_ASSERT(ledger::is_member_id(custodian) && ledger::is_member_id(counterparty));
    if (keys_.size() == kKeysMax) return fail(WalletError::kFull);
    v1::WalletKey key;
    key.set_number(static_cast<std::uint32_t>(keys_.size()) + 1);
    key.set_network_id(network.bytes());
    key.set_custodian(custodian);
    key.set_counterparty(counterparty);
    keys_.push_back(key);
    return key.number();
}

Result<std::uint32_t, WalletError> Wallet::add_card(const Card& card,
                                                    std::optional<std::uint32_t> number) {
    if (find(card.link) != nullptr) return fail(WalletError::kTaken);
    v1::WalletKey* place = nullptr;
    for (auto& key : keys_) {
        if (number ? key.number() != *number
                   : key.custodian() != card.custodian || !key.link_id().empty())
            continue;
        // Two that wait: which one it is, the patient must say.
        if (place != nullptr) return fail(WalletError::kNoKey);
        place = &key;
    }
    if (place == nullptr || place->custodian() != card.custodian) return fail(WalletError::kNoKey);
    if (!place->link_id().empty()) return fail(WalletError::kTaken);
    place->set_link_id(card.link.bytes());
    place->set_slot_salt(card.slot_salt);
    place->set_patient(card.patient);
    return place->number();
}

const v1::WalletKey* Wallet::find(const ledger::LinkId& link) const {
    const auto found = std::find_if(keys_.begin(), keys_.end(), [&link](const auto& key) {
        return key.link_id() == link.view();
    });
    return found == keys_.end() ? nullptr : &*found;
}

crypto::SigningKey Wallet::key(std::uint32_t number) const {
    CONSILIUM_ASSERT(number >= 1 && number <= keys_.size());
    Bytes info = "link-key";
    append_be32(info, number);
    const auto root = crypto::hkdf_extract("consilium/wallet/1", seed_.view());
    const auto seed = crypto::hkdf_expand(root.view(), info, kSeedBytes);
    auto made = crypto::SigningKey::from_seed(crypto::Algorithm::kEd25519, seed.view());
    CONSILIUM_ASSERT(made.has_value());
    return std::move(*made);
}

}  // namespace consilium::wallet
