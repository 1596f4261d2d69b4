// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/bytes.hpp"

namespace consilium::crypto {

// Ids of signature algorithms; the values are consilium.v1.Algorithm and never change.
enum class Algorithm : std::uint32_t { kEd25519 = 1, kP256Sha256 = 2 };

// Nothing for an id that names none.
[[nodiscard]] std::optional<Algorithm> algorithm_from_id(std::uint32_t id);

// True when `key` could be a public key of that algorithm: length, on the curve; an Ed25519 key
// must be the canonical encoding of a point of the prime-order subgroup that is not the identity, a
// P-256 key compressed. Stricter than what verify() asks of a key: it is for keys that are
// registered.
[[nodiscard]] bool is_public_key(Algorithm algorithm, BytesView key);

// The rule for our own signatures. Ed25519: RFC 8032 with libsodium's strict points and scalars (no
// small order, nothing non-canonical). P-256: 64 bytes r||s over SHA-256 of the message, s in the
// lower half so that a signature has one form. A pure function of its arguments.
[[nodiscard]] bool verify(Algorithm algorithm, BytesView key, BytesView message,
                          BytesView signature);

// The rule for CometBFT's votes: Ed25519 by ZIP-215 (cofactored, non-canonical points accepted), as
// CometBFT v0.38 checks them.
[[nodiscard]] bool verify_zip215(BytesView key, BytesView message, BytesView signature);

// A private key in memory, wiped when it goes. Thread-safe but for moving it.
class SigningKey {
 public:
    // From 32 random bytes of the operating system.
    [[nodiscard]] static SigningKey generate(Algorithm algorithm = Algorithm::kEd25519);
    // From a 32-byte seed (Ed25519) or scalar (P-256); nothing when it is not one.
    [[nodiscard]] static std::optional<SigningKey> from_seed(Algorithm algorithm, BytesView seed);

    SigningKey(SigningKey&&) noexcept;
    SigningKey& operator=(SigningKey&&) noexcept;
    SigningKey(const SigningKey&) = delete;
    SigningKey& operator=(const SigningKey&) = delete;
    ~SigningKey();

    [[nodiscard]] Algorithm algorithm() const;
    [[nodiscard]] const Bytes& public_key() const;
    // The 32 bytes that from_seed() takes. Secret: whoever asks for them wipes them.
    [[nodiscard]] Bytes seed() const;
    // 64 bytes, as verify() takes them. Deterministic for Ed25519, not for P-256.
    [[nodiscard]] Bytes sign(BytesView message) const;

 private:
    struct Secret;
    explicit SigningKey(std::unique_ptr<Secret> secret);
    std::unique_ptr<Secret> secret_;
};

}  // namespace consilium::crypto
