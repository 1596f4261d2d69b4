// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "crypto/hpke.hpp"
#include "vault/document.hpp"

// A document's key and salt, sealed to another member: docs/formats/sealed.md, "Key for a
// recipient". HPKE in mode auth, so that the recipient knows which member sealed; both members,
// network, record and version are bound, so that what was sealed for one delivery serves no other.
// Pure but for fresh randomness; thread-safe.
namespace consilium::vault {

inline constexpr std::size_t kWrappedKeyBytes =
    32 + kDocumentKeyBytes + kSaltBytes + crypto::kAeadTagBytes;

struct Route {
    ledger::NetworkId network;
    ledger::MemberId sender;
    ledger::MemberId recipient;
    DocumentName document;
};

// kWrappedKeyBytes; nothing when `recipient` is no public key.
[[nodiscard]] std::optional<Bytes> wrap_document_key(const Route& route,
                                                     const DocumentSecret& secret,
                                                     BytesView sender_secret_key,
                                                     BytesView recipient);

// Nothing unless `wrapped` was made by the owner of `sender` for exactly this route.
[[nodiscard]] std::optional<DocumentSecret> unwrap_document_key(const Route& route,
                                                                BytesView wrapped,
                                                                const crypto::hpke::KeyPair& own,
                                                                BytesView sender);

}  // namespace consilium::vault
