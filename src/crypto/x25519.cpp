// SPDX-License-Identifier: Apache-2.0
#include "crypto/x25519.hpp"

#include <openssl/evp.h>

#include <memory>

#include "base/assert.hpp"
#include "crypto/octets.hpp"

namespace consilium::crypto::x25519 {
namespace {

struct KeyDeleter {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
};
using Key = std::unique_ptr<EVP_PKEY, KeyDeleter>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, KeyDeleter>;

Key secret_key(BytesView secret) {
    CONSILIUM_ASSERT(secret.size() == kKeyBytes);
    Key key(EVP_PKEY_new_raw_private_key_ex(nullptr, "X25519", nullptr, data_of(secret),
                                            secret.size()));
    CONSILIUM_ASSERT(key != nullptr);
    return key;
}

}  // namespace

Bytes public_key_of(BytesView secret) {
    const Key key = secret_key(secret);
    Bytes out(kKeyBytes, '\0');
    std::size_t size = out.size();
    CONSILIUM_ASSERT(EVP_PKEY_get_raw_public_key(
                         key.get(), reinterpret_cast<unsigned char*>(out.data()), &size) == 1 &&
                     size == kKeyBytes);
    return out;
}

std::optional<SecretBytes> shared_secret(BytesView secret, BytesView public_key) {
    if (public_key.size() != kKeyBytes) return std::nullopt;
    const Key own = secret_key(secret);
    const Key other(EVP_PKEY_new_raw_public_key_ex(nullptr, "X25519", nullptr, data_of(public_key),
                                                   public_key.size()));
    if (other == nullptr) return std::nullopt;
    const KeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, own.get(), nullptr));
    CONSILIUM_ASSERT(context != nullptr && EVP_PKEY_derive_init(context.get()) == 1);
    if (EVP_PKEY_derive_set_peer(context.get(), other.get()) != 1) return std::nullopt;
    SecretBytes out{Bytes(kKeyBytes, '\0')};
    std::size_t size = out.size();
    const bool derived =
        EVP_PKEY_derive(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size) == 1;
    // OpenSSL fails on a result of zero; that it does is not left to it.
    static const Bytes zero(kKeyBytes, '\0');
    if (!derived || size != kKeyBytes || equal_in_constant_time(out.view(), zero))
        return std::nullopt;
    return out;
}

}  // namespace consilium::crypto::x25519
