// SPDX-License-Identifier: Apache-2.0
#include "crypto/secret.hpp"

#include <openssl/crypto.h>

#include "crypto/random.hpp"

namespace consilium::crypto {

void wipe(void* memory, std::size_t size) {
    if (size != 0) OPENSSL_cleanse(memory, size);
}

bool equal_in_constant_time(BytesView a, BytesView b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

SecretBytes SecretBytes::random(std::size_t size) {
    Bytes bytes = random_bytes(size);
    SecretBytes out(bytes);
    wipe(bytes);
    return out;
}

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
    if (this != &other) {
        wipe(bytes_.data(), bytes_.size());
        bytes_ = std::move(other.bytes_);
        other.bytes_.clear();
    }
    return *this;
}

SecretBytes::~SecretBytes() {
    wipe(bytes_.data(), bytes_.size());
}

}  // namespace consilium::crypto
