// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/bytes.hpp"

struct ssl_st;
struct ssl_ctx_st;
struct x509_st;

// Trust by key (RFC 7469's pin, without its header): for the .cpp files of this room only.
namespace consilium::http::detail {

// Whose key that is, as SHA-256 of its SubjectPublicKeyInfo; nothing refuses the handshake.
using NameOfKey = std::function<std::optional<std::string>(const Hash32& key_sha256)>;

// SHA-256 of the certificate's SubjectPublicKeyInfo.
[[nodiscard]] std::optional<Hash32> key_sha256_of(x509_st* certificate);

// Makes every connection of `context` take the peer's certificate by its key and its times alone:
// `name_of` must know the key and the clock be between the times. Issuers and names in it mean
// nothing. A server's clients must show one. Sessions are not resumed, because that would skip the
// question. `name_of` outlives the context and is called during handshakes.
[[nodiscard]] bool trust_known_keys(ssl_ctx_st* context, const NameOfKey* name_of);

// What name_of answered for this connection; empty before the handshake.
[[nodiscard]] const std::string& name_of_peer(const ssl_st* ssl);

}  // namespace consilium::http::detail
