// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

namespace consilium {

// How many single characters must be inserted, removed or replaced to make one word of the other
// (Levenshtein). Time grows with the product of the lengths: for words, not for texts.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace consilium
