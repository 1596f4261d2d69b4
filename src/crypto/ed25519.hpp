// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.hpp"

// Ed25519 on libsodium, behind sign.hpp.
namespace consilium::crypto::ed25519 {

inline constexpr std::size_t kSeedBytes = 32;
inline constexpr std::size_t kPublicKeyBytes = 32;
inline constexpr std::size_t kSecretKeyBytes = 64;
inline constexpr std::size_t kSignatureBytes = 64;

[[nodiscard]] bool is_public_key(BytesView key);
// `secret` receives kSecretKeyBytes; returns the public key. `seed` is kSeedBytes long.
[[nodiscard]] Bytes keypair(BytesView seed, Bytes& secret);
[[nodiscard]] Bytes sign(BytesView secret, BytesView message);
[[nodiscard]] bool verify(BytesView key, BytesView message, BytesView signature);

}  // namespace consilium::crypto::ed25519
