// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "cli/access.hpp"
#include "cli/compose.hpp"
#include "cli/output.hpp"

namespace consilium::cli {

// A transaction by the member's user of today in that role.
[[nodiscard]] Result<Bytes, Problem> compose_as(const OpenMember& member, v1::Role role,
                                                const std::vector<v1::Command>& commands);

// Submits, waits for the outcome and prints it; with a file name, fetches the receipt into it. A
// rejected transaction is exit code 1.
void submit_and_print(NodeClient& node, const Bytes& transaction, const std::string& receipt_file,
                      Context& context);

}  // namespace consilium::cli
