// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/ledger/event_feeds.hpp"
#include "services/ledger/ledger_fixture.hpp"

namespace consilium::services::ledger_api {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class EventRoutesTest : public LedgerServiceTest {
 protected:
    std::string events(const std::string& query, const std::string& fields = "") {
        return request("GET", "/v1/events" + query, fields + "Accept: text/event-stream\r\n");
    }
    void wait_followers(std::size_t count) {
        while (true) {
            {
                const std::lock_guard lock(node_.mutex);
                if (node_.followers.size() == count) return;
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    }
};

TEST_F(EventRoutesTest, follows_from_now_on) {
    start();
    node_.publish(8, 1);
    auto c = client();
    c.send(events(""));
    EXPECT_THAT(c.read_until("\r\n\r\n"), HasSubstr("Content-Type: text/event-stream\r\n"));
    wait_followers(1);
    node_.publish(9, 2);
    const auto text = c.read_until("id: 10.0\n");
    EXPECT_THAT(text, Not(HasSubstr("\"height\":8")));
    EXPECT_THAT(text, HasSubstr("event: outcome\nid: 9.1\ndata: {\"transaction_id\""));
    EXPECT_THAT(text, HasSubstr("event: outcome\nid: 9.2\n"));
    EXPECT_THAT(c.read_until("\n\n"),
                HasSubstr("data: {\"height\":9,\"time_unix_ms\":9000,\"state_root\":"));
}

TEST_F(EventRoutesTest, goes_on_where_the_cursor_says) {
    start();
    for (Height height = 1; height <= 4; ++height)
        node_.publish(height, 3);
    auto by_query = client();
    by_query.send(events("?from=2.1"));
    const auto text = by_query.read_until("id: 5.0\n");
    EXPECT_THAT(text, Not(HasSubstr("id: 2.1\n")));
    EXPECT_THAT(text, HasSubstr("id: 2.2\n"));
    EXPECT_THAT(text, HasSubstr("id: 4.3\n"));
    auto by_header = client();
    by_header.send(events("?from=1.0", "Last-Event-ID: 4.3\r\n"));
    const auto rest = by_header.read_until("id: 5.0\n");
    EXPECT_THAT(rest, Not(HasSubstr("event: outcome")));
    auto from_start = client();
    from_start.send(events("?from=0.0"));
    EXPECT_THAT(from_start.read_until("id: 5.0\n"), HasSubstr("id: 1.1\n"));
}

TEST_F(EventRoutesTest, refuses_cursors_that_are_none_or_pruned) {
    start();
    for (const auto* bad : {"?from=", "?from=1", "?from=x.y", "?from=1.", "?from=1.4294967296",
                            "?from=01.0", "?since=1.0", "?from=1.0&from=1.0"}) {
        auto c = client();
        c.send(events(bad));
        EXPECT_EQ(c.read()->status, 400) << bad;
    }
    node_.retained = 5;
    auto c = client();
    c.send(events("?from=4.0"));
    EXPECT_EQ(c.read()->status, 410);
    auto from_start = client();
    from_start.send(events("?from=0.0"));
    EXPECT_EQ(from_start.read()->status, 410);
    auto held = client();
    held.send(events("?from=5.0"));
    EXPECT_THAT(held.read_until("\r\n\r\n"), HasSubstr("200 OK"));
}

TEST_F(EventRoutesTest, says_why_a_stream_ends) {
    start();
    for (const auto& [reason, code] :
         {std::pair(ReadError::kPruned, "pruned"), std::pair(ReadError::kDisk, "disk")}) {
        auto c = client();
        c.send(events("?from=1.0"));
        (void)c.read_until("\r\n\r\n");
        wait_followers(1);
        node_.publish(node_.newest + 1, 1);
        node_.end(reason);
        const auto last = "event: end\ndata: {\"code\":\"" + std::string(code) + "\"}\n\n";
        const auto text = c.read_until(last);
        EXPECT_THAT(text, HasSubstr("event: block"));
        EXPECT_THAT(text, ::testing::EndsWith(last));
        EXPECT_TRUE(c.closed());
        wait_followers(0);
    }
}

TEST_F(EventRoutesTest, a_slow_client_is_told_of_the_end_after_what_it_can_still_have) {
    http::ServerLimits limits;
    limits.stream_buffer_bytes_max = 64 * 1024;
    start(limits);
    constexpr Height kBlocks = 20;
    for (Height height = 1; height <= kBlocks; ++height)
        node_.publish(height, 3000);
    node_.ends_after_stored = ReadError::kPruned;
    auto c = client();
    c.send(events("?from=1.0"));
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    const auto text = c.read_until("event: end\n");
    EXPECT_THAT(text, HasSubstr("id: " + std::to_string(kBlocks + 1) + ".0\n"));
    EXPECT_THAT(c.read_until("\n\n"), HasSubstr("pruned"));
    EXPECT_TRUE(c.closed());
    EXPECT_GT(node_.subscriptions, 1);
}

TEST_F(EventRoutesTest, loses_nothing_when_the_client_is_slow) {
    http::ServerLimits limits;
    limits.stream_buffer_bytes_max = 64 * 1024;
    start(limits);
    // One block alone is more than the stream holds, and all are more than sockets hold.
    constexpr Height kBlocks = 20;
    constexpr std::size_t kOutcomes = 3000;
    for (Height height = 1; height <= kBlocks; ++height)
        node_.publish(height, kOutcomes);
    auto c = client();
    c.send(events("?from=1.0"));
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    (void)c.read_until("\r\n\r\n");
    for (Height height = 1; height <= kBlocks; ++height) {
        for (std::size_t i = 1; i <= kOutcomes; ++i) {
            const auto event = c.read_until("\n\n");
            const auto id = "id: " + std::to_string(height) + "." + std::to_string(i) + "\n";
            ASSERT_NE(event.find(id), std::string::npos) << id << event;
        }
        ASSERT_THAT(c.read_until("\n\n"), HasSubstr("event: block"));
    }
    EXPECT_GT(node_.subscriptions, 1);  // it was slow indeed
}

TEST_F(EventRoutesTest, forgets_clients_that_left_and_ends_streams_when_it_stops) {
    Options options;
    options.ping_interval_ms = 5;
    start({}, options);
    {
        auto gone = client();
        gone.send(events(""));
        EXPECT_THAT(gone.read_until(":\n\n"), HasSubstr("200 OK"));
    }
    wait_followers(0);
    auto c = client();
    c.send(events(""));
    (void)c.read_until("\r\n\r\n");
    wait_followers(1);
    stop();
    EXPECT_THAT(c.read_until("nothing more"), Not(HasSubstr("event")));
    EXPECT_TRUE(c.closed());
    wait_followers(0);
}

TEST_F(EventRoutesTest, limits_streams) {
    http::ServerLimits limits;
    limits.streams_max = 2;
    start(limits);
    auto one = client();
    auto two = client();
    auto three = client();
    one.send(events(""));
    two.send(events(""));
    (void)one.read_until("\r\n\r\n");
    (void)two.read_until("\r\n\r\n");
    three.send(events(""));
    EXPECT_EQ(three.read()->status, 503);
}

TEST(Cursor, reads_what_it_wrote) {
    EXPECT_EQ(parse_cursor("12.3"), (Cursor{12, 3}));
    EXPECT_EQ(parse_cursor("0.0"), (Cursor{0, 0}));
    EXPECT_EQ(parse_cursor("18446744073709551615.4294967295"),
              (Cursor{18446744073709551615ULL, 4294967295U}));
    EXPECT_EQ(parse_cursor("18446744073709551616.0"), std::nullopt);
    EXPECT_EQ(parse_cursor(""), std::nullopt);
}

}  // namespace
}  // namespace consilium::services::ledger_api
