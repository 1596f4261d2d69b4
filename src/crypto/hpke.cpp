// SPDX-License-Identifier: Apache-2.0
#include "crypto/hpke.hpp"

#include <limits>
#include <utility>

#include "base/assert.hpp"
#include "crypto/derive.hpp"
#include "crypto/x25519.hpp"

namespace consilium::crypto::hpke {
namespace {

constexpr std::uint16_t kKemX25519 = 0x0020;
constexpr std::uint16_t kKdfSha256 = 0x0001;
constexpr char kModeBase = 0;
constexpr char kModeAuth = 2;
constexpr BytesView kVersion = "HPKE-v1";

void append_be16(Bytes& out, std::uint16_t value) {
    out.push_back(static_cast<char>(value >> 8U));
    out.push_back(static_cast<char>(value));
}

const Bytes& kem_suite_id() {
    static const Bytes id = [] {
        Bytes out = "KEM";
        append_be16(out, kKemX25519);
        return out;
    }();
    return id;
}

Bytes hpke_suite_id(Aead aead) {
    Bytes out = "HPKE";
    append_be16(out, kKemX25519);
    append_be16(out, kKdfSha256);
    append_be16(out, static_cast<std::uint16_t>(aead));
    return out;
}

// LabeledExtract and LabeledExpand of section 4.
SecretBytes labeled_extract(BytesView suite_id, BytesView salt, BytesView label, BytesView input) {
    Hash32 key = hmac_sha256(salt, {kVersion, suite_id, label, input});
    SecretBytes out(key.view());
    wipe(key.value.data(), Hash32::kSize);
    return out;
}

SecretBytes labeled_expand(BytesView suite_id, BytesView key, BytesView label, BytesView info,
                           std::size_t size) {
    Bytes labeled;
    append_be16(labeled, static_cast<std::uint16_t>(size));
    labeled.append(kVersion).append(suite_id).append(label).append(info);
    return hkdf_expand(key, labeled, size);
}

// ExtractAndExpand of section 4.1 over one or two Diffie-Hellman results.
SecretBytes kem_secret(const std::optional<SecretBytes>& first,
                       const std::optional<SecretBytes>& second, BytesView kem_context) {
    Bytes joined(first->view());
    if (second) joined.append(second->view());
    const SecretBytes key = labeled_extract(kem_suite_id(), {}, "eae_prk", joined);
    wipe(joined);
    return labeled_expand(kem_suite_id(), key.view(), "shared_secret", kem_context, 32);
}

}  // namespace

Context::Context(AeadKey key, SecretBytes base_nonce, SecretBytes exporter, Bytes suite_id)
    : key_(std::move(key)),
      base_nonce_(std::move(base_nonce)),
      exporter_(std::move(exporter)),
      suite_id_(std::move(suite_id)) {}

Bytes Context::nonce() const {
    Bytes out(base_nonce_.view());
    Bytes number;
    append_be64(number, sequence_);
    for (std::size_t i = 0; i < number.size(); ++i)
        out[i + 4] = static_cast<char>(out[i + 4] ^ number[i]);
    return out;
}

Bytes Context::seal(BytesView associated, BytesView plaintext) {
    CONSILIUM_ASSERT(sequence_ < std::numeric_limits<std::uint64_t>::max());
    Bytes out;
    key_.seal_to(out, nonce(), associated, plaintext);
    ++sequence_;
    return out;
}

std::optional<SecretBytes> Context::open(BytesView associated, BytesView sealed) {
    CONSILIUM_ASSERT(sequence_ < std::numeric_limits<std::uint64_t>::max());
    Bytes out;
    if (!key_.open_to(out, nonce(), associated, sealed)) return std::nullopt;
    ++sequence_;
    SecretBytes secret(out);
    wipe(out);
    return secret;
}

SecretBytes Context::export_secret(BytesView context, std::size_t size) const {
    return labeled_expand(suite_id_, exporter_.view(), "sec", context, size);
}

// KeySchedule() of section 5.1 without a pre-shared key.
struct KeySchedule {
    static Context run(Aead aead, char mode, const SecretBytes& shared, BytesView info) {
        Bytes suite_id = hpke_suite_id(aead);
        Bytes context(1, mode);
        context.append(labeled_extract(suite_id, {}, "psk_id_hash", {}).view());
        context.append(labeled_extract(suite_id, {}, "info_hash", info).view());
        const SecretBytes secret = labeled_extract(suite_id, shared.view(), "secret", {});
        const SecretBytes key =
            labeled_expand(suite_id, secret.view(), "key", context, aead_key_bytes(aead));
        SecretBytes base_nonce =
            labeled_expand(suite_id, secret.view(), "base_nonce", context, kAeadNonceBytes);
        SecretBytes exporter = labeled_expand(suite_id, secret.view(), "exp", context, 32);
        return {AeadKey(aead, key.view()), std::move(base_nonce), std::move(exporter),
                std::move(suite_id)};
    }
};

KeyPair derive_key_pair(BytesView input) {
    CONSILIUM_ASSERT(input.size() >= x25519::kKeyBytes);
    const SecretBytes key = labeled_extract(kem_suite_id(), {}, "dkp_prk", input);
    KeyPair pair;
    pair.secret = labeled_expand(kem_suite_id(), key.view(), "sk", {}, x25519::kKeyBytes);
    pair.public_key = x25519::public_key_of(pair.secret.view());
    return pair;
}

KeyPair generate_key_pair() {
    return derive_key_pair(SecretBytes::random(x25519::kKeyBytes).view());
}

std::optional<Sender> start_sender(Aead aead, BytesView recipient, const Modes& modes) {
    return start_sender_with(aead, generate_key_pair(), recipient, modes);
}

std::optional<Sender> start_sender_with(Aead aead, const KeyPair& ephemeral, BytesView recipient,
                                        const Modes& modes) {
    const auto first = x25519::shared_secret(ephemeral.secret.view(), recipient);
    if (!first) return std::nullopt;
    Bytes kem_context = ephemeral.public_key;
    kem_context.append(recipient);
    std::optional<SecretBytes> second;
    if (!modes.sender.empty()) {
        second = x25519::shared_secret(modes.sender, recipient);
        if (!second) return std::nullopt;
        kem_context.append(x25519::public_key_of(modes.sender));
    }
    const SecretBytes shared = kem_secret(first, second, kem_context);
    return Sender{ephemeral.public_key,
                  KeySchedule::run(aead, second ? kModeAuth : kModeBase, shared, modes.info)};
}

std::optional<Context> start_recipient(Aead aead, const KeyPair& recipient, BytesView encapsulated,
                                       const Modes& modes) {
    const auto first = x25519::shared_secret(recipient.secret.view(), encapsulated);
    if (!first) return std::nullopt;
    Bytes kem_context(encapsulated);
    kem_context.append(recipient.public_key);
    std::optional<SecretBytes> second;
    if (!modes.sender.empty()) {
        second = x25519::shared_secret(recipient.secret.view(), modes.sender);
        if (!second) return std::nullopt;
        kem_context.append(modes.sender);
    }
    const SecretBytes shared = kem_secret(first, second, kem_context);
    return KeySchedule::run(aead, second ? kModeAuth : kModeBase, shared, modes.info);
}

}  // namespace consilium::crypto::hpke
