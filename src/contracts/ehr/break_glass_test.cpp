// SPDX-License-Identifier: Apache-2.0
#include "contracts/ehr/ehr_fixture.hpp"

namespace consilium::contracts::ehr {
namespace {

constexpr auto kBreakGlass = v1::POLICY_PARAMETER_BREAK_GLASS;
constexpr auto kDenied = v1::ACCESS_DECISION_DENIED;

class EhrBreakGlassTest : public EhrTest {
 protected:
    EhrBreakGlassTest() { give_clearance(); }

    void expect_denied(v1::DecisionRule rule) {
        expect_request(request_row(denied(rule), v1::PURPOSE_OF_USE_BTG));
    }
};

// Without consent, at once; visible to both members, whose officers owe a review.
TEST_F(EhrBreakGlassTest, AnEmergencyIsServedAtOnce) {
    give(emergency());
    expect_request(emergency_row());
    expect_broken_glass(link);
}

TEST_F(EhrBreakGlassTest, ATreatmentObjectionDoesNotStopIt) {
    give_consent(v1::PURPOSE_OF_USE_TREAT, v1::CONSENT_PROVISION_DENY);
    give(emergency());
    expect_request(emergency_row());
    expect_broken_glass(link);
}

TEST_F(EhrBreakGlassTest, AnObjectionThatNamesItDoes) {
    give_consent(v1::PURPOSE_OF_USE_BTG, v1::CONSENT_PROVISION_DENY);
    give(emergency());
    expect_request(request_row(
        gate(kDenied, v1::DECISION_RULE_OBJECTION, v1::POLICY_PARAMETER_UNSPECIFIED, 0, 1),
        v1::PURPOSE_OF_USE_BTG));
}

TEST_F(EhrBreakGlassTest, AnOptInPolicyWantsAConsentThatNamesIt) {
    give_policy(kBreakGlass, v1::POLICY_RULE_OPT_IN);
    give_consent(v1::PURPOSE_OF_USE_TREAT);
    give(emergency());
    expect_request(request_row(gate(kDenied, v1::DECISION_RULE_NO_CONSENT, kBreakGlass, 3),
                               v1::PURPOSE_OF_USE_BTG));
}

TEST_F(EhrBreakGlassTest, AnOptInPolicyTakesAConsentThatNamesIt) {
    give_policy(kBreakGlass, v1::POLICY_RULE_OPT_IN);
    give_consent(v1::PURPOSE_OF_USE_BTG);
    give(emergency());
    v1::AccessRequest row = emergency_row();
    *row.mutable_gate() =
        gate(v1::ACCESS_DECISION_GRANTED, v1::DECISION_RULE_CONSENT, kBreakGlass, 3, 1);
    expect_request(row);
    expect_broken_glass(link);
}

TEST_F(EhrBreakGlassTest, AUserThatIsNotClearedIsDenied) {
    given.rows.erase(clearance_path());
    give(emergency());
    expect_denied(v1::DECISION_RULE_NOT_CLEARED);
}

TEST_F(EhrBreakGlassTest, AUserWhoseClearanceWasWithdrawnIsDenied) {
    given.row(clearance_path(), v1::Clearance());
    give(emergency());
    expect_denied(v1::DECISION_RULE_NOT_CLEARED);
}

TEST_F(EhrBreakGlassTest, AMemberThatDoesNotTreatIsDenied) {
    v1::Member insurer = world.genesis().members(1).member();
    insurer.set_kinds(0, v1::MEMBER_KIND_PAYER);
    given.row("membership/member/clinic", insurer);
    give(emergency());
    expect_denied(v1::DECISION_RULE_MEMBER_KIND);
}

TEST_F(EhrBreakGlassTest, AnOverdueReviewEndsTheClearance) {
    given.row(clearance_path(), clearance_row(1, kToday - 3, {kNowMs - 1}));
    give(emergency());
    expect_denied(v1::DECISION_RULE_REVIEW_OVERDUE);
}

TEST_F(EhrBreakGlassTest, AReviewDueNowDoesNot) {
    given.row(clearance_path(), clearance_row(1, kToday - 3, {kNowMs}));
    give(emergency());
    expect_request(emergency_row());
    expect_broken_glass(link);
    expect.row(clearance_path(), clearance_row(1, kToday, {kNowMs, kReviewDue}));
}

TEST_F(EhrBreakGlassTest, AUserReachesTheCapOfTheDay) {
    const std::uint32_t cap = limits::kBreakGlassPerUserDayDefault;
    given.row(clearance_path(), clearance_row(cap - 1));
    give(emergency());
    expect_request(emergency_row());
    expect_broken_glass(link);
    expect.row(clearance_path(), clearance_row(cap, kToday, {kReviewDue}));
}

TEST_F(EhrBreakGlassTest, AUserStopsAtTheCapOfTheDay) {
    given.row(clearance_path(), clearance_row(limits::kBreakGlassPerUserDayDefault));
    give(emergency());
    expect_denied(v1::DECISION_RULE_USER_CAP);
}

TEST_F(EhrBreakGlassTest, YesterdayDoesNotCount) {
    const std::uint32_t cap = limits::kBreakGlassPerUserDayDefault;
    given.row(clearance_path(), clearance_row(cap, kToday - 1));
    given.row(kDay, day_row(limits::kBreakGlassPerMemberDayDefault, kToday - 1));
    give(emergency());
    expect_request(emergency_row());
    expect_broken_glass(link);
}

TEST_F(EhrBreakGlassTest, AMemberReachesTheCapOfTheDay) {
    const std::uint32_t cap = limits::kBreakGlassPerMemberDayDefault;
    given.row(kDay, day_row(cap - 1));
    give(emergency());
    expect_request(emergency_row());
    expect_broken_glass(link);
    expect.row(kDay, day_row(cap));
}

TEST_F(EhrBreakGlassTest, AMemberStopsAtTheCapOfTheDay) {
    given.row(kDay, day_row(limits::kBreakGlassPerMemberDayDefault));
    give(emergency());
    expect_denied(v1::DECISION_RULE_MEMBER_CAP);
}

TEST_F(EhrBreakGlassTest, GenesisMaySetCapsAndDeadline) {
    v1::EhrParameters row;
    row.set_grant_life_ms(limits::kGrantLifeMsMin);
    row.set_break_glass_review_ms(limits::kReviewMsMin);
    row.set_break_glass_per_user_day(1);
    row.set_break_glass_per_member_day(2);
    given.row("ehr/parameters", row);
    give(emergency());
    v1::AccessRequest want = emergency_row();
    want.set_expires_unix_ms(kNowMs + limits::kGrantLifeMsMin);
    want.set_review_due_unix_ms(kNowMs + limits::kReviewMsMin);
    expect_request(want);
    expect.row(clearance_path(), clearance_row(1, kToday, {kNowMs + limits::kReviewMsMin}));
    expect.row(kDay, day_row(1));
    for (const std::string member : {"clinic", "hospital"}) {
        expect.row("ehr/review-due/" + member + "/" +
                       std::to_string(kNowMs + limits::kReviewMsMin) + "/" + to_hex(link) + "/1",
                   v1::ReviewDue());
    }
}

// ---- without a card

TEST_F(EhrBreakGlassTest, WithoutACardItIsGrantedUntilBound) {
    give(without_card(v1::PURPOSE_OF_USE_BTG));
    v1::AccessRequest row = emergency_row();
    row.clear_expires_unix_ms();
    row.set_without_card(true);
    expect.outcome.assigned = {1};
    expect.row(path("request", fresh), row);
    expect.row(kInbox, inbox_entry(v1::INBOX_KIND_REQUEST, fresh));
    expect_broken_glass(fresh);
}

TEST_F(EhrBreakGlassTest, BindingMovesTheReviews) {
    v1::AccessRequest filed = emergency_row();
    filed.clear_expires_unix_ms();
    filed.set_without_card(true);
    give_broken_glass(fresh, filed);
    as("hospital", v1::ROLE_SERVICE);
    give(bind());
    v1::AccessRequest under_link = emergency_row();
    under_link.set_fresh_id(fresh);
    filed.set_expires_unix_ms(under_link.expires_unix_ms());
    filed.set_link_id(link);
    filed.set_number(1);
    expect.outcome.assigned = {1};
    expect.row(at("request"), under_link);
    expect.row(path("request", fresh), filed);
    for (const char* member : {"clinic", "hospital"}) {
        expect.row(review_path(member, link), v1::ReviewDue());
        expect.rows[review_path(member, fresh)] = std::nullopt;
    }
}

TEST_F(EhrBreakGlassTest, BindingMovesOnlyWhatIsStillOwed) {
    v1::AccessRequest filed = emergency_row();
    filed.clear_expires_unix_ms();
    filed.set_without_card(true);
    filed.mutable_requester_review()->set_verdict(v1::REVIEW_VERDICT_JUSTIFIED);
    give_broken_glass(fresh, filed);
    given.rows.erase(review_path("clinic", fresh));
    give_consent(v1::PURPOSE_OF_USE_BTG, v1::CONSENT_PROVISION_DENY);
    as("hospital", v1::ROLE_SERVICE);
    give(bind());
    *filed.mutable_gate() =
        gate(kDenied, v1::DECISION_RULE_OBJECTION, v1::POLICY_PARAMETER_UNSPECIFIED, 0, 1);
    v1::AccessRequest under_link = filed;
    under_link.set_without_card(false);
    under_link.set_fresh_id(fresh);
    filed.set_link_id(link);
    filed.set_number(1);
    expect.outcome.assigned = {1};
    expect.row(at("request"), under_link);
    expect.row(path("request", fresh), filed);
    expect.row(review_path("hospital", link), v1::ReviewDue());
    expect.rows[review_path("hospital", fresh)] = std::nullopt;
}

// ---- reviews

class EhrReviewTest : public EhrTest {
 protected:
    void expect_review(v1::AccessRequest row, const std::string& member,
                       v1::ReviewVerdict verdict) {
        v1::Review& made =
            member == "clinic" ? *row.mutable_requester_review() : *row.mutable_custodian_review();
        made.set_verdict(verdict);
        made.set_user(World::user(member, v1::ROLE_PRIVACY_OFFICER).bytes());
        made.set_commitment(test_bytes("report", 32));
        made.set_time_unix_ms(kNowMs);
        expect.row(at("request"), row);
        expect.rows[review_path(member, link)] = std::nullopt;
    }
};

TEST_F(EhrReviewTest, TheRequestersOfficerReviews) {
    give_broken_glass(link, emergency_row());
    given.row(clearance_path(), clearance_row(2, kToday, {kNowMs, kReviewDue, kReviewDue}));
    as("clinic", v1::ROLE_PRIVACY_OFFICER);
    give(review(v1::REVIEW_VERDICT_JUSTIFIED, link));
    expect_review(emergency_row(), "clinic", v1::REVIEW_VERDICT_JUSTIFIED);
    expect.row(clearance_path(), clearance_row(2, kToday, {kNowMs, kReviewDue}));
}

TEST_F(EhrReviewTest, TheCustodiansOfficerReviews) {
    give_broken_glass(link, emergency_row());
    as("hospital", v1::ROLE_PRIVACY_OFFICER);
    give(review(v1::REVIEW_VERDICT_JUSTIFIED, link));
    expect_review(emergency_row(), "hospital", v1::REVIEW_VERDICT_JUSTIFIED);
}

TEST_F(EhrReviewTest, AReviewIsMadeAfterItsDeadlineToo) {
    v1::AccessRequest row = emergency_row();
    give_broken_glass(link, row);
    given.time = UnixMs{kReviewDue + kDayMs};
    v1::User officer;
    officer.set_role(v1::ROLE_PRIVACY_OFFICER);
    officer.set_valid_from_unix_ms(kReviewDue);
    officer.set_valid_until_unix_ms(kReviewDue + 2 * kDayMs);
    const auto id = World::user("hospital", v1::ROLE_PRIVACY_OFFICER);
    given.row("membership/user/hospital/" + to_hex(id.view()), officer);
    as("hospital", v1::ROLE_PRIVACY_OFFICER);
    give(review(v1::REVIEW_VERDICT_JUSTIFIED, link));
    expect_review(row, "hospital", v1::REVIEW_VERDICT_JUSTIFIED);
    row.mutable_custodian_review()->set_verdict(v1::REVIEW_VERDICT_JUSTIFIED);
    row.mutable_custodian_review()->set_user(id.bytes());
    row.mutable_custodian_review()->set_commitment(test_bytes("report", 32));
    row.mutable_custodian_review()->set_time_unix_ms(given.time.value);
    expect.row(at("request"), row);
}

// What was disclosed under an emergency that was none goes into the patient's accounting.
TEST_F(EhrReviewTest, UnjustifiedIsAccountable) {
    v1::AccessRequest row = emergency_row();
    row.set_disclosure(1);
    give_broken_glass(link, row);
    v1::Disclosure sent = disclosure_row(v1::DISCLOSURE_STATUS_RECEIVED);
    given.row(at("disclosure"), sent);
    as("hospital", v1::ROLE_PRIVACY_OFFICER);
    give(review(v1::REVIEW_VERDICT_UNJUSTIFIED, link));
    expect_review(row, "hospital", v1::REVIEW_VERDICT_UNJUSTIFIED);
    sent.set_accountable(1);
    expect.row(at("disclosure"), sent);
    v1::AccountableDisclosure listed;
    listed.set_disclosure(1);
    listed.set_recipient("clinic");
    listed.set_basis(v1::LEGAL_BASIS_NONE);
    listed.set_commitment(test_bytes("sent", 32));
    listed.set_sent_unix_ms(kNowMs);
    expect.row(at("accountable"), listed);
}

TEST_F(EhrReviewTest, UnjustifiedTwiceIsAccountableOnce) {
    v1::AccessRequest row = emergency_row();
    row.set_disclosure(1);
    row.mutable_custodian_review()->set_verdict(v1::REVIEW_VERDICT_UNJUSTIFIED);
    give_broken_glass(link, row);
    v1::Disclosure sent = disclosure_row(v1::DISCLOSURE_STATUS_RECEIVED);
    sent.set_accountable(1);
    given.row(at("disclosure"), sent);
    as("clinic", v1::ROLE_PRIVACY_OFFICER);
    give(review(v1::REVIEW_VERDICT_UNJUSTIFIED, link));
    expect_review(row, "clinic", v1::REVIEW_VERDICT_UNJUSTIFIED);
    expect.row(clearance_path(), clearance_row(1));
}

TEST_F(EhrReviewTest, NothingIsSentAfterAnUnjustifiedOne) {
    v1::AccessRequest row = emergency_row();
    row.mutable_requester_review()->set_verdict(v1::REVIEW_VERDICT_UNJUSTIFIED);
    give_broken_glass(link, row);
    as("hospital", v1::ROLE_SERVICE);
    refuse(send(), Rejection::kUnjustified);
}

TEST_F(EhrReviewTest, ReviewTwiceIsRefused) {
    v1::AccessRequest row = emergency_row();
    row.mutable_custodian_review()->set_verdict(v1::REVIEW_VERDICT_JUSTIFIED);
    give_broken_glass(link, row);
    as("hospital", v1::ROLE_PRIVACY_OFFICER);
    refuse(review(v1::REVIEW_VERDICT_UNJUSTIFIED, link), Rejection::kReviewed);
}

TEST_F(EhrReviewTest, ReviewByAClinicianIsRefused) {
    give_broken_glass(link, emergency_row());
    as("hospital", v1::ROLE_CLINICIAN);
    refuse(review(v1::REVIEW_VERDICT_JUSTIFIED, link), Rejection::kRole);
}

TEST_F(EhrReviewTest, ReviewByAnotherMemberIsRefused) {
    give_broken_glass(link, emergency_row());
    as("payer", v1::ROLE_PRIVACY_OFFICER);
    refuse(review(v1::REVIEW_VERDICT_JUSTIFIED, link), Rejection::kNotReviewer);
}

TEST_F(EhrReviewTest, ReviewOfAnOrdinaryRequestIsRefused) {
    give_grant();
    as("hospital", v1::ROLE_PRIVACY_OFFICER);
    refuse(review(v1::REVIEW_VERDICT_JUSTIFIED, link), Rejection::kNotBreakGlass);
}

TEST_F(EhrReviewTest, ReviewUnderTheFreshIdOnceBoundIsRefused) {
    v1::AccessRequest row = emergency_row();
    row.set_without_card(true);
    row.set_link_id(link);
    row.set_number(1);
    given.row(path("request", fresh), row);
    as("hospital", v1::ROLE_PRIVACY_OFFICER);
    refuse(review(v1::REVIEW_VERDICT_JUSTIFIED, fresh), Rejection::kBound);
}

TEST_F(EhrReviewTest, ReviewOfNothingIsRefused) {
    as("hospital", v1::ROLE_PRIVACY_OFFICER);
    refuse(review(v1::REVIEW_VERDICT_JUSTIFIED, link), Rejection::kRequestUnknown);
}

TEST_F(EhrReviewTest, ReviewOfNumberZeroIsRefused) {
    as("hospital", v1::ROLE_PRIVACY_OFFICER);
    refuse(review(v1::REVIEW_VERDICT_JUSTIFIED, link, 0), Rejection::kRequestUnknown);
}

TEST_F(EhrReviewTest, ReviewWithoutAVerdictIsRefused) {
    as("hospital", v1::ROLE_PRIVACY_OFFICER);
    refuse(review(v1::REVIEW_VERDICT_UNSPECIFIED, link), Rejection::kVerdict);
}

TEST_F(EhrReviewTest, ReviewRefusesAShortId) {
    as("hospital", v1::ROLE_PRIVACY_OFFICER);
    refuse(review(v1::REVIEW_VERDICT_JUSTIFIED, Bytes(15, 'i')), Rejection::kId);
}

TEST_F(EhrReviewTest, ReviewRefusesAShortCommitment) {
    as("hospital", v1::ROLE_PRIVACY_OFFICER);
    auto payload = review(v1::REVIEW_VERDICT_JUSTIFIED, link);
    payload.mutable_review_break_glass()->set_commitment("short");
    refuse(payload, Rejection::kCommitment);
}

// ---- clearances

class EhrClearanceTest : public EhrTest {
 protected:
    EhrClearanceTest() { as("clinic", v1::ROLE_PRIVACY_OFFICER); }

    static v1::EhrCommand clear(const std::vector<Bytes>& users, bool withdraw = false) {
        v1::EhrCommand out;
        for (const Bytes& user : users)
            out.mutable_clear_users()->add_users(user);
        out.mutable_clear_users()->set_withdraw(withdraw);
        return out;
    }
    static v1::Clearance cleared() {
        v1::Clearance out;
        out.set_cleared(true);
        return out;
    }
};

TEST_F(EhrClearanceTest, TheOfficerClearsAClinician) {
    give(clear({clinician().bytes()}));
    expect.row(clearance_path(), cleared());
}

TEST_F(EhrClearanceTest, TheOfficerWithdraws) {
    given.row(clearance_path(), clearance_row(2, kToday, {kReviewDue}));
    give(clear({clinician().bytes()}, true));
    v1::Clearance row = clearance_row(2, kToday, {kReviewDue});
    row.set_cleared(false);
    expect.row(clearance_path(), row);
}

TEST_F(EhrClearanceTest, WithdrawWhatWasNeverGivenIsRefused) {
    refuse(clear({clinician().bytes()}, true), Rejection::kUser);
}

TEST_F(EhrClearanceTest, AClerkIsNotCleared) {
    refuse(clear({World::user("clinic", v1::ROLE_CLERK).bytes()}), Rejection::kUser);
}

TEST_F(EhrClearanceTest, AnotherMembersUserIsNotCleared) {
    refuse(clear({World::user("hospital", v1::ROLE_CLINICIAN).bytes()}), Rejection::kUser);
}

TEST_F(EhrClearanceTest, ARevokedUserIsNotCleared) {
    v1::User user;
    user.set_role(v1::ROLE_CLINICIAN);
    user.set_valid_until_unix_ms(kNowMs + kDayMs);
    user.set_revoked(true);
    given.row("membership/user/clinic/" + to_hex(clinician().view()), user);
    refuse(clear({clinician().bytes()}), Rejection::kUser);
}

TEST_F(EhrClearanceTest, AClinicianClearsNobody) {
    as("clinic", v1::ROLE_CLINICIAN);
    refuse(clear({clinician().bytes()}), Rejection::kRole);
}

TEST_F(EhrClearanceTest, AnOverdueReviewStopsClearing) {
    given.row("ehr/review-due/clinic/" + std::to_string(kNowMs - 1) + "/" + to_hex(link) + "/1",
              v1::ReviewDue());
    refuse(clear({clinician().bytes()}), Rejection::kReviewsOverdue);
}

TEST_F(EhrClearanceTest, AReviewDueNowDoesNot) {
    given.row("ehr/review-due/clinic/" + std::to_string(kNowMs) + "/" + to_hex(link) + "/1",
              v1::ReviewDue());
    give(clear({clinician().bytes()}));
    expect.row(clearance_path(), cleared());
}

TEST_F(EhrClearanceTest, AnOverdueReviewDoesNotStopWithdrawing) {
    given.row("ehr/review-due/clinic/" + std::to_string(kNowMs - 1) + "/" + to_hex(link) + "/1",
              v1::ReviewDue());
    given.row(clearance_path(), cleared());
    give(clear({clinician().bytes()}, true));
    expect.row(clearance_path(), v1::Clearance());
}

TEST_F(EhrClearanceTest, AnotherMembersOverdueReviewDoesNotStopIt) {
    given.row("ehr/review-due/clini/" + std::to_string(kNowMs - 1) + "/" + to_hex(link) + "/1",
              v1::ReviewDue());
    given.row("ehr/review-due/clinic2/" + std::to_string(kNowMs - 1) + "/" + to_hex(link) + "/1",
              v1::ReviewDue());
    give(clear({clinician().bytes()}));
    expect.row(clearance_path(), cleared());
}

TEST_F(EhrClearanceTest, TheLargestBatch) {
    std::vector<Bytes> users;
    for (std::size_t i = 0; i < limits::kUsersPerCommandMax; ++i) {
        users.push_back(test_bytes("clinician " + std::to_string(i), 16));
        v1::User row;
        row.set_role(v1::ROLE_CLINICIAN);
        row.set_valid_until_unix_ms(kNowMs + kDayMs);
        given.row("membership/user/clinic/" + to_hex(users.back()), row);
        expect.row("ehr/clearance/clinic/" + to_hex(users.back()), cleared());
    }
    give(clear(users));
    vector = false;  // long, and no more telling than a batch of one
}

TEST_F(EhrClearanceTest, OneMoreIsRefused) {
    std::vector<Bytes> users;
    for (std::size_t i = 0; i <= limits::kUsersPerCommandMax; ++i)
        users.push_back(test_bytes("clinician " + std::to_string(i), 16));
    refuse(clear(users), Rejection::kUserBatch);
    vector = false;
}

TEST_F(EhrClearanceTest, NobodyIsRefused) {
    v1::EhrCommand payload;
    payload.mutable_clear_users()->set_withdraw(true);
    refuse(payload, Rejection::kUserBatch);
}

TEST_F(EhrClearanceTest, TheSameTwiceIsRefused) {
    refuse(clear({clinician().bytes(), clinician().bytes()}), Rejection::kUserBatch);
}

TEST_F(EhrClearanceTest, AShortIdIsRefused) {
    refuse(clear({Bytes(15, 'u')}), Rejection::kUserBatch);
}

}  // namespace
}  // namespace consilium::contracts::ehr
