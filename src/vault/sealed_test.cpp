// SPDX-License-Identifier: Apache-2.0
#include "vault/sealed.hpp"

#include <gtest/gtest.h>

#include "base/hex.hpp"
#include "crypto/hash.hpp"
#include "vault/key_wrap.hpp"

namespace consilium::vault {
namespace {

ledger::NetworkId network_of(char c) {
    ledger::NetworkId id;
    id.value.fill(static_cast<std::uint8_t>(c));
    return id;
}

DocumentName name_of(char c, std::uint32_t version) {
    DocumentName name;
    name.record.value.fill(static_cast<std::uint8_t>(c));
    name.version = version;
    return name;
}

const ledger::NetworkId kNetwork = network_of('n');
const DocumentName kName = name_of('r', 3);
const Bytes kKey(32, 'k');

Bytes seal(BytesView plaintext, std::size_t piece = 300'000) {
    Bytes out;
    SealStream stream(kNetwork, kName, kKey, [&](BytesView bytes) {
        out.append(bytes);
        return true;
    });
    for (std::size_t at = 0; at < plaintext.size(); at += piece)
        EXPECT_TRUE(stream.update(plaintext.substr(at, piece)).ok());
    EXPECT_TRUE(stream.finish().ok());
    EXPECT_EQ(out.size(), sealed_size(plaintext.size()));
    return out;
}

Result<Bytes, SealError> open(BytesView sealed, const ledger::NetworkId& network = kNetwork,
                              const DocumentName& name = kName, BytesView key = kKey,
                              std::size_t piece = 700'001) {
    Bytes out;
    OpenStream stream(network, name, key, [&](BytesView bytes) {
        out.append(bytes);
        return true;
    });
    for (std::size_t at = 0; at < sealed.size(); at += piece) {
        if (auto status = stream.update(sealed.substr(at, piece)); !status) {
            // An error stays.
            EXPECT_EQ(stream.update("x").error(), status.error());
            EXPECT_EQ(stream.finish().error(), status.error());
            return fail(status.error());
        }
    }
    if (auto status = stream.finish(); !status) return fail(status.error());
    return out;
}

Bytes plaintext_of(std::size_t size) {
    Bytes out(size, '\0');
    for (std::size_t i = 0; i < size; ++i)
        out[i] = static_cast<char>(i * 7 + (i >> 8U));
    return out;
}

TEST(Sealed, EverySizeRoundABoundaryInEveryPiece) {
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1}, std::size_t{650}, kChunkBytes - 1, kChunkBytes,
          kChunkBytes + 1, 2 * kChunkBytes, 2 * kChunkBytes + 1}) {
        const Bytes plaintext = plaintext_of(size);
        const Bytes sealed = seal(plaintext);
        EXPECT_EQ(seal(plaintext, kChunkBytes), sealed);
        EXPECT_EQ(open(sealed).value(), plaintext);
        EXPECT_EQ(open(sealed, kNetwork, kName, kKey, kChunkBytes + 16).value(), plaintext);
    }
    const Bytes small = plaintext_of(40);
    EXPECT_EQ(seal(small, 1), seal(small));
    EXPECT_EQ(open(seal(small), kNetwork, kName, kKey, 1).value(), small);
}

TEST(Sealed, EveryBitAndEveryLengthOfASmallOne) {
    const Bytes sealed = seal("a small document");
    for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
        Bytes altered = sealed;
        altered[bit / 8] = static_cast<char>(altered[bit / 8] ^ (1 << (bit % 8)));
        EXPECT_EQ(open(altered).error(), bit < 32 ? SealError::kNotSealed : SealError::kForged);
    }
    for (std::size_t size = 0; size < sealed.size(); ++size)
        EXPECT_FALSE(open(BytesView(sealed).substr(0, size)).ok());
    EXPECT_FALSE(open(sealed + "x").ok());
    EXPECT_FALSE(open(sealed + sealed).ok());
}

TEST(Sealed, NameNetworkAndKeyAreBound) {
    const Bytes sealed = seal("text");
    EXPECT_TRUE(open(sealed).ok());
    EXPECT_EQ(open(sealed, network_of('m')).error(), SealError::kForged);
    EXPECT_EQ(open(sealed, kNetwork, name_of('s', 3)).error(), SealError::kForged);
    EXPECT_EQ(open(sealed, kNetwork, name_of('r', 4)).error(), SealError::kForged);
    EXPECT_EQ(open(sealed, kNetwork, kName, Bytes(32, 'j')).error(), SealError::kForged);
}

// Chunks cut off at the end or the front, swapped, doubled, or taken out of the middle.
TEST(Sealed, ChunksStayInTheirPlaces) {
    constexpr std::size_t kSealed = kChunkBytes + 16;
    const Bytes sealed = seal(plaintext_of(3 * kChunkBytes + 5));
    const Bytes header = sealed.substr(0, 4);
    const auto chunk = [&](std::size_t i) { return sealed.substr(4 + i * kSealed, kSealed); };
    const Bytes last = chunk(3);
    ASSERT_EQ(header + chunk(0) + chunk(1) + chunk(2) + last, sealed);
    for (const Bytes& forged :
         {header + chunk(0) + chunk(1) + chunk(2), header + chunk(0), header + chunk(0) + last,
          header + chunk(1) + chunk(0) + chunk(2) + last, header + last,
          header + chunk(0) + chunk(0) + chunk(1) + chunk(2) + last,
          header + chunk(1) + chunk(2) + last, sealed + chunk(2), sealed + last}) {
        EXPECT_EQ(open(forged).error(), SealError::kForged);
    }
}

TEST(Sealed, AnEmptyChunkMoreIsNoSecondForm) {
    Bytes with_empty = seal(plaintext_of(kChunkBytes));
    // A sealer of ill will, with the key: the full chunk not last, and an empty one.
    crypto::AeadKey key(crypto::Aead::kAes256Gcm, kKey);
    Bytes prefix =
        "\x12"
        "consilium/sealed/1";
    prefix.append(kNetwork.view()).append(kName.record.view());
    append_be32(prefix, kName.version);
    const auto sealed_chunk = [&](BytesView text, char index, char last) {
        Bytes out;
        key.seal_to(out, Bytes(10, '\0') + index + last, prefix + Bytes(3, '\0') + index + last,
                    text);
        return out;
    };
    EXPECT_EQ(Bytes("CSD\x01") + sealed_chunk(plaintext_of(kChunkBytes), 0, 1), with_empty);
    EXPECT_EQ(
        open("CSD\x01" + sealed_chunk(plaintext_of(kChunkBytes), 0, 0) + sealed_chunk("", 1, 1))
            .error(),
        SealError::kForged);
    EXPECT_TRUE(
        open("CSD\x01" + sealed_chunk(plaintext_of(kChunkBytes), 0, 0) + sealed_chunk("x", 1, 1))
            .ok());
}

// The largest document and one byte more, with never more than a few chunks in memory.
TEST(Sealed, MaxAndOneMore) {
    const Bytes piece(kChunkBytes, 'p');
    std::uint64_t opened_bytes = 0;
    std::uint64_t sealed_bytes = 0;
    OpenStream opener(kNetwork, kName, kKey, [&](BytesView bytes) {
        opened_bytes += bytes.size();
        return true;
    });
    SealStream sealer(kNetwork, kName, kKey, [&](BytesView bytes) {
        sealed_bytes += bytes.size();
        return opener.update(bytes).ok();
    });
    for (std::uint64_t size = 0; size < kDocumentBytesMax; size += piece.size())
        ASSERT_TRUE(sealer.update(piece).ok());
    EXPECT_EQ(sealer.update("x").error(), SealError::kTooLong);
    ASSERT_TRUE(sealer.finish().ok());
    ASSERT_TRUE(opener.finish().ok());
    EXPECT_EQ(opened_bytes, kDocumentBytesMax);
    EXPECT_EQ(sealed_bytes, sealed_size(kDocumentBytesMax));
}

TEST(Sealed, ASinkThatRefusesStopsIt) {
    SealStream sealer(kNetwork, kName, kKey, [](BytesView) { return false; });
    EXPECT_TRUE(sealer.update("text").ok());
    EXPECT_EQ(sealer.finish().error(), SealError::kSink);
    OpenStream opener(kNetwork, kName, kKey, [](BytesView) { return false; });
    EXPECT_TRUE(opener.update(seal("text")).ok());
    EXPECT_EQ(opener.finish().error(), SealError::kSink);
    EXPECT_EQ(opener.finish().error(), SealError::kSink);
}

// Values of a second implementation (Python, from docs/formats/sealed.md).
TEST(Sealed, PeersBytes) {
    EXPECT_EQ(to_hex(seal("")), "435344019aa1aaa92207e37400a42f5665643d35");
    EXPECT_EQ(to_hex(seal("text")), "4353440154ec86edcd707516d8eba3eb135510d89767d2e2");
    EXPECT_EQ(to_hex(crypto::sha256(seal(Bytes(2500000, 'a'))).view()),
              "339723fc535713eec1a25e950e2b160d0bf9da7680cc140bf061f1d401b40fb7");
}

class KeyWrap : public ::testing::Test {
 protected:
    crypto::hpke::KeyPair sender = crypto::hpke::derive_key_pair(Bytes(32, 's'));
    crypto::hpke::KeyPair recipient = crypto::hpke::derive_key_pair(Bytes(32, 'r'));
    Route route{kNetwork, "general-hospital", "city-clinic", kName};
    DocumentSecret secret{crypto::SecretBytes(Bytes(32, 'K')), crypto::SecretBytes(Bytes(32, 'S'))};
};

TEST_F(KeyWrap, OpensForItsRouteOnly) {
    const auto wrapped =
        wrap_document_key(route, secret, sender.secret.view(), recipient.public_key);
    ASSERT_TRUE(wrapped.has_value());
    ASSERT_EQ(wrapped->size(), kWrappedKeyBytes);
    const auto opens = [&](const Route& on, BytesView bytes) {
        return unwrap_document_key(on, bytes, recipient, sender.public_key).has_value();
    };
    const auto opened = unwrap_document_key(route, *wrapped, recipient, sender.public_key);
    ASSERT_TRUE(opened.has_value());
    EXPECT_EQ(opened->key.view(), secret.key.view());
    EXPECT_EQ(opened->salt.view(), secret.salt.view());
    Route other = route;
    other.network = network_of('m');
    EXPECT_FALSE(opens(other, *wrapped));
    other = route;
    std::swap(other.sender, other.recipient);
    EXPECT_FALSE(opens(other, *wrapped));
    other = route;
    other.document.version = 4;
    EXPECT_FALSE(opens(other, *wrapped));
    other = route;
    other.document.record.value[0] ^= 1;
    EXPECT_FALSE(opens(other, *wrapped));
    EXPECT_FALSE(unwrap_document_key(route, *wrapped, sender, sender.public_key).has_value());
    EXPECT_FALSE(unwrap_document_key(route, *wrapped, recipient, recipient.public_key).has_value());
    EXPECT_FALSE(unwrap_document_key(route, *wrapped, recipient, "").has_value());
    for (std::size_t i = 0; i < wrapped->size(); ++i) {
        Bytes altered = *wrapped;
        altered[i] = static_cast<char>(altered[i] ^ 4);
        EXPECT_FALSE(opens(route, altered));
        EXPECT_FALSE(opens(route, wrapped->substr(0, i)));
    }
    EXPECT_FALSE(opens(route, *wrapped + "x"));
    EXPECT_FALSE(
        wrap_document_key(route, secret, sender.secret.view(), Bytes(32, '\0')).has_value());
}

// Made with npm @hpke/core 1.9.0 from docs/formats/sealed.md.
TEST_F(KeyWrap, APeersWrapOpens) {
    const Bytes wrapped =
        from_hex(
            "5e5ac6728c564f1e3f515d65e4e6a0f13937c35a1c8026a5108a20bab3abfb10a0974fbe"
            "f6a3839baa029001986835c59997e1e48612e57e63602b9148475a7ba894b8c9e33e22f8"
            "86a48b04bfc0c621f5354df955a180133a1d9519da7e5fa1bdd09a1f0eeccbd7eab47231"
            "518e0158")
            .value();
    const auto opened = unwrap_document_key(route, wrapped, recipient, sender.public_key);
    ASSERT_TRUE(opened.has_value());
    EXPECT_EQ(opened->key.view(), Bytes(32, 'K'));
    EXPECT_EQ(opened->salt.view(), Bytes(32, 'S'));
}

}  // namespace
}  // namespace consilium::vault
