// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include "base/hex.hpp"
#include "crypto/hash.hpp"
#include "http/client_testing.hpp"
#include "http/server.hpp"
#include "http/tls.hpp"
#include "proto/canonical.hpp"
#include "services/ledger/fake_node_testing.hpp"
#include "services/ledger/ledger_service.hpp"

namespace consilium::services::ledger_api {

class LedgerServiceTest : public ::testing::Test {
 protected:
    void start(http::ServerLimits limits = {}, Options options = {}) {
        options.describe = [](std::uint32_t contract, std::uint32_t code) {
            if (contract != 4 || code != 5) return ledger::RejectionText{};
            return ledger::RejectionText{"record-exists", "The record exists.",
                                         ledger::Retry::kOtherState};
        };
        options.metrics_need_token = metrics_need_token_;
        service_ = std::make_unique<LedgerService>(Ports{node_, node_, node_}, options, *tokens_,
                                                   metrics_, telemetry::Logger());
        router_ = std::make_unique<http::Router>();
        service_->add_routes(*router_);
        http::ServerOptions server;
        server.certificate_pem = certificate_.certificate_pem;
        server.private_key_pem = certificate_.private_key_pem;
        server.limits = limits;
        auto started = http::Server::start(server, *router_, *tokens_, {}, metrics_);
        ASSERT_TRUE(started.ok());
        server_ = std::move(*started);
    }
    void stop() {
        if (server_) server_->stop();
        service_ = nullptr;
        server_ = nullptr;
    }
    void TearDown() override { stop(); }

    std::string token(const std::string& scope) {
        const auto now = std::chrono::system_clock::now().time_since_epoch();
        const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
        return *tokens_->issue({"user-1", "test", scope, 3600'000},
                               {static_cast<std::uint64_t>(ms)});
    }
    http::TestClient client() { return http::TestClient(server_->port()); }
    std::string request(const std::string& method, const std::string& target,
                        const std::string& fields = "", const std::string& body = "") {
        std::string out = method + " " + target + " HTTP/1.1\r\nHost: x\r\n" + fields;
        if (fields.find("Authorization") == std::string::npos) {
            out += "Authorization: Bearer " + token_ + "\r\n";
        }
        if (!body.empty() || method == "POST") {
            if (fields.find("Content-Type") == std::string::npos) {
                out += "Content-Type: application/x-protobuf\r\n";
            }
            out += "Content-Length: " + std::to_string(body.size()) + "\r\n";
        }
        return out + "\r\n" + body;
    }
    http::TestReply ask(const std::string& method, const std::string& target,
                        const std::string& fields = "", const std::string& body = "") {
        auto c = client();
        c.send(request(method, target, fields, body));
        return c.read(method == "HEAD").value_or(http::TestReply{});
    }
    http::TestReply get(const std::string& target, const std::string& fields = "") {
        return ask("GET", target, fields);
    }
    http::TestReply post(const std::string& target, const std::string& body,
                         const std::string& fields = "") {
        return ask("POST", target, fields, body);
    }

    FakeNode node_;
    http::Certificate certificate_ = *http::make_self_signed({"test", {"localhost"}, {}, 1});
    std::unique_ptr<http::Tokens> tokens_ =
        *http::Tokens::create("https://a", "https://a", {*http::make_token_key()});
    std::string token_ = token("system/Ledger.crs");
    bool metrics_need_token_ = false;
    telemetry::Metrics metrics_;
    std::unique_ptr<LedgerService> service_;
    std::unique_ptr<http::Router> router_;
    std::unique_ptr<http::Server> server_;
};

}  // namespace consilium::services::ledger_api
