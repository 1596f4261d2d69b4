// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "contracts/sdk/key.hpp"

namespace consilium::contracts::identity {

// Rows of identity (contract 5): docs/formats/tables.md. contracts/sdk/record_keys.hpp makes their
// keys.
[[nodiscard]] std::span<const sdk::TableInfo> tables();

}  // namespace consilium::contracts::identity
