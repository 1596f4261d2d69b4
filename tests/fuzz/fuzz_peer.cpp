// SPDX-License-Identifier: Apache-2.0
// What other members' nodes send: a piece that is taken is one that its message has, from nobody
// else and to nobody else than it says, and encodes to the same bytes; an answer that is taken
// belongs to what was asked.
#include <cstdint>

#include "base/assert.hpp"
#include "edits.hpp"
#include "proto/canonical.hpp"
#include "vault/delivery/protocol.hpp"
#include "vault/delivery/queue_rows.hpp"

namespace {

using namespace consilium;
namespace delivery = vault::delivery;

v1::PeerChunk good_chunk() {
    v1::PeerChunk chunk;
    auto& header = *chunk.mutable_header();
    header.set_network_id(Bytes(32, 'n'));
    header.set_sender("general-hospital");
    header.set_recipient("city-clinic");
    header.set_name(Bytes(32, 'm'));
    header.set_digest(Bytes(32, 'd'));
    header.set_size(40);
    chunk.set_bytes(Bytes(40, 'b'));
    return chunk;
}

}  // namespace

// libFuzzer's entry point has its own naming.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    static const Bytes good = proto::encode(good_chunk());
    ledger::NetworkId network;
    network.value.fill('n');
    const BytesView rest(reinterpret_cast<const char*>(data) + 1, size - 1);
    const Bytes bytes = data[0] < 128 ? Bytes(rest) : fuzz::edited(good, rest);
    if (const auto chunk = delivery::read_piece(bytes, network, "city-clinic")) {
        const auto& header = chunk->header();
        CONSILIUM_ASSERT(header.recipient() == "city-clinic" &&
                         header.network_id() == network.view());
        CONSILIUM_ASSERT(chunk->offset() <= header.size() &&
                         chunk->bytes().size() <= header.size() - chunk->offset());
        CONSILIUM_ASSERT(chunk->bytes().size() <= delivery::kPieceBytes);
        CONSILIUM_ASSERT(proto::encode(*chunk) == bytes);
    }
    const auto asked = good_chunk().header();
    if (const auto answer = delivery::read_answer(bytes, asked))
        CONSILIUM_ASSERT(answer->name() == asked.name() && answer->received() <= asked.size());
    (void)delivery::decode_row<v1::OutgoingMessage>(bytes);
    (void)delivery::decode_row<v1::IncomingMessage>(bytes);
    (void)delivery::decode_row<v1::SentMessage>(bytes);
    return 0;
}
