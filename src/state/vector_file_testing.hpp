// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace consilium::state {

// For tests: `made` is what tests/vectors/state/`file` holds. With CONSILIUM_WRITE_VECTORS set the
// file is written instead; published vectors change only by additions.
void compare_vectors(const std::string& file, const std::string& made);

}  // namespace consilium::state
