// SPDX-License-Identifier: Apache-2.0
#include "crypto/sign.hpp"

#include <gtest/gtest.h>

#include "base/hex.hpp"

namespace consilium::crypto {
namespace {

Bytes hex(std::string_view text) {
    return from_hex(text).value();
}

void expect_every_bit_counts(Algorithm algorithm, const Bytes& key, const Bytes& message,
                             const Bytes& signature) {
    ASSERT_TRUE(verify(algorithm, key, message, signature));
    for (std::size_t bit = 0; bit < signature.size() * 8; ++bit) {
        Bytes bad = signature;
        bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
        EXPECT_FALSE(verify(algorithm, key, message, bad)) << bit;
    }
    for (std::size_t bit = 0; bit < key.size() * 8; ++bit) {
        Bytes bad = key;
        bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
        EXPECT_FALSE(verify(algorithm, bad, message, signature)) << bit;
    }
    EXPECT_FALSE(verify(algorithm, key, message + "x", signature));
    EXPECT_FALSE(verify(algorithm, key, message, signature + "x"));
    EXPECT_FALSE(verify(algorithm, key, message, signature.substr(1)));
    EXPECT_FALSE(verify(algorithm, key + "x", message, signature));
    EXPECT_FALSE(verify(algorithm, {}, message, {}));
}

TEST(Sign, AlgorithmIdsAreFixed) {
    EXPECT_EQ(algorithm_from_id(1), Algorithm::kEd25519);
    EXPECT_EQ(algorithm_from_id(2), Algorithm::kP256Sha256);
    EXPECT_EQ(algorithm_from_id(0), std::nullopt);
    EXPECT_EQ(algorithm_from_id(3), std::nullopt);
}

// RFC 8032 section 7.1, tests 1 to 3.
TEST(Ed25519, Rfc8032Vectors) {
    const std::array<std::array<std::string_view, 4>, 3> vectors = {{
        {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
         "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
         "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701"
         "c"
         "f9b46bd25bf5f0595bbe24655141438e7a100b"},
        {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
         "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
         "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d"
         "0"
         "f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
        {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
         "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
         "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f7609"
         "8"
         "4dc6594a7c15e9716ed28dc027beceea1ec40a"},
    }};
    for (const auto& [seed, key, message, signature] : vectors) {
        const auto made = SigningKey::from_seed(Algorithm::kEd25519, hex(seed));
        ASSERT_TRUE(made.has_value());
        EXPECT_EQ(made->public_key(), hex(key));
        EXPECT_EQ(made->seed(), hex(seed));
        EXPECT_EQ(made->sign(hex(message)), hex(signature));
        EXPECT_TRUE(verify(Algorithm::kEd25519, hex(key), hex(message), hex(signature)));
    }
}

TEST(Ed25519, EveryBitCounts) {
    const auto key = SigningKey::from_seed(Algorithm::kEd25519, Bytes(32, 'k'));
    expect_every_bit_counts(Algorithm::kEd25519, key->public_key(), "message",
                            key->sign("message"));
}

TEST(Ed25519, SmallOrderAndNonCanonicalKeysAreNone) {
    for (const std::string_view key : {
             "0100000000000000000000000000000000000000000000000000000000000000",
             "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
             "0000000000000000000000000000000000000000000000000000000000000000",
             "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
             "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
             "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
             "f6ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
         }) {
        EXPECT_FALSE(is_public_key(Algorithm::kEd25519, hex(key))) << key;
    }
    EXPECT_FALSE(is_public_key(Algorithm::kEd25519, Bytes(31, 'k')));
    const SigningKey key = SigningKey::generate();
    EXPECT_TRUE(is_public_key(Algorithm::kEd25519, key.public_key()));
    EXPECT_FALSE(is_public_key(Algorithm::kP256Sha256, key.public_key()));
}

// RFC 6979 appendix A.2.5: private scalar, its public key, and the deterministic signature of
// "sample" with SHA-256, whose s lies in the upper half and is written as n - s by us.
constexpr std::string_view kScalar =
    "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721";
constexpr std::string_view kPublic =
    "0360fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6";
constexpr std::string_view kR = "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716";
constexpr std::string_view kHighS =
    "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8";
constexpr std::string_view kLowS =
    "0834e36ad29a83bf2bc9385e491d6099c8fdf9d1ed67aa7ea5f51f93782857a9";

TEST(P256, Rfc6979VectorInItsLowForm) {
    const auto key = SigningKey::from_seed(Algorithm::kP256Sha256, hex(kScalar));
    ASSERT_TRUE(key.has_value());
    EXPECT_EQ(key->public_key(), hex(kPublic));
    EXPECT_EQ(key->seed(), hex(kScalar));
    EXPECT_TRUE(verify(Algorithm::kP256Sha256, hex(kPublic), "sample", hex(kR) + hex(kLowS)));
    EXPECT_FALSE(verify(Algorithm::kP256Sha256, hex(kPublic), "sample", hex(kR) + hex(kHighS)));
}

TEST(P256, EveryBitCounts) {
    expect_every_bit_counts(Algorithm::kP256Sha256, hex(kPublic), "sample", hex(kR) + hex(kLowS));
}

TEST(P256, OurSignaturesAreRightAndLow) {
    const auto key = SigningKey::from_seed(Algorithm::kP256Sha256, hex(kScalar));
    for (int i = 0; i < 32; ++i) {
        const Bytes message = "m" + std::to_string(i);
        EXPECT_TRUE(verify(Algorithm::kP256Sha256, key->public_key(), message, key->sign(message)));
    }
}

TEST(P256, ScalarsAndPointsOutOfRangeAreRefused) {
    const Bytes order = hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
    Bytes below = order;
    below.back() = static_cast<char>(below.back() - 1);
    EXPECT_FALSE(SigningKey::from_seed(Algorithm::kP256Sha256, Bytes(32, '\0')).has_value());
    EXPECT_FALSE(SigningKey::from_seed(Algorithm::kP256Sha256, order).has_value());
    EXPECT_TRUE(SigningKey::from_seed(Algorithm::kP256Sha256, below).has_value());
    EXPECT_FALSE(SigningKey::from_seed(Algorithm::kP256Sha256, Bytes(31, 'k')).has_value());

    EXPECT_TRUE(is_public_key(Algorithm::kP256Sha256, hex(kPublic)));
    EXPECT_FALSE(is_public_key(Algorithm::kP256Sha256, "\x04" + hex(kPublic).substr(1)));
    EXPECT_FALSE(is_public_key(Algorithm::kP256Sha256, "\x02" + Bytes(32, '\xff')));
    EXPECT_FALSE(is_public_key(Algorithm::kP256Sha256, Bytes(33, '\0')));
    EXPECT_FALSE(is_public_key(Algorithm::kP256Sha256, Bytes(1, '\0')));
    for (const Bytes& bad : {Bytes(64, '\0'), hex(kR) + Bytes(32, '\0'),
                             Bytes(32, '\0') + hex(kLowS), order + hex(kLowS), hex(kR) + order}) {
        EXPECT_FALSE(verify(Algorithm::kP256Sha256, hex(kPublic), "sample", bad));
    }
}

TEST(SigningKey, GeneratedKeysWorkAndDiffer) {
    for (const Algorithm algorithm : {Algorithm::kEd25519, Algorithm::kP256Sha256}) {
        SigningKey first = SigningKey::generate(algorithm);
        const SigningKey second = SigningKey::generate(algorithm);
        EXPECT_EQ(first.algorithm(), algorithm);
        EXPECT_NE(first.public_key(), second.public_key());
        EXPECT_TRUE(is_public_key(algorithm, first.public_key()));
        const Bytes signature = first.sign("m");
        EXPECT_TRUE(verify(algorithm, first.public_key(), "m", signature));
        EXPECT_FALSE(verify(algorithm, second.public_key(), "m", signature));
        const SigningKey moved = std::move(first);
        EXPECT_TRUE(verify(algorithm, moved.public_key(), "m", moved.sign("m")));
    }
}

}  // namespace
}  // namespace consilium::crypto
