// SPDX-License-Identifier: Apache-2.0
#include "crypto/ed25519.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>

#include "base/assert.hpp"
#include "crypto/octets.hpp"
#include "crypto/sign.hpp"
#include "crypto/sodium.hpp"

namespace consilium::crypto {
namespace {

using Encoded = std::array<unsigned char, 32>;

// L = 2^252 + 27742317777372353535851937790883648493, little-endian.
constexpr Encoded kOrder = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
                            0xa2, 0xde, 0xf9, 0xde, 0x14, 0,    0,    0,    0,    0,    0,
                            0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};
// p = 2^255 - 19, little-endian.
constexpr Encoded kFieldPrime = {0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f};
constexpr Encoded kIdentity = {1};

bool less(const Encoded& a, const Encoded& b) {
    return std::lexicographical_compare(a.rbegin(), a.rend(), b.rbegin(), b.rend());
}

// The canonical encoding of the point that ZIP-215 reads from any 32 bytes: y may be given as y + p
// (only y < 19 has room for that), and x = 0 may carry a sign. Nothing else is changed, and bytes
// that are no point stay none.
Encoded canonical_encoding(BytesView bytes) {
    Encoded out;
    std::copy_n(data_of(bytes), out.size(), out.begin());
    const unsigned char sign = out[31] & 0x80U;
    out[31] &= 0x7fU;
    if (!less(out, kFieldPrime)) {
        // 2^255 - 19 + k with 0 <= k < 19: the low byte is 0xed + k, all others are p's.
        const auto k = static_cast<unsigned char>(out[0] - 0xedU);
        out = Encoded{k};
    }
    // x = 0 holds exactly for y = 1 and y = -1.
    Encoded minus_one = kFieldPrime;
    minus_one[0] -= 1;
    const bool x_is_zero = out == kIdentity || out == minus_one;
    if (!x_is_zero) out[31] |= sign;
    return out;
}

// p + q, complete for every pair of curve points; false when one is not on the curve.
bool add(Encoded& out, const Encoded& p, const Encoded& q) {
    return crypto_core_ed25519_add(out.data(), p.data(), q.data()) == 0;
}

// 8 p: in the prime-order subgroup, whatever p was.
bool times_eight(Encoded& point) {
    return add(point, point, point) && add(point, point, point) && add(point, point, point);
}

// [scalar] point for a point of the prime-order subgroup. libsodium refuses the identity as input
// and as result, so those cases are told apart here.
bool multiply(Encoded& out, const Encoded& scalar, const Encoded& point) {
    if (sodium_is_zero(scalar.data(), scalar.size()) != 0 || point == kIdentity) {
        out = kIdentity;
        return true;
    }
    return crypto_scalarmult_ed25519_noclamp(out.data(), scalar.data(), point.data()) == 0;
}

// [8][s]B == [8]R + [8][k]A with k = SHA-512(R || A || M) over the encodings as given, s < L.
bool verify_cofactored(BytesView key, BytesView message, BytesView signature) {
    Encoded s;
    std::copy_n(data_of(signature) + 32, s.size(), s.begin());
    if (!less(s, kOrder)) return false;

    Encoded a8 = canonical_encoding(key);
    Encoded r8 = canonical_encoding(signature.substr(0, 32));
    if (!times_eight(a8) || !times_eight(r8)) return false;

    std::array<unsigned char, crypto_hash_sha512_BYTES> digest{};
    crypto_hash_sha512_state hash;
    crypto_hash_sha512_init(&hash);
    crypto_hash_sha512_update(&hash, data_of(signature), 32);
    crypto_hash_sha512_update(&hash, data_of(key), key.size());
    crypto_hash_sha512_update(&hash, data_of(message), message.size());
    crypto_hash_sha512_final(&hash, digest.data());
    Encoded k;
    crypto_core_ed25519_scalar_reduce(k.data(), digest.data());

    Encoded left = kIdentity;
    if (sodium_is_zero(s.data(), s.size()) == 0 &&
        crypto_scalarmult_ed25519_base_noclamp(left.data(), s.data()) != 0) {
        return false;
    }
    Encoded right;
    return times_eight(left) && multiply(right, k, a8) && add(right, right, r8) && left == right;
}

}  // namespace

namespace ed25519 {

bool is_public_key(BytesView key) {
    require_sodium();
    return key.size() == kPublicKeyBytes && crypto_core_ed25519_is_valid_point(data_of(key)) == 1;
}

Bytes keypair(BytesView seed, Bytes& secret) {
    require_sodium();
    CONSILIUM_ASSERT(seed.size() == kSeedBytes);
    Bytes key(kPublicKeyBytes, '\0');
    secret.resize(kSecretKeyBytes);
    CONSILIUM_ASSERT(crypto_sign_seed_keypair(reinterpret_cast<unsigned char*>(key.data()),
                                              reinterpret_cast<unsigned char*>(secret.data()),
                                              data_of(seed)) == 0);
    return key;
}

Bytes sign(BytesView secret, BytesView message) {
    CONSILIUM_ASSERT(secret.size() == kSecretKeyBytes);
    Bytes signature(kSignatureBytes, '\0');
    CONSILIUM_ASSERT(crypto_sign_detached(reinterpret_cast<unsigned char*>(signature.data()),
                                          nullptr, data_of(message), message.size(),
                                          data_of(secret)) == 0);
    return signature;
}

bool verify(BytesView key, BytesView message, BytesView signature) {
    require_sodium();
    return key.size() == kPublicKeyBytes && signature.size() == kSignatureBytes &&
           crypto_sign_verify_detached(data_of(signature), data_of(message), message.size(),
                                       data_of(key)) == 0;
}

}  // namespace ed25519

bool verify_zip215(BytesView key, BytesView message, BytesView signature) {
    if (key.size() != ed25519::kPublicKeyBytes || signature.size() != ed25519::kSignatureBytes)
        return false;
    // Whatever the strict rule accepts, the cofactored equation accepts as well.
    return ed25519::verify(key, message, signature) || verify_cofactored(key, message, signature);
}

}  // namespace consilium::crypto
