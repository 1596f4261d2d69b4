// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/exchange/remote_reads.hpp"

#include "base/hex.hpp"
#include "formats/json/parse.hpp"
#include "services/ehr/exchange/rows.hpp"
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
    EXPECT_EQ(asked("Observation/o1")->patient, "");
    EXPECT_EQ(asked("Observation/o1?patient=p1,p2")->patient, "");
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

// The reply to a call, with pages when `purpose` seals their cursors.
class ViewTest : public RemoteReadsTest {
 protected:
    ViewCursors cursors{*store};

    Reply shown(const ReadOutcome& outcome, std::string_view target, const http::Scopes& granted) {
        const auto ask = asked(target);
        if (!ask) return fail(problem_of(500, "exception", "no ask"));
        const auto view = read_view(*ask);
        if (!view) return fail(view.error());
        const ViewPorts ports{"https://clinic.example/fhir", granted, [&](const PageStart& next) {
                                  return cursors.seal(next, *ask, "TREAT");
                              }};
        return reply_of(outcome, *ask, *view, ports);
    }
    Reply shown(const ReadOutcome& outcome, std::string_view target) {
        return shown(outcome, target, scopes);
    }
};

ReadOutcome received() {
    ReadOutcome out;
    out.state = ReadOutcome::State::kReceived;
    out.resources.push_back({"Patient", "p1", 1, R"({"resourceType":"Patient","id":"p1"})"});
    out.resources.push_back(
        {"Observation", "o1", 3, R"({"resourceType":"Observation","id":"o1","x":1.50})"});
    return out;
}

TEST_F(ViewTest, ResourcesAreAnsweredAsTheyCame) {
    const auto reply = shown(received(), "Patient/p1/$everything");
    ASSERT_TRUE(reply.ok());
    EXPECT_NE(reply->body.find(R"("fullUrl":"https://clinic.example/fhir/Observation/o1")"),
              Bytes::npos);
    EXPECT_NE(reply->body.find(R"({"resourceType":"Observation","id":"o1","x":1.50})"),
              Bytes::npos);
    EXPECT_EQ(entries_of(reply->body), 2U);
    // A token shows what it may show, a custodian does not widen what was asked.
    const auto few = http::Scopes::parse("user/Observation.rs");
    const auto some = shown(received(), "Patient/p1/$everything", few);
    EXPECT_EQ(entries_of(some->body), 1U);
    EXPECT_NE(some->body.find(R"("total":1)"), Bytes::npos);
    EXPECT_EQ(entries_of(shown(received(), "Observation?patient=p1")->body), 1U);
    const auto instance = shown(received(), "Patient/p1");
    ASSERT_TRUE(instance.ok());
    EXPECT_EQ(instance->body, R"({"resourceType":"Patient","id":"p1"})");
    EXPECT_EQ(shown(received(), "Patient/p2").error().status, 404);
    const auto other = shown(received(), "Observation/o1");
    ASSERT_TRUE(other.ok());
    EXPECT_EQ(other->version, 3U);
    EXPECT_EQ(shown(received(), "Encounter/o1").error().status, 404);
}

// Observations o0 to o9, of which the later ones have the smaller numbers.
ReadOutcome numbered() {
    ReadOutcome out;
    out.state = ReadOutcome::State::kReceived;
    out.link = Bytes(16, '\7');
    out.disclosure = 5;
    for (int i = 0; i < 10; ++i) {
        const std::string id = "o" + std::to_string(i);
        out.resources.push_back(
            {"Observation", id, 1,
             R"({"resourceType":"Observation","id":")" + id +
                 R"(","status":"final","code":{"text":"c"},"note":[{"text":"n"}],"valueQuantity":)"
                 R"({"value":)" +
                 std::to_string(9 - i) + ".50}}"});
    }
    return out;
}

std::vector<std::string> ids_of(const Bytes& bundle) {
    std::vector<std::string> out;
    const auto document = formats::json::parse(bundle, bundle.size());
    if (const auto* entries = document->root().find("entry"); entries != nullptr) {
        for (const auto& entry : entries->array())
            out.emplace_back(entry.find("resource")->find("id")->string());
    }
    return out;
}

std::string next_of(const Bytes& bundle) {
    const auto document = formats::json::parse(bundle, bundle.size());
    for (const auto& link : document->root().find("link")->array()) {
        if (link.find("relation")->string() == "next")
            return std::string(link.find("url")->string());
    }
    return {};
}

TEST_F(ViewTest, PagesGoOnOverWhatWasDelivered) {
    const auto all = numbered();
    const auto first = shown(all, "Observation?patient=p1&_count=4&_sort=value-quantity");
    ASSERT_TRUE(first.ok());
    EXPECT_EQ(ids_of(first->body), (std::vector<std::string>{"o9", "o8", "o7", "o6"}));
    EXPECT_NE(first->body.find(R"("total":10)"), Bytes::npos);
    std::string url = next_of(first->body);
    EXPECT_EQ(url.find("p1"), std::string::npos) << url;
    constexpr std::string_view kBase = "https://clinic.example/fhir/";
    std::vector<std::string> ids;
    int pages = 0;
    while (!url.empty()) {
        ASSERT_EQ(url.substr(0, kBase.size()), kBase);
        const Call next = call(Verb::kGet, std::string_view(url).substr(kBase.size()));
        EXPECT_FALSE(cursors.open(next, "HPAYMT")) << "another purpose";
        auto page = cursors.open(next, "TREAT");
        ASSERT_TRUE(page);
        EXPECT_EQ(page->start.link, all.link);
        EXPECT_EQ(page->start.disclosure, 5U);
        const auto view = read_view(page->ask);
        ASSERT_TRUE(view.ok());
        const ViewPorts ports{"https://clinic.example/fhir", scopes, [&](const PageStart& start) {
                                  return cursors.seal(start, page->ask, "TREAT");
                              }};
        const auto reply = show_bundle(all.resources, page->ask, *view, page->start, ports);
        ASSERT_TRUE(reply.ok());
        for (auto& id : ids_of(reply->body))
            ids.push_back(std::move(id));
        url = next_of(reply->body);
        ++pages;
    }
    EXPECT_EQ(pages, 2);
    EXPECT_EQ(ids, (std::vector<std::string>{"o5", "o4", "o3", "o2", "o1", "o0"}));
    Call forged = call(Verb::kGet, "Observation?_cursor=" + std::string(128, 'a'));
    EXPECT_FALSE(cursors.open(forged, "TREAT"));
}

TEST_F(ViewTest, FormIsMadeHereAndNotAskedOfTheCustodian) {
    const auto all = numbered();
    const auto ask = asked("Observation?patient=p1&code=x&_count=4&_sort=-date&_summary=true");
    EXPECT_EQ(ask->ask.query(), "code=x");
    const auto count = shown(all, "Observation?patient=p1&_summary=count");
    EXPECT_NE(count->body.find(R"("total":10)"), Bytes::npos);
    EXPECT_TRUE(ids_of(count->body).empty());
    EXPECT_EQ(next_of(count->body), "");
    const auto few = shown(all, "Observation?patient=p1&_elements=value&_count=10");
    EXPECT_EQ(ids_of(few->body).size(), 10U);
    EXPECT_EQ(few->body.find("note"), Bytes::npos);
    EXPECT_NE(few->body.find(R"("value":9.50)"), Bytes::npos);
    EXPECT_NE(few->body.find("SUBSETTED"), Bytes::npos);
    EXPECT_EQ(next_of(few->body), "") << "ten of ten are all";
    const auto one = shown(all, "Observation/o1?_elements=code");
    EXPECT_EQ(one->body.find("note"), Bytes::npos);
    EXPECT_EQ(shown(all, "Observation/o1?_count=3").error().status, 400);
    EXPECT_EQ(shown(all, "Patient/p1/$everything?_sort=_id").error().status, 400);
    EXPECT_EQ(shown(all, "Observation?patient=p1&_sort=nonsense").error().status, 400);
    EXPECT_EQ(ids_of(shown(all, "Patient/p1/$everything?_count=3")->body).size(), 3U);
}

TEST_F(ViewTest, APostedSearchIsInNoAddress) {
    const auto posted = remote_ask(call(Verb::kPost, "Observation/_search?patient=p1&code=x"));
    ASSERT_TRUE(posted);
    const auto view = read_view(*posted);
    const auto reply =
        reply_of(numbered(), *posted, *view, {"https://clinic.example/fhir", scopes, {}});
    EXPECT_NE(reply->body.find(R"("url":"https://clinic.example/fhir/Observation"})"), Bytes::npos);
}

TEST_F(ViewTest, AResourceByItsIdIsAskedForWhenItCameBeforeOfOnePatient) {
    const Bytes prefix = seen_prefix("Observation", "o1");
    EXPECT_EQ(seen_key("Observation", "o1", "p1"), prefix + "p1");
    EXPECT_FALSE(seen_key("Observation", "o11", "p1").starts_with(prefix));
}

TEST_F(ViewTest, ADenialNamesItsRule) {
    ReadOutcome outcome;
    outcome.state = ReadOutcome::State::kDenied;
    outcome.id = Bytes(16, '\1');
    outcome.number = 4;
    outcome.transaction.value.fill(0xab);
    outcome.gate.set_rule(v1::DECISION_RULE_NO_CONSENT);
    outcome.gate.set_parameter(v1::POLICY_PARAMETER_TREATMENT);
    const auto reply = shown(outcome, "Patient/p1/$everything");
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

TEST_F(ViewTest, EveryEndHasItsStatus) {
    const auto status = [&](ReadOutcome::State state) {
        ReadOutcome outcome;
        outcome.state = state;
        const auto reply = shown(outcome, "Patient/p1/$everything");
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
