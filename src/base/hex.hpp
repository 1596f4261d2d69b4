// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "base/bytes.hpp"

namespace consilium {

// Lower-case hexadecimal.
[[nodiscard]] std::string to_hex(BytesView bytes);

// Accepts both cases; nothing for an odd length or another character.
[[nodiscard]] std::optional<Bytes> from_hex(std::string_view text);

// Exactly N bytes of hexadecimal into a fixed-size value or identifier.
template <typename Fixed>
[[nodiscard]] std::optional<Fixed> fixed_from_hex(std::string_view text) {
    const auto bytes = from_hex(text);
    Fixed out;
    if (!bytes || !assign(out, *bytes)) return std::nullopt;
    return out;
}

}  // namespace consilium
