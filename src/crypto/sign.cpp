// SPDX-License-Identifier: Apache-2.0
#include "crypto/sign.hpp"

#include <openssl/crypto.h>

#include <utility>

#include "base/assert.hpp"
#include "crypto/ed25519.hpp"
#include "crypto/p256.hpp"
#include "crypto/random.hpp"

namespace consilium::crypto {

std::optional<Algorithm> algorithm_from_id(std::uint32_t id) {
    if (id == 1) return Algorithm::kEd25519;
    if (id == 2) return Algorithm::kP256Sha256;
    return std::nullopt;
}

bool is_public_key(Algorithm algorithm, BytesView key) {
    switch (algorithm) {
        case Algorithm::kEd25519:
            return ed25519::is_public_key(key);
        case Algorithm::kP256Sha256:
            return p256::is_public_key(key);
    }
    return false;
}

bool verify(Algorithm algorithm, BytesView key, BytesView message, BytesView signature) {
    switch (algorithm) {
        case Algorithm::kEd25519:
            return ed25519::verify(key, message, signature);
        case Algorithm::kP256Sha256:
            return p256::verify(key, message, signature);
    }
    return false;
}

struct SigningKey::Secret {
    Algorithm algorithm = Algorithm::kEd25519;
    Bytes bytes;  // Ed25519: seed and public key as libsodium keeps them; P-256: the scalar
    Bytes public_key;

    Secret() = default;
    Secret(const Secret&) = delete;
    Secret& operator=(const Secret&) = delete;
    ~Secret() { OPENSSL_cleanse(bytes.data(), bytes.size()); }
};

SigningKey::SigningKey(std::unique_ptr<Secret> secret) : secret_(std::move(secret)) {}
SigningKey::SigningKey(SigningKey&&) noexcept = default;
SigningKey& SigningKey::operator=(SigningKey&&) noexcept = default;
SigningKey::~SigningKey() = default;

SigningKey SigningKey::generate(Algorithm algorithm) {
    while (true) {
        Bytes seed = random_bytes(32);
        auto key = from_seed(algorithm, seed);
        OPENSSL_cleanse(seed.data(), seed.size());
        // Only a P-256 scalar can be out of range, once in 2^32 draws.
        if (key) return std::move(*key);
    }
}

std::optional<SigningKey> SigningKey::from_seed(Algorithm algorithm, BytesView seed) {
    if (seed.size() != 32) return std::nullopt;
    auto secret = std::make_unique<Secret>();
    secret->algorithm = algorithm;
    if (algorithm == Algorithm::kEd25519) {
        secret->public_key = ed25519::keypair(seed, secret->bytes);
    } else {
        auto public_key = p256::public_key_of(seed);
        if (!public_key) return std::nullopt;
        secret->bytes = Bytes(seed);
        secret->public_key = std::move(*public_key);
    }
    return SigningKey(std::move(secret));
}

Algorithm SigningKey::algorithm() const {
    return secret_->algorithm;
}

const Bytes& SigningKey::public_key() const {
    return secret_->public_key;
}

Bytes SigningKey::seed() const {
    return secret_->bytes.substr(0, 32);
}

Bytes SigningKey::sign(BytesView message) const {
    return secret_->algorithm == Algorithm::kEd25519
               ? ed25519::sign(secret_->bytes, message)
               : p256::sign(secret_->bytes, secret_->public_key, message);
}

}  // namespace consilium::crypto
