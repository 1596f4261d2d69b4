// SPDX-License-Identifier: Apache-2.0
#include "http/server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/server_fixture.hpp"

namespace consilium::http {
namespace {

using ::testing::HasSubstr;

TEST_F(ServerTest, answers_and_keeps_the_connection) {
    start();
    auto c = client();
    ASSERT_TRUE(c.connected());
    for (int i = 0; i < 3; ++i) {
        c.send(get("/echo/abc?x=1"));
        const auto reply = c.read();
        ASSERT_TRUE(reply);
        EXPECT_EQ(reply->status, 200);
        EXPECT_EQ(reply->body, "\"abc|x=1\"");
        EXPECT_EQ(reply->headers.at("content-type"), "application/json");
        EXPECT_THAT(reply->headers.at("date"), HasSubstr("GMT"));
    }
}

TEST_F(ServerTest, speaks_tls_1_3_only) {
    start();
    EXPECT_TRUE(TestClient(server_->port(), "", TestClient::Tls::k13).connected());
    EXPECT_FALSE(TestClient(server_->port(), "", TestClient::Tls::k12).connected());
}

TEST_F(ServerTest, answers_pipelined_requests_in_order) {
    start();
    auto c = client();
    std::string all;
    for (int i = 0; i < 500; ++i)
        all += i % 5 == 0 ? get("/echo/" + std::to_string(i)) : post("/batch", std::to_string(i));
    c.send(all);
    for (int i = 0; i < 500; ++i) {
        const auto reply = c.read();
        ASSERT_TRUE(reply) << i;
        const auto text = std::to_string(i);
        EXPECT_EQ(reply->body, i % 5 == 0 ? '"' + text + "|\"" : text);
    }
}

TEST_F(ServerTest, hands_over_what_one_read_brought_in_one_batch) {
    start({}, 1);
    auto c = client();
    std::string all;
    for (int i = 0; i < 20; ++i)
        all += post("/batch", std::to_string(i));
    ASSERT_LT(all.size(), 16384U);  // one TLS record
    c.send(all);
    for (int i = 0; i < 20; ++i)
        ASSERT_TRUE(c.read());
    EXPECT_EQ(batches_, 1);
}

TEST_F(ServerTest, says_what_is_wrong_with_a_request) {
    start();
    const auto status = [this](const std::string& request, const std::string& code) {
        auto c = client();
        c.send(request);
        const auto reply = c.read();
        if (!reply) return 0;
        EXPECT_EQ(reply->headers.at("content-type"), "application/problem+json") << request;
        EXPECT_THAT(reply->body, HasSubstr("\"code\":\"" + code + "\"")) << request;
        EXPECT_THAT(reply->body, HasSubstr("\"status\":" + std::to_string(reply->status)));
        return reply->status;
    };
    const auto bearer = [](const std::string& text) { return "Authorization: " + text + "\r\n"; };
    EXPECT_EQ(status(get("/none"), "no-such-path"), 404);
    EXPECT_EQ(status("DELETE /open HTTP/1.1\r\nHost: x\r\n\r\n", "method-not-allowed"), 405);
    EXPECT_EQ(status("BREW /open HTTP/1.1\r\nHost: x\r\n\r\n", "method-not-allowed"), 405);
    EXPECT_EQ(status(get("/closed"), "token-missing"), 401);
    EXPECT_EQ(status(get("/closed", bearer("Basic abc")), "token-missing"), 401);
    EXPECT_EQ(status(get("/closed", bearer("Bearer abc")), "token-invalid"), 401);
    EXPECT_EQ(status(get("/closed", bearer("Bearer " + token("system/Ledger.c"))), "scope-missing"),
              403);
    EXPECT_EQ(status(get("/open", "Accept: text/html\r\n"), "not-acceptable"), 406);
    EXPECT_EQ(status(get("/open", "Content-Length: 3\r\n") + "abc", "body-not-allowed"), 413);
    EXPECT_EQ(status(post("/post", std::string(200'001, 'x')), "body-too-large"), 413);
    const auto wrong_type =
        "POST /post HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: "
        "Bearer " +
        token_ + "\r\nContent-Length: 2\r\n\r\n{}";
    EXPECT_EQ(status(wrong_type, "unsupported-media-type"), 415);
    EXPECT_EQ(status(get("/open", "Expect: tea\r\n"), "expectation-failed"), 417);
    EXPECT_EQ(status("GET /open HTTP/1.0\r\nHost: x\r\n\r\n", "http-version"), 505);
    EXPECT_EQ(status("GET /open HTTP/1.1\r\n\r\n", "malformed-request"), 400);
    EXPECT_EQ(status("nonsense\r\n\r\n", "malformed-request"), 400);
    EXPECT_EQ(status(get("/dropped"), "internal"), 500);
}

TEST_F(ServerTest, names_the_methods_and_the_scheme_that_would_do) {
    start();
    auto c = client();
    c.send("POST /open HTTP/1.1\r\nHost: x\r\n\r\n" + get("/closed"));
    EXPECT_EQ(c.read()->headers.at("allow"), "GET, HEAD");
    EXPECT_EQ(c.read()->headers.at("www-authenticate"), "Bearer");
}

TEST_F(ServerTest, lives_on_after_a_refused_request_with_a_small_body) {
    start();
    auto c = client();
    c.send(get("/none", "Content-Length: 5\r\n") + "GET /" + get("/open"));
    EXPECT_EQ(c.read()->status, 404);
    EXPECT_EQ(c.read()->status, 200);
}

TEST_F(ServerTest, takes_bodies_up_to_the_limit) {
    start();
    auto c = client();
    c.send(post("/post", std::string(200'000, 'x')));
    EXPECT_EQ(c.read()->body, "200000");
    const auto head =
        "POST /post HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\n"
        "Authorization: Bearer " +
        token_ + "\r\nTransfer-Encoding: chunked\r\n\r\n";
    c.send(head + "186a0\r\n" + std::string(100'000, 'x') + "\r\n186a0\r\n" +
           std::string(100'000, 'x') + "\r\n0\r\n\r\n");
    EXPECT_EQ(c.read()->body, "200000");
    c.send(head + "186a0\r\n" + std::string(100'000, 'x') + "\r\n186a1\r\n" +
           std::string(100'001, 'x') + "\r\n0\r\n\r\n");
    EXPECT_EQ(c.read()->status, 413);
    EXPECT_TRUE(c.closed());
}

TEST_F(ServerTest, invites_a_body_that_waits_to_be_invited) {
    start();
    auto c = client();
    const auto whole = post("/post", "abc", "Expect: 100-continue\r\n");
    c.send(whole.substr(0, whole.size() - 3));
    EXPECT_EQ(c.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    c.send("abc");
    EXPECT_EQ(c.read()->body, "3");
    // A refused one gets its answer instead, and the connection ends.
    auto d = client();
    d.send("POST /post HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    EXPECT_EQ(d.read()->status, 401);
    EXPECT_TRUE(d.closed());
}

TEST_F(ServerTest, closes_when_asked_to) {
    start();
    auto c = client();
    c.send(get("/open", "Connection: close\r\n") + get("/open"));
    const auto reply = c.read();
    EXPECT_EQ(reply->headers.at("connection"), "close");
    EXPECT_TRUE(c.closed());
}

TEST_F(ServerTest, answers_head_without_a_body) {
    start();
    auto c = client();
    c.send("HEAD /echo/abc HTTP/1.1\r\nHost: x\r\n\r\n" + get("/open"));
    const auto head = c.read(true);
    EXPECT_EQ(head->status, 200);
    EXPECT_EQ(head->headers.at("content-length"), "6");
    EXPECT_EQ(c.read()->body, "{}");
}

TEST_F(ServerTest, answers_what_was_asked_before_a_malformed_request) {
    start();
    auto c = client();
    c.send(get("/held") + get("/open") + "GET /open HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n" +
           get("/open"));
    wait_held(1);
    release_all("1");
    EXPECT_EQ(c.read()->body, "1");
    EXPECT_EQ(c.read()->body, "{}");
    EXPECT_EQ(c.read()->status, 400);
    EXPECT_TRUE(c.closed());
}

TEST_F(ServerTest, answers_a_client_that_has_finished_sending) {
    start();
    auto c = client();
    c.send(get("/held"));
    wait_held(1);
    c.finish_sending();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    release_all("1");
    const auto reply = c.read();
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->body, "1");
    EXPECT_TRUE(c.closed());
}

TEST_F(ServerTest, survives_clients_that_leave) {
    start();
    for (int i = 0; i < 20; ++i) {
        auto c = client();
        c.send(get("/held") + post("/batch", "1") + post("/post", "abc").substr(0, 80));
    }
    wait_held(20);
    release_all();
    auto c = client();
    c.send(get("/open"));
    EXPECT_EQ(c.read()->status, 200);
}

TEST_F(ServerTest, stops_gracefully) {
    start();
    auto waiting = client();
    waiting.send(get("/held"));
    auto idle = client();
    idle.send(get("/open"));
    EXPECT_EQ(idle.read()->status, 200);
    wait_held(1);
    std::thread stopper([this] { server_->stop(); });
    EXPECT_TRUE(idle.closed());
    release_all("1");
    const auto reply = waiting.read();
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->body, "1");
    EXPECT_EQ(reply->headers.at("connection"), "close");
    EXPECT_TRUE(waiting.closed());
    stopper.join();
    EXPECT_FALSE(client().connected());
}

TEST_F(ServerTest, stops_in_time_when_an_answer_never_comes) {
    ServerLimits limits;
    limits.stop_timeout = std::chrono::milliseconds(50);
    start(limits);
    auto c = client();
    c.send(get("/held"));
    wait_held(1);
    server_->stop();
    EXPECT_TRUE(c.closed());
    release_all();  // goes nowhere
}

TEST_F(ServerTest, refuses_to_start_with_what_cannot_work) {
    start();
    const auto attempt = [this](const std::string& address, std::uint16_t port,
                                const std::string& certificate) -> std::string {
        ServerOptions options;
        options.address = address;
        options.port = port;
        options.certificate_pem = certificate;
        options.private_key_pem = certificate_.private_key_pem;
        const auto started = Server::start(options, router_, *tokens_, {}, metrics_);
        return started ? "ok" : to_string(started.error());
    };
    EXPECT_EQ(attempt("127.0.0.1", server_->port(), certificate_.certificate_pem), "port-in-use");
    EXPECT_EQ(attempt("nowhere", 0, certificate_.certificate_pem), "address");
    EXPECT_EQ(attempt("192.0.2.1", 0, certificate_.certificate_pem), "address");
    EXPECT_EQ(attempt("127.0.0.1", 0, "nonsense"), "certificate");
    EXPECT_EQ(attempt("::1", 0, certificate_.certificate_pem), "ok");
}

TEST_F(ServerTest, counts_what_it_does) {
    start();
    {
        auto c = client();
        c.send(get("/open") + get("/none"));
        EXPECT_TRUE(c.read());
        EXPECT_TRUE(c.read());
    }
    EXPECT_THAT(metrics_.render(), HasSubstr("consilium_http_answers_total{status=\"2xx\"} 1\n"));
    EXPECT_THAT(metrics_.render(), HasSubstr("consilium_http_answers_total{status=\"4xx\"} 1\n"));
    EXPECT_THAT(metrics_.render(), HasSubstr("consilium_http_connections_total 1\n"));
}

}  // namespace
}  // namespace consilium::http
