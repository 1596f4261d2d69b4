// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace consilium::contracts::membership {

// The only free text on the ledger: an organisation's public name and address. Letters (ASCII and
// U+00C0..U+024F without the signs for multiplication and division), digits, single spaces inside,
// and . , ' & ( ) - / #; 1..max bytes of UTF-8.
[[nodiscard]] bool is_public_text(std::string_view text, std::size_t max);

// https://host:port, at most 256 bytes: host of a-z 0-9 . - (or 0-9 a-f : in brackets), port
// 1..65535 without leading zeros, and nothing after it.
[[nodiscard]] bool is_endpoint(std::string_view text);

}  // namespace consilium::contracts::membership
