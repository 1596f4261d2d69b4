// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "contracts/sdk/registry.hpp"

namespace consilium::contracts {

// The only place that lists all contracts. The same object for every caller; thread-safe.
[[nodiscard]] const sdk::Registry& registry();

}  // namespace consilium::contracts
