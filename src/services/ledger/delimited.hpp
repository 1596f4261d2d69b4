// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "base/bytes.hpp"

namespace consilium::services::ledger_api {

// Length-delimited Protocol Buffers: each message after its length as a minimal varint.
void append_delimited(Bytes& out, BytesView message);

// The messages; nothing when a length is not minimal, runs past the end, or there are more than
// `count_max`.
[[nodiscard]] std::optional<std::vector<Bytes>> split_delimited(BytesView bytes,
                                                                std::size_t count_max);

}  // namespace consilium::services::ledger_api
