// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "base/bytes.hpp"
#include "crypto/secret.hpp"

// RFC 7748 on OpenSSL. Keys and shared secrets are 32 bytes.
namespace consilium::crypto::x25519 {

inline constexpr std::size_t kKeyBytes = 32;

// `secret` is kKeyBytes long; any bytes are a secret key.
[[nodiscard]] Bytes public_key_of(BytesView secret);

// Nothing when `public_key` is not kKeyBytes long or is a point of small order, which would make
// the result zero (RFC 7748, section 6.1; RFC 9180, section 7.1.4).
[[nodiscard]] std::optional<SecretBytes> shared_secret(BytesView secret, BytesView public_key);

}  // namespace consilium::crypto::x25519
