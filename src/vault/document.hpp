// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "base/bytes.hpp"
#include "crypto/secret.hpp"
#include "ledger/ids.hpp"

namespace consilium::vault {

inline constexpr std::uint64_t kDocumentBytesMax = 256ULL * 1024 * 1024;
inline constexpr std::size_t kSaltBytes = 32;
inline constexpr std::size_t kDocumentKeyBytes = 32;

// One version of one document, as the ledger names its record. Versions start at 1.
struct DocumentName {
    ledger::RecordId record;
    std::uint32_t version = 0;

    friend auto operator<=>(const DocumentName&, const DocumentName&) = default;
};

// What erasure destroys: with the key goes the payload, with the salt all that its commitment could
// still prove.
struct DocumentSecret {
    crypto::SecretBytes key;   // kDocumentKeyBytes
    crypto::SecretBytes salt;  // kSaltBytes

    [[nodiscard]] static DocumentSecret random() {
        return {crypto::SecretBytes::random(kDocumentKeyBytes),
                crypto::SecretBytes::random(kSaltBytes)};
    }
};

}  // namespace consilium::vault
