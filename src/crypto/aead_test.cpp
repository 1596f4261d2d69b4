// SPDX-License-Identifier: Apache-2.0
#include "crypto/aead.hpp"

#include <gtest/gtest.h>

#include "base/hex.hpp"

namespace consilium::crypto {
namespace {

struct KnownAnswer {
    Aead aead;
    const char* sealed;
};

// Key of 'k', nonce of 'n', "aad", "plain"; the values are of a peer (pyca/cryptography).
constexpr KnownAnswer kKnown[] = {
    {Aead::kAes256Gcm, "e85786d97f014d37b57f64e94d004647de2eacd0f9"},
    {Aead::kAes128Gcm, "4b902bcf6dc8c51ecc421b0d15f038233c8c2c3b86"},
    {Aead::kChaCha20Poly1305, "fe935f3bac9ccf6bc720dd93fdb92845166ea1dd5a"},
};

TEST(Aead, KnownAnswersAndEveryBitCounts) {
    const Bytes nonce(kAeadNonceBytes, 'n');
    for (const KnownAnswer& known : kKnown) {
        const Bytes key(aead_key_bytes(known.aead), 'k');
        const Bytes sealed = aead_seal(known.aead, key, nonce, "aad", "plain");
        EXPECT_EQ(to_hex(sealed), known.sealed);
        const auto opened = aead_open(known.aead, key, nonce, "aad", sealed);
        ASSERT_TRUE(opened.has_value());
        EXPECT_EQ(opened->view(), "plain");
        for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
            Bytes altered = sealed;
            altered[bit / 8] = static_cast<char>(altered[bit / 8] ^ (1 << (bit % 8)));
            EXPECT_FALSE(aead_open(known.aead, key, nonce, "aad", altered).has_value());
        }
        for (std::size_t size = 0; size < sealed.size(); ++size)
            EXPECT_FALSE(
                aead_open(known.aead, key, nonce, "aad", sealed.substr(0, size)).has_value());
        EXPECT_FALSE(aead_open(known.aead, key, nonce, "aae", sealed).has_value());
        EXPECT_FALSE(aead_open(known.aead, key, nonce, "", sealed).has_value());
        EXPECT_FALSE(
            aead_open(known.aead, key, Bytes(kAeadNonceBytes, 'm'), "aad", sealed).has_value());
        EXPECT_FALSE(
            aead_open(known.aead, Bytes(key.size(), 'j'), nonce, "aad", sealed).has_value());
    }
}

TEST(Aead, OneKeySealsAndOpensInTurn) {
    AeadKey key(Aead::kAes256Gcm, Bytes(32, 'k'));
    Bytes sealed = "kept|";
    key.seal_to(sealed, Bytes(12, 'a'), {}, {});
    EXPECT_EQ(sealed.size(), 5 + kAeadTagBytes);
    Bytes opened = "kept";
    EXPECT_FALSE(key.open_to(opened, Bytes(12, 'b'), {}, BytesView(sealed).substr(5)));
    EXPECT_EQ(opened, "kept");
    EXPECT_TRUE(key.open_to(opened, Bytes(12, 'a'), {}, BytesView(sealed).substr(5)));
    Bytes second;
    key.seal_to(second, Bytes(12, 'c'), "x", "text");
    EXPECT_TRUE(key.open_to(opened, Bytes(12, 'c'), "x", second));
    EXPECT_EQ(opened, "kepttext");
}

TEST(CounterCipher, IsAesCtrAtEveryOffset) {
    const CounterCipher cipher(SecretBytes(Bytes(32, 'k')));
    Bytes stream(48, '\0');
    cipher.apply(0, stream.data(), stream.size());
    EXPECT_EQ(to_hex(stream),
              "dec1406885cc4117b0f7a45ea8708be07dca1020fe8e1883da3338ab0f3f2e6e"
              "e06ef0a9c7af143a2f1e12f0b1c57301");
    for (std::size_t begin = 0; begin < stream.size(); ++begin) {
        for (std::size_t end = begin; end <= stream.size(); ++end) {
            Bytes part = stream.substr(begin, end - begin);
            cipher.apply(begin, part.data(), part.size());
            EXPECT_EQ(part, Bytes(part.size(), '\0'));
        }
    }
    Bytes far(16, '\0');
    cipher.apply(std::uint64_t{1} << 44U, far.data(), far.size());
    EXPECT_EQ(to_hex(far), "7726dc5eca66c10866aa795e4f3e4fd5");
}

TEST(SecretBytes, MovesLeaveNothing) {
    SecretBytes first("a secret of more than sixteen bytes");
    SecretBytes second = std::move(first);
    EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move): that is the test
    EXPECT_EQ(second.copy().view(), second.view());
    EXPECT_TRUE(equal_in_constant_time("ab", "ab"));
    EXPECT_FALSE(equal_in_constant_time("ab", "ac"));
    EXPECT_FALSE(equal_in_constant_time("ab", "abc"));
}

}  // namespace
}  // namespace consilium::crypto
