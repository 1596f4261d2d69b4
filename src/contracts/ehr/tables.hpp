// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "contracts/sdk/key.hpp"

namespace consilium::contracts::ehr {

// Rows of ehr (contract 6): docs/formats/tables.md. contracts/sdk/record_keys.hpp makes their keys.
[[nodiscard]] std::span<const sdk::TableInfo> tables();

}  // namespace consilium::contracts::ehr
