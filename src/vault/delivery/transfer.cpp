// SPDX-License-Identifier: Apache-2.0
#include "vault/delivery/transfer.hpp"

#include "proto/canonical.hpp"

namespace consilium::vault::delivery {
namespace {

// Pieces that brought the message no further before it waits for another time.
constexpr int kIdleMax = 3;

TransferEnd end_of(http::ClientError error) {
    return error == http::ClientError::kInterrupted ? TransferEnd::kInterrupted
                                                    : TransferEnd::kUnreachable;
}

Result<v1::PeerAnswer, TransferEnd> ask(const v1::PeerChunk& chunk, const Exchange& exchange) {
    http::HttpRequest request;
    request.method = "POST";
    request.target = std::string(kPeerPath);
    request.content_type = request.accept = "application/x-protobuf";
    request.body = proto::encode(chunk);
    const auto reply = exchange(request);
    if (!reply) return fail(end_of(reply.error().error));
    // Overloaded, or going down.
    if (reply->status == 503) return fail(TransferEnd::kLater);
    if (reply->status != 200) return fail(TransferEnd::kStrange);
    auto answer = read_answer(reply->body, chunk.header());
    if (!answer) return fail(TransferEnd::kStrange);
    return std::move(*answer);
}

}  // namespace

const char* to_string(TransferEnd end) {
    switch (end) {
        case TransferEnd::kTaken:
            return "taken";
        case TransferEnd::kRefused:
            return "refused";
        case TransferEnd::kLater:
            return "later";
        case TransferEnd::kUnreachable:
            return "unreachable";
        case TransferEnd::kStrange:
            return "strange";
        case TransferEnd::kDisk:
            return "disk";
        case TransferEnd::kInterrupted:
            return "interrupted";
    }
    return "unknown";
}

Transfer transfer(const v1::PeerHeader& header, bool tried, const PieceSource& piece,
                  const Exchange& exchange) {
    Transfer out;
    v1::PeerChunk chunk;
    *chunk.mutable_header() = header;
    chunk.set_probe(tried || header.size() > kPieceBytes);
    std::uint64_t offset = 0;
    for (int idle = 0; idle < kIdleMax;) {
        chunk.set_offset(offset);
        chunk.clear_bytes();
        if (!chunk.probe() && offset < header.size()) {
            auto bytes = piece(offset);
            if (!bytes || bytes->size() != piece_size(header.size(), offset)) {
                out.end = TransferEnd::kDisk;
                return out;
            }
            out.sent_bytes += bytes->size();
            chunk.set_bytes(std::move(*bytes));
        }
        const auto answer = ask(chunk, exchange);
        if (!answer) {
            out.end = answer.error();
            return out;
        }
        if (answer->state() != v1::PEER_STATE_RECEIVING) {
            out.end = answer->state() == v1::PEER_STATE_TAKEN     ? TransferEnd::kTaken
                      : answer->state() == v1::PEER_STATE_REFUSED ? TransferEnd::kRefused
                                                                  : TransferEnd::kLater;
            out.refusal = answer->refusal();
            return out;
        }
        if (!chunk.probe() && answer->received() <= offset) ++idle;
        chunk.set_probe(false);
        offset = answer->received();
    }
    out.end = TransferEnd::kStrange;
    return out;
}

}  // namespace consilium::vault::delivery
