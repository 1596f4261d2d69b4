// SPDX-License-Identifier: Apache-2.0
#include "vault/delivery/inbox.hpp"

#include <gtest/gtest.h>

#include "vault/delivery/delivery_fixture.hpp"
#include "vault/delivery/outbox.hpp"
#include "vault/delivery/queue_rows.hpp"
#include "vault/delivery/transfer.hpp"

namespace consilium::vault::delivery {
namespace {

class InboxTest : public ::testing::Test {
 protected:
    TestVault vault;
    std::unique_ptr<Inbox> inbox = std::move(*Inbox::open(*vault, {}));
    std::vector<Bytes> seen;
    Handled says = Handled::kDone;
    UnixMs now{1000};
    int requests = 0;
    int breaks_at = -1;        // the request that never arrives
    int loses_answer_to = -1;  // the request whose answer never comes back

    void reopen() {
        inbox.reset();
        vault.open();
        inbox = std::move(*Inbox::open(*vault, {}));
    }
    v1::PeerAnswer take(const v1::PeerChunk& chunk) {
        return inbox->take(
            chunk,
            [this](const Received& message) {
                seen.push_back(*message.bytes());
                return says;
            },
            now);
    }
    v1::PeerChunk piece(const Bytes& message, std::uint64_t offset, std::uint8_t name = 1) {
        v1::PeerChunk chunk;
        *chunk.mutable_header() = header_of(message, name);
        chunk.set_offset(offset);
        chunk.set_bytes(
            message.substr(static_cast<std::size_t>(offset), piece_size(message.size(), offset)));
        return chunk;
    }
    v1::PeerAnswer probe(const Bytes& message, std::uint8_t name = 1) {
        v1::PeerChunk chunk;
        *chunk.mutable_header() = header_of(message, name);
        chunk.set_probe(true);
        return take(chunk);
    }
    // A whole transfer into the inbox, as the other end does it, over a connection that may break.
    Transfer send(const Bytes& message, bool tried = false, std::uint8_t name = 1) {
        return transfer(
            header_of(message, name), tried,
            [&](std::uint64_t offset) {
                return Result<Bytes, VaultError>(message.substr(
                    static_cast<std::size_t>(offset), piece_size(message.size(), offset)));
            },
            [&](const http::HttpRequest& request) -> Result<http::HttpReply, http::ClientFailure> {
                const int number = requests++;
                const auto lost = fail(http::ClientFailure{http::ClientError::kUnreachable, {}});
                if (number == breaks_at) return lost;
                const auto chunk = read_piece(request.body, {}, "clinic");
                EXPECT_TRUE(chunk.ok());
                http::HttpReply reply;
                reply.status = 200;
                reply.body = proto::encode(take(*chunk));
                if (number == loses_answer_to) return lost;
                return reply;
            });
    }
};

TEST_F(InboxTest, takes_messages_of_every_length) {
    std::uint8_t name = 0;
    for (const auto size : {std::size_t{1}, kPieceBytes - 1, kPieceBytes, kPieceBytes + 1,
                            2 * kPieceBytes, 3 * kPieceBytes + 5}) {
        const auto message = message_of(size);
        EXPECT_EQ(send(message, false, ++name).end, TransferEnd::kTaken) << size;
        ASSERT_FALSE(seen.empty());
        EXPECT_EQ(seen.back(), message) << size;
    }
    EXPECT_EQ(seen.size(), 6U);
    inbox->sweep();
    EXPECT_EQ(vault.rows(kDoomedRows), 0U);
}

TEST_F(InboxTest, goes_on_where_it_broke_off_also_after_a_restart) {
    const auto message = message_of(4 * kPieceBytes + 9);
    breaks_at = 3;  // after the probe and two pieces
    EXPECT_EQ(send(message).end, TransferEnd::kUnreachable);
    EXPECT_EQ(probe(message).received(), 2 * kPieceBytes);
    reopen();
    const auto rest = send(message, true);
    EXPECT_EQ(rest.end, TransferEnd::kTaken);
    EXPECT_EQ(rest.sent_bytes, 2 * kPieceBytes + 9);
    EXPECT_THAT(seen, ::testing::ElementsAre(message));
}

TEST_F(InboxTest, breaks_anywhere_and_is_handed_over_once) {
    const auto message = message_of(2 * kPieceBytes + 9);
    for (const bool lose : {false, true}) {
        for (int at = 0; at < 4; ++at) {
            const auto name = static_cast<std::uint8_t>(1 + at + (lose ? 100 : 0));
            seen.clear();
            requests = 0;
            (lose ? loses_answer_to : breaks_at) = at;
            (lose ? breaks_at : loses_answer_to) = -1;
            EXPECT_EQ(send(message, false, name).end, TransferEnd::kUnreachable);
            reopen();
            EXPECT_EQ(send(message, true, name).end, TransferEnd::kTaken) << at;
            EXPECT_THAT(seen, ::testing::ElementsAre(message)) << at;
        }
    }
}

TEST_F(InboxTest, a_replay_is_answered_and_not_handed_over) {
    const auto message = message_of(kPieceBytes + 1);
    EXPECT_EQ(send(message).end, TransferEnd::kTaken);
    reopen();
    EXPECT_EQ(send(message).end, TransferEnd::kTaken);
    EXPECT_EQ(take(piece(message, 0)).state(), v1::PEER_STATE_TAKEN);
    EXPECT_EQ(take(piece(message, kPieceBytes)).state(), v1::PEER_STATE_TAKEN);
    EXPECT_EQ(probe(message).state(), v1::PEER_STATE_TAKEN);
    EXPECT_EQ(seen.size(), 1U);
}

TEST_F(InboxTest, later_keeps_what_has_come) {
    for (const auto size : {std::size_t{7}, kPieceBytes + 7}) {
        seen.clear();
        const auto name = static_cast<std::uint8_t>(size % 200);
        const auto message = message_of(size);
        says = Handled::kLater;
        EXPECT_EQ(send(message, false, name).end, TransferEnd::kLater);
        EXPECT_EQ(send(message, true, name).end, TransferEnd::kLater);
        says = Handled::kDone;
        const auto last = send(message, true, name);
        EXPECT_EQ(last.end, TransferEnd::kTaken);
        EXPECT_EQ(last.sent_bytes, size > kPieceBytes ? 0U : size);
        EXPECT_THAT(seen, ::testing::ElementsAre(message, message, message));
    }
}

TEST_F(InboxTest, what_is_refused_stays_refused) {
    says = Handled::kRefused;
    const auto message = message_of(kPieceBytes + 7);
    const auto first = send(message);
    EXPECT_EQ(first.end, TransferEnd::kRefused);
    EXPECT_EQ(first.refusal, v1::PEER_REFUSAL_CONTENT);
    says = Handled::kDone;
    inbox->sweep();
    reopen();
    EXPECT_EQ(send(message, true).refusal, v1::PEER_REFUSAL_CONTENT);
    EXPECT_EQ(seen.size(), 1U);
    EXPECT_EQ(vault.rows(kDoomedRows), 0U);
}

TEST_F(InboxTest, other_bytes_than_announced_are_never_handed_over) {
    std::uint8_t name = 0;
    for (const auto size : {std::size_t{3}, kPieceBytes + 3}) {
        const auto message = message_of(size);
        for (std::uint64_t at = 0; at < size; at += kPieceBytes) {
            auto chunk = piece(message, at, ++name);
            for (std::uint64_t before = 0; before < at; before += kPieceBytes)
                EXPECT_EQ(take(piece(message, before, name)).state(), v1::PEER_STATE_RECEIVING);
            (*chunk.mutable_bytes())[0] = static_cast<char>(chunk.bytes()[0] ^ 1);
            auto answer = take(chunk);
            for (auto after = at + kPieceBytes; after < size; after += kPieceBytes)
                answer = take(piece(message, after, name));
            EXPECT_EQ(answer.state(), v1::PEER_STATE_REFUSED) << size << " " << at;
            EXPECT_EQ(answer.refusal(), v1::PEER_REFUSAL_DIGEST);
        }
    }
    EXPECT_TRUE(seen.empty());
}

TEST_F(InboxTest, a_name_is_one_message_of_one_sender) {
    EXPECT_EQ(send("abc").end, TransferEnd::kTaken);
    const auto other = send("abd");
    EXPECT_EQ(other.end, TransferEnd::kRefused);
    EXPECT_EQ(other.refusal, v1::PEER_REFUSAL_CONFLICT);
    // Also while the first is coming.
    const auto message = message_of(kPieceBytes + 1);
    auto changed = message;
    changed.back() = static_cast<char>(changed.back() ^ 1);
    EXPECT_EQ(take(piece(message, 0, 2)).state(), v1::PEER_STATE_RECEIVING);
    EXPECT_EQ(take(piece(changed, kPieceBytes, 2)).refusal(), v1::PEER_REFUSAL_CONFLICT);
    EXPECT_EQ(take(piece(message, kPieceBytes, 2)).state(), v1::PEER_STATE_TAKEN);
    // Another member's names are its own.
    auto chunk = piece("xyz", 0);
    chunk.mutable_header()->set_sender("payer");
    EXPECT_EQ(take(chunk).state(), v1::PEER_STATE_TAKEN);
    EXPECT_EQ(seen.size(), 3U);
}

TEST_F(InboxTest, pieces_out_of_turn_are_not_kept) {
    const auto message = message_of(3 * kPieceBytes);
    EXPECT_EQ(take(piece(message, kPieceBytes)).received(), 0U);
    EXPECT_EQ(take(piece(message, 0)).received(), kPieceBytes);
    EXPECT_EQ(take(piece(message, 0)).received(), kPieceBytes);
    EXPECT_EQ(take(piece(message, 2 * kPieceBytes)).received(), kPieceBytes);
    EXPECT_TRUE(seen.empty());
}

TEST_F(InboxTest, one_sender_may_only_begin_so_many) {
    const auto message = message_of(2 * kPieceBytes);
    for (std::size_t i = 0; i < kReceivingMax; ++i) {
        auto chunk = piece(message, 0, static_cast<std::uint8_t>(i));
        ASSERT_EQ(take(chunk).state(), v1::PEER_STATE_RECEIVING) << i;
    }
    EXPECT_EQ(take(piece(message, 0, 200)).state(), v1::PEER_STATE_LATER);
    reopen();  // and a restart does not change that
    EXPECT_EQ(take(piece(message, 0, 200)).state(), v1::PEER_STATE_LATER);
    auto other = piece(message, 0, 200);
    other.mutable_header()->set_sender("payer");
    EXPECT_EQ(take(other).state(), v1::PEER_STATE_RECEIVING);
    EXPECT_EQ(take(piece("short", 0, 201)).state(), v1::PEER_STATE_TAKEN);  // needs no room
    EXPECT_EQ(take(piece(message, kPieceBytes, 3)).state(), v1::PEER_STATE_TAKEN);
    EXPECT_EQ(take(piece(message, 0, 200)).state(), v1::PEER_STATE_RECEIVING);
}

TEST_F(InboxTest, one_sender_may_only_stage_so_much) {
    v1::PeerChunk chunk = piece(message_of(2 * kPieceBytes), 0);
    chunk.mutable_header()->set_size(kMessageBytesMax);
    for (std::uint64_t i = 0; i < kReceivingBytesMax / kMessageBytesMax; ++i) {
        chunk.mutable_header()->set_name(name_of(static_cast<std::uint8_t>(i)).bytes());
        ASSERT_EQ(take(chunk).state(), v1::PEER_STATE_RECEIVING) << i;
    }
    EXPECT_EQ(take(piece(message_of(kPieceBytes + 1), 0, 100)).state(), v1::PEER_STATE_LATER);
}

TEST_F(InboxTest, forgets_what_is_over_and_gives_up_what_stands_still) {
    const auto message = message_of(2 * kPieceBytes);
    EXPECT_EQ(send("abc").end, TransferEnd::kTaken);
    EXPECT_EQ(take(piece(message, 0, 2)).state(), v1::PEER_STATE_RECEIVING);
    ASSERT_TRUE(inbox->forget({now.value + kReceivingMs}).ok());
    EXPECT_EQ(vault.rows(kIncomingRows), 2U);
    ASSERT_TRUE(inbox->forget({now.value + kReceivingMs + 1}).ok());
    EXPECT_EQ(vault.rows(kIncomingRows), 1U);
    inbox->sweep();
    EXPECT_EQ(vault.rows(kDoomedRows), 0U);
    EXPECT_EQ(probe(message, 2).received(), 0U);  // its sender begins again
    ASSERT_TRUE(inbox->forget({now.value + kRememberedMs}).ok());
    EXPECT_EQ(vault.rows(kIncomingRows), 1U);
    ASSERT_TRUE(inbox->forget({now.value + kRememberedMs + 1}).ok());
    EXPECT_EQ(vault.rows(kIncomingRows), 0U);
}

TEST_F(InboxTest, a_crash_before_the_sweep_leaves_nothing) {
    EXPECT_EQ(send(message_of(kPieceBytes + 1)).end, TransferEnd::kTaken);
    EXPECT_EQ(vault.rows(kDoomedRows), 1U);
    reopen();
    ASSERT_TRUE(Outbox::open(*vault).ok());  // as every start does
    EXPECT_EQ(vault.rows(kDoomedRows), 0U);
}

TEST_F(InboxTest, one_sender_is_remembered_for_so_many) {
    inbox = std::move(*Inbox::open(*vault, {}, 2));
    EXPECT_EQ(take(piece("a", 0, 1)).state(), v1::PEER_STATE_TAKEN);
    says = Handled::kLater;
    EXPECT_EQ(take(piece("b", 0, 2)).state(), v1::PEER_STATE_LATER);  // takes no room
    says = Handled::kDone;
    EXPECT_EQ(take(piece("c", 0, 3)).state(), v1::PEER_STATE_TAKEN);
    EXPECT_EQ(take(piece("d", 0, 4)).state(), v1::PEER_STATE_LATER);
    EXPECT_EQ(take(piece("c", 0, 3)).state(), v1::PEER_STATE_TAKEN);  // known
    EXPECT_EQ(seen.size(), 3U);
    auto other = piece("e", 0, 4);
    other.mutable_header()->set_sender("payer");
    EXPECT_EQ(take(other).state(), v1::PEER_STATE_TAKEN);
    ASSERT_TRUE(inbox->forget({now.value + kRememberedMs + 1}).ok());
    EXPECT_EQ(take(piece("d", 0, 4)).state(), v1::PEER_STATE_TAKEN);
}

TEST_F(InboxTest, without_a_receiver_all_is_for_later) {
    EXPECT_EQ(inbox->take(piece("abc", 0), nullptr, now).state(), v1::PEER_STATE_LATER);
    EXPECT_EQ(send("abc").end, TransferEnd::kTaken);
}

}  // namespace
}  // namespace consilium::vault::delivery
