// SPDX-License-Identifier: Apache-2.0
#include "crypto/aead.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <limits>

#include "base/assert.hpp"
#include "crypto/octets.hpp"

namespace consilium::crypto {
namespace {

struct ContextDeleter {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, ContextDeleter>;

// OpenSSL counts in int; nothing here comes near it.
int length_of(std::size_t size) {
    CONSILIUM_ASSERT(size <= std::numeric_limits<int>::max() / 2);
    return static_cast<int>(size);
}

// Fetched once and never freed: fetching costs more than sealing a small message.
const EVP_CIPHER* cipher_named(const char* name) {
    const EVP_CIPHER* cipher = EVP_CIPHER_fetch(nullptr, name, nullptr);
    CONSILIUM_ASSERT(cipher != nullptr);
    return cipher;
}

const EVP_CIPHER* cipher_of(Aead aead) {
    static const EVP_CIPHER* aes_128 = cipher_named("AES-128-GCM");
    static const EVP_CIPHER* aes_256 = cipher_named("AES-256-GCM");
    static const EVP_CIPHER* chacha = cipher_named("ChaCha20-Poly1305");
    switch (aead) {
        case Aead::kAes128Gcm:
            return aes_128;
        case Aead::kAes256Gcm:
            return aes_256;
        case Aead::kChaCha20Poly1305:
            return chacha;
    }
    CONSILIUM_ASSERT(false);
    return nullptr;
}

const EVP_CIPHER* counter_cipher() {
    static const EVP_CIPHER* cipher = cipher_named("AES-256-CTR");
    return cipher;
}

CipherContext new_context() {
    CipherContext context(EVP_CIPHER_CTX_new());
    CONSILIUM_ASSERT(context != nullptr);
    return context;
}

}  // namespace

std::size_t aead_key_bytes(Aead aead) {
    return aead == Aead::kAes128Gcm ? 16 : 32;
}

struct AeadKey::Context {
    CipherContext cipher;
};

AeadKey::AeadKey(Aead aead, BytesView key) : context_(std::make_unique<Context>()) {
    CONSILIUM_ASSERT(key.size() == aead_key_bytes(aead));
    context_->cipher = new_context();
    CONSILIUM_ASSERT(EVP_CipherInit_ex2(context_->cipher.get(), cipher_of(aead), data_of(key),
                                        nullptr, 1, nullptr) == 1);
}

AeadKey::AeadKey(AeadKey&&) noexcept = default;
AeadKey& AeadKey::operator=(AeadKey&&) noexcept = default;
AeadKey::~AeadKey() = default;

void AeadKey::seal_to(Bytes& out, BytesView nonce, BytesView associated, BytesView plaintext) {
    CONSILIUM_ASSERT(nonce.size() == kAeadNonceBytes);
    EVP_CIPHER_CTX* cipher = context_->cipher.get();
    const std::size_t begin = out.size();
    out.resize(begin + plaintext.size() + kAeadTagBytes);
    unsigned char* to = data_of(out.data() + begin);
    int written = 0;
    bool ok = EVP_CipherInit_ex2(cipher, nullptr, nullptr, data_of(nonce), 1, nullptr) == 1;
    if (!associated.empty()) {
        ok = ok && EVP_CipherUpdate(cipher, nullptr, &written, data_of(associated),
                                    length_of(associated.size())) == 1;
    }
    if (!plaintext.empty()) {
        ok = ok && EVP_CipherUpdate(cipher, to, &written, data_of(plaintext),
                                    length_of(plaintext.size())) == 1;
    }
    ok = ok && EVP_CipherFinal_ex(cipher, to + plaintext.size(), &written) == 1 && written == 0;
    ok = ok && EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, kAeadTagBytes,
                                   to + plaintext.size()) == 1;
    CONSILIUM_ASSERT(ok);
}

bool AeadKey::open_to(Bytes& out, BytesView nonce, BytesView associated, BytesView sealed) {
    CONSILIUM_ASSERT(nonce.size() == kAeadNonceBytes);
    if (sealed.size() < kAeadTagBytes) return false;
    EVP_CIPHER_CTX* cipher = context_->cipher.get();
    const std::size_t begin = out.size();
    const std::size_t size = sealed.size() - kAeadTagBytes;
    std::array<unsigned char, kAeadTagBytes> tag{};
    std::copy_n(data_of(sealed.substr(size)), kAeadTagBytes, tag.begin());
    out.resize(begin + size);
    unsigned char* to = data_of(out.data() + begin);
    std::array<unsigned char, kAeadTagBytes> rest{};
    int written = 0;
    bool ok = EVP_CipherInit_ex2(cipher, nullptr, nullptr, data_of(nonce), 0, nullptr) == 1;
    if (!associated.empty()) {
        ok = ok && EVP_CipherUpdate(cipher, nullptr, &written, data_of(associated),
                                    length_of(associated.size())) == 1;
    }
    if (size != 0) {
        ok = ok && EVP_CipherUpdate(cipher, to, &written, data_of(sealed), length_of(size)) == 1;
    }
    ok = ok && EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, kAeadTagBytes, tag.data()) == 1;
    CONSILIUM_ASSERT(ok);
    if (EVP_CipherFinal_ex(cipher, rest.data(), &written) == 1) return true;
    // What did not prove genuine is not left lying about.
    wipe(out.data() + begin, size);
    out.resize(begin);
    return false;
}

Bytes aead_seal(Aead aead, BytesView key, BytesView nonce, BytesView associated,
                BytesView plaintext) {
    Bytes out;
    AeadKey(aead, key).seal_to(out, nonce, associated, plaintext);
    return out;
}

std::optional<SecretBytes> aead_open(Aead aead, BytesView key, BytesView nonce,
                                     BytesView associated, BytesView sealed) {
    Bytes out;
    if (!AeadKey(aead, key).open_to(out, nonce, associated, sealed)) return std::nullopt;
    SecretBytes secret(out);
    wipe(out);
    return secret;
}

CounterCipher::CounterCipher(SecretBytes key) : key_(std::move(key)) {
    CONSILIUM_ASSERT(key_.size() == kKeyBytes);
}

void CounterCipher::apply(std::uint64_t offset, char* data, std::size_t size) const {
    if (size == 0) return;
    Bytes counter(8, '\0');
    append_be64(counter, offset / kBlockBytes);
    const auto skip = static_cast<std::size_t>(offset % kBlockBytes);
    // A context of its own per call: the key is shared by readers in many threads.
    const CipherContext cipher = new_context();
    std::array<unsigned char, kBlockBytes> skipped{};
    int written = 0;
    bool ok = EVP_CipherInit_ex2(cipher.get(), counter_cipher(), data_of(key_.view()),
                                 data_of(counter), 1, nullptr) == 1;
    if (skip != 0) {
        ok = ok && EVP_CipherUpdate(cipher.get(), skipped.data(), &written, skipped.data(),
                                    length_of(skip)) == 1;
    }
    ok = ok && EVP_CipherUpdate(cipher.get(), data_of(data), &written, data_of(data),
                                length_of(size)) == 1;
    CONSILIUM_ASSERT(ok);
}

}  // namespace consilium::crypto
