// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/exchange/shown.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace consilium::services::ehr::exchange {
namespace {

struct Kept final : AccessLog {
    bool able = true;
    std::vector<Access> accesses;
    bool ready() override { return able; }
    bool append(const Access& access) override {
        if (able) accesses.push_back(access);
        return able;
    }
};

class ShownTest : public ::testing::Test {
 protected:
    Kept log;
    http::Principal principal;

    ShownTest() {
        principal.subject = "clinician-1";
        principal.purpose_of_use = "TREAT";
    }
    http::Response shown(http::Response answer, Shown what = {Interaction::kSearch, "list"}) {
        return show(&log, principal, what, std::move(answer));
    }
    // "Observation/o/2 of p": what the newest access holds.
    std::vector<std::string> resources() {
        std::vector<std::string> out;
        for (const auto& one : log.accesses.back().resources) {
            std::string text = one.type + '/' + one.id + '/' + std::to_string(one.version) + " of";
            for (const auto place : one.patients)
                text += ' ' + log.accesses.back().patients.at(place);
            out.push_back(text);
        }
        return out;
    }
    using Texts = std::vector<std::string>;
};

TEST_F(ShownTest, AListTellsWhomItNames) {
    const auto answer = shown(http::json(
        R"({"items":[{"patient":"p","number":1},{"patient":"q"},{"patient":"p"},{"link":"ff"}]})"));
    EXPECT_EQ(answer.status, 200);
    ASSERT_EQ(log.accesses.size(), 1U);
    EXPECT_EQ(log.accesses[0].patients, (Texts{"p", "q"}));
    EXPECT_EQ(log.accesses[0].subject, "clinician-1");
    EXPECT_EQ(log.accesses[0].purpose, "TREAT");
    EXPECT_EQ(log.accesses[0].interaction, Interaction::kSearch);
    EXPECT_TRUE(resources().empty());
    // An empty list was looked at too.
    (void)shown(http::json(R"({"items":[]})"));
    EXPECT_EQ(log.accesses.size(), 2U);
}

TEST_F(ShownTest, AnItemTellsWhatItHolds) {
    (void)shown(http::json(
        R"({"patient":"p","record":"Observation/o/_history/2","provenance":"Provenance/v",)"
        R"("resource":{"resourceType":"Observation","id":"x",)"
        R"("subject":{"reference":"Patient/q"}}})"));
    auto found = resources();
    std::sort(found.begin(), found.end());
    EXPECT_EQ(found,
              (Texts{"Observation/o/2 of p", "Observation/x/0 of q p", "Provenance/v/0 of p"}));
    (void)shown(http::json(
        R"({"patient":"p","sent":[{"resource":"Immunization/i","version":3},{"resource":"x"}]})"));
    EXPECT_EQ(resources(), Texts{"Immunization/i/3 of p"});
    // Ids of the ledger, which are hexadecimal, are no resources.
    (void)shown(http::json(R"({"record":"00ff","patient":"not an id!"})"));
    EXPECT_TRUE(resources().empty());
    EXPECT_TRUE(log.accesses.back().patients.empty());
}

TEST_F(ShownTest, ABundleTellsItsResources) {
    (void)shown(
        http::json(R"({"resourceType":"Bundle","entry":[)"
                   R"({"resource":{"resourceType":"Patient","id":"p","meta":{"versionId":"4"}}},)"
                   R"({"resource":{"resourceType":"OperationOutcome"}},)"
                   R"({"resource":{"resourceType":"Condition","id":"c",)"
                   R"("subject":{"reference":"Patient/p/_history/1"}}}]})"));
    EXPECT_EQ(resources(), (Texts{"Patient/p/4 of p", "Condition/c/0 of p"}));
}

// Another member's patients may have the ids of ours: they are never in one row.
TEST_F(ShownTest, ReviewsOfOthersPatientsAreARowOfTheirOwn) {
    (void)shown(
        http::json(
            R"({"items":[{"patient":"p","side":"custodian"},{"patient":"q","side":"requester"}]})"),
        {Interaction::kSearch, "emergency/reviews"});
    ASSERT_EQ(log.accesses.size(), 2U);
    EXPECT_TRUE(log.accesses[0].elsewhere);
    EXPECT_EQ(log.accesses[0].patients, Texts{"q"});
    EXPECT_FALSE(log.accesses[1].elsewhere);
    EXPECT_EQ(log.accesses[1].patients, Texts{"p"});
    (void)shown(http::json(R"({"patient":"p","side":"custodian"})"),
                {Interaction::kRead, "emergency/reviews/00/1"});
    EXPECT_EQ(log.accesses.size(), 3U);
}

TEST_F(ShownTest, WhatWasDeniedIsInItAndOtherRefusalsAreNot) {
    Shown what{Interaction::kOperation, "emergency"};
    what.patient = "p";
    EXPECT_EQ(shown(http::problem(403, "denied", "Denied"), what).status, 403);
    ASSERT_EQ(log.accesses.size(), 1U);
    EXPECT_TRUE(log.accesses[0].denied);
    EXPECT_EQ(log.accesses[0].status, 403);
    EXPECT_EQ(log.accesses[0].patients, Texts{"p"});
    for (const std::uint16_t status : {std::uint16_t{400}, std::uint16_t{404}, std::uint16_t{500}})
        EXPECT_EQ(shown(http::problem(status, "code", "Title")).status, status);
    EXPECT_EQ(log.accesses.size(), 1U);
}

TEST_F(ShownTest, WhatCannotBeLoggedIsNotShown) {
    log.able = false;
    const auto answer = shown(http::json(R"({"patient":"p"})"));
    EXPECT_EQ(answer.status, 503);
    EXPECT_EQ(answer.body.find(R"("patient")"), Bytes::npos);
    EXPECT_FALSE(is_ready(&log));
    EXPECT_TRUE(is_ready(nullptr));
    EXPECT_EQ(show(nullptr, principal, {}, http::json("{}")).status, 200);
}

}  // namespace
}  // namespace consilium::services::ehr::exchange
