// SPDX-License-Identifier: Apache-2.0
#include "http/client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/server_fixture.hpp"

namespace consilium::http {
namespace {

class ClientTest : public ServerTest {
 protected:
    ClientTest() {
        RouteOptions any;
        any.produces = {Media::kJson};
        any.consumes_any = any.produces_any = any.body_optional = true;
        any.body_bytes_max = 3'000'000;
        router_.add(Method::kPut, "/any", any, [](Request& request, Responder responder) {
            Response out;
            out.status = 201;
            out.media = Media::kOther;
            out.content_type = std::string(request.fields.content_type);
            out.headers = "X-Seen: " + std::string(request.fields.if_match) + "|" +
                          std::string(request.fields.if_none_match) + "|" +
                          std::string(request.fields.if_modified_since) + "|" +
                          std::string(request.fields.if_none_exist) + "|" +
                          std::string(request.fields.prefer) + "|" +
                          std::string(request.fields.accept) + "\r\n";
            out.body = std::move(request.body);
            responder.send(std::move(out));
        });
        router_.add(Method::kPatch, "/who", any, [](Request& request, Responder responder) {
            responder.send(json('"' + std::string(request.peer) + '"'));
        });
    }
    Origin origin() { return {"127.0.0.1", server_->port()}; }
    ClientTrust trusting() {
        ClientTrust trust;
        trust.trusted_pem = certificate_.certificate_pem;
        return trust;
    }
    ClientTrust pinning(const Certificate& own) {
        ClientTrust trust;
        trust.key_sha256 = tls_key_sha256(certificate_.certificate_pem);
        trust.certificate_pem = own.certificate_pem;
        trust.private_key_pem = own.private_key_pem;
        return trust;
    }
    // A server that lets `known` in as "clinic".
    void start_mutual(const Certificate& known) {
        start([key = *tls_key_sha256(known.certificate_pem)](
                  const Hash32& shown) -> std::optional<std::string> {
            if (shown != key) return std::nullopt;
            return "clinic";
        });
    }
    static std::string outcome(Client client, const HttpRequest& request = {"GET", "/open"}) {
        const auto reply = client.send(request);
        return reply ? std::to_string(reply->status) : to_string(reply.error().error);
    }
};

TEST_F(ClientTest, keeps_the_connection_and_connects_anew) {
    start();
    Client client(origin(), trusting());
    for (int i = 0; i < 3; ++i) {
        const auto reply = client.send({"GET", "/echo/" + std::to_string(i) + "?a=b"});
        ASSERT_TRUE(reply.ok());
        EXPECT_EQ(reply->body, '"' + std::to_string(i) + "|a=b\"");
        EXPECT_EQ(reply->content_type, "application/json");
    }
    EXPECT_THAT(metrics_.render(), ::testing::HasSubstr("consilium_http_connections_total 1"));
    const auto port = server_->port();
    server_->stop();
    EXPECT_EQ(client.send({"GET", "/open"}).error().error, ClientError::kRefused);
    ServerOptions options;
    options.certificate_pem = certificate_.certificate_pem;
    options.private_key_pem = certificate_.private_key_pem;
    options.port = port;
    server_ = std::move(*Server::start(options, router_, *tokens_, {}, metrics_));
    EXPECT_EQ(client.send({"GET", "/open"})->status, 200U);
}

TEST_F(ClientTest, sends_and_reads_header_fields_and_any_media) {
    start();
    Client client(origin(), trusting());
    HttpRequest request{"PUT", "/any", "image/png; a=b", "application/fhir+json", "bytes"};
    request.headers = {{"If-Match", "W/\"1\""},
                       {"If-None-Match", "*"},
                       {"If-Modified-Since", "then"},
                       {"if-none-exist", "a=b"},
                       {"Prefer", "return=minimal"}};
    const auto reply = client.send(request);
    ASSERT_TRUE(reply.ok());
    EXPECT_EQ(reply->status, 201U);
    EXPECT_EQ(reply->content_type, "image/png; a=b");
    EXPECT_EQ(reply->body, "bytes");
    EXPECT_EQ(reply->header("x-seen"), "W/\"1\"|*|then|a=b|return=minimal|application/fhir+json");
    EXPECT_EQ(reply->header("absent"), std::nullopt);
    EXPECT_EQ(client.send({"HEAD", "/open"})->body, "");
    EXPECT_EQ(client.send({"GET", "/open"})->body, "{}");
}

TEST_F(ClientTest, sends_nothing_that_would_be_another_request) {
    start();
    Client client(origin(), trusting());
    const auto refused = [&](HttpRequest request) {
        const auto reply = client.send(request);
        return !reply && reply.error().error == ClientError::kMalformed;
    };
    EXPECT_TRUE(refused({"GET", "/open HTTP/1.1\r\nX: y"}));
    EXPECT_TRUE(refused({"GET", "open"}));
    EXPECT_TRUE(refused({"GET", ""}));
    EXPECT_TRUE(refused({"GE T", "/open"}));
    EXPECT_TRUE(refused({"GET", "/open", "", "a\r\nX: y"}));
    HttpRequest header{"GET", "/open"};
    header.headers = {{"If-Match", "a\nX: y"}};
    EXPECT_TRUE(refused(header));
    header.headers = {{"If-Match:", "a"}};
    EXPECT_TRUE(refused(header));
    EXPECT_EQ(client.send({"GET", "/open"})->status, 200U);
}

TEST_F(ClientTest, limits_the_answer) {
    start();
    ClientLimits limits;
    limits.body_bytes_max = 5;
    Client client(origin(), trusting(), limits);
    EXPECT_EQ(client.send({"PUT", "/any", "a/b", "*/*", "12345"})->body, "12345");
    const auto over = client.send({"PUT", "/any", "a/b", "*/*", "123456"});
    ASSERT_FALSE(over.ok());
    EXPECT_EQ(over.error().error, ClientError::kTooLarge);
    EXPECT_EQ(client.send({"GET", "/open"})->status, 200U);
}

TEST_F(ClientTest, takes_large_bodies_both_ways) {
    start();
    Client client(origin(), trusting());
    const Bytes body(3'000'000, 'x');
    EXPECT_EQ(client.send({"PUT", "/any", "a/b", "*/*", body})->body, body);
    EXPECT_EQ(client.send({"PUT", "/any", "a/b", "*/*", body + 'x'})->status, 413U);
}

TEST_F(ClientTest, gives_up_at_the_deadline_or_when_told) {
    start();
    ClientLimits limits;
    limits.answer_timeout = std::chrono::milliseconds(50);
    EXPECT_EQ(outcome(Client(origin(), trusting(), limits), {"GET", "/held"}), "timeout");
    Client client(origin(), trusting());
    std::thread other([&] {
        wait_held(2);
        client.interrupt();
    });
    EXPECT_EQ(client.send({"GET", "/held"}).error().error, ClientError::kInterrupted);
    other.join();
    EXPECT_EQ(client.send({"GET", "/open"}).error().error, ClientError::kInterrupted);
    release_all();
}

TEST_F(ClientTest, trusts_by_name_or_by_key) {
    start();
    const auto other = *make_self_signed({"other", {}, {"127.0.0.1"}, 1});
    EXPECT_EQ(outcome(Client(origin(), trusting())), "200");
    EXPECT_EQ(outcome(Client(origin(), {})), "tls");  // the system knows no such issuer
    EXPECT_EQ(outcome(Client({"127.0.0.2", server_->port()}, trusting())), "refused");
    auto trust = pinning({});
    EXPECT_EQ(outcome(Client(origin(), trust)), "200");
    trust.key_sha256 = tls_key_sha256(other.certificate_pem);
    EXPECT_EQ(outcome(Client(origin(), trust)), "tls");
    // The pin alone decides: the certificate that would be trusted by name does not help.
    trust.trusted_pem = certificate_.certificate_pem;
    EXPECT_EQ(outcome(Client(origin(), trust)), "tls");
    EXPECT_EQ(outcome(Client({"name.invalid", 1}, trusting())), "unknown-host");
}

TEST_F(ClientTest, a_name_that_is_not_in_the_certificate_is_not_trusted) {
    certificate_ = *make_self_signed({"test", {"elsewhere.example"}, {}, 1});
    start();
    EXPECT_EQ(outcome(Client(origin(), trusting())), "tls");
    EXPECT_EQ(outcome(Client(origin(), pinning({}))), "200");
}

TEST_F(ClientTest, a_server_whose_time_is_over_is_not_trusted) {
    const auto own = *make_self_signed({"own", {}, {}, 1});
    for (const int minutes : {-1, 1}) {
        certificate_ = moved_in_time(*make_self_signed({"test", {}, {"127.0.0.1"}, 1}), minutes);
        start();
        EXPECT_EQ(outcome(Client(origin(), pinning(own))), "tls") << minutes;
        EXPECT_EQ(outcome(Client(origin(), trusting())), "tls") << minutes;
    }
}

TEST_F(ClientTest, mutual_tls_names_the_client) {
    const auto own = *make_self_signed({"any name", {}, {}, 1});
    start_mutual(own);
    Client client(origin(), pinning(own));
    for (int i = 0; i < 2; ++i) {
        const auto reply = client.send({"PATCH", "/who"});
        ASSERT_TRUE(reply.ok()) << to_string(reply.error().error);
        EXPECT_EQ(reply->body, "\"clinic\"");
    }
    // Without mutual TLS nobody has a name, whatever they show.
    start();
    EXPECT_EQ(Client(origin(), pinning(own)).send({"PATCH", "/who"})->body, "\"\"");
}

TEST_F(ClientTest, mutual_tls_lets_nobody_else_in) {
    const auto own = *make_self_signed({"own", {}, {}, 1});
    const auto other = *make_self_signed({"own", {}, {}, 1});
    start_mutual(own);
    EXPECT_EQ(outcome(Client(origin(), pinning({}))), "tls");     // no certificate
    EXPECT_EQ(outcome(Client(origin(), pinning(other))), "tls");  // another key
    EXPECT_EQ(outcome(Client(origin(), pinning(moved_in_time(own, -1)))), "tls");
    EXPECT_EQ(outcome(Client(origin(), pinning(moved_in_time(own, 1)))), "tls");
    EXPECT_FALSE(TestClient(server_->port(), "", TestClient::Tls::k12).connected());
    // The right certificate without its key.
    auto stolen = pinning(own);
    stolen.private_key_pem = other.private_key_pem;
    EXPECT_EQ(outcome(Client(origin(), stolen)), "credentials");
    stolen.private_key_pem = "nonsense";
    EXPECT_EQ(outcome(Client(origin(), stolen)), "credentials");
    // The same key in a new certificate is the same member.
    EXPECT_EQ(outcome(Client(origin(), pinning(moved_in_time(own, -30)))), "tls");
    EXPECT_EQ(outcome(Client(origin(), pinning(own))), "200");
}

TEST_F(ClientTest, a_pool_serves_many_threads_over_few_connections) {
    start();
    ClientPool pool(origin(), trusting(), {}, 3);
    std::atomic<int> good{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t) {
        threads.emplace_back([&, t] {
            for (int i = 0; i < 20; ++i) {
                const auto text = std::to_string(t) + "-" + std::to_string(i);
                const auto reply = pool.send({"GET", "/echo/" + text});
                if (reply && reply->body == '"' + text + "|\"") ++good;
            }
        });
    }
    for (auto& thread : threads)
        thread.join();
    EXPECT_EQ(good, 160);
    const auto text = metrics_.render();
    const std::string name = "\nconsilium_http_connections_total ";
    const auto connections = std::stoi(text.substr(text.find(name) + name.size()));
    EXPECT_GE(connections, 1);
    EXPECT_LE(connections, 3);
}

TEST_F(ClientTest, a_pool_that_is_interrupted_lets_go_of_all) {
    start();
    ClientPool pool(origin(), trusting(), {}, 1);
    std::vector<ClientError> errors(2, ClientError::kTls);
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < 2; ++t) {  // one waits for the answer, one for the connection
        threads.emplace_back([&, t] { errors[t] = pool.send({"GET", "/held"}).error().error; });
    }
    wait_held(1);
    pool.interrupt();
    for (auto& thread : threads)
        thread.join();
    EXPECT_THAT(errors, ::testing::Each(ClientError::kInterrupted));
    release_all();
}

TEST(Origin, is_read_and_written) {
    EXPECT_EQ(to_string(*parse_origin("https://node.example")), "https://node.example:443");
    EXPECT_EQ(to_string(*parse_origin("https://[::1]:7443/")), "https://[::1]:7443");
    for (const auto* text :
         {"", "http://a", "https://", "https://a:0", "https://a:65536", "https://a:1x",
          "https://a/b", "https://u@a", "https://[::1", "https://a\r\nb", "https://a b"}) {
        EXPECT_FALSE(parse_origin(text)) << text;
    }
}

}  // namespace
}  // namespace consilium::http
