// SPDX-License-Identifier: Apache-2.0
#include "crypto/testing/torsion.hpp"

#include <sodium.h>

#include <array>
#include <cstring>

#include "base/assert.hpp"
#include "base/hex.hpp"

namespace consilium::crypto::testing {

Bytes torsion_signature(const SigningKey& key, BytesView message) {
    using Encoded = std::array<unsigned char, 32>;
    const Bytes seed = key.seed();
    std::array<unsigned char, 64> expanded{};
    crypto_hash_sha512(expanded.data(), reinterpret_cast<const unsigned char*>(seed.data()), 32);
    expanded[0] &= 248;
    expanded[31] = static_cast<unsigned char>((expanded[31] & 127) | 64);
    Encoded torsion{};
    const Bytes order8 =
        *from_hex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05");
    std::memcpy(torsion.data(), order8.data(), 32);
    const Encoded r = {7, 7, 7};
    Encoded point{};
    CONSILIUM_ASSERT(crypto_scalarmult_ed25519_base_noclamp(point.data(), r.data()) == 0);
    CONSILIUM_ASSERT(crypto_core_ed25519_add(point.data(), point.data(), torsion.data()) == 0);
    const Bytes encoded(reinterpret_cast<const char*>(point.data()), 32);
    const Bytes hashed = encoded + key.public_key() + Bytes(message);
    std::array<unsigned char, 64> digest{};
    crypto_hash_sha512(digest.data(), reinterpret_cast<const unsigned char*>(hashed.data()),
                       hashed.size());
    Encoded k{};
    Encoded a{};
    Encoded s{};
    crypto_core_ed25519_scalar_reduce(k.data(), digest.data());
    std::array<unsigned char, 64> wide{};
    std::memcpy(wide.data(), expanded.data(), 32);
    crypto_core_ed25519_scalar_reduce(a.data(), wide.data());
    crypto_core_ed25519_scalar_mul(s.data(), k.data(), a.data());
    crypto_core_ed25519_scalar_add(s.data(), s.data(), r.data());
    return encoded + Bytes(reinterpret_cast<const char*>(s.data()), 32);
}

}  // namespace consilium::crypto::testing
