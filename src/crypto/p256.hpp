// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "base/bytes.hpp"

// ECDSA on P-256 with SHA-256, on OpenSSL, behind sign.hpp.
namespace consilium::crypto::p256 {

inline constexpr std::size_t kScalarBytes = 32;
inline constexpr std::size_t kPublicKeyBytes = 33;  // compressed
inline constexpr std::size_t kSignatureBytes = 64;

[[nodiscard]] bool is_public_key(BytesView key);
// The compressed public key of a private scalar; nothing unless 0 < scalar < n.
[[nodiscard]] std::optional<Bytes> public_key_of(BytesView scalar);
[[nodiscard]] Bytes sign(BytesView scalar, BytesView public_key, BytesView message);
[[nodiscard]] bool verify(BytesView key, BytesView message, BytesView signature);

}  // namespace consilium::crypto::p256
