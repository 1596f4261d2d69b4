// SPDX-License-Identifier: Apache-2.0
#include "crypto/derive.hpp"

#include <sodium.h>

#include <algorithm>

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

Hash32 hmac_sha256(BytesView key, std::initializer_list<BytesView> parts) {
    Hash32 out;
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, data_of(key), key.size());
    for (const BytesView part : parts)
        crypto_auth_hmacsha256_update(&state, data_of(part), part.size());
    crypto_auth_hmacsha256_final(&state, out.value.data());
    wipe(&state, sizeof state);
    return out;
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
