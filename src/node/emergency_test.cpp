// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "node/emergency_fixture.hpp"

namespace consilium::node::testing {
namespace {

TEST_F(Emergency, AClearedUserIsServedAtOnceAndWithoutConsent) {
    EXPECT_EQ(read(question()).state, State::kDenied);
    ASSERT_TRUE(clear("dr-meier"));
    const auto outcome = read(emergency());
    ASSERT_EQ(outcome.state, State::kReceived);
    EXPECT_EQ(names(outcome), (std::vector<std::string>{"Patient/verena", "Observation/o-1"}))
        << "what is labelled stays at home in an emergency too";
    const auto row = request(2);
    ASSERT_TRUE(row);
    EXPECT_EQ(row->gate().rule(), v1::DECISION_RULE_OPT_OUT);
    EXPECT_EQ(row->emergency(), v1::EMERGENCY_REASON_TREATMENT_CANNOT_WAIT);
    EXPECT_GT(row->review_due_unix_ms(), row->time_unix_ms());
    EXPECT_EQ(outcome.link, card.link_id());
    // The text is for the reviewers of both sides, and nowhere else.
    const auto serving = ex::decode_row<v1::Serving>(
        **sides[kHospital].vault->row(ex::serving_key(card.link_id(), 2)));
    ASSERT_TRUE(serving);
    EXPECT_EQ(ex::decode_row<v1::RequestOpening>(serving->opening())->reason(),
              "unconscious, chest pain");
}

TEST_F(Emergency, WhoIsNotClearedIsDeniedAndTheAttemptStands) {
    auto outcome = read(emergency());
    EXPECT_EQ(outcome.state, State::kDenied);
    EXPECT_EQ(outcome.gate.rule(), v1::DECISION_RULE_NOT_CLEARED);
    ASSERT_TRUE(clear("dr-meier"));
    // Somebody else's clearance is not theirs.
    outcome = read(emergency("dr-schulz"));
    EXPECT_EQ(outcome.state, State::kDenied);
    EXPECT_EQ(outcome.gate.rule(), v1::DECISION_RULE_NOT_CLEARED);
    EXPECT_NE(request(2)->user(),
              (*sides[kClinic].exchange->clearances().list())[0].decision.user());
    ASSERT_TRUE(clear("dr-meier", false));
    outcome = read(emergency());
    EXPECT_EQ(outcome.state, State::kDenied);
    EXPECT_EQ(outcome.gate.rule(), v1::DECISION_RULE_NOT_CLEARED);
    EXPECT_EQ(request(3)->user(),
              (*sides[kClinic].exchange->clearances().list())[0].decision.user())
        << "the attempt is theirs";
    EXPECT_TRUE(wires.sent().empty()) << "the custodian hears of none";
}

TEST_F(Emergency, EachOfTheClearedHasAnIdOfTheirOwn) {
    for (const char* subject : {"a", "b", "c"})
        ASSERT_TRUE(clear(subject)) << subject;
    std::set<Bytes> users;
    const auto all = sides[kClinic].exchange->clearances().list();
    for (const auto& one : *all)
        users.insert(one.decision.user());
    EXPECT_EQ(users.size(), 3U);
    // The day's ids are used up: neither a fourth clearance nor an attempt in another's name.
    EXPECT_TRUE(sides[kClinic].exchange->clearances().decide({"d"}, true, "officer"));
    EXPECT_EQ(standing("d"), ex::Clearances::Ledger::kNoUser);
    EXPECT_EQ(read(emergency("d")).state, State::kNoUser);
    EXPECT_FALSE(request(1));
}

TEST_F(Emergency, AClearanceOutlivesARestart) {
    ASSERT_TRUE(clear("dr-meier"));
    stop(kClinic);
    start(kClinic);
    EXPECT_EQ(standing("dr-meier"), ex::Clearances::Ledger::kStands);
    EXPECT_EQ(read(emergency()).state, State::kReceived);
}

// Ids are of the day, a clearance is a person's.
TEST_F(Emergency, AClearanceGoesOnOnTheNextDay) {
    auto& today = consortium.people.at({kClinic, v1::ROLE_CLINICIAN});
    const auto all = today;
    const auto begin_day = [&](const std::vector<ledger::UserId>& ids) {
        stop(kClinic);
        today = ids;
        start(kClinic);
    };
    begin_day({all[0]});
    ASSERT_TRUE(clear("dr-meier"));
    ASSERT_EQ(read(emergency()).state, State::kReceived);
    begin_day({all[1], all[2]});
    ASSERT_EQ(read(emergency()).state, State::kReceived);
    EXPECT_EQ(request(2)->user(), all[2].view());
    // The other one of the day is nobody's, and not cleared.
    EXPECT_EQ(read(emergency("dr-schulz")).gate.rule(), v1::DECISION_RULE_NOT_CLEARED);
    begin_day({});
    EXPECT_EQ(standing("dr-meier"), ex::Clearances::Ledger::kNoUser);
    begin_day(all);
}

TEST_F(Emergency, AUserReachesTheCapOfTheDay) {
    ASSERT_TRUE(clear("dr-meier"));
    ASSERT_TRUE(clear("dr-schulz"));
    for (int i = 0; i < 5; ++i)
        ASSERT_EQ(read(emergency()).state, State::kReceived);
    const auto outcome = read(emergency());
    EXPECT_EQ(outcome.state, State::kDenied);
    EXPECT_EQ(outcome.gate.rule(), v1::DECISION_RULE_USER_CAP);
    EXPECT_EQ(read(emergency("dr-schulz")).state, State::kReceived);
}

}  // namespace
}  // namespace consilium::node::testing
