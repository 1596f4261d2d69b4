// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/server_fixture.hpp"

// Limits at their value and one above, and clients that are slow on purpose.
namespace consilium::http {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

TEST_F(ServerTest, limits_the_header) {
    ServerLimits limits;
    limits.header_bytes_max = 1000;
    start(limits);
    const auto of_size = [](std::size_t size) {
        const std::string begin = "GET /open HTTP/1.1\r\nHost: x\r\nX: ";
        return begin + std::string(size - begin.size() - 4, 'x') + "\r\n\r\n";
    };
    auto c = client();
    c.send(of_size(1000));
    EXPECT_EQ(c.read()->status, 200);
    c.send(of_size(1001));
    EXPECT_EQ(c.read()->status, 431);
    EXPECT_TRUE(c.closed());
}

TEST_F(ServerTest, limits_connections) {
    ServerLimits limits;
    limits.connections_max = 2;
    start(limits);
    auto one = client();
    {
        auto two = client();
        EXPECT_TRUE(one.connected() && two.connected());
        for (int i = 0; i < 20; ++i)
            EXPECT_FALSE(client().connected());
    }
    // When one has gone there is room again.
    bool connected = false;
    for (int i = 0; i < 1000 && !connected; ++i) {
        connected = client().connected();
        std::this_thread::sleep_for(milliseconds(1));
    }
    EXPECT_TRUE(connected);
    one.send(get("/open"));
    EXPECT_EQ(one.read()->status, 200);
    EXPECT_THAT(metrics_.render(), HasSubstr("consilium_http_connections_refused_total"));
}

TEST_F(ServerTest, stops_reading_a_connection_with_enough_under_way) {
    ServerLimits limits;
    limits.in_flight_per_connection_max = 4;
    start(limits);
    auto c = client();
    std::string all;
    for (int i = 0; i < 5; ++i)
        all += get("/held");
    c.send(all);
    wait_held(4);
    std::this_thread::sleep_for(milliseconds(30));
    EXPECT_EQ(held(), 4U);  // the fifth waits
    release_all();
    for (int i = 0; i < 4; ++i)
        EXPECT_EQ(c.read()->status, 200);
    wait_held(1);
    release_all();
    EXPECT_EQ(c.read()->status, 200);
}

TEST_F(ServerTest, answers_503_when_too_many_requests_are_under_way_in_total) {
    ServerLimits limits;
    limits.in_flight_max = 2;
    start(limits);
    auto one = client();
    one.send(get("/held") + get("/held"));
    wait_held(2);
    auto two = client();
    two.send(get("/open"));
    const auto reply = two.read();
    EXPECT_EQ(reply->status, 503);
    EXPECT_EQ(reply->headers.at("retry-after"), "1");
    release_all();
    EXPECT_EQ(one.read()->status, 200);
    EXPECT_EQ(one.read()->status, 200);
    two.send(get("/open"));
    EXPECT_EQ(two.read()->status, 200);
}

TEST_F(ServerTest, limits_large_bodies_in_total) {
    ServerLimits limits;
    limits.large_bodies_bytes_max = 200'000;
    start(limits);
    auto one = client();
    const auto whole = post("/post", std::string(150'000, 'x'));
    one.send(whole.substr(0, whole.size() - 1));
    std::this_thread::sleep_for(milliseconds(30));
    auto two = client();
    two.send(post("/post", std::string(60'000, 'x')));  // a small one passes
    EXPECT_EQ(two.read()->status, 200);
    two.send(post("/post", std::string(100'000, 'x')));
    EXPECT_EQ(two.read()->status, 503);
    one.send("x");
    EXPECT_EQ(one.read()->body, "150000");
    auto three = client();
    three.send(post("/post", std::string(200'000, 'x')));
    EXPECT_EQ(three.read()->body, "200000");
}

TEST_F(ServerTest, answers_large_things_one_at_a_time) {
    start({}, 1);
    auto c = client();
    std::string all;
    for (int i = 0; i < 8; ++i)
        all += get("/heavy");
    c.send(all);
    for (int i = 0; i < 8; ++i)
        EXPECT_EQ(c.read()->body.size(), 1'000'002U);
    EXPECT_EQ(most_heavy_, 1);
}

TEST_F(ServerTest, gives_up_handshakes_that_do_not_come) {
    ServerLimits limits;
    limits.handshake_timeout = milliseconds(50);
    limits.connections_max = 1;
    start(limits);
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(server_->port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    char byte = 0;
    EXPECT_LE(::recv(fd, &byte, 1, 0), 0);  // blocks until the server closes
    ::close(fd);
}

TEST_F(ServerTest, gives_up_headers_that_drip) {
    ServerLimits limits;
    limits.header_timeout = milliseconds(60);
    start(limits);
    auto c = client();
    c.send("GET /open HTTP/1.1\r\nHost: x\r\n");
    std::optional<TestReply> reply;
    for (int i = 0; i < 2000 && !reply; ++i) {
        if (!c.send("X: y\r\n")) break;
        reply = c.read(false, milliseconds(5));
    }
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->status, 408);
}

TEST_F(ServerTest, gives_up_bodies_that_do_not_come) {
    ServerLimits limits;
    limits.body_timeout = milliseconds(60);
    start(limits);
    auto c = client();
    const auto whole = post("/post", "abcdef");
    c.send(get("/open") + whole.substr(0, whole.size() - 1));
    EXPECT_EQ(c.read()->status, 200);
    EXPECT_EQ(c.read()->status, 408);
    EXPECT_TRUE(c.closed());
}

TEST_F(ServerTest, closes_idle_connections_but_not_waiting_ones) {
    ServerLimits limits;
    limits.idle_timeout = milliseconds(60);
    start(limits);
    auto waiting = client();
    waiting.send(get("/held"));
    wait_held(1);
    auto idle = client();
    idle.send(get("/open"));
    EXPECT_EQ(idle.read()->status, 200);
    EXPECT_TRUE(idle.closed());
    release_all();
    EXPECT_EQ(waiting.read()->status, 200);
}

TEST_F(ServerTest, answers_504_when_the_answer_takes_too_long) {
    ServerLimits limits;
    limits.answer_timeout = milliseconds(60);
    start(limits);
    auto c = client();
    c.send(get("/held") + get("/open"));
    const auto reply = c.read();
    EXPECT_EQ(reply->status, 504);
    EXPECT_TRUE(reply->headers.contains("retry-after"));
    EXPECT_EQ(c.read()->status, 200);
    release_all();  // too late, and without effect
    c.send(get("/open"));
    EXPECT_EQ(c.read()->status, 200);
}

TEST_F(ServerTest, gives_up_clients_that_do_not_read) {
    ServerLimits limits;
    limits.write_timeout = milliseconds(100);
    start(limits);
    auto c = client();
    std::string all;
    for (int i = 0; i < 64; ++i)
        all += get("/heavy");
    c.send(all);
    // 64 MB do not fit between us; the server closes, and what was on its way ends too early.
    const auto count = [this] {
        return metrics_.render().find("consilium_http_timeouts_total 1\n") != std::string::npos;
    };
    for (int i = 0; i < 5000 && !count(); ++i)
        std::this_thread::sleep_for(milliseconds(1));
    EXPECT_TRUE(count());
}

TEST_F(ServerTest, stays_up_when_connections_flood_in) {
    ServerLimits limits;
    limits.connections_max = 8;
    start(limits);
    for (int round = 0; round < 5; ++round) {
        std::vector<int> sockets;
        for (int i = 0; i < 50; ++i) {
            const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
            sockaddr_in address{};
            address.sin_family = AF_INET;
            address.sin_port = htons(server_->port());
            address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
            (void)::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address);
            (void)::send(fd, "GET / HTTP/1.1\r\n\r\n", 18, MSG_NOSIGNAL);  // not TLS
            sockets.push_back(fd);
        }
        for (const int fd : sockets)
            ::close(fd);
    }
    bool answered = false;
    for (int i = 0; i < 1000 && !answered; ++i) {
        auto c = client();
        if (c.connected() && c.send(get("/open"))) answered = c.read().has_value();
        if (!answered) std::this_thread::sleep_for(milliseconds(1));
    }
    EXPECT_TRUE(answered);
}

}  // namespace
}  // namespace consilium::http
