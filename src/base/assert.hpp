// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace consilium {

// Prints the failed condition and its place, then aborts. Never shows a value: it could be PHI.
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line);

}  // namespace consilium

// For our own bugs only, always on. What comes from outside is checked and answered with an error.
#define CONSILIUM_ASSERT(condition)         \
    (static_cast<bool>(condition) ? void(0) \
                                  : ::consilium::assertion_failed(#condition, __FILE__, __LINE__))
