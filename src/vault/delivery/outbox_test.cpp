// SPDX-License-Identifier: Apache-2.0
#include "vault/delivery/outbox.hpp"

#include <gtest/gtest.h>

#include "vault/delivery/delivery_fixture.hpp"
#include "vault/delivery/queue_rows.hpp"

namespace consilium::vault::delivery {
namespace {

class OutboxTest : public ::testing::Test {
 protected:
    TestVault vault;
    std::unique_ptr<Outbox> outbox = std::move(*Outbox::open(*vault));

    void reopen() {
        outbox.reset();
        vault.open();
        outbox = std::move(*Outbox::open(*vault));
    }
    // Queues a message that comes in steps.
    std::optional<Queued> add(const Bytes& message, std::uint8_t name = 1,
                              std::size_t step = 700'000) {
        auto header = header_of(message, name);
        header.clear_digest();
        Outbox::Writer writer(*outbox, header);
        for (BytesView rest = message; !rest.empty();
             rest.remove_prefix(std::min(step, rest.size())))
            EXPECT_TRUE(writer.update(rest.substr(0, step)).ok());
        auto queued = writer.commit({5});
        EXPECT_TRUE(queued.ok());
        return *queued;
    }
    Bytes bytes_of(const Queued& queued) {
        Bytes out;
        for (std::uint64_t at = 0; at < queued.header.size(); at += kPieceBytes) {
            const auto piece = outbox->piece(queued, at);
            if (!piece) return "unreadable";
            EXPECT_EQ(piece->size(), piece_size(queued.header.size(), at));
            out += *piece;
        }
        return out;
    }
};

TEST_F(OutboxTest, keeps_messages_of_every_length_over_a_restart) {
    const std::size_t sizes[] = {1,
                                 kInlineMessageBytesMax,
                                 kInlineMessageBytesMax + 1,
                                 kPieceBytes,
                                 kPieceBytes + 1,
                                 2 * kPieceBytes,
                                 2 * kPieceBytes + 7};
    std::uint8_t name = 0;
    for (const auto size : sizes)
        ASSERT_TRUE(add(message_of(size), ++name)) << size;
    reopen();
    const auto loaded = outbox->take_loaded();
    ASSERT_EQ(loaded.size(), std::size(sizes));
    for (std::size_t i = 0; i < loaded.size(); ++i) {
        const auto message = message_of(sizes[i]);
        EXPECT_EQ(bytes_of(loaded[i]), message) << sizes[i];
        EXPECT_EQ(loaded[i].header.digest(), digest_of(message).view());
        EXPECT_EQ(loaded[i].queued.value, 5U);
        EXPECT_EQ(loaded[i].number, i + 1);
    }
    // Numbers go on where they were.
    EXPECT_EQ(add("x", 99)->number, std::size(sizes) + 1);
}

TEST_F(OutboxTest, a_name_is_sent_once) {
    EXPECT_TRUE(add("abc"));
    EXPECT_FALSE(add("abc"));
    EXPECT_FALSE(add(message_of(2 * kPieceBytes)));  // whatever is in it
    EXPECT_EQ(vault.rows(kDoomedRows), 0U);          // and nothing is left of it
    EXPECT_TRUE(*outbox->was_sent("clinic", name_of(1).view()));
    EXPECT_FALSE(*outbox->was_sent("clinic", name_of(2).view()));
    EXPECT_FALSE(*outbox->was_sent("payer", name_of(1).view()));
    reopen();
    EXPECT_FALSE(add("abc"));
    const auto loaded = outbox->take_loaded();
    ASSERT_EQ(loaded.size(), 1U);
    ASSERT_TRUE(outbox->finish(loaded[0], v1::PEER_STATE_TAKEN, {}, {6}).ok());
    EXPECT_FALSE(add("abc"));
}

TEST_F(OutboxTest, what_is_through_is_destroyed) {
    for (const auto size : {std::size_t{3}, 2 * kPieceBytes + 1}) {
        const auto queued = *add(message_of(size), static_cast<std::uint8_t>(size % 250));
        const auto row = *vault->row(outgoing_key("clinic", queued.number));
        const auto message = *decode_row<v1::OutgoingMessage>(*row);
        ASSERT_TRUE(outbox->finish(queued, v1::PEER_STATE_TAKEN, {}, {6}).ok());
        EXPECT_TRUE(outbox->finish(queued, v1::PEER_STATE_TAKEN, {}, {6}).ok());
        EXPECT_FALSE(outbox->piece(queued, 0).ok());
        outbox->sweep();
        ledger::RecordId record;
        if (!assign(record, message.record_id())) continue;
        for (const auto version : {1U, 2U, 3U})
            EXPECT_EQ(vault->read({record, version}, kPieceBytes).error(), VaultError::kErased);
    }
    EXPECT_EQ(vault.rows(kOutgoingRows), 0U);
    EXPECT_EQ(vault.rows(kDoomedRows), 0U);
}

TEST_F(OutboxTest, refuses_more_and_fewer_bytes_than_announced) {
    auto header = header_of("abc");
    {
        Outbox::Writer writer(*outbox, header);
        EXPECT_TRUE(writer.update("ab").ok());
        EXPECT_EQ(writer.commit({}).error(), VaultError::kTooLong);
    }
    Outbox::Writer writer(*outbox, header);
    EXPECT_TRUE(writer.update("abc").ok());
    EXPECT_EQ(writer.update("d").error(), VaultError::kTooLong);
    EXPECT_EQ(vault.rows(kOutgoingRows), 0U);
}

TEST_F(OutboxTest, a_message_that_was_never_finished_leaves_nothing_after_a_crash) {
    auto header = header_of(message_of(3 * kPieceBytes));
    {
        Outbox::Writer writer(*outbox, header);
        ASSERT_TRUE(writer.update(message_of(2 * kPieceBytes + 1)).ok());
        EXPECT_EQ(vault.rows(kDoomedRows), 1U);
    }
    EXPECT_EQ(vault.rows(kDoomedRows), 0U);
    // The same, but that the process ends before the writer: its row makes the next start do it.
    BodyStore bodies(*vault);
    const auto record = crypto::random_id<ledger::RecordId>();
    const std::array<Row, 1> doomed{Row{doomed_key(record.view()), Bytes()}};
    ASSERT_TRUE(bodies.put(record, 0, message_of(kPieceBytes), doomed, {}).ok());
    reopen();
    EXPECT_EQ(vault.rows(kDoomedRows), 0U);
    EXPECT_EQ(vault->read({record, 1}, kPieceBytes).error(), VaultError::kErased);
}

TEST_F(OutboxTest, forgets_what_has_long_been_through) {
    const auto one = *add("a", 1);
    ASSERT_TRUE(add("b", 2));
    ASSERT_TRUE(outbox->finish(one, v1::PEER_STATE_REFUSED, v1::PEER_REFUSAL_CONTENT, {1000}).ok());
    ASSERT_TRUE(outbox->forget({1000 + kRememberedMs}).ok());
    EXPECT_EQ(vault.rows(kSentRows), 2U);
    ASSERT_TRUE(outbox->forget({1001 + kRememberedMs}).ok());
    EXPECT_EQ(vault.rows(kSentRows), 1U);  // what still waits is remembered
}

}  // namespace
}  // namespace consilium::vault::delivery
