// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>

#include "base/bytes.hpp"

namespace consilium::crypto {

// SHA-256 (FIPS 180-4), with the processor's instructions where it has them.
[[nodiscard]] Hash32 sha256(BytesView bytes);

// SHA-256 over the concatenation of parts, without copying them together.
[[nodiscard]] Hash32 sha256(std::initializer_list<BytesView> parts);

// SHA-256 of what comes in pieces. Not thread-safe; movable.
class Sha256Stream {
 public:
    Sha256Stream();
    Sha256Stream(Sha256Stream&&) noexcept;
    Sha256Stream& operator=(Sha256Stream&&) noexcept;
    ~Sha256Stream();

    void update(BytesView piece);
    [[nodiscard]] Hash32 finish();

 private:
    struct State;
    std::unique_ptr<State> state_;
};

// H(tag, part...), the one way in which Consilium hashes structures of its own:
//   SHA-256( u8 length of tag, tag, for each part: u32 big-endian length, part )
// Injective in tag and parts. `tag` is 1..255 bytes of ASCII, such as "consilium/transaction/1".
// CometBFT's formats and RFC 6962 trees use plain SHA-256 as they define it.
[[nodiscard]] Hash32 tagged_hash(BytesView tag, std::initializer_list<BytesView> parts);

// The same hash when the last part is too long to hold: its length is said first and its bytes come
// in pieces. Not thread-safe; movable.
class TaggedHashStream {
 public:
    // `size` is the last part's, below 2^32.
    TaggedHashStream(BytesView tag, std::initializer_list<BytesView> first_parts,
                     std::uint64_t size);
    TaggedHashStream(TaggedHashStream&&) noexcept;
    TaggedHashStream& operator=(TaggedHashStream&&) noexcept;
    ~TaggedHashStream();

    // All pieces together are `size` bytes.
    void update(BytesView piece);
    [[nodiscard]] Hash32 finish();

 private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace consilium::crypto
