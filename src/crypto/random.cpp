// SPDX-License-Identifier: Apache-2.0
#include "crypto/random.hpp"

#include <sodium.h>

#include "base/assert.hpp"
#include "crypto/sodium.hpp"

namespace consilium::crypto {

void require_sodium() {
    static const bool started = sodium_init() >= 0;
    CONSILIUM_ASSERT(started);
}

Bytes random_bytes(std::size_t size) {
    require_sodium();
    Bytes out(size, '\0');
    randombytes_buf(out.data(), out.size());
    return out;
}

}  // namespace consilium::crypto
