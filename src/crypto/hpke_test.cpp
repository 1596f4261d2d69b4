// SPDX-License-Identifier: Apache-2.0
#include "crypto/hpke.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include "base/hex.hpp"
#include "crypto/x25519.hpp"

namespace consilium::crypto::hpke {
namespace {

Bytes hex(std::string_view text) {
    return from_hex(text).value();
}

const Bytes& info() {
    static const Bytes value = hex("4f6465206f6e2061204772656369616e2055726e");
    return value;
}

Bytes shake_128(BytesView input, std::size_t size) {
    Bytes out(size, '\0');
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    EXPECT_EQ(EVP_DigestInit_ex(context, EVP_shake128(), nullptr), 1);
    EXPECT_EQ(EVP_DigestUpdate(context, input.data(), input.size()), 1);
    EXPECT_EQ(EVP_DigestFinalXOF(context, reinterpret_cast<unsigned char*>(out.data()), size), 1);
    EVP_MD_CTX_free(context);
    return out;
}

// A source of inputs of 0..255 bytes: the bytes of SHAKE128 of nothing, a length and then as many.
class Inputs {
 public:
    BytesView next() {
        const auto size = static_cast<std::uint8_t>(bytes_[at_]);
        const BytesView out = BytesView(bytes_).substr(at_ + 1, size);
        at_ += 1 + std::size_t{size};
        return out;
    }

 private:
    Bytes bytes_ = shake_128({}, std::size_t{2000} * 256);
    std::size_t at_ = 0;
};

struct BaseVector {
    Aead aead;
    const char* ikm_e;
    const char* ikm_r;
    const char* sk_r;
    const char* pk_r;
    const char* enc;
    const char* encryptions;
    const char* exports;
};

// The keys of RFC 9180's vectors for X25519 and HKDF-SHA256 in mode base (A.1.1, A.2.1, and for
// AES-256-GCM from the file of vectors that the RFC names). What they seal and export is put
// together as the Go library's tests do: SHAKE128 over the results for 1,000 inputs.
constexpr BaseVector kBase[] = {
    {Aead::kAes128Gcm, "7268600d403fce431561aef583ee1613527cff655c1343f29812e66706df3234",
     "6db9df30aa07dd42ee5e8181afdb977e538f5e1fec8a06223f33f7013e525037",
     "4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8",
     "3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d",
     "37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431",
     "dcabb32ad8e8acea785275323395abd0", "45db490fc51c86ba46cca1217f66a75e"},
    {Aead::kAes256Gcm, "2cd7c601cefb3d42a62b04b7a9041494c06c7843818e0ce28a8f704ae7ab20f9",
     "dac33b0e9db1b59dbbea58d59a14e7b5896e9bdf98fad6891e99d1686492b9ee",
     "497b4502664cfea5d5af0b39934dac72242a74f8480451e1aee7d6a53320333d",
     "430f4b9859665145a6b1ba274024487bd66f03a2dd577d7753c68d7d7d00c00c",
     "6c93e09869df3402d7bf231bf540fadd35cd56be14f97178f0954db94b7fc256",
     "1702e73e1e71705faa8241022af1deea", "5cb678bf1c52afbd9afb58b8f7c1ced3"},
    {Aead::kChaCha20Poly1305, "909a9b35d3dc4713a5e72a4da274b55d3d3821a37e5d099e74a647db583a904b",
     "1ac01f181fdf9f352797655161c58b75c656a6cc2716dcb66372da835542e1df",
     "8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb",
     "4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a",
     "1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a",
     "225fb3d35da3bb25e4371bcee4273502", "54e2189c04100b583c84452f94eb9a4a"},
};

TEST(Hpke, VectorsInModeBase) {
    for (const BaseVector& vector : kBase) {
        const KeyPair recipient = derive_key_pair(hex(vector.ikm_r));
        EXPECT_EQ(to_hex(recipient.secret.view()), vector.sk_r);
        EXPECT_EQ(to_hex(recipient.public_key), vector.pk_r);
        auto sender = start_sender_with(vector.aead, derive_key_pair(hex(vector.ikm_e)),
                                        recipient.public_key, {info(), {}});
        ASSERT_TRUE(sender.has_value());
        EXPECT_EQ(to_hex(sender->encapsulated), vector.enc);
        auto receiver = start_recipient(vector.aead, recipient, sender->encapsulated, {info(), {}});
        ASSERT_TRUE(receiver.has_value());
        Bytes sealed_all;
        Inputs inputs;
        for (int i = 0; i < 1000; ++i) {
            const BytesView associated = inputs.next();
            const BytesView plaintext = inputs.next();
            const Bytes sealed = sender->context.seal(associated, plaintext);
            sealed_all += sealed;
            const auto opened = receiver->open(associated, sealed);
            ASSERT_TRUE(opened.has_value());
            EXPECT_EQ(opened->view(), plaintext);
        }
        EXPECT_EQ(to_hex(shake_128(sealed_all, 16)), vector.encryptions);
        Bytes exported_all;
        Inputs contexts;
        for (std::size_t size = 0; size < 1000; ++size) {
            const BytesView context = contexts.next();
            const SecretBytes exported = sender->context.export_secret(context, size);
            exported_all += exported.view();
            EXPECT_EQ(receiver->export_secret(context, size).view(), exported.view());
        }
        EXPECT_EQ(to_hex(shake_128(exported_all, 16)), vector.exports);
    }
}

struct Sealed {
    int sequence;
    const char* ciphertext;
};

// RFC 9180, appendix A.1.3: mode auth with AES-128-GCM.
TEST(Hpke, VectorInModeAuth) {
    constexpr Sealed kSealed[] = {
        {0,
         "5fd92cc9d46dbf8943e72a07e42f363ed5f721212cd90bcfd072bfd9f44e06b8"
         "0fd17824947496e21b680c141b"},
        {1,
         "d3736bb256c19bfa93d79e8f80b7971262cb7c887e35c26370cfed62254369a1"
         "b52e3d505b79dd699f002bc8ed"},
        {2,
         "122175cfd5678e04894e4ff8789e85dd381df48dcaf970d52057df2c9acc3b12"
         "1313a2bfeaa986050f82d93645"},
        {4,
         "dae12318660cf963c7bcbef0f39d64de3bf178cf9e585e756654043cc5059873"
         "bc8af190b72afc43d1e0135ada"},
        {255,
         "55d53d85fe4d9e1e97903101eab0b4865ef20cef28765a47f840ff99625b7d69"
         "dee927df1defa66a036fc58ff2"},
        {256,
         "42fa248a0e67ccca688f2b1d13ba4ba84755acf764bd797c8f7ba3b9b1dc3330"
         "326f8d172fef6003c79ec72319"},
    };
    const KeyPair recipient =
        derive_key_pair(hex("f1d4a30a4cef8d6d4e3b016e6fd3799ea057db4f345472ed302a67ce1c20cdec"));
    const KeyPair own =
        derive_key_pair(hex("94b020ce91d73fca4649006c7e7329a67b40c55e9e93cc907d282bbbff386f58"));
    EXPECT_EQ(to_hex(recipient.secret.view()),
              "fdea67cf831f1ca98d8e27b1f6abeb5b7745e9d35348b80fa407ff6958f9137e");
    EXPECT_EQ(to_hex(own.public_key),
              "8b0c70873dc5aecb7f9ee4e62406a397b350e57012be45cf53b7105ae731790b");
    auto sender = start_sender_with(
        Aead::kAes128Gcm,
        derive_key_pair(hex("6e6d8f200ea2fb20c30b003a8b4f433d2f4ed4c2658d5bc8ce2fef718059c9f7")),
        recipient.public_key, {info(), own.secret.view()});
    ASSERT_TRUE(sender.has_value());
    EXPECT_EQ(to_hex(sender->encapsulated),
              "23fb952571a14a25e3d678140cd0e5eb47a0961bb18afcf85896e5453c312e76");
    const Bytes plaintext = hex("4265617574792069732074727574682c20747275746820626561757479");
    std::size_t next = 0;
    for (int sequence = 0; sequence <= 256; ++sequence) {
        const Bytes sealed = sender->context.seal("Count-" + std::to_string(sequence), plaintext);
        if (kSealed[next].sequence != sequence) continue;
        EXPECT_EQ(to_hex(sealed), kSealed[next].ciphertext);
        ++next;
    }
    EXPECT_EQ(next, std::size(kSealed));
    EXPECT_EQ(to_hex(sender->context.export_secret("TestContext", 32).view()),
              "5a0131813abc9a522cad678eb6bafaabc43389934adb8097d23c5ff68059eb64");
    auto receiver = start_recipient(Aead::kAes128Gcm, recipient, sender->encapsulated,
                                    {info(), own.public_key});
    ASSERT_TRUE(receiver.has_value());
    EXPECT_TRUE(receiver->open("Count-0", hex(kSealed[0].ciphertext)).has_value());
}

// Made with npm @hpke/core 1.9.0 from keys derived of 32 bytes 'r', 's' and 'e'.
TEST(Hpke, PeerWithAes256Gcm) {
    const KeyPair recipient = derive_key_pair(Bytes(32, 'r'));
    const KeyPair own = derive_key_pair(Bytes(32, 's'));
    EXPECT_EQ(to_hex(recipient.public_key),
              "37fac70f3c86f2fa01f80f8c8191779124d997ec7f1067e7da0e7fa69892a901");
    const char* const sealed[2][4] = {
        {"2b5f4af6f568ce81c17d825f051be1c5814b5f5ed1", "b83d8e33418a8683aefb75df6489a2e1",
         "57e397e8e71705d61f1c158e23b2476403ee508785",
         "e8adb482a45d1c75d36be4c1b6b2b7aacac9a9005ca3c9aa2fb0b07b6140fa31"
         "100bb7a135a354c9836ed815dca05ae9"},
        {"72d07c16b19396bef9e5c583693c1b95b5a1c4662d", "0c686c0a86f0ddb69c0244ccef63e3c5",
         "66fbffedd57253568d95033aefe0a85c4b095a800d",
         "c14a3d13a5ef4e0180cf9b38d735ca1f764ffa464509d4ec5fd95b9481b210ad"
         "47d3edd82cf5b5475098b575079f174b"},
    };
    for (const int auth : {0, 1}) {
        auto receiver = start_recipient(
            Aead::kAes256Gcm, recipient,
            hex("5e5ac6728c564f1e3f515d65e4e6a0f13937c35a1c8026a5108a20bab3abfb10"),
            {"consilium hpke peer", auth == 1 ? BytesView(own.public_key) : BytesView()});
        ASSERT_TRUE(receiver.has_value());
        EXPECT_EQ(receiver->open("a", hex(sealed[auth][0]))->view(), "first");
        EXPECT_EQ(receiver->open("b", hex(sealed[auth][1]))->view(), "");
        EXPECT_EQ(receiver->open("", hex(sealed[auth][2]))->view(), "third");
        EXPECT_EQ(to_hex(receiver->export_secret("context", 48).view()), sealed[auth][3]);
    }
}

class HpkeAdversary : public ::testing::Test {
 protected:
    KeyPair recipient = generate_key_pair();
    KeyPair own = generate_key_pair();
    KeyPair other = generate_key_pair();

    bool opens(const KeyPair& to, BytesView encapsulated, const Modes& modes, BytesView sealed) {
        auto context = start_recipient(Aead::kAes256Gcm, to, encapsulated, modes);
        return context && context->open("aad", sealed).has_value();
    }
};

TEST_F(HpkeAdversary, EverythingIsBound) {
    auto sender = start_sender(Aead::kAes256Gcm, recipient.public_key, {"info", own.secret.view()});
    ASSERT_TRUE(sender.has_value());
    const Bytes& enc = sender->encapsulated;
    const Bytes sealed = sender->context.seal("aad", "a document's key");
    EXPECT_TRUE(opens(recipient, enc, {"info", own.public_key}, sealed));
    EXPECT_FALSE(opens(recipient, enc, {"inf0", own.public_key}, sealed));
    EXPECT_FALSE(opens(recipient, enc, {"info", other.public_key}, sealed));
    EXPECT_FALSE(opens(recipient, enc, {"info", {}}, sealed));
    EXPECT_FALSE(opens(other, enc, {"info", own.public_key}, sealed));
    for (std::size_t i = 0; i < enc.size(); ++i) {
        Bytes altered = enc;
        altered[i] = static_cast<char>(altered[i] ^ 1);
        EXPECT_FALSE(opens(recipient, altered, {"info", own.public_key}, sealed));
        EXPECT_FALSE(opens(recipient, enc.substr(0, i), {"info", own.public_key}, sealed));
    }
    EXPECT_FALSE(opens(recipient, enc + "x", {"info", own.public_key}, sealed));
    for (std::size_t i = 0; i < sealed.size(); ++i) {
        Bytes altered = sealed;
        altered[i] = static_cast<char>(altered[i] ^ 0x80);
        EXPECT_FALSE(opens(recipient, enc, {"info", own.public_key}, altered));
    }
}

// X25519 does not use the top bit of a public key; the KEM's context covers it all the same.
TEST_F(HpkeAdversary, TheUnusedBitOfAKeyCounts) {
    auto sender = start_sender(Aead::kAes256Gcm, recipient.public_key, {"info", {}});
    const Bytes sealed = sender->context.seal("aad", "text");
    Bytes enc = sender->encapsulated;
    EXPECT_TRUE(opens(recipient, enc, {"info", {}}, sealed));
    enc[31] = static_cast<char>(enc[31] ^ 0x80);
    EXPECT_FALSE(opens(recipient, enc, {"info", {}}, sealed));
}

TEST_F(HpkeAdversary, PointsOfSmallOrderAreRefused) {
    const char* const points[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    };
    for (const char* point : points) {
        EXPECT_FALSE(x25519::shared_secret(own.secret.view(), hex(point)).has_value());
        EXPECT_FALSE(start_sender(Aead::kAes256Gcm, hex(point), {"", {}}).has_value());
        EXPECT_FALSE(
            start_recipient(Aead::kAes256Gcm, recipient, hex(point), {"", {}}).has_value());
        EXPECT_FALSE(
            start_recipient(Aead::kAes256Gcm, recipient, other.public_key, {"", hex(point)})
                .has_value());
    }
}

TEST_F(HpkeAdversary, MessagesOpenInTheirOrderOnly) {
    auto sender = start_sender(Aead::kAes256Gcm, recipient.public_key, {"info", {}});
    const Bytes first = sender->context.seal("", "first");
    const Bytes second = sender->context.seal("", "second");
    auto receiver =
        start_recipient(Aead::kAes256Gcm, recipient, sender->encapsulated, {"info", {}});
    EXPECT_FALSE(receiver->open("", second).has_value());
    EXPECT_TRUE(receiver->open("", first).has_value());
    EXPECT_FALSE(receiver->open("", first).has_value());
    EXPECT_TRUE(receiver->open("", second).has_value());
}

}  // namespace
}  // namespace consilium::crypto::hpke
