// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

struct bio_st;
struct evp_pkey_st;

// OpenSSL's objects with owners, for the .cpp files of this room only.
namespace consilium::http {

template <typename T, auto Free>
struct OwnedDelete {
    void operator()(T* object) const { Free(object); }
};
template <typename T, auto Free>
using Owned = std::unique_ptr<T, OwnedDelete<T, Free>>;

// What a memory BIO holds.
[[nodiscard]] std::string bio_text(bio_st* bio);
// PKCS #8, not encrypted.
[[nodiscard]] std::optional<std::string> private_key_to_pem(evp_pkey_st* key);

}  // namespace consilium::http
