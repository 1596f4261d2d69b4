// SPDX-License-Identifier: Apache-2.0
#include "crypto/derive.hpp"

#include <gtest/gtest.h>

#include "base/hex.hpp"

namespace consilium::crypto {
namespace {

Bytes hex(std::string_view text) {
    return from_hex(text).value();
}

TEST(Hmac, Rfc4231Case2) {
    EXPECT_EQ(to_hex(hmac_sha256("Jefe", {"what do ya want ", "for nothing?"}).view()),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

// RFC 5869, appendix A.1 and A.3.
TEST(Hkdf, Rfc5869Cases1And3) {
    const Bytes input(22, '\x0b');
    const SecretBytes key = hkdf_extract(hex("000102030405060708090a0b0c"), input);
    EXPECT_EQ(to_hex(key.view()),
              "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5");
    EXPECT_EQ(to_hex(hkdf_expand(key.view(), hex("f0f1f2f3f4f5f6f7f8f9"), 42).view()),
              "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
              "34007208d5b887185865");
    EXPECT_EQ(to_hex(hkdf_expand(hkdf_extract({}, input).view(), {}, 42).view()),
              "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
              "9d201395faa4b61a96c8");
}

TEST(Hkdf, LongestOutput) {
    EXPECT_EQ(hkdf_expand("key", "info", std::size_t{255} * 32).size(), std::size_t{255} * 32);
}

// The first value is of a peer: argon2 -id -t 3 -k 64 -p 1 -l 32.
TEST(Argon2id, PassphraseSaltAndCostAllCount) {
    const Bytes salt(16, 's');
    const Argon2idCost cost{3, 64};
    const auto key = argon2id("passphrase", salt, cost, 32);
    ASSERT_TRUE(key.has_value());
    EXPECT_EQ(to_hex(key->view()),
              "8f4a7df1cb4fcd49565b3a9188abfdffa2849f22e2d77d2ba2f0022a8d949a5f");
    EXPECT_NE(argon2id("passphrasf", salt, cost, 32)->view(), key->view());
    EXPECT_NE(argon2id("passphrase", Bytes(16, 't'), cost, 32)->view(), key->view());
    EXPECT_NE(argon2id("passphrase", salt, {4, 64}, 32)->view(), key->view());
    EXPECT_NE(argon2id("passphrase", salt, {3, 65}, 32)->view(), key->view());
}

TEST(Argon2id, CostsHaveLimits) {
    EXPECT_TRUE(is_argon2id_cost({1, kArgon2idMemoryKibMin}));
    EXPECT_TRUE(is_argon2id_cost({kArgon2idPassesMax, kArgon2idMemoryKibMax}));
    EXPECT_FALSE(is_argon2id_cost({0, kArgon2idMemoryKibMin}));
    EXPECT_FALSE(is_argon2id_cost({kArgon2idPassesMax + 1, kArgon2idMemoryKibMin}));
    EXPECT_FALSE(is_argon2id_cost({1, kArgon2idMemoryKibMin - 1}));
    EXPECT_FALSE(is_argon2id_cost({1, kArgon2idMemoryKibMax + 1}));
}

}  // namespace
}  // namespace consilium::crypto
