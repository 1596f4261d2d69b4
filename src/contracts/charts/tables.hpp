// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include "base/bytes.hpp"
#include "contracts/sdk/key.hpp"
#include "ledger/ids.hpp"

// Rows of charts (contract 3): docs/formats/tables.md.
namespace consilium::contracts::charts {

enum class Table : std::uint8_t {
    kChart = 1,       // chart -> v1.Chart
    kSlot = 2,        // chart, number from 1 -> v1.LinkSlot
    kLink = 3,        // link -> v1.Link
    kPatientKey = 4,  // SHA-256 of the public key -> v1.PatientKeyUse
};

[[nodiscard]] std::span<const sdk::TableInfo> tables();

// Ids are 16 bytes.
[[nodiscard]] sdk::StateKey chart_key(BytesView chart_id);
[[nodiscard]] sdk::StateKey slot_prefix(BytesView chart_id);
[[nodiscard]] sdk::StateKey slot_key(BytesView chart_id, std::uint32_t number);
[[nodiscard]] sdk::StateKey link_key(BytesView link_id);
[[nodiscard]] sdk::StateKey patient_key_key(BytesView public_key);

}  // namespace consilium::contracts::charts
