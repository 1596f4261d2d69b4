// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "consilium/v1/state.pb.h"

namespace consilium::cli {

// What a dishonest node would do to hide a row: leaves the entry with that serial out of a
// completeness proof, and mends pages and siblings so that all others still lead to the root. Only
// the chain of links then gives it away. False when the proof shows no such entry, or does not
// hold to begin with.
[[nodiscard]] bool omit_entry(v1::StateProof& proof, std::uint64_t serial);

}  // namespace consilium::cli
