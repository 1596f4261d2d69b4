// SPDX-License-Identifier: Apache-2.0
#include "vault/delivery/protocol.hpp"

#include <algorithm>

#include "proto/canonical.hpp"

namespace consilium::vault::delivery {
namespace {

bool is_header(const v1::PeerHeader& header) {
    return header.network_id().size() == ledger::NetworkId::kSize &&
           header.name().size() == Hash32::kSize && header.digest().size() == Hash32::kSize &&
           header.size() >= 1 && header.size() <= kMessageBytesMax &&
           ledger::is_member_id(header.sender()) && ledger::is_member_id(header.recipient());
}

bool is_extent(const v1::PeerChunk& chunk) {
    const std::uint64_t size = chunk.header().size();
    if (chunk.probe()) return chunk.offset() == 0 && chunk.bytes().empty();
    if (chunk.offset() == size) return chunk.bytes().empty();
    return chunk.offset() < size && chunk.offset() % kPieceBytes == 0 &&
           chunk.bytes().size() == piece_size(size, chunk.offset());
}

}  // namespace

const char* to_string(PieceError error) {
    switch (error) {
        case PieceError::kMalformed:
            return "malformed";
        case PieceError::kHeader:
            return "header";
        case PieceError::kNetwork:
            return "network";
        case PieceError::kSender:
            return "sender";
        case PieceError::kRecipient:
            return "recipient";
        case PieceError::kExtent:
            return "extent";
    }
    return "unknown";
}

std::size_t piece_size(std::uint64_t size, std::uint64_t offset) {
    CONSILIUM_ASSERT(offset <= size);
    return static_cast<std::size_t>(std::min<std::uint64_t>(kPieceBytes, size - offset));
}

Result<v1::PeerChunk, PieceError> read_piece(BytesView bytes, const ledger::NetworkId& network,
                                             const ledger::MemberId& recipient) {
    v1::PeerChunk chunk;
    if (!proto::parse_canonical(bytes, chunk)) return fail(PieceError::kMalformed);
    const auto& header = chunk.header();
    if (!is_header(header)) return fail(PieceError::kHeader);
    if (header.network_id() != network.view()) return fail(PieceError::kNetwork);
    if (header.recipient() != recipient) return fail(PieceError::kRecipient);
    if (!is_extent(chunk)) return fail(PieceError::kExtent);
    return chunk;
}

std::optional<v1::PeerAnswer> read_answer(BytesView bytes, const v1::PeerHeader& header) {
    v1::PeerAnswer answer;
    if (!proto::parse_canonical(bytes, answer) || answer.name() != header.name() ||
        answer.state() == v1::PEER_STATE_UNSPECIFIED || answer.received() > header.size() ||
        (answer.received() != header.size() && answer.received() % kPieceBytes != 0)) {
        return std::nullopt;
    }
    return answer;
}

}  // namespace consilium::vault::delivery
