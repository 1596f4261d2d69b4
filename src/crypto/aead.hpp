// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/bytes.hpp"
#include "crypto/secret.hpp"

// Authenticated encryption and its parts, on OpenSSL. Sealed bytes are ciphertext and a 16-byte
// tag. What does not open says nothing of why.
namespace consilium::crypto {

// The values are those of RFC 9180, section 7.3, and never change.
enum class Aead : std::uint16_t { kAes128Gcm = 1, kAes256Gcm = 2, kChaCha20Poly1305 = 3 };

inline constexpr std::size_t kAeadNonceBytes = 12;
inline constexpr std::size_t kAeadTagBytes = 16;
[[nodiscard]] std::size_t aead_key_bytes(Aead aead);  // 16 or 32

// One key, set up once. A nonce must never seal twice under a key. Not thread-safe; movable.
class AeadKey {
 public:
    // `key` is aead_key_bytes(aead) long.
    AeadKey(Aead aead, BytesView key);
    AeadKey(AeadKey&&) noexcept;
    AeadKey& operator=(AeadKey&&) noexcept;
    AeadKey(const AeadKey&) = delete;
    AeadKey& operator=(const AeadKey&) = delete;
    ~AeadKey();

    // Appends the sealed bytes to `out`. `nonce` is kAeadNonceBytes long.
    void seal_to(Bytes& out, BytesView nonce, BytesView associated, BytesView plaintext);
    // Appends the plaintext to `out`; false, and `out` untouched, when `sealed` is not what was
    // sealed with that nonce and associated data.
    [[nodiscard]] bool open_to(Bytes& out, BytesView nonce, BytesView associated, BytesView sealed);

 private:
    struct Context;
    std::unique_ptr<Context> context_;
};

[[nodiscard]] Bytes aead_seal(Aead aead, BytesView key, BytesView nonce, BytesView associated,
                              BytesView plaintext);
[[nodiscard]] std::optional<SecretBytes> aead_open(Aead aead, BytesView key, BytesView nonce,
                                                   BytesView associated, BytesView sealed);

// AES-256 in counter mode over a stream of up to 2^64 bytes, read and written at any place. It
// hides and does not authenticate. Thread-safe.
class CounterCipher {
 public:
    static constexpr std::size_t kKeyBytes = 32;
    static constexpr std::size_t kBlockBytes = 16;

    explicit CounterCipher(SecretBytes key);

    // Encrypts or decrypts (the same) in place what stands at `offset` of the stream. The counter
    // block is zero in its first half and the block's number, big-endian, in its second: a key
    // serves one stream.
    void apply(std::uint64_t offset, char* data, std::size_t size) const;

 private:
    SecretBytes key_;
};

}  // namespace consilium::crypto
