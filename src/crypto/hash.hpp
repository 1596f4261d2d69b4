// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>

#include "base/bytes.hpp"

namespace consilium::crypto {

// SHA-256 (FIPS 180-4), with the processor's instructions where it has them.
[[nodiscard]] Hash32 sha256(BytesView bytes);

// SHA-256 over the concatenation of parts, without copying them together.
[[nodiscard]] Hash32 sha256(std::initializer_list<BytesView> parts);

// H(tag, part...), the one way in which Consilium hashes structures of its own:
//   SHA-256( u8 length of tag, tag, for each part: u32 big-endian length, part )
// Injective in tag and parts. `tag` is 1..255 bytes of ASCII, such as "consilium/transaction/1".
// CometBFT's formats and RFC 6962 trees use plain SHA-256 as they define it.
[[nodiscard]] Hash32 tagged_hash(BytesView tag, std::initializer_list<BytesView> parts);

}  // namespace consilium::crypto
