// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/exchange/remote_reads.hpp"

#include "base/hex.hpp"
#include "formats/json/parse.hpp"
#include "services/ehr/fhir_fixture.hpp"

namespace consilium::services::ehr::exchange {
namespace {

class RemoteReadsTest : public FhirTest {
 protected:
    std::optional<RemoteAsk> asked(std::string_view target, Verb verb = Verb::kGet) {
        return remote_ask(call(verb, target));
    }
};

TEST_F(RemoteReadsTest, WhichPatientACallIsAbout) {
    auto ask = asked("Patient/p1/$everything");
    ASSERT_TRUE(ask);
    EXPECT_EQ(ask->patient, "p1");
    EXPECT_EQ(ask->ask.resource_type(), "");
    ask = asked("Patient/p1");
    ASSERT_TRUE(ask);
    EXPECT_TRUE(ask->instance);
    EXPECT_EQ(ask->ask.resource_id(), "p1");
    ask = asked("Observation?patient=p1&category=laboratory&_format=json");
    ASSERT_TRUE(ask);
    EXPECT_EQ(ask->ask.resource_type(), "Observation");
    EXPECT_EQ(ask->ask.query(), "category=laboratory");
    EXPECT_EQ(asked("Observation?subject=Patient/p1")->patient, "p1");
    EXPECT_EQ(asked("Observation?patient=Patient/p1")->patient, "p1");
    EXPECT_EQ(asked("Observation/_search?patient=p1", Verb::kPost)->patient, "p1");
    ask = asked("Patient/p1/Observation?code=x");
    ASSERT_TRUE(ask);
    EXPECT_EQ(ask->ask.query(), "code=x");
}

TEST_F(RemoteReadsTest, WhatNamesNobodyOrSeveralIsNotAsked) {
    EXPECT_FALSE(asked("Observation"));
    EXPECT_FALSE(asked("Observation?code=x"));
    EXPECT_FALSE(asked("Observation?patient=p1&patient=p2"));
    EXPECT_FALSE(asked("Observation?patient=p1,p2"));
    EXPECT_FALSE(asked("Observation?subject=p1"));
    EXPECT_FALSE(asked("Observation?subject=Group/p1"));
    EXPECT_FALSE(asked("Observation/o1"));
    EXPECT_FALSE(asked("Patient"));
    EXPECT_FALSE(asked("Patient/p1/$validate"));
    EXPECT_FALSE(asked("Patient/p1/_history/1"));
    EXPECT_FALSE(asked("Observation?patient=p1", Verb::kPost));
    EXPECT_FALSE(asked("Observation?patient=p1", Verb::kDelete));
    EXPECT_FALSE(asked("Patient/p1", Verb::kPut));
}

TEST_F(RemoteReadsTest, PurposesAreTheLedgers) {
    EXPECT_EQ(purpose_of("TREAT"), v1::PURPOSE_OF_USE_TREAT);
    EXPECT_EQ(purpose_of("BTG"), v1::PURPOSE_OF_USE_BTG);
    EXPECT_FALSE(purpose_of("UNSPECIFIED"));
    EXPECT_FALSE(purpose_of(""));
    EXPECT_FALSE(purpose_of("treat"));
    EXPECT_FALSE(purpose_of("HMARKT"));
}

ReadOutcome received() {
    ReadOutcome out;
    out.state = ReadOutcome::State::kReceived;
    out.resources.push_back({"Patient", "p1", 1, R"({"resourceType":"Patient","id":"p1"})"});
    out.resources.push_back(
        {"Observation", "o1", 3, R"({"resourceType":"Observation","id":"o1","x":1.50})"});
    return out;
}

TEST_F(RemoteReadsTest, ResourcesAreAnsweredAsTheyCame) {
    const auto ask = *asked("Patient/p1/$everything");
    const auto reply = reply_of(received(), ask, "https://clinic.example/fhir", scopes);
    ASSERT_TRUE(reply.ok());
    EXPECT_NE(reply->body.find(R"("fullUrl":"https://clinic.example/fhir/Observation/o1")"),
              Bytes::npos);
    EXPECT_NE(reply->body.find(R"({"resourceType":"Observation","id":"o1","x":1.50})"),
              Bytes::npos);
    EXPECT_EQ(entries_of(reply->body), 2U);
    // A token shows what it may show, a custodian does not widen what was asked.
    const auto few = http::Scopes::parse("user/Observation.rs");
    EXPECT_EQ(entries_of(reply_of(received(), ask, "b", few)->body), 1U);
    const auto search = *asked("Observation?patient=p1");
    EXPECT_EQ(entries_of(reply_of(received(), search, "b", scopes)->body), 1U);
    const auto instance = reply_of(received(), *asked("Patient/p1"), "b", scopes);
    ASSERT_TRUE(instance.ok());
    EXPECT_EQ(instance->body, R"({"resourceType":"Patient","id":"p1"})");
    EXPECT_EQ(reply_of(received(), *asked("Patient/p2"), "b", scopes).error().status, 404);
}

TEST_F(RemoteReadsTest, ADenialNamesItsRule) {
    ReadOutcome outcome;
    outcome.state = ReadOutcome::State::kDenied;
    outcome.id = Bytes(16, '\1');
    outcome.number = 4;
    outcome.transaction.value.fill(0xab);
    outcome.gate.set_rule(v1::DECISION_RULE_NO_CONSENT);
    outcome.gate.set_parameter(v1::POLICY_PARAMETER_TREATMENT);
    const auto ask = *asked("Patient/p1/$everything");
    const auto reply = reply_of(outcome, ask, "b", scopes);
    ASSERT_FALSE(reply.ok());
    EXPECT_EQ(reply.error().status, 403);
    ASSERT_EQ(reply.error().issues.size(), 1U);
    EXPECT_EQ(reply.error().issues[0].code, "forbidden");
    const std::string& text = reply.error().issues[0].text;
    EXPECT_NE(text.find("rule no-consent"), std::string::npos) << text;
    EXPECT_NE(text.find("policy parameter treatment by default"), std::string::npos) << text;
    EXPECT_NE(text.find(to_hex(outcome.transaction.view())), std::string::npos) << text;
    EXPECT_NE(text.find("ehr/request/01010101010101010101010101010101/4"), std::string::npos);
    EXPECT_EQ(text.find("p1"), std::string::npos) << "no patient in an error";
}

TEST_F(RemoteReadsTest, EveryEndHasItsStatus) {
    const auto ask = *asked("Patient/p1/$everything");
    const auto status = [&](ReadOutcome::State state) {
        ReadOutcome outcome;
        outcome.state = state;
        const auto reply = reply_of(outcome, ask, "b", scopes);
        return reply ? 200 : int{reply.error().status};
    };
    EXPECT_EQ(status(ReadOutcome::State::kReceived), 200);
    EXPECT_EQ(status(ReadOutcome::State::kRefused), 403);
    EXPECT_EQ(status(ReadOutcome::State::kRejected), 403);
    EXPECT_EQ(status(ReadOutcome::State::kDisputed), 502);
    EXPECT_EQ(status(ReadOutcome::State::kTimeout), 504);
    EXPECT_EQ(status(ReadOutcome::State::kFailed), 503);
}

}  // namespace
}  // namespace consilium::services::ehr::exchange
