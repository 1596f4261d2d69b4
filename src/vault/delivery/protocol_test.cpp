// SPDX-License-Identifier: Apache-2.0
#include "vault/delivery/protocol.hpp"

#include <gtest/gtest.h>

#include "proto/canonical.hpp"
#include "vault/delivery/delivery_fixture.hpp"

namespace consilium::vault::delivery {
namespace {

class ProtocolTest : public ::testing::Test {
 protected:
    v1::PeerChunk chunk;
    ProtocolTest() {
        *chunk.mutable_header() = header_of("abc");
        chunk.set_bytes("abc");
    }
    std::string outcome() { return outcome(proto::encode(chunk)); }
    static std::string outcome(BytesView bytes) {
        const auto read = read_piece(bytes, {}, "clinic");
        return read ? "ok" : to_string(read.error());
    }
};

TEST_F(ProtocolTest, takes_a_piece_and_refuses_its_truncations) {
    EXPECT_EQ(outcome(), "ok");
    const auto bytes = proto::encode(chunk);
    for (std::size_t size = 0; size < bytes.size(); ++size)
        EXPECT_NE(outcome(BytesView(bytes).substr(0, size)), "ok") << size;
    EXPECT_EQ(outcome(bytes + '\0'), "malformed");
}

TEST_F(ProtocolTest, refuses_headers_that_are_none) {
    const auto with = [this](auto change) {
        const auto before = chunk;
        change(*chunk.mutable_header());
        auto out = outcome();
        chunk = before;
        return out;
    };
    using H = v1::PeerHeader;
    EXPECT_EQ(with([](H& h) { h.set_name(Bytes(31, 'n')); }), "header");
    EXPECT_EQ(with([](H& h) { h.set_name(Bytes(33, 'n')); }), "header");
    EXPECT_EQ(with([](H& h) { h.set_digest(Bytes(31, 'd')); }), "header");
    EXPECT_EQ(with([](H& h) { h.set_size(0); }), "header");
    EXPECT_EQ(with([](H& h) { h.set_sender("A"); }), "header");
    EXPECT_EQ(with([](H& h) { h.set_recipient(""); }), "header");
    EXPECT_EQ(with([](H& h) { h.set_network_id(Bytes(31, '\0')); }), "header");
    EXPECT_EQ(with([](H& h) { h.set_network_id(Bytes(32, 'x')); }), "network");
    EXPECT_EQ(with([](H& h) { h.set_recipient("payer"); }), "recipient");
    chunk.clear_header();
    EXPECT_EQ(outcome(), "header");
}

TEST_F(ProtocolTest, takes_only_the_pieces_that_there_are) {
    const auto of = [this](std::uint64_t size, std::uint64_t offset, std::size_t bytes,
                           bool probe = false) {
        chunk.mutable_header()->set_size(size);
        chunk.set_offset(offset);
        chunk.set_bytes(Bytes(bytes, 'x'));
        chunk.set_probe(probe);
        return outcome();
    };
    constexpr auto kPiece = kPieceBytes;
    EXPECT_EQ(of(1, 0, 1), "ok");
    EXPECT_EQ(of(1, 0, 0), "extent");
    EXPECT_EQ(of(1, 0, 2), "extent");
    EXPECT_EQ(of(1, 1, 0), "ok");  // asks again
    EXPECT_EQ(of(1, 1, 1), "extent");
    EXPECT_EQ(of(1, 2, 0), "extent");
    EXPECT_EQ(of(kPiece, 0, kPiece), "ok");
    EXPECT_EQ(of(kPiece + 1, 0, kPiece), "ok");
    EXPECT_EQ(of(kPiece + 1, 0, kPiece + 1), "extent");
    EXPECT_EQ(of(kPiece + 1, 0, kPiece - 1), "extent");
    EXPECT_EQ(of(kPiece + 1, kPiece, 1), "ok");
    EXPECT_EQ(of(kPiece + 1, kPiece - 1, 2), "extent");
    EXPECT_EQ(of(kMessageBytesMax, kMessageBytesMax - kPiece, kPiece), "ok");
    EXPECT_EQ(of(kMessageBytesMax + 1, 0, kPiece), "header");
    EXPECT_EQ(of(kPiece + 1, 0, 0, true), "ok");
    EXPECT_EQ(of(kPiece + 1, 0, 1, true), "extent");
    EXPECT_EQ(of(kPiece + 1, kPiece, 0, true), "extent");
    EXPECT_EQ(of(kMessageBytesMax, ~0ULL, 0), "extent");
}

TEST_F(ProtocolTest, a_piece_fits_into_a_request) {
    chunk.mutable_header()->set_size(kMessageBytesMax);
    chunk.mutable_header()->set_sender(Bytes(64, 'a'));
    chunk.mutable_header()->set_recipient(Bytes(64, 'b'));
    chunk.set_offset(kMessageBytesMax - kPieceBytes);
    chunk.set_bytes(Bytes(kPieceBytes, 'x'));
    EXPECT_LE(proto::encode(chunk).size(), kPieceBodyBytesMax);
}

TEST_F(ProtocolTest, takes_only_answers_to_what_was_asked) {
    auto header = header_of("abc");
    header.set_size(kPieceBytes + 5);
    v1::PeerAnswer answer;
    answer.set_name(header.name());
    answer.set_state(v1::PEER_STATE_RECEIVING);
    const auto good = [&] { return read_answer(proto::encode(answer), header).has_value(); };
    EXPECT_TRUE(good());
    answer.set_received(kPieceBytes);
    EXPECT_TRUE(good());
    answer.set_received(kPieceBytes + 5);
    EXPECT_TRUE(good());
    answer.set_received(kPieceBytes + 4);
    EXPECT_FALSE(good());
    answer.set_received(2 * kPieceBytes);
    EXPECT_FALSE(good());
    answer.set_received(0);
    answer.set_name(name_of(2).bytes());
    EXPECT_FALSE(good());
    answer.set_name(header.name());
    answer.clear_state();
    EXPECT_FALSE(good());
    EXPECT_FALSE(read_answer("nonsense", header).has_value());
}

}  // namespace
}  // namespace consilium::vault::delivery
