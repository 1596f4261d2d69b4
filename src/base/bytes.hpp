// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>

namespace consilium {

// Byte strings. std::string is what Protocol Buffers and RocksDB hand us, so no copy is made to
// change its type; std::string_view compares bytes as unsigned, which is the ledger's key order.
using Bytes = std::string;
using BytesView = std::string_view;

// A byte string of exactly N bytes. Ordered as unsigned bytes.
template <std::size_t N>
struct FixedBytes {
    static constexpr std::size_t kSize = N;
    std::array<std::uint8_t, N> value{};

    [[nodiscard]] BytesView view() const {
        return {reinterpret_cast<const char*>(value.data()), N};
    }
    [[nodiscard]] Bytes bytes() const { return Bytes(view()); }
    [[nodiscard]] bool is_zero() const { return value == std::array<std::uint8_t, N>{}; }
    friend auto operator<=>(const FixedBytes&, const FixedBytes&) = default;
};

// A fixed-size identifier that does not convert to identifiers of other kinds.
template <typename Tag, std::size_t N>
struct Id : FixedBytes<N> {
    friend auto operator<=>(const Id&, const Id&) = default;
};

// Copies `from` into a fixed-size value; false, and `to` untouched, when the length differs.
template <std::size_t N>
[[nodiscard]] inline bool assign(FixedBytes<N>& to, BytesView from) {
    if (from.size() != N) return false;
    std::memcpy(to.value.data(), from.data(), N);
    return true;
}

using Hash32 = FixedBytes<32>;

// Hashes a fixed-size value that is itself uniformly random or a digest. For look-ups off the
// ledger only: nothing deterministic may depend on the iteration order of such a table.
struct FixedBytesHash {
    template <std::size_t N>
    std::size_t operator()(const FixedBytes<N>& id) const {
        static_assert(N >= sizeof(std::size_t));
        std::size_t h = 0;
        std::memcpy(&h, id.value.data(), sizeof h);
        return h;
    }
};

// Big-endian integers: their byte order is their numeric order.
inline void append_be32(Bytes& out, std::uint32_t v) {
    for (int shift = 24; shift >= 0; shift -= 8)
        out.push_back(static_cast<char>(v >> shift));
}
inline void append_be64(Bytes& out, std::uint64_t v) {
    for (int shift = 56; shift >= 0; shift -= 8)
        out.push_back(static_cast<char>(v >> shift));
}
// The first 4 (8) bytes of `in` must exist.
[[nodiscard]] inline std::uint32_t read_be32(BytesView in) {
    std::uint32_t v = 0;
    for (std::size_t i = 0; i < 4; ++i)
        v = (v << 8U) | static_cast<std::uint8_t>(in[i]);
    return v;
}
[[nodiscard]] inline std::uint64_t read_be64(BytesView in) {
    std::uint64_t v = 0;
    for (std::size_t i = 0; i < 8; ++i)
        v = (v << 8U) | static_cast<std::uint8_t>(in[i]);
    return v;
}

}  // namespace consilium
