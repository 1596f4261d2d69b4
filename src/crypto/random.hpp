// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.hpp"

namespace consilium::crypto {

// `size` bytes from the operating system's generator. Never used in contracts or execution.
[[nodiscard]] Bytes random_bytes(std::size_t size);

template <typename Fixed>
[[nodiscard]] Fixed random_id() {
    Fixed out;
    (void)assign(out, random_bytes(Fixed::kSize));
    return out;
}

}  // namespace consilium::crypto
