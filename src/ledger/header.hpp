// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.hpp"
#include "base/time.hpp"

// CometBFT v0.38's header, byte for byte (docs/formats/headers.md). Decoders accept exactly what
// the encoders write. Pure; thread-safe.
namespace consilium::ledger {

// google.protobuf.Timestamp. The default is Go's zero time, 0001-01-01T00:00:00Z.
struct Time {
    std::int64_t seconds = -62135596800;
    std::int32_t nanos = 0;  // 0..999,999,999
    friend auto operator<=>(const Time&, const Time&) = default;
};

[[nodiscard]] Time time_from_unix_ms(UnixMs time);
// Rounded down to whole milliseconds, as contracts see block time; 0 for times before 1970.
[[nodiscard]] UnixMs unix_ms(const Time& time);

struct PartSetHeader {
    std::uint32_t total = 0;
    Bytes hash;  // 32 bytes, or none
    friend bool operator==(const PartSetHeader&, const PartSetHeader&) = default;
};

struct BlockId {
    Bytes hash;  // 32 bytes, or none
    PartSetHeader parts;
    friend bool operator==(const BlockId&, const BlockId&) = default;
};

inline constexpr std::uint64_t kBlockProtocol = 11;  // CometBFT v0.38
inline constexpr std::size_t kChainIdBytesMax = 50;  // CometBFT's MaxChainIDLen
inline constexpr std::size_t kAppHashBytesMax = 64;  // ours are 32; a bound for foreign headers
inline constexpr std::size_t kAddressBytes = 20;
inline constexpr Height kHeightMax = 0x7fffffffffffffff;  // CometBFT's heights are int64

struct Header {
    std::uint64_t version_block = kBlockProtocol;
    std::uint64_t version_app = 0;
    std::string chain_id;
    Height height = 0;
    Time time;
    BlockId last_block_id;
    // Each hash 32 bytes or none, but app_hash 0..kAppHashBytesMax.
    Bytes last_commit_hash;
    Bytes data_hash;
    Bytes validators_hash;
    Bytes next_validators_hash;
    Bytes consensus_hash;
    Bytes app_hash;
    Bytes last_results_hash;
    Bytes evidence_hash;
    Bytes proposer_address;  // 20 bytes
    friend bool operator==(const Header&, const Header&) = default;
};

// The block hash: RFC 6962 root over the 14 encoded fields.
[[nodiscard]] Hash32 header_hash(const Header& header);

// tendermint.types.Header.
[[nodiscard]] Bytes encode_header(const Header& header);
// Nothing for any bytes that encode_header would not write, or a field over its limit.
[[nodiscard]] std::optional<Header> decode_header(BytesView bytes);

}  // namespace consilium::ledger
