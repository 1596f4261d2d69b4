// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.hpp"
#include "crypto/aead.hpp"

// Hybrid public key encryption, RFC 9180: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, and an AEAD of
// the caller's choice (Consilium uses AES-256-GCM); modes base and auth. Keys and encapsulated keys
// are 32 bytes. What comes from outside (encapsulated key, public key, sealed bytes) may be
// anything: the answer is then nothing.
namespace consilium::crypto::hpke {

struct KeyPair {
    SecretBytes secret;
    Bytes public_key;
};

// DeriveKeyPair() of section 7.1.3; `input` is at least 32 random bytes.
[[nodiscard]] KeyPair derive_key_pair(BytesView input);
[[nodiscard]] KeyPair generate_key_pair();

// The key schedule's result for one side. Messages are numbered from 0 in the order in which they
// are sealed, and open in that order only. Not thread-safe.
class Context {
 public:
    [[nodiscard]] Bytes seal(BytesView associated, BytesView plaintext);
    // A failure does not use up the number.
    [[nodiscard]] std::optional<SecretBytes> open(BytesView associated, BytesView sealed);
    // Section 5.3; `size` is at most 255 * 32.
    [[nodiscard]] SecretBytes export_secret(BytesView context, std::size_t size) const;

 private:
    friend struct KeySchedule;
    Context(AeadKey key, SecretBytes base_nonce, SecretBytes exporter, Bytes suite_id);
    [[nodiscard]] Bytes nonce() const;

    AeadKey key_;
    SecretBytes base_nonce_;
    SecretBytes exporter_;
    Bytes suite_id_;
    std::uint64_t sequence_ = 0;
};

struct Sender {
    Bytes encapsulated;
    Context context;
};

// `sender` is the sender's own secret key in mode auth, which proves to the recipient who sealed
// (not to others: the recipient could have), and empty in mode base.
struct Modes {
    BytesView info;
    BytesView sender;
};

// Nothing when `recipient` is no public key.
[[nodiscard]] std::optional<Sender> start_sender(Aead aead, BytesView recipient,
                                                 const Modes& modes);
// The same with an ephemeral key of the caller's, for test vectors and nothing else: such a key
// must never serve twice.
[[nodiscard]] std::optional<Sender> start_sender_with(Aead aead, const KeyPair& ephemeral,
                                                      BytesView recipient, const Modes& modes);

// `modes.sender` is the sender's public key here. Nothing when a key is none.
[[nodiscard]] std::optional<Context> start_recipient(Aead aead, const KeyPair& recipient,
                                                     BytesView encapsulated, const Modes& modes);

}  // namespace consilium::crypto::hpke
