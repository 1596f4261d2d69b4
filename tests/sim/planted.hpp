// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "contracts/registry/registry.hpp"

namespace consilium::sim {

// The contracts with one rule broken: an erasure is accepted and nothing is written.
[[nodiscard]] const contracts::sdk::Registry& broken_registry();

}  // namespace consilium::sim
