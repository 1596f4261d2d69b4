// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.hpp"
#include "crypto/derive.hpp"
#include "vault/document.hpp"

// The rows of the vault's database: docs/formats/vault-rows.md. Pure.
namespace consilium::vault {

inline constexpr std::size_t kIndexKeyBytesMax = 512;
inline constexpr std::size_t kIndexKeysMax = 128;  // of one document version

// The values are the formats' and never change.
enum class Family : std::uint8_t {
    kMeta = 0,
    kRecords = 1,
    kPayloads = 2,
    kIndex = 3,
    kRows = 4,       // of services
    kIndexKeys = 5,  // which index keys a version has
};
inline constexpr std::size_t kFamilies = 6;

enum class State : std::uint8_t {
    kStored = 1,
    kShredding = 2,  // its erasure is under way and will be finished
    kErased = 3,     // key, salt, payload and index entries are destroyed
};

struct RecordRow {
    State state = State::kStored;
    bool in_file = false;    // sealed bytes in a file of their own, else in kPayloads
    std::uint64_t slot = 0;  // of DocumentKeys
    std::uint64_t size = 0;  // of the plaintext
    Hash32 commitment;

    friend bool operator==(const RecordRow&, const RecordRow&) = default;
};

// record (16) || u32be(version): the key in kRecords.
[[nodiscard]] Bytes row_key(const DocumentName& name);
[[nodiscard]] std::optional<DocumentName> parse_row_key(BytesView key);

// u64be(slot): the key in kPayloads and kIndexKeys. Slots ascend, so that what is stored together
// lies together and is never sorted in among older rows.
[[nodiscard]] Bytes slot_key(std::uint64_t slot);

// An index key of the caller's and the version's name: entries of one key lie together.
[[nodiscard]] Bytes index_row_key(BytesView key, const DocumentName& name);
[[nodiscard]] std::optional<DocumentName> parse_index_row_key(BytesView key);

[[nodiscard]] Bytes encode_record(const RecordRow& row);
[[nodiscard]] std::optional<RecordRow> decode_record(BytesView body);

// 1..kIndexKeysMax index keys of 1..kIndexKeyBytesMax bytes.
[[nodiscard]] Bytes encode_index_keys(const std::vector<Bytes>& keys);
[[nodiscard]] std::optional<std::vector<Bytes>> decode_index_keys(BytesView body);

// What the vault holds, counted with every write.
struct Totals {
    std::uint64_t documents = 0;  // versions that can be read
    std::uint64_t bytes = 0;      // their plaintext
    std::uint64_t erased = 0;     // versions that were

    friend bool operator==(const Totals&, const Totals&) = default;
};
[[nodiscard]] Bytes encode_totals(const Totals& totals);
[[nodiscard]] std::optional<Totals> decode_totals(BytesView body);

// `body` and the first 16 bytes of a code over family, key and body.
[[nodiscard]] Bytes protect_row(const crypto::HmacKey& rows_key, Family family, BytesView key,
                                BytesView body);
// The body; nothing when the row is not what was written under that key.
[[nodiscard]] std::optional<BytesView> check_row(const crypto::HmacKey& rows_key, Family family,
                                                 BytesView key, BytesView row);

}  // namespace consilium::vault
