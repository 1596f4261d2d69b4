// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/limits.hpp"
#include "consilium/v1/api.pb.h"
#include "services/ledger/delimited.hpp"
#include "services/ledger/ledger_fixture.hpp"

namespace consilium::services::ledger_api {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(LedgerServiceTest, answers_a_transaction_with_its_outcome) {
    start();
    const auto reply = post("/v1/transactions", "one");
    EXPECT_EQ(reply.status, 200);
    const auto out = boost::json::parse(reply.body).as_object();
    EXPECT_EQ(out.at("transaction_id").as_string(), to_hex(crypto::sha256("one").view()));
    EXPECT_EQ(out.at("height").as_int64(), 7);
    EXPECT_EQ(out.at("bundle_index").as_int64(), 1);
    EXPECT_EQ(out.at("transaction_index").as_int64(), 2);
    EXPECT_EQ(out.at("result").as_string(), "applied");
    EXPECT_THAT(post("/v1/transactions", "assigned").body, HasSubstr("\"assigned\":[10,0,12]"));
    EXPECT_THAT(post("/v1/transactions", "rejected").body,
                HasSubstr(R"("rejection":{"contract":4,"code":5,"command_index":1,)"
                          R"("name":"record-exists","text":"The record exists.",)"
                          R"("retry":"other-state"}})"));
}

TEST_F(LedgerServiceTest, answers_in_protocol_buffers_when_asked) {
    start();
    const auto reply = post("/v1/transactions", "rejected", "Accept: application/x-protobuf\r\n");
    EXPECT_EQ(reply.headers.at("content-type"), "application/x-protobuf");
    v1::CommittedOutcome out;
    ASSERT_TRUE(proto::parse_canonical(reply.body, out).ok());
    EXPECT_EQ(out.transaction_id(), crypto::sha256("rejected").bytes());
    EXPECT_EQ(out.height(), 7U);
    EXPECT_EQ(ledger::decode_outcome(out.outcome())->code, 5U);
}

TEST_F(LedgerServiceTest, says_why_a_transaction_was_not_taken_and_repeats_nothing_of_it) {
    start();
    const auto refused = [this](const std::string& body, int status, const std::string& code) {
        const auto reply = post("/v1/transactions", body);
        EXPECT_EQ(reply.status, status) << body;
        EXPECT_THAT(reply.body, HasSubstr("\"code\":\"" + code + "\""));
        EXPECT_EQ(reply.headers.contains("retry-after"), status == 503) << body;
    };
    refused("malformed", 400, "transaction-malformed");
    refused("large", 413, "transaction-too-large");
    refused("expired", 422, "transaction-expired");
    refused("queue", 422, "transaction-expired-in-queue");
    refused("overloaded", 503, "overloaded");
    refused("stopping", 503, "stopping");
    refused("disk", 507, "disk");
    const auto secret = get("/v1/outcomes/Jane-Doe-1970?name=Jane-Doe-1970");
    EXPECT_EQ(secret.status, 400);
    EXPECT_THAT(secret.body, Not(HasSubstr("Jane")));
}

TEST_F(LedgerServiceTest, limits_the_transaction) {
    start();
    EXPECT_EQ(post("/v1/transactions", Bytes(limits::kTransactionBytesMax, 'x')).status, 200);
    EXPECT_EQ(post("/v1/transactions", Bytes(limits::kTransactionBytesMax + 1, 'x')).status, 413);
}

TEST_F(LedgerServiceTest, hands_a_reads_worth_of_transactions_over_at_once) {
    start();
    auto c = client();
    std::string all;
    for (int i = 0; i < 15; ++i)
        all += request("POST", "/v1/transactions", "", "t" + std::to_string(i));
    ASSERT_LT(all.size(), 16384U);
    c.send(all);
    for (int i = 0; i < 15; ++i) {
        const auto reply = c.read();
        ASSERT_TRUE(reply);
        EXPECT_THAT(reply->body, HasSubstr(to_hex(crypto::sha256("t" + std::to_string(i)).view())));
    }
    EXPECT_EQ(node_.calls, 1);
}

TEST_F(LedgerServiceTest, takes_outcomes_that_come_when_it_has_gone) {
    http::ServerLimits limits;
    limits.stop_timeout = std::chrono::milliseconds(20);
    start(limits);
    auto c = client();
    c.send(request("POST", "/v1/transactions", "", "late") +
           request("POST", "/v1/transactions/batch", "", "\x04late"));
    while (node_.late_count() < 2)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    server_->stop();
    service_ = nullptr;
    node_.answer_late();
}

TEST_F(LedgerServiceTest, answers_a_batch_in_order) {
    start();
    Bytes body;
    for (const auto* one : {"a", "rejected", "expired", "b"})
        append_delimited(body, one);
    const auto reply = post("/v1/transactions/batch", body);
    EXPECT_EQ(reply.status, 200);
    const auto answers = boost::json::parse(reply.body).at("answers").as_array();
    ASSERT_EQ(answers.size(), 4U);
    EXPECT_EQ(answers[0].at("transaction_id").as_string(), to_hex(crypto::sha256("a").view()));
    EXPECT_EQ(answers[1].at("result").as_string(), "rejected");
    EXPECT_EQ(answers[2].at("error").at("code").as_string(), "transaction-expired");
    EXPECT_EQ(answers[2].at("error").at("status").as_int64(), 422);
    EXPECT_EQ(answers[3].at("transaction_id").as_string(), to_hex(crypto::sha256("b").view()));

    const auto binary = post("/v1/transactions/batch", body, "Accept: application/x-protobuf\r\n");
    const auto parts = split_delimited(binary.body, 10);
    ASSERT_TRUE(parts);
    ASSERT_EQ(parts->size(), 4U);
    v1::SubmitAnswer third;
    ASSERT_TRUE(proto::parse_canonical((*parts)[2], third).ok());
    EXPECT_EQ(third.error(), "transaction-expired");
    v1::SubmitAnswer fourth;
    ASSERT_TRUE(proto::parse_canonical((*parts)[3], fourth).ok());
    EXPECT_EQ(fourth.committed().transaction_id(), crypto::sha256("b").bytes());
}

TEST_F(LedgerServiceTest, limits_batches) {
    start();
    Bytes most;
    for (std::size_t i = 0; i < kBatchTransactionsMax; ++i)
        append_delimited(most, "t");
    EXPECT_EQ(post("/v1/transactions/batch", most).status, 200);
    append_delimited(most, "t");
    EXPECT_EQ(post("/v1/transactions/batch", most).status, 400);
    EXPECT_EQ(post("/v1/transactions/batch", "").status, 400);
    EXPECT_EQ(post("/v1/transactions/batch",
                   "\x05"
                   "abc")
                  .status,
              400);
}

TEST_F(LedgerServiceTest, asks_for_the_right_scope) {
    start();
    const auto status = [this](const std::string& scope, const std::string& method,
                               const std::string& target) {
        return ask(method, target, "Authorization: Bearer " + token(scope) + "\r\n").status;
    };
    EXPECT_EQ(status("system/Ledger.rs", "POST", "/v1/transactions"), 403);
    EXPECT_EQ(status("system/Ledger.rs", "POST", "/v1/transactions/batch"), 403);
    EXPECT_EQ(status("system/Ledger.cs", "GET", "/v1/status"), 403);
    EXPECT_EQ(status("system/Ledger.r", "GET", "/v1/status"), 200);
    EXPECT_EQ(status("system/Ledger.cr", "GET", "/v1/members"), 403);
    EXPECT_EQ(status("user/Ledger.s", "GET", "/v1/members"), 200);
    EXPECT_EQ(status("patient/Ledger.rs", "GET", "/v1/members"), 403);
}

}  // namespace
}  // namespace consilium::services::ledger_api
