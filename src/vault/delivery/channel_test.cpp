// SPDX-License-Identifier: Apache-2.0
#include "vault/delivery/channel.hpp"

#include <gtest/gtest.h>

#include "vault/delivery/node_fixture.hpp"
#include "vault/delivery/queue_rows.hpp"
#include "vault/delivery/transfer.hpp"

namespace consilium::vault::delivery {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

class ChannelTest : public ::testing::Test {
 protected:
    TestDirectory directory;
    TestNode hospital{"hospital", directory};
    TestNode clinic{"clinic", directory};

    static Status<SendError> send(TestNode& from, const ledger::MemberId& to, BytesView message,
                                  std::uint8_t name = 1) {
        return from.channel->send(to, name_of(name), message);
    }
    // A piece from `from`'s key, whatever it says; the status of the answer.
    unsigned post(const http::Certificate& certificate, const v1::PeerChunk& chunk) {
        http::ClientTrust trust;
        trust.key_sha256 = clinic.peer().tls_key_sha256;
        trust.certificate_pem = certificate.certificate_pem;
        trust.private_key_pem = certificate.private_key_pem;
        http::Client client({"127.0.0.1", clinic.port()}, trust);
        const auto reply = client.send({"POST", std::string(kPeerPath), "application/x-protobuf",
                                        "application/x-protobuf", proto::encode(chunk)});
        return reply ? reply->status : 0;
    }
    static v1::PeerChunk chunk_of(BytesView message) {
        v1::PeerChunk chunk;
        *chunk.mutable_header() = header_of(message);
        chunk.set_bytes(Bytes(message));
        return chunk;
    }
};

TEST_F(ChannelTest, delivers_both_ways_and_says_who_sends) {
    hospital.start();
    clinic.start();
    const auto large = message_of(3 * kPieceBytes + 1);
    ASSERT_TRUE(send(hospital, "clinic", "to the clinic", 1).ok());
    ASSERT_TRUE(send(hospital, "clinic", large, 2).ok());
    ASSERT_TRUE(send(clinic, "hospital", "to the hospital", 1).ok());
    ASSERT_TRUE(clinic.wait(2));
    ASSERT_TRUE(hospital.wait(1));
    EXPECT_TRUE(hospital.drained());
    EXPECT_TRUE(clinic.drained());
    EXPECT_THAT(clinic.seen(),
                UnorderedElementsAre(Pair("hospital", "to the clinic"), Pair("hospital", large)));
    EXPECT_THAT(hospital.seen(), ElementsAre(Pair("clinic", "to the hospital")));
    EXPECT_EQ(hospital.vault.rows(kOutgoingRows), 0U);
    hospital.stop();
    clinic.stop();
    EXPECT_EQ(hospital.vault.rows(kDoomedRows), 0U);
    EXPECT_EQ(clinic.vault.rows(kDoomedRows), 0U);
}

TEST_F(ChannelTest, what_is_queued_outlives_the_process) {
    clinic.start();  // so that it is known
    const auto large = message_of(kPieceBytes + 1);
    clinic.stop();
    hospital.start(false);
    ASSERT_TRUE(send(hospital, "clinic", "one", 1).ok());
    ASSERT_TRUE(send(hospital, "clinic", large, 2).ok());
    const auto waiting = hospital.channel->waiting();
    ASSERT_EQ(waiting.size(), 1U);
    EXPECT_EQ(waiting[0].to, "clinic");
    EXPECT_EQ(waiting[0].messages, 2U);
    hospital.stop();
    hospital.vault.open();
    hospital.start();
    EXPECT_EQ(hospital.channel->waiting()[0].messages, 2U);
    clinic.start();
    ASSERT_TRUE(clinic.wait(2));
    EXPECT_TRUE(hospital.drained());
    EXPECT_THAT(clinic.seen(),
                UnorderedElementsAre(Pair("hospital", "one"), Pair("hospital", large)));
}

TEST_F(ChannelTest, goes_on_trying_and_finds_a_member_that_moved) {
    hospital.start();
    clinic.start();
    clinic.stop();
    auto elsewhere = clinic.peer();
    elsewhere.endpoint = "https://127.0.0.1:1";
    directory.set("clinic", elsewhere);
    ASSERT_TRUE(send(hospital, "clinic", "hello").ok());
    while (hospital.channel->waiting()[0].failures < 3)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    clinic.start();  // and says where it is
    ASSERT_TRUE(clinic.wait(1));
    EXPECT_TRUE(hospital.drained());
}

TEST_F(ChannelTest, a_name_is_delivered_once) {
    hospital.start();
    clinic.start();
    for (int i = 0; i < 3; ++i)
        ASSERT_TRUE(send(hospital, "clinic", "once").ok());
    ASSERT_TRUE(clinic.wait(1));
    EXPECT_TRUE(hospital.drained());
    ASSERT_TRUE(send(hospital, "clinic", "once").ok());
    EXPECT_TRUE(hospital.channel->waiting().empty());
    EXPECT_EQ(clinic.seen().size(), 1U);
}

TEST_F(ChannelTest, later_comes_again_and_refused_does_not) {
    hospital.start();
    clinic.says = {Handled::kLater, Handled::kLater, Handled::kDone, Handled::kRefused};
    clinic.start();
    ASSERT_TRUE(send(hospital, "clinic", "patience", 1).ok());
    ASSERT_TRUE(clinic.wait(3));
    EXPECT_TRUE(hospital.drained());
    ASSERT_TRUE(send(hospital, "clinic", "never", 2).ok());
    ASSERT_TRUE(clinic.wait(4));
    EXPECT_TRUE(hospital.drained());
    EXPECT_THAT(clinic.seen(),
                ElementsAre(Pair("hospital", "patience"), Pair("hospital", "patience"),
                            Pair("hospital", "patience"), Pair("hospital", "never")));
}

TEST_F(ChannelTest, one_member_that_is_away_holds_up_nobody) {
    hospital.start();
    clinic.start();
    TestNode payer("payer", directory);
    payer.start();
    payer.stop();
    for (std::uint8_t i = 0; i < 20; ++i) {
        ASSERT_TRUE(send(hospital, "payer", "x", i).ok());
        ASSERT_TRUE(send(hospital, "clinic", "x", i).ok());
    }
    EXPECT_TRUE(clinic.wait(20));
    while (hospital.channel->waiting().size() > 1)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    EXPECT_EQ(hospital.channel->waiting()[0].to, "payer");
    EXPECT_EQ(hospital.channel->waiting()[0].messages, 20U);
}

TEST_F(ChannelTest, is_told_apart_by_key_alone) {
    clinic.start();
    hospital.start();
    const auto stranger = *http::make_self_signed({"hospital", {}, {}, 1});
    EXPECT_EQ(post(hospital.certificate(), chunk_of("a")), 200U);
    EXPECT_EQ(post(stranger, chunk_of("b")), 0U);  // no handshake
    EXPECT_EQ(post({}, chunk_of("b")), 0U);
    // A member that says it is another, with that one's name free or taken.
    auto chunk = chunk_of("b");
    chunk.mutable_header()->set_sender("payer");
    EXPECT_EQ(post(hospital.certificate(), chunk), 403U);
    directory.set("payer", Peer{"", name_of(9)});
    EXPECT_EQ(post(hospital.certificate(), chunk), 403U);
    // A member cannot send to itself through another's key, nor be sent to as somebody else.
    chunk.mutable_header()->set_sender("clinic");
    EXPECT_EQ(post(clinic.certificate(), chunk), 403U);
    chunk = chunk_of("b");
    chunk.mutable_header()->set_recipient("payer");
    EXPECT_EQ(post(hospital.certificate(), chunk), 400U);
    // Whoever registers another's key as its own is not let in as the other, nor keeps it out.
    directory.set("a-payer", hospital.peer());
    chunk = chunk_of("c");
    chunk.mutable_header()->set_name(name_of(7).bytes());
    EXPECT_EQ(post(hospital.certificate(), chunk), 200U);
    // A member that is no longer active.
    directory.set("a-payer", std::nullopt);
    directory.set("hospital", std::nullopt);
    EXPECT_EQ(post(hospital.certificate(), chunk_of("d")), 0U);
    EXPECT_EQ(clinic.seen().size(), 2U);
}

TEST_F(ChannelTest, does_not_deliver_to_another_key_than_the_ledgers) {
    hospital.start();
    clinic.start();
    auto wrong = clinic.peer();
    wrong.tls_key_sha256 = name_of(1);
    directory.set("clinic", wrong);
    ASSERT_TRUE(send(hospital, "clinic", "for the clinic alone").ok());
    while (hospital.channel->waiting()[0].failures < 3)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    EXPECT_TRUE(clinic.seen().empty());
    clinic.publish();
    EXPECT_TRUE(clinic.wait(1));
    EXPECT_TRUE(hospital.drained());
}

TEST_F(ChannelTest, refuses_what_cannot_be_sent) {
    hospital.start();
    clinic.start();
    EXPECT_EQ(send(hospital, "nobody", "x").error(), SendError::kUnknownMember);
    EXPECT_EQ(send(hospital, "hospital", "x").error(), SendError::kUnknownMember);
    EXPECT_EQ(send(hospital, "clinic", "").error(), SendError::kInvalid);
    EXPECT_TRUE(hospital.channel->begin("clinic", name_of(1), kMessageBytesMax).ok());
    EXPECT_EQ(hospital.channel->begin("clinic", name_of(1), kMessageBytesMax + 1).error(),
              SendError::kInvalid);
    auto writer = std::move(*hospital.channel->begin("clinic", name_of(1), 3));
    EXPECT_EQ(writer->update("abcd").error(), SendError::kInvalid);
    EXPECT_TRUE(hospital.channel->waiting().empty());
}

TEST_F(ChannelTest, a_message_may_come_in_pieces) {
    hospital.start();
    clinic.start();
    const auto message = message_of(2 * kPieceBytes + 3);
    auto writer = std::move(*hospital.channel->begin("clinic", name_of(1), message.size()));
    for (std::size_t at = 0; at < message.size(); at += 300'000)
        ASSERT_TRUE(writer->update(BytesView(message).substr(at, 300'000)).ok());
    ASSERT_TRUE(writer->commit().ok());
    ASSERT_TRUE(clinic.wait(1));
    EXPECT_EQ(clinic.seen()[0].second, message);
    EXPECT_TRUE(hospital.drained());
}

}  // namespace
}  // namespace consilium::vault::delivery
