// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "vault/document.hpp"
#include "vault/rows.hpp"

// What services put into the vault in one step.
namespace consilium::vault {

// One chunk. A FHIR Bundle is stored whole or not at all, so what it holds must fit one step: real
// Bundles reach 30 MB and 25,000 resources, some of them above 100 KB.
inline constexpr std::uint64_t kInlineBytesMax = 1024U * 1024U;
inline constexpr std::size_t kDocumentsPerPutMax = 32'768;
// What one step may hold in memory: payloads, rows, and index keys twice.
inline constexpr std::size_t kPutBytesMax = 128U * 1024U * 1024U;
inline constexpr std::size_t kRowKeyBytesMax = 512;
inline constexpr std::size_t kRowValueBytesMax = 64U * 1024U;
inline constexpr std::size_t kRowsPerPutMax = 4 * kDocumentsPerPutMax;

struct NewDocument {
    DocumentName name;
    BytesView payload;         // at most kInlineBytesMax; longer ones through Vault::begin()
    std::vector<Bytes> index;  // 1..kIndexKeyBytesMax bytes each, at most kIndexKeysMax
    // The version whose index entries end with this one, so that the index holds current versions
    // only. It stays readable. It may be part of the same step, before this one.
    std::optional<DocumentName> replaces = std::nullopt;
};

// A small private row of a service, sealed at rest like everything here and authenticated. Its key
// begins with the service's name and '/': 1..kRowKeyBytesMax bytes; rows lie in the order of keys.
struct Row {
    Bytes key;
    std::optional<Bytes> value;  // at most kRowValueBytesMax; nothing: no such row
};

}  // namespace consilium::vault
