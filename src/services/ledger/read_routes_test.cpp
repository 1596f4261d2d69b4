// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "consilium/v1/api.pb.h"
#include "services/ledger/ledger_fixture.hpp"

namespace consilium::services::ledger_api {
namespace {

using ::testing::HasSubstr;

const std::string kId(64, 'a');

TEST_F(LedgerServiceTest, finds_outcomes_and_receipts) {
    start();
    EXPECT_THAT(get("/v1/outcomes/" + kId).body, HasSubstr(kId));
    const auto receipt = get("/v1/outcomes/" + kId + "/receipt");
    EXPECT_EQ(receipt.headers.at("content-type"), "application/x-protobuf");
    EXPECT_EQ(receipt.body, "a receipt");
    EXPECT_EQ(get("/v1/outcomes/" + kId + "/receipt", "Accept: application/json\r\n").body,
              R"({"receipt":"YSByZWNlaXB0"})");
    for (const auto* bad : {"aa", "zz", "", "aaaa/receipt"})
        EXPECT_NE(get("/v1/outcomes/" + std::string(bad)).status, 200) << bad;
}

TEST_F(LedgerServiceTest, answers_errors_of_reads) {
    start();
    const auto code = [this](const std::string& first, int status) {
        const auto reply = get("/v1/outcomes/" + first + std::string(62, '0'));
        EXPECT_EQ(reply.status, status);
        return std::string(boost::json::parse(reply.body).at("code").as_string());
    };
    EXPECT_EQ(code("e0", 404), "not-found");
    EXPECT_EQ(code("e1", 503), "not-yet");
    EXPECT_EQ(code("e2", 410), "pruned");
    EXPECT_EQ(code("e3", 400), "bad-request");
    EXPECT_EQ(code("e4", 500), "disk");
}

TEST_F(LedgerServiceTest, reads_the_state) {
    start();
    EXPECT_EQ(get("/v1/state/01ff").body, R"({"height":7,"present":true,"value":"dmFsdWX/"})");
    EXPECT_EQ(get("/v1/state/00").body, R"({"height":7,"present":false})");
    EXPECT_EQ(get("/v1/state/00?at=3&prove=1").body,
              R"({"height":3,"present":false,"receipt":"YSByZWNlaXB0"})");
    v1::StateValue value;
    ASSERT_TRUE(
        proto::parse_canonical(
            get("/v1/state/01?prove=true", "Accept: application/x-protobuf\r\n").body, value)
            .ok());
    EXPECT_TRUE(value.present());
    EXPECT_EQ(value.receipt(), "a receipt");
    EXPECT_EQ(get("/v1/state/" + std::string(512, 'a')).status, 200);
    for (const auto* bad :
         {"/v1/state/0", "/v1/state/zz", "/v1/state/01?at=x",
          "/v1/state/01?at=", "/v1/state/01?at=-1", "/v1/state/01?at=01", "/v1/state/01?prove=yes",
          "/v1/state/01?at=1&at=1", "/v1/state/01?limit=1", "/v1/state/01?at=18446744073709551616"})
        EXPECT_EQ(get(bad).status, 400) << bad;
    EXPECT_EQ(get("/v1/state/" + std::string(514, 'a')).status, 400);
}

TEST_F(LedgerServiceTest, lists_the_state) {
    start();
    EXPECT_EQ(get("/v1/state?prefix=61&from=62&limit=1").body,
              R"({"height":7,"entries":[{"key":"616230","value":"dg=="}],"more":true})");
    const auto status = [this](const std::string& query) {
        return get("/v1/state" + query).status;
    };
    EXPECT_EQ(status(""), 200);
    EXPECT_EQ(status("?limit=1000"), 200);
    EXPECT_EQ(status("?limit=1001"), 400);
    EXPECT_EQ(status("?limit=0"), 400);
    EXPECT_EQ(status("?prefix=6"), 400);
    EXPECT_EQ(status("?from=zz"), 400);
    EXPECT_EQ(status("?other=1"), 400);
    EXPECT_EQ(status("?prefix=" + std::string(514, 'a')), 400);
    EXPECT_EQ(status("?prefix=e0"), 404);
}

TEST_F(LedgerServiceTest, shows_blocks) {
    start();
    const auto list = boost::json::parse(get("/v1/blocks?limit=3").body);
    ASSERT_EQ(list.at("blocks").as_array().size(), 3U);
    EXPECT_EQ(list.at("blocks").at(0).at("height").as_int64(), 5);
    EXPECT_FALSE(list.at("more").as_bool());
    const auto first = boost::json::parse(get("/v1/blocks?from=1&limit=2").body);
    EXPECT_EQ(first.at("blocks").at(0).at("time_unix_ms").as_int64(), 1000);
    EXPECT_TRUE(first.at("more").as_bool());
    node_.retained = 4;
    EXPECT_EQ(boost::json::parse(get("/v1/blocks").body).at("blocks").as_array().size(), 4U);

    const auto block = boost::json::parse(get("/v1/blocks/latest").body);
    EXPECT_EQ(block.at("height").as_int64(), 7);
    EXPECT_EQ(block.at("items").at(0).as_string(), "YW4gaXRlbQ==");
    EXPECT_EQ(get("/v1/blocks/3", "Accept: application/x-protobuf\r\n").body, *node_.block(3));
    EXPECT_EQ(get("/v1/blocks/03").status, 400);
    EXPECT_EQ(get("/v1/blocks/newest").status, 400);
    EXPECT_EQ(get("/v1/blocks?limit=101").status, 400);
    EXPECT_EQ(get("/v1/blocks?limit=100").status, 200);
    EXPECT_EQ(get("/v1/blocks?from=0").status, 400);
    EXPECT_EQ(get("/v1/height?time_unix_ms=5999").body, R"({"height":5})");
    EXPECT_EQ(get("/v1/height").status, 400);
}

TEST_F(LedgerServiceTest, describes_the_node) {
    start();
    const auto members = boost::json::parse(get("/v1/members").body);
    const auto& one = members.at("members").at(0).as_object();
    EXPECT_EQ(one.at("member_id").as_string(), "hospital");
    EXPECT_EQ(one.at("name").as_string(), "General \"Hospital\"");
    EXPECT_EQ(one.at("kinds").at(1).as_string(), "ethics-board");
    EXPECT_EQ(one.at("status").as_string(), "active");
    EXPECT_EQ(one.at("validator_power").as_int64(), 3);
    EXPECT_EQ(boost::json::parse(get("/v1/status").body).at("height").as_int64(), 7);
    EXPECT_EQ(get("/v1/genesis").body, node_.genesis());
    EXPECT_EQ(get("/healthz").status, 200);
    node_.catching_up = true;
    EXPECT_EQ(get("/healthz").status, 503);
    node_.catching_up = false;
    node_.failed = true;
    EXPECT_EQ(get("/healthz").status, 503);
    EXPECT_NE(get("/healthz").body.find("stopped by itself"), std::string::npos);
    EXPECT_NE(get("/v1/status").body.find(R"("failed":true)"), std::string::npos);
    node_.failed = false;
    EXPECT_THAT(get("/metrics").body, HasSubstr("consilium_http_answers_total"));
    EXPECT_EQ(get("/.well-known/jwks.json").body, tokens_->jwks());
    EXPECT_EQ(get("/v1/validators/history").body, "a history");
}

TEST_F(LedgerServiceTest, can_keep_metrics_for_those_with_a_token) {
    metrics_need_token_ = true;
    start();
    EXPECT_EQ(get("/metrics").status, 403);
    EXPECT_EQ(get("/metrics", "Authorization: Bearer " + token("system/Metrics.r") + "\r\n").status,
              200);
}

}  // namespace
}  // namespace consilium::services::ledger_api
