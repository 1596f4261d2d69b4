// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "node/emergency_fixture.hpp"

namespace consilium::node::testing {
namespace {

using Filed = ex::Reviews::Filed;

// Two reviews are owed for every emergency, and until they are made in time nobody is cleared.
class Reviewed : public Emergency {
 protected:
    explicit Reviewed(const v1::EhrParameters& ehr = {}) : Emergency(ehr) {
        EXPECT_TRUE(clear("dr-meier"));
    }
    ex::Reviews& reviews(std::size_t member) { return sides[member].exchange->reviews(); }
    std::vector<ex::Reviews::Item> due(std::size_t member) {
        const auto page = reviews(member).due({}, 100);
        EXPECT_TRUE(page.ok());
        return page ? page->items : std::vector<ex::Reviews::Item>();
    }
    bool review(std::size_t member, const Bytes& id, std::uint32_t number,
                v1::ReviewVerdict verdict = v1::REVIEW_VERDICT_JUSTIFIED) {
        if (reviews(member).file(id, number, verdict, "seen the ward's notes", "officer") !=
            Filed::kFiled)
            return false;
        return eventually([&] {
            const auto made = reviews(member).made(id, number);
            return made && *made && (*made)->state() == v1::REVIEW_STATE_MADE;
        });
    }
};

TEST_F(Reviewed, BothMembersOweOneAndSeeWhatIsTheirs) {
    ASSERT_EQ(read(emergency()).state, State::kReceived);
    const auto own = due(kClinic);
    ASSERT_EQ(own.size(), 1U);
    EXPECT_TRUE(own[0].ours);
    EXPECT_EQ(own[0].subject, "dr-meier");
    EXPECT_EQ(own[0].patient, "verena");
    ASSERT_TRUE(own[0].opening);
    EXPECT_EQ(own[0].opening->reason(), "unconscious, chest pain");
    EXPECT_FALSE(own[0].overdue);
    ASSERT_TRUE(eventually([&] { return due(kHospital).size() == 1; }));
    const auto theirs = due(kHospital);
    EXPECT_FALSE(theirs[0].ours);
    EXPECT_EQ(theirs[0].subject, "") << "who the user is stays with the clinic";
    EXPECT_EQ(theirs[0].patient, "verena");
    EXPECT_EQ(theirs[0].opening->reason(), "unconscious, chest pain");

    const Bytes id = own[0].id;
    EXPECT_EQ(reviews(kClinic).file(id, 1, v1::REVIEW_VERDICT_JUSTIFIED, "x", "dr-meier"),
              Filed::kOwn);
    EXPECT_EQ(reviews(kClinic).file(id, 2, v1::REVIEW_VERDICT_JUSTIFIED, "x", "officer"),
              Filed::kUnknown);
    ASSERT_TRUE(review(kClinic, id, 1));
    EXPECT_EQ(reviews(kClinic).file(id, 1, v1::REVIEW_VERDICT_JUSTIFIED, "x", "officer"),
              Filed::kReviewed);
    EXPECT_TRUE(due(kClinic).empty());
    ASSERT_TRUE(review(kHospital, id, 1, v1::REVIEW_VERDICT_UNJUSTIFIED));
    EXPECT_TRUE(due(kHospital).empty());

    const auto row = request(1);
    EXPECT_EQ(row->requester_review().verdict(), v1::REVIEW_VERDICT_JUSTIFIED);
    EXPECT_EQ(row->custodian_review().verdict(), v1::REVIEW_VERDICT_UNJUSTIFIED);
    const auto made = reviews(kClinic).made(id, 1);
    EXPECT_EQ(row->requester_review().commitment(),
              ex::review_commitment((*made)->salt(), (*made)->report()).view());
    EXPECT_EQ(ex::decode_row<v1::ReviewReport>((*made)->report())->officer(), "officer");
    // What had no ground is in the patient's accounting.
    EXPECT_TRUE(this->row<v1::AccountableDisclosure>(kInsurer, sdk::accountable_row(id, 1)));
}

TEST_F(Reviewed, WithoutACardItIsReviewedUnderTheLink) {
    const auto outcome = read(named(person("Muster"), {"verena"}));
    ASSERT_EQ(outcome.state, State::kReceived);
    const auto own = due(kClinic);
    ASSERT_EQ(own.size(), 1U);
    EXPECT_EQ(own[0].id, outcome.link);
    EXPECT_EQ(own[0].subject, "dr-meier");
    EXPECT_EQ(own[0].opening->named().family(), "Muster");
    const auto theirs = due(kHospital);
    ASSERT_EQ(theirs.size(), 1U);
    EXPECT_EQ(theirs[0].patient, "verena");
    EXPECT_TRUE(review(kClinic, outcome.link, own[0].number));
    EXPECT_TRUE(review(kHospital, outcome.link, own[0].number));
    // Of nobody's patient both owe one too: somebody looked for them.
    const auto unknown = read(named(person("Nobody")));
    ASSERT_EQ(unknown.state, State::kRefused);
    ASSERT_EQ(due(kHospital).size(), 1U);
    EXPECT_EQ(due(kHospital)[0].id, unknown.id);
    EXPECT_EQ(due(kHospital)[0].opening->reason(), "unconscious, chest pain");
    EXPECT_TRUE(review(kClinic, unknown.id, 1, v1::REVIEW_VERDICT_UNJUSTIFIED));
    EXPECT_TRUE(review(kHospital, unknown.id, 1));
}

class Overdue : public Reviewed {
 protected:
    Overdue() : Reviewed(quick()) {}
    static v1::EhrParameters quick() {
        v1::EhrParameters out;
        out.set_grant_life_ms(3'600'000);
        out.set_break_glass_review_ms(1'000);
        out.set_break_glass_per_user_day(64);
        out.set_break_glass_per_member_day(1'000);
        return out;
    }
};

TEST_F(Overdue, AClearanceStopsUntilTheReviewsAreMade) {
    ASSERT_TRUE(clear("dr-schulz"));
    ASSERT_EQ(read(emergency()).state, State::kReceived);
    ASSERT_TRUE(eventually([&] { return reviews(kClinic).owed().overdue == 1; }));
    const auto outcome = read(emergency());
    EXPECT_EQ(outcome.state, State::kDenied);
    EXPECT_EQ(outcome.gate.rule(), v1::DECISION_RULE_REVIEW_OVERDUE);
    EXPECT_EQ(reviews(kHospital).owed().overdue, 1U);
    EXPECT_TRUE(due(kClinic)[0].overdue);
    // Nobody else is cleared while that is so.
    EXPECT_TRUE(sides[kClinic].exchange->clearances().decide({"new"}, true, "officer"));
    EXPECT_EQ(standing("new"), ex::Clearances::Ledger::kOverdue);
    EXPECT_TRUE(review(kClinic, card.link_id(), 1));
    EXPECT_EQ(reviews(kClinic).owed().due, 0U);
    EXPECT_TRUE(eventually([&] { return standing("new") == ex::Clearances::Ledger::kStands; }));
    EXPECT_EQ(read(emergency()).state, State::kReceived);
}

// The ledger cannot tell whose id of today belongs to whose of yesterday. Their member can.
TEST_F(Overdue, OnTheNextDayItStopsThatUserAndNobodyElse) {
    auto& today = consortium.people.at({kClinic, v1::ROLE_CLINICIAN});
    const auto all = today;
    const auto begin_day = [&](const std::vector<ledger::UserId>& ids) {
        stop(kClinic);
        today = ids;
        start(kClinic);
    };
    begin_day({all[1], all[2]});
    ASSERT_TRUE(clear("dr-meier"));
    ASSERT_TRUE(clear("dr-schulz"));
    begin_day({all[0]});
    ASSERT_TRUE(clear("dr-meier"));
    ASSERT_EQ(read(emergency()).state, State::kReceived);
    begin_day({all[1], all[2]});
    ASSERT_TRUE(eventually([&] { return reviews(kClinic).owed().overdue == 1; }));
    ASSERT_TRUE(
        eventually([&] { return standing("dr-meier") == ex::Clearances::Ledger::kStopped; }));
    EXPECT_EQ(read(emergency()).gate.rule(), v1::DECISION_RULE_NOT_CLEARED);
    EXPECT_EQ(standing("dr-schulz"), ex::Clearances::Ledger::kStands);
    EXPECT_EQ(read(emergency("dr-schulz")).state, State::kReceived);
    // Their own review, not the custodian's, sets them free.
    EXPECT_TRUE(review(kClinic, card.link_id(), 1));
    EXPECT_TRUE(
        eventually([&] { return standing("dr-meier") != ex::Clearances::Ledger::kStopped; }));
}

}  // namespace
}  // namespace consilium::node::testing
