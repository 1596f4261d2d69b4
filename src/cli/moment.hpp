// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "base/result.hpp"
#include "cli/node_client.hpp"

namespace consilium::cli {

// What --at means: empty is now (nothing); digits are a height; else a time as RFC 3339 has it,
// which means the last block that is not after it.
[[nodiscard]] Result<std::optional<Height>, Problem> resolve_moment(NodeClient& node,
                                                                    const std::string& text);

// Whether the bytes are a key of a table, with all its fields, and not a prefix.
[[nodiscard]] bool is_whole_key(BytesView key);

}  // namespace consilium::cli
