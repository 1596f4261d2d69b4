// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.hpp"
#include "crypto/sign.hpp"

namespace consilium::crypto::testing {

// An Ed25519 signature that ZIP-215 accepts and the strict rule refuses: its R carries a point of
// order 8. For tests: the nonce is not secret, so it gives the key away.
[[nodiscard]] Bytes torsion_signature(const SigningKey& key, BytesView message);

}  // namespace consilium::crypto::testing
