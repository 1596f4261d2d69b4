// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>

#include "base/bytes.hpp"
#include "crypto/secret.hpp"

// Keys out of keys and passphrases.
namespace consilium::crypto {

// RFC 2104 with SHA-256, over the concatenation of the parts.
[[nodiscard]] Hash32 hmac_sha256(BytesView key, std::initializer_list<BytesView> parts);

// The same under one key, which is hashed once. Thread-safe; movable.
class HmacKey {
 public:
    explicit HmacKey(BytesView key);
    HmacKey(HmacKey&&) noexcept;
    HmacKey& operator=(HmacKey&&) noexcept;
    ~HmacKey();

    [[nodiscard]] Hash32 code(std::initializer_list<BytesView> parts) const;

 private:
    struct State;
    std::unique_ptr<State> state_;
};

// RFC 5869 with SHA-256. expand: `size` is at most 255 * 32.
[[nodiscard]] SecretBytes hkdf_extract(BytesView salt, BytesView input);
[[nodiscard]] SecretBytes hkdf_expand(BytesView key, BytesView info, std::size_t size);

// What a passphrase costs to try. RFC 9106 with one lane, version 1.3.
struct Argon2idCost {
    std::uint32_t passes = 3;
    std::uint32_t memory_kib = 64U * 1024U;

    friend bool operator==(const Argon2idCost&, const Argon2idCost&) = default;
};

// The costs that argon2id() takes: a file that names others is not believed.
[[nodiscard]] bool is_argon2id_cost(const Argon2idCost& cost);

inline constexpr std::uint32_t kArgon2idPassesMax = 16;
inline constexpr std::uint32_t kArgon2idMemoryKibMin = 8;
inline constexpr std::uint32_t kArgon2idMemoryKibMax = 1024U * 1024U;
inline constexpr std::size_t kArgon2idSaltBytes = 16;

// `size` bytes, 16..1024; nothing when the memory cannot be had. `salt` is kArgon2idSaltBytes long.
[[nodiscard]] std::optional<SecretBytes> argon2id(BytesView passphrase, BytesView salt,
                                                  const Argon2idCost& cost, std::size_t size);

}  // namespace consilium::crypto
