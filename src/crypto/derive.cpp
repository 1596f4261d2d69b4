// SPDX-License-Identifier: Apache-2.0
// The low-level interface of SHA-256, as in hash.cpp: a code over a short row costs 0.3 us with the
// processor's instructions, and 1.7 us without.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/derive.hpp"

#include <openssl/sha.h>
#include <sodium.h>

#include <algorithm>
#include <array>

#include "base/assert.hpp"
#include "crypto/sodium.hpp"

namespace consilium::crypto {
namespace {

// libsodium takes no null pointer, not for nothing either.
const unsigned char* data_of(BytesView bytes) {
    if (bytes.data() == nullptr) bytes = "";
    return reinterpret_cast<const unsigned char*>(bytes.data());
}

}  // namespace

struct HmacKey::State {
    SHA256_CTX inner;
    SHA256_CTX outer;

    ~State() { wipe(this, sizeof *this); }
};

HmacKey::HmacKey(BytesView key) : state_(std::make_unique<State>()) {
    constexpr std::size_t kBlockBytes = 64;
    std::array<unsigned char, kBlockBytes> block{};
    if (key.size() > kBlockBytes) {
        SHA256_CTX hash;
        CONSILIUM_ASSERT(SHA256_Init(&hash) == 1 &&
                         SHA256_Update(&hash, key.data(), key.size()) == 1 &&
                         SHA256_Final(block.data(), &hash) == 1);
        wipe(&hash, sizeof hash);
    } else {
        std::copy_n(data_of(key), key.size(), block.data());
    }
    for (unsigned char& byte : block)
        byte ^= 0x36;
    CONSILIUM_ASSERT(SHA256_Init(&state_->inner) == 1 &&
                     SHA256_Update(&state_->inner, block.data(), block.size()) == 1);
    for (unsigned char& byte : block)
        byte ^= 0x36 ^ 0x5c;
    CONSILIUM_ASSERT(SHA256_Init(&state_->outer) == 1 &&
                     SHA256_Update(&state_->outer, block.data(), block.size()) == 1);
    wipe(block.data(), block.size());
}

HmacKey::HmacKey(HmacKey&&) noexcept = default;
HmacKey& HmacKey::operator=(HmacKey&&) noexcept = default;
HmacKey::~HmacKey() = default;

Hash32 HmacKey::code(std::initializer_list<BytesView> parts) const {
    Hash32 out;
    SHA256_CTX hash = state_->inner;
    for (const BytesView part : parts)
        CONSILIUM_ASSERT(SHA256_Update(&hash, part.data(), part.size()) == 1);
    CONSILIUM_ASSERT(SHA256_Final(out.value.data(), &hash) == 1);
    hash = state_->outer;
    CONSILIUM_ASSERT(SHA256_Update(&hash, out.value.data(), Hash32::kSize) == 1 &&
                     SHA256_Final(out.value.data(), &hash) == 1);
    wipe(&hash, sizeof hash);
    return out;
}

Hash32 hmac_sha256(BytesView key, std::initializer_list<BytesView> parts) {
    return HmacKey(key).code(parts);
}

SecretBytes hkdf_extract(BytesView salt, BytesView input) {
    Hash32 key = hmac_sha256(salt, {input});
    SecretBytes out(key.view());
    wipe(key.value.data(), Hash32::kSize);
    return out;
}

SecretBytes hkdf_expand(BytesView key, BytesView info, std::size_t size) {
    CONSILIUM_ASSERT(size <= 255 * Hash32::kSize);
    SecretBytes out{Bytes(size, '\0')};
    Hash32 block;
    std::size_t done = 0;
    for (unsigned char number = 1; done < size; ++number) {
        const char counter = static_cast<char>(number);
        const BytesView before = number == 1 ? BytesView() : block.view();
        block = hmac_sha256(key, {before, info, BytesView(&counter, 1)});
        const std::size_t taken = std::min(size - done, Hash32::kSize);
        std::copy_n(block.view().data(), taken, out.data() + done);
        done += taken;
    }
    wipe(block.value.data(), Hash32::kSize);
    return out;
}

bool is_argon2id_cost(const Argon2idCost& cost) {
    return cost.passes >= 1 && cost.passes <= kArgon2idPassesMax &&
           cost.memory_kib >= kArgon2idMemoryKibMin && cost.memory_kib <= kArgon2idMemoryKibMax;
}

std::optional<SecretBytes> argon2id(BytesView passphrase, BytesView salt, const Argon2idCost& cost,
                                    std::size_t size) {
    require_sodium();
    CONSILIUM_ASSERT(is_argon2id_cost(cost) && salt.size() == kArgon2idSaltBytes);
    static_assert(kArgon2idSaltBytes == crypto_pwhash_argon2id_SALTBYTES);
    SecretBytes out{Bytes(size, '\0')};
    const int failed = crypto_pwhash_argon2id(
        reinterpret_cast<unsigned char*>(out.data()), out.size(), passphrase.data(),
        passphrase.size(), data_of(salt), cost.passes,
        static_cast<std::size_t>(cost.memory_kib) * 1024U, crypto_pwhash_argon2id_ALG_ARGON2ID13);
    if (failed != 0) return std::nullopt;
    return out;
}

}  // namespace consilium::crypto
