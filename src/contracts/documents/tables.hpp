// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include "base/bytes.hpp"
#include "contracts/sdk/key.hpp"

// Rows of documents (contract 4): docs/formats/tables.md. A `list` is what ledger::record_list
// makes.
namespace consilium::contracts::documents {

enum class Table : std::uint8_t {
    kRecord = 1,   // list, sequence from 1 -> v1.Record
    kVersion = 2,  // list, sequence, version -> v1.RecordVersion
    kTouched = 3,  // list, manifest's sequence, leaf index -> v1.TouchedLeaf
    kShare = 4,    // link, number from 1 -> v1.Share
};

[[nodiscard]] std::span<const sdk::TableInfo> tables();

[[nodiscard]] sdk::StateKey record_prefix(BytesView list);
[[nodiscard]] sdk::StateKey record_key(BytesView list, std::uint64_t sequence);
[[nodiscard]] sdk::StateKey version_key(BytesView list, std::uint64_t sequence,
                                        std::uint32_t version);
[[nodiscard]] sdk::StateKey touched_key(BytesView list, std::uint64_t manifest,
                                        std::uint32_t leaf_index);
[[nodiscard]] sdk::StateKey share_prefix(BytesView link_id);
[[nodiscard]] sdk::StateKey share_key(BytesView link_id, std::uint32_t number);

}  // namespace consilium::contracts::documents
