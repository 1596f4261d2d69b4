// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "consilium/v1/peer.pb.h"
#include "ledger/ids.hpp"

// Pieces of messages between members' nodes: docs/formats/peer.md. Pure; thread-safe.
namespace consilium::vault::delivery {

inline constexpr std::uint64_t kMessageBytesMax = 256ULL * 1024 * 1024;
inline constexpr std::size_t kPieceBytes = 1024U * 1024U;
// A piece and what stands around it.
inline constexpr std::size_t kPieceBodyBytesMax = kPieceBytes + 1024;

enum class PieceError : std::uint8_t {
    kMalformed,  // no v1::PeerChunk
    kHeader,     // a name, digest, size or member id that is none
    kNetwork,    // of another network
    kSender,     // who it says has sent it has not the connection's key
    kRecipient,  // it is for somebody else
    kExtent,     // bytes that no piece of such a message has
};
[[nodiscard]] const char* to_string(PieceError error);

// A piece that may be acted upon: pieces begin at multiples of kPieceBytes and are as long as that,
// but for the last; a probe has no bytes; an empty piece at the end asks again for the outcome.
// Who sent it is for the caller to check.
[[nodiscard]] Result<v1::PeerChunk, PieceError> read_piece(BytesView bytes,
                                                           const ledger::NetworkId& network,
                                                           const ledger::MemberId& recipient);

// The piece of a message of `size` bytes that begins at `offset` <= size.
[[nodiscard]] std::size_t piece_size(std::uint64_t size, std::uint64_t offset);

// Nothing unless `bytes` is an answer to the message of that header.
[[nodiscard]] std::optional<v1::PeerAnswer> read_answer(BytesView bytes,
                                                        const v1::PeerHeader& header);

}  // namespace consilium::vault::delivery
