// SPDX-License-Identifier: Apache-2.0
#include "services/identity/patient_routes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/hex.hpp"
#include "consilium/v1/charts.pb.h"
#include "crypto/sign.hpp"
#include "formats/json/parse.hpp"
#include "http/client.hpp"
#include "http/server.hpp"
#include "http/tls.hpp"
#include "proto/canonical.hpp"
#include "services/port/map_reads_testing.hpp"
#include "wallet/challenge.hpp"

namespace consilium::services::identity {
namespace {

UnixMs system_now() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return {static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(now).count())};
}

class PatientRoutesTest : public ::testing::Test {
 protected:
    PatientRoutesTest() {
        link.value.fill(7);
        v1::Link row;
        row.set_custodian("hospital");
        row.set_counterparty("clinic");
        row.set_algorithm(v1::ALGORITHM_ED25519);
        row.set_public_key(key.public_key());
        row.set_version(1);
        reads.rows[Bytes("\x03\x03", 2).append(link.view())] = proto::encode(row);
        routes = std::make_unique<PatientRoutes>(
            PatientTokens::Ports{network, member, reads, *tokens}, system_now);
        routes->add_routes(router);
        http::RouteOptions closed;
        closed.authenticated = true;
        closed.produces = {http::Media::kJson};
        router.add(http::Method::kGet, "/mine", closed,
                   [](http::Request& request, http::Responder responder) {
                       responder.send(http::json('"' + request.principal->link + '"'));
                   });
        http::ServerOptions options;
        options.certificate_pem = certificate.certificate_pem;
        options.private_key_pem = certificate.private_key_pem;
        server = std::move(*http::Server::start(options, router, *tokens, {}, metrics));
        http::ClientTrust trust;
        trust.trusted_pem = certificate.certificate_pem;
        client = std::make_unique<http::Client>(http::Origin{"127.0.0.1", server->port()}, trust);
    }
    ~PatientRoutesTest() override { server->stop(); }

    http::HttpReply post(const std::string& target, const std::string& body) {
        auto reply = client->send({"POST", target, "application/json", "application/json", body});
        EXPECT_TRUE(reply.ok());
        return std::move(*reply);
    }
    static std::string text_of(const Bytes& json, std::string_view name) {
        const auto parsed = formats::json::parse(json, 10'000);
        const auto* value = parsed ? parsed->root().find(name) : nullptr;
        return value == nullptr ? "" : std::string(value->string());
    }

    http::Certificate certificate = *http::make_self_signed({"test", {}, {"127.0.0.1"}, 1});
    std::unique_ptr<http::Tokens> tokens =
        *http::Tokens::create("i", "a", {*http::make_token_key()});
    telemetry::Metrics metrics;
    ledger::NetworkId network{};
    ledger::MemberId member = "hospital";
    MapReads reads;
    crypto::SigningKey key = crypto::SigningKey::generate();
    ledger::LinkId link;
    http::Router router;
    std::unique_ptr<PatientRoutes> routes;
    std::unique_ptr<http::Server> server;
    std::unique_ptr<http::Client> client;
};

TEST_F(PatientRoutesTest, let_a_patient_in) {
    const auto asked = post("/v1/patient/challenge", R"({"link":")" + to_hex(link.view()) + "\"}");
    ASSERT_EQ(asked.status, 200U);
    const auto challenge = text_of(asked.body, "challenge");
    v1::IssuedChallenge issued;
    ASSERT_TRUE(proto::parse_canonical(*from_hex(challenge), issued).ok());
    const auto signature = key.sign(wallet::challenge_digest(issued.challenge()).view());
    const auto body =
        R"({"challenge":")" + challenge + R"(","signature":")" + to_hex(signature) + "\"}";
    const auto token = post("/v1/patient/token", body);
    ASSERT_EQ(token.status, 200U);
    EXPECT_EQ(token.header("cache-control"), "no-store");
    EXPECT_EQ(text_of(token.body, "token_type"), "Bearer");
    EXPECT_EQ(text_of(token.body, "link"), to_hex(link.view()));
    http::HttpRequest mine{"GET", "/mine"};
    mine.headers = {{"Authorization", "Bearer " + text_of(token.body, "access_token")}};
    EXPECT_EQ(client->send(mine)->body, '"' + to_hex(link.view()) + '"');
    const auto again = post("/v1/patient/token", body);
    EXPECT_EQ(again.status, 403U);
    EXPECT_THAT(again.body, ::testing::HasSubstr("patient-used"));
}

TEST_F(PatientRoutesTest, refuse_other_bodies) {
    for (const std::string body :
         {"", "{}", "[]", "{\"link\":7}", "{\"link\":\"00\"}", "{\"link\":\"zz\"}",
          "{\"link\":\"07070707070707070707070707070707\",\"more\":1}"}) {
        const auto reply = post("/v1/patient/challenge", body);
        EXPECT_THAT(reply.status, ::testing::AnyOf(400U, 415U)) << body;
    }
    EXPECT_EQ(post("/v1/patient/token", "{\"challenge\":\"00\",\"signature\":\"00\"}").status,
              400U);
    EXPECT_EQ(post("/v1/patient/token", "{\"challenge\":\"00\"}").status, 400U);
    EXPECT_EQ(post("/v1/patient/token", std::string(3000, ' ')).status, 413U);
}

}  // namespace
}  // namespace consilium::services::identity
