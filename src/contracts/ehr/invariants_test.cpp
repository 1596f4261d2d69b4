// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "contracts/ehr/ehr.hpp"
#include "contracts/registry/registry.hpp"
#include "execution/testing/world.hpp"

// Commands never break these rules, so no transaction can show that they are checked: here each is
// broken by hand, next to the change that is allowed.
namespace consilium::contracts::ehr {
namespace {

using execution::testing::MemoryView;

const std::string kId = "000102030405060708090a0b0c0d0e0f";
const std::string kRequest = "ehr/request/" + kId + "/1";
const std::string kDisclosure = "ehr/disclosure/" + kId + "/1";
const std::string kContribution = "ehr/contribution/" + kId + "/1";

template <typename Row, typename Change>
Row with(Row row, const Change& change) {
    change(row);
    return row;
}

class EhrInvariants : public ::testing::Test {
 protected:
    EhrInvariants() {
        v1::Link link;
        link.set_custodian("hospital");
        link.set_counterparty("clinic");
        link.set_version(1);
        store("charts/link/" + kId, link);
        store(kRequest, with(request(), [](auto& r) { r.set_disclosure(1); }));
    }
    template <typename Row>
    void store(const std::string& path, const Row& row) {
        state::StateDiff diff;
        diff[*registry().key_from_path(path)] = proto::encode(row);
        view_.apply(diff);
    }
    // Whether that member may change the row so; null is absent.
    template <typename Row>
    bool holds(const std::string& path, const Row* before, const Row* after) {
        const Bytes key = *registry().key_from_path(path);
        const Bytes was = before == nullptr ? Bytes() : proto::encode(*before);
        const Bytes is = after == nullptr ? Bytes() : proto::encode(*after);
        sdk::Overlay::Change change;
        change.key = key;
        if (before != nullptr) change.before = was;
        if (after != nullptr) change.after = is;
        sdk::Overlay overlay(view_);
        const sdk::BlockFacts block;
        sdk::TransactionFacts transaction;
        transaction.member_id = member;
        sdk::Context context(overlay, registry().lookups(), block, transaction);
        return Ehr().holds(change, context);
    }
    template <typename Row>
    bool may_begin(const std::string& path, const Row& row) {
        return holds<Row>(path, nullptr, &row);
    }
    template <typename Row>
    bool may_become(const std::string& path, const Row& before, const Row& after) {
        return holds(path, &before, &after);
    }

    static v1::AccessRequest request(v1::AccessDecision decision = v1::ACCESS_DECISION_GRANTED) {
        v1::AccessRequest out;
        out.set_custodian("hospital");
        out.set_requester("clinic");
        out.set_user(Bytes(16, 'u'));
        out.set_purpose(v1::PURPOSE_OF_USE_TREAT);
        out.set_request_commitment(Bytes(32, 'c'));
        out.set_time_unix_ms(5);
        out.mutable_gate()->set_decision(decision);
        return out;
    }
    static v1::AccessRequest fresh(v1::AccessDecision decision) {
        return with(request(decision), [](auto& r) { r.set_without_card(true); });
    }
    static v1::AccessRequest decided(v1::AccessRequest row, v1::AccessDecision decision) {
        row.mutable_gate()->set_decision(decision);
        return row;
    }
    static v1::Disclosure disclosure() {
        v1::Disclosure out;
        out.set_request(1);
        out.set_commitment(Bytes(32, 'c'));
        out.set_status(v1::DISCLOSURE_STATUS_SENT);
        return out;
    }
    static v1::Contribution contribution(v1::ContributionStatus status) {
        v1::Contribution out;
        out.set_commitment(Bytes(32, 'c'));
        out.mutable_gate()->set_decision(v1::ACCESS_DECISION_GRANTED);
        out.set_status(status);
        return out;
    }

    std::string member = "clinic";

 private:
    MemoryView view_;
};

TEST_F(EhrInvariants, ARequestIsItsRequestersOwnWord) {
    EXPECT_TRUE(may_begin(kRequest, request()));
    EXPECT_FALSE(may_begin(kRequest, with(request(), [](auto& r) { r.set_requester("payer"); })));
    EXPECT_FALSE(may_begin(kRequest, with(request(), [](auto& r) { r.set_custodian("clinic"); })));
    EXPECT_FALSE(may_begin(kRequest, with(request(), [](auto& r) { r.set_disclosure(1); })));
    EXPECT_FALSE(
        may_begin(kRequest, with(request(), [](auto& r) { r.set_link_id(Bytes(16, 'l')); })));
    const auto bound = with(request(), [](auto& r) { r.set_fresh_id(Bytes(16, 'f')); });
    EXPECT_FALSE(may_begin(kRequest, bound)) << "its custodian binds it";
    member = "hospital";
    EXPECT_TRUE(may_begin(kRequest, bound));
    EXPECT_FALSE(may_begin(kRequest, request()));
}

TEST_F(EhrInvariants, AnEmergencyThatIsLetThroughIsReviewed) {
    const auto emergency = with(request(), [](auto& r) { r.set_purpose(v1::PURPOSE_OF_USE_BTG); });
    EXPECT_FALSE(may_begin(kRequest, emergency));
    EXPECT_TRUE(may_begin(kRequest, with(emergency, [](auto& r) { r.set_review_due_unix_ms(9); })));
    EXPECT_TRUE(may_begin(kRequest, decided(emergency, v1::ACCESS_DECISION_DENIED)));
    EXPECT_FALSE(
        may_begin(kRequest, with(request(), [](auto& r) { r.set_review_due_unix_ms(9); })));
}

TEST_F(EhrInvariants, WhoAskedForWhatNeverChanges) {
    const v1::AccessRequest before = request();
    const auto next = with(before, [](auto& r) { r.set_disclosure(1); });
    EXPECT_TRUE(may_become(kRequest, before, next));
    for (const auto& bad :
         {with(next, [](auto& r) { r.set_custodian("payer"); }),
          with(next, [](auto& r) { r.set_requester("payer"); }),
          with(next, [](auto& r) { r.set_user(Bytes(16, 'v')); }),
          with(next, [](auto& r) { r.set_purpose(v1::PURPOSE_OF_USE_HPAYMT); }),
          with(next, [](auto& r) { r.set_action(v1::ACCESS_ACTION_READ); }),
          with(next, [](auto& r) { r.set_request_commitment(Bytes(32, 'd')); }),
          with(next, [](auto& r) { r.set_time_unix_ms(6); }),
          with(next, [](auto& r) { r.mutable_gate()->set_consent(7); }),
          with(next, [](auto& r) { r.set_expires_unix_ms(7); }),
          with(next, [](auto& r) { r.set_refusal(v1::REFUSAL_REASON_HARM); }),
          with(next, [](auto& r) { r.set_emergency(v1::EMERGENCY_REASON_PUBLIC_EMERGENCY); }),
          with(next, [](auto& r) { r.set_review_due_unix_ms(6); }),
          with(next, [](auto& r) { r.set_without_card(true); }),
          with(next, [](auto& r) { r.set_link_id(Bytes(16, 'l')); }),
          with(next, [](auto& r) { r.set_number(1); }),
          with(next, [](auto& r) { r.set_fresh_id(Bytes(16, 'f')); })})
        EXPECT_FALSE(may_become(kRequest, before, bad)) << bad.ShortDebugString();
    EXPECT_FALSE(holds<v1::AccessRequest>(kRequest, &before, nullptr));
}

TEST_F(EhrInvariants, WhatIsDecidedStays) {
    constexpr v1::AccessDecision kAll[] = {v1::ACCESS_DECISION_GRANTED, v1::ACCESS_DECISION_DENIED,
                                           v1::ACCESS_DECISION_PENDING,
                                           v1::ACCESS_DECISION_REFUSED};
    for (const auto was : kAll) {
        for (const auto is : kAll) {
            const bool refused =
                was == v1::ACCESS_DECISION_GRANTED && is == v1::ACCESS_DECISION_REFUSED;
            EXPECT_EQ(may_become(kRequest, request(was), request(is)), was == is || refused)
                << was << " " << is;
            const bool open =
                was == v1::ACCESS_DECISION_GRANTED || was == v1::ACCESS_DECISION_PENDING;
            EXPECT_EQ(may_become(kRequest, fresh(was), fresh(is)),
                      was == is || (open && is != v1::ACCESS_DECISION_PENDING))
                << was << " " << is;
        }
    }
    const auto used = with(request(), [](auto& r) { r.set_disclosure(1); });
    EXPECT_FALSE(may_become(kRequest, used, decided(used, v1::ACCESS_DECISION_REFUSED)));
}

TEST_F(EhrInvariants, AGrantIsUsedOnceAndNothingElseIs) {
    const auto used = with(request(), [](auto& r) { r.set_disclosure(1); });
    EXPECT_TRUE(may_become(kRequest, request(), used));
    EXPECT_FALSE(may_become(kRequest, used, with(used, [](auto& r) { r.set_disclosure(2); })));
    EXPECT_FALSE(may_become(kRequest, used, request()));
    EXPECT_FALSE(may_become(kRequest, request(v1::ACCESS_DECISION_DENIED),
                            decided(used, v1::ACCESS_DECISION_DENIED)));
}

TEST_F(EhrInvariants, ReviewsAndBindingAreWrittenOnce) {
    const auto reviewed = [](v1::AccessRequest row, v1::ReviewVerdict verdict) {
        row.mutable_requester_review()->set_verdict(verdict);
        row.mutable_custodian_review()->set_verdict(verdict);
        return row;
    };
    const auto justified = reviewed(request(), v1::REVIEW_VERDICT_JUSTIFIED);
    EXPECT_TRUE(may_become(kRequest, request(), justified));
    EXPECT_FALSE(
        may_become(kRequest, justified, reviewed(request(), v1::REVIEW_VERDICT_UNJUSTIFIED)));
    EXPECT_FALSE(may_become(kRequest, justified, request()));
    const auto pending = fresh(v1::ACCESS_DECISION_PENDING);
    const auto bound = [](v1::AccessRequest row, std::uint32_t number) {
        row.set_link_id(Bytes(16, 'l'));
        row.set_number(number);
        return row;
    };
    EXPECT_TRUE(may_become(kRequest, pending, bound(pending, 1)));
    EXPECT_FALSE(may_become(kRequest, bound(pending, 1), bound(pending, 2)));
    EXPECT_FALSE(may_become(kRequest, bound(pending, 1), pending));
}

TEST_F(EhrInvariants, ADisclosureRestsOnOneGrantOrOnALaw) {
    EXPECT_FALSE(may_begin(kDisclosure, disclosure())) << "the custodian sends";
    member = "hospital";
    EXPECT_TRUE(may_begin(kDisclosure, disclosure()));
    const auto by_law = with(disclosure(), [](auto& d) {
        d.clear_request();
        d.set_basis(v1::LEGAL_BASIS_JUDICIAL);
        d.set_accountable(1);
    });
    EXPECT_TRUE(may_begin(kDisclosure, by_law));
    for (const auto& bad :
         {with(disclosure(), [](auto& d) { d.set_request(2); }),
          with(disclosure(), [](auto& d) { d.set_basis(v1::LEGAL_BASIS_JUDICIAL); }),
          with(disclosure(), [](auto& d) { d.set_status(v1::DISCLOSURE_STATUS_RECEIVED); }),
          with(by_law, [](auto& d) { d.clear_basis(); }),
          with(by_law, [](auto& d) { d.clear_accountable(); })})
        EXPECT_FALSE(may_begin(kDisclosure, bad)) << bad.ShortDebugString();
    EXPECT_FALSE(may_begin("ehr/disclosure/" + kId + "/2", disclosure()))
        << "the grant names another one";
    store(kRequest, request());
    EXPECT_FALSE(may_begin(kDisclosure, disclosure())) << "the grant names none";
}

TEST_F(EhrInvariants, NothingIsSentOverAClosedLink) {
    v1::Link closed;
    closed.set_custodian("hospital");
    closed.set_counterparty("clinic");
    closed.set_closed(true);
    store("charts/link/" + kId, closed);
    member = "hospital";
    EXPECT_FALSE(may_begin(kDisclosure, disclosure()));
}

TEST_F(EhrInvariants, ADisclosureKeepsWhatWasSent) {
    const auto received = with(disclosure(), [](auto& d) {
        d.set_status(v1::DISCLOSURE_STATUS_RECEIVED);
        d.set_received_unix_ms(9);
    });
    const auto listed = with(received, [](auto& d) { d.set_accountable(4); });
    EXPECT_TRUE(may_become(kDisclosure, disclosure(), received));
    EXPECT_TRUE(may_become(kDisclosure, received, listed));
    EXPECT_FALSE(may_become(kDisclosure, listed, received));
    for (const auto& bad :
         {with(received, [](auto& d) { d.set_commitment(Bytes(32, 'd')); }),
          with(received, [](auto& d) { d.set_decision_commitment(Bytes(32, 'd')); }),
          with(received, [](auto& d) { d.set_request(2); }),
          with(received, [](auto& d) { d.set_basis(v1::LEGAL_BASIS_JUDICIAL); }),
          with(received, [](auto& d) { d.set_sent_unix_ms(1); })})
        EXPECT_FALSE(may_become(kDisclosure, disclosure(), bad)) << bad.ShortDebugString();
    EXPECT_FALSE(may_become(kDisclosure, received, with(received, [](auto& d) {
                                d.set_status(v1::DISCLOSURE_STATUS_DISPUTED);
                            })));
    EXPECT_FALSE(may_become(kDisclosure, received,
                            with(received, [](auto& d) { d.set_received_unix_ms(10); })));
}

TEST_F(EhrInvariants, AContributionIsDecidedOnce) {
    constexpr v1::ContributionStatus kAll[] = {
        v1::CONTRIBUTION_STATUS_UNSPECIFIED, v1::CONTRIBUTION_STATUS_OFFERED,
        v1::CONTRIBUTION_STATUS_ACCEPTED, v1::CONTRIBUTION_STATUS_REJECTED,
        v1::CONTRIBUTION_STATUS_DENIED};
    for (const auto status : kAll) {
        EXPECT_EQ(may_begin(kContribution, contribution(status)),
                  status == v1::CONTRIBUTION_STATUS_OFFERED);
        const bool final = status != v1::CONTRIBUTION_STATUS_OFFERED;
        EXPECT_EQ(may_become(kContribution, contribution(status),
                             contribution(v1::CONTRIBUTION_STATUS_ACCEPTED)),
                  !final);
    }
    const auto denied = with(contribution(v1::CONTRIBUTION_STATUS_DENIED), [](auto& c) {
        c.mutable_gate()->set_decision(v1::ACCESS_DECISION_DENIED);
    });
    EXPECT_TRUE(may_begin(kContribution, denied));
    const auto offered = contribution(v1::CONTRIBUTION_STATUS_OFFERED);
    EXPECT_FALSE(may_become(kContribution, offered, contribution(v1::CONTRIBUTION_STATUS_DENIED)));
    EXPECT_FALSE(may_become(kContribution, offered,
                            with(contribution(v1::CONTRIBUTION_STATUS_ACCEPTED),
                                 [](auto& c) { c.set_commitment(Bytes(32, 'd')); })));
}

TEST_F(EhrInvariants, ListsAreWrittenOnce) {
    const Bytes row = "\x08\x01";
    v1::AccountableDisclosure accountable;
    ASSERT_TRUE(accountable.ParseFromString(row));
    v1::InboxEntry entry;
    ASSERT_TRUE(entry.ParseFromString(row));
    const std::string accountable_path = "ehr/accountable/" + kId + "/1";
    EXPECT_TRUE(may_begin(accountable_path, accountable));
    EXPECT_FALSE(may_become(accountable_path, accountable, v1::AccountableDisclosure()));
    EXPECT_FALSE(holds<v1::AccountableDisclosure>(accountable_path, &accountable, nullptr));
    EXPECT_TRUE(may_begin("ehr/inbox/hospital/1", entry));
    EXPECT_FALSE(may_become("ehr/inbox/hospital/1", entry, v1::InboxEntry()));
    EXPECT_FALSE(holds<v1::InboxEntry>("ehr/inbox/hospital/1", &entry, nullptr));
}

TEST_F(EhrInvariants, APolicyAndItsCountsAreTheMembersOwn) {
    v1::Policy first;
    first.set_version(1);
    v1::Policy second;
    second.set_version(2);
    EXPECT_TRUE(may_begin("ehr/policy/clinic", first));
    EXPECT_TRUE(may_become("ehr/policy/clinic", first, second));
    EXPECT_FALSE(may_begin("ehr/policy/clinic", second));
    EXPECT_FALSE(may_become("ehr/policy/clinic", second, first));
    for (const char* other : {"ehr/policy/clini", "ehr/policy/clinic2", "ehr/policy/hospital"})
        EXPECT_FALSE(may_begin(other, first)) << other;
    v1::BreakGlassDay day;
    day.set_day(3);
    day.set_used(4);
    const auto at = [&](std::uint32_t d, std::uint32_t used) {
        v1::BreakGlassDay out;
        out.set_day(d);
        out.set_used(used);
        return out;
    };
    EXPECT_TRUE(may_become("ehr/break-glass-day/clinic", day, at(3, 5)));
    EXPECT_TRUE(may_become("ehr/break-glass-day/clinic", day, at(4, 1)));
    EXPECT_FALSE(may_become("ehr/break-glass-day/clinic", day, at(3, 3)));
    EXPECT_FALSE(may_become("ehr/break-glass-day/clinic", day, at(2, 9)));
    EXPECT_FALSE(may_begin("ehr/break-glass-day/hospital", day));
    v1::Clearance clearance;
    clearance.set_cleared(true);
    EXPECT_TRUE(may_begin("ehr/clearance/clinic/" + kId, clearance));
    EXPECT_FALSE(may_begin("ehr/clearance/hospital/" + kId, clearance));
    EXPECT_FALSE(holds<v1::Clearance>("ehr/clearance/clinic/" + kId, &clearance, nullptr));
}

TEST_F(EhrInvariants, ParametersAreGenesisAloneAndAReviewComesAndGoes) {
    v1::EhrParameters parameters;
    parameters.set_grant_life_ms(1);
    const Bytes key = *registry().key_from_path("ehr/policy");
    const Bytes row = key.substr(0, 1) + '\x01';
    const Bytes value = proto::encode(parameters);
    sdk::Overlay::Change change;
    change.key = row;
    change.after = value;
    const MemoryView view;
    sdk::Overlay overlay(view);
    const sdk::BlockFacts block;
    const sdk::TransactionFacts transaction;
    sdk::Context context(overlay, registry().lookups(), block, transaction);
    EXPECT_FALSE(Ehr().holds(change, context));
    const v1::ReviewDue due;
    const std::string path = "ehr/review-due/clinic/9/" + kId + "/1";
    EXPECT_TRUE(may_begin(path, due));
    EXPECT_TRUE(holds<v1::ReviewDue>(path, &due, nullptr));
    EXPECT_FALSE(may_become(path, due, due));
}

}  // namespace
}  // namespace consilium::contracts::ehr
