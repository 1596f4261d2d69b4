// SPDX-License-Identifier: Apache-2.0
#include "services/ledger/delimited.hpp"

#include <cstdint>

namespace consilium::services::ledger_api {
namespace {

// A message is shorter than 2^32 bytes: five bytes of length.
constexpr unsigned kLengthBytesMax = 5;

std::optional<std::uint64_t> take_length(BytesView& bytes) {
    std::uint64_t length = 0;
    for (unsigned i = 0; i < kLengthBytesMax && i < bytes.size(); ++i) {
        const auto byte = static_cast<std::uint8_t>(bytes[i]);
        length |= std::uint64_t{byte & 0x7fU} << (7 * i);
        if ((byte & 0x80U) != 0) continue;
        if (byte == 0 && i != 0) return std::nullopt;  // longer than needed
        bytes.remove_prefix(i + 1);
        return length;
    }
    return std::nullopt;
}

}  // namespace

void append_delimited(Bytes& out, BytesView message) {
    std::uint64_t length = message.size();
    for (; length >= 0x80U; length >>= 7U)
        out += static_cast<char>(length | 0x80U);
    out += static_cast<char>(length);
    out += message;
}

std::optional<std::vector<Bytes>> split_delimited(BytesView bytes, std::size_t count_max) {
    std::vector<Bytes> out;
    while (!bytes.empty()) {
        const auto length = take_length(bytes);
        if (!length || *length > bytes.size() || out.size() == count_max) return std::nullopt;
        out.emplace_back(bytes.substr(0, static_cast<std::size_t>(*length)));
        bytes.remove_prefix(static_cast<std::size_t>(*length));
    }
    return out;
}

}  // namespace consilium::services::ledger_api
