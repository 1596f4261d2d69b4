// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/exchange/checks.hpp"

#include <gtest/gtest.h>

#include "crypto/hpke.hpp"
#include "crypto/random.hpp"
#include "ledger/commitment.hpp"
#include "proto/canonical.hpp"
#include "services/ehr/exchange/commitments.hpp"

namespace consilium::services::ehr::exchange {
namespace {

constexpr std::uint64_t kNow = 1'800'000'000'000;

// A request that is good in every way; each test spoils one thing.
class RequestCheckTest : public ::testing::Test {
 protected:
    RequestCheckTest() {
        opening.set_id(link_id.bytes());
        opening.set_custodian("hospital");
        opening.set_requester("clinic");
        opening.set_purpose(v1::PURPOSE_OF_USE_TREAT);
        opening.set_action(v1::ACCESS_ACTION_READ);
        opening.set_patient("p");
        opening.set_slot_salt(Bytes(32, 's'));
        opening.mutable_ask();
        opening.set_reply_key(Bytes(32, 'k'));
        row.emplace();
        row->set_custodian("hospital");
        row->set_requester("clinic");
        row->set_purpose(v1::PURPOSE_OF_USE_TREAT);
        row->set_action(v1::ACCESS_ACTION_READ);
        row->mutable_gate()->set_decision(v1::ACCESS_DECISION_GRANTED);
        row->mutable_gate()->set_rule(v1::DECISION_RULE_CONSENT);
        row->set_expires_unix_ms(kNow + 1000);
        link.emplace();
        link->set_custodian("hospital");
        link->set_counterparty("clinic");
        gate.emplace();
        permit(v1::PURPOSE_OF_USE_TREAT);
    }
    v1::GateEntry& permit(v1::PurposeOfUse purpose) {
        v1::GateEntry& entry = *gate->add_entries();
        entry.set_provision(v1::CONSENT_PROVISION_PERMIT);
        entry.add_purposes(purpose);
        entry.add_actions(v1::ACCESS_ACTION_READ);
        entry.set_valid_from_unix_ms(kNow - 1000);
        entry.set_valid_until_unix_ms(kNow + 1000);
        return entry;
    }
    [[nodiscard]] v1::RecordRequest message() const {
        v1::RecordRequest out;
        out.set_number(1);
        out.set_salt(Bytes(32, 'z'));
        out.set_opening(proto::encode(opening));
        return out;
    }
    RequestCheck check() {
        const auto request = open_request(message());
        if (!request) return RequestCheck::kMalformed;
        if (row && row->request_commitment().empty())
            row->set_request_commitment(request->commitment.bytes());
        return check_request({self, sender, *request, row, link, gate, block_time, wall_time});
    }

    ledger::LinkId link_id = crypto::random_id<ledger::LinkId>();
    ledger::MemberId self = "hospital";
    ledger::MemberId sender = "clinic";
    v1::RequestOpening opening;
    std::optional<v1::AccessRequest> row;
    std::optional<v1::Link> link;
    std::optional<v1::ConsentGate> gate;
    UnixMs block_time{kNow};
    UnixMs wall_time{kNow};
};

TEST_F(RequestCheckTest, AGoodOneIsGood) {
    EXPECT_EQ(check(), RequestCheck::kGood);
}

TEST_F(RequestCheckTest, OfAnotherMember) {
    sender = "insurer";
    EXPECT_EQ(check(), RequestCheck::kSender);
    // Nor when it says so itself: the ledger knows who asked.
    opening.set_requester("insurer");
    EXPECT_EQ(check(), RequestCheck::kSender);
}

TEST_F(RequestCheckTest, ForAnotherCustodian) {
    opening.set_custodian("insurer");
    EXPECT_EQ(check(), RequestCheck::kCustodian);
    opening.set_custodian("hospital");
    row->set_custodian("insurer");
    EXPECT_EQ(check(), RequestCheck::kCustodian);
}

TEST_F(RequestCheckTest, NotOnTheLedger) {
    row.reset();
    EXPECT_EQ(check(), RequestCheck::kNotYet);
}

TEST_F(RequestCheckTest, AnOpeningThatDoesNotMatch) {
    row->set_request_commitment(Bytes(32, 'x'));
    EXPECT_EQ(check(), RequestCheck::kCommitment);
}

TEST_F(RequestCheckTest, ClaimsThatTheLedgerDidNotDecideOn) {
    row->set_purpose(v1::PURPOSE_OF_USE_HPAYMT);
    EXPECT_EQ(check(), RequestCheck::kClaims);
    row->set_purpose(v1::PURPOSE_OF_USE_TREAT);
    row->set_action(v1::ACCESS_ACTION_CONTRIBUTE);
    EXPECT_EQ(check(), RequestCheck::kClaims);
    row->set_action(v1::ACCESS_ACTION_READ);
    row->set_emergency(v1::EMERGENCY_REASON_TREATMENT_CANNOT_WAIT);
    EXPECT_EQ(check(), RequestCheck::kClaims);
}

TEST_F(RequestCheckTest, NotGranted) {
    for (const auto decision : {v1::ACCESS_DECISION_DENIED, v1::ACCESS_DECISION_REFUSED,
                                v1::ACCESS_DECISION_PENDING, v1::ACCESS_DECISION_UNSPECIFIED}) {
        row->mutable_gate()->set_decision(decision);
        EXPECT_EQ(check(), RequestCheck::kNotGranted) << decision;
    }
}

TEST_F(RequestCheckTest, ServedBefore) {
    row->set_disclosure(1);
    EXPECT_EQ(check(), RequestCheck::kServed);
}

TEST_F(RequestCheckTest, WithoutACardItIsPendingUntilItIsBound) {
    row->set_without_card(true);
    row->clear_expires_unix_ms();
    for (const auto decision : {v1::ACCESS_DECISION_GRANTED, v1::ACCESS_DECISION_PENDING}) {
        row->mutable_gate()->set_decision(decision);
        row->clear_link_id();
        EXPECT_EQ(check(), RequestCheck::kPending);
        row->set_link_id(Bytes(16, 'l'));
        EXPECT_EQ(check(), RequestCheck::kServed);
    }
    row->mutable_gate()->set_decision(v1::ACCESS_DECISION_REFUSED);
    EXPECT_EQ(check(), RequestCheck::kNotGranted);
}

TEST_F(RequestCheckTest, TheGrantsEndIsIncludedByBothClocks) {
    block_time = wall_time = UnixMs{kNow + 1000};
    EXPECT_EQ(check(), RequestCheck::kGood);
    block_time = UnixMs{kNow + 1001};
    wall_time = UnixMs{kNow};
    EXPECT_EQ(check(), RequestCheck::kExpired);
    block_time = UnixMs{kNow};
    wall_time = UnixMs{kNow + 1001};
    EXPECT_EQ(check(), RequestCheck::kExpired);
}

TEST_F(RequestCheckTest, TheLinkMustBeOpenAndTheirs) {
    link->set_closed(true);
    EXPECT_EQ(check(), RequestCheck::kLink);
    link->set_closed(false);
    link->set_counterparty("insurer");
    EXPECT_EQ(check(), RequestCheck::kLink);
    link->set_counterparty("clinic");
    link->set_custodian("insurer");
    EXPECT_EQ(check(), RequestCheck::kLink);
    link.reset();
    EXPECT_EQ(check(), RequestCheck::kLink);
}

TEST_F(RequestCheckTest, AConsentThatIsGoneSinceTheGrant) {
    gate->clear_entries();
    EXPECT_EQ(check(), RequestCheck::kWithdrawn);
    gate.reset();
    EXPECT_EQ(check(), RequestCheck::kWithdrawn);
}

TEST_F(RequestCheckTest, AConsentForSomethingElse) {
    gate->clear_entries();
    permit(v1::PURPOSE_OF_USE_HPAYMT);
    permit(v1::PURPOSE_OF_USE_TREAT).set_actions(0, v1::ACCESS_ACTION_CONTRIBUTE);
    permit(v1::PURPOSE_OF_USE_TREAT).set_valid_until_unix_ms(kNow - 1);
    permit(v1::PURPOSE_OF_USE_TREAT).set_valid_from_unix_ms(kNow + 1);
    EXPECT_EQ(check(), RequestCheck::kWithdrawn);
}

TEST_F(RequestCheckTest, AnObjectionSinceTheGrantPrevails) {
    permit(v1::PURPOSE_OF_USE_TREAT).set_provision(v1::CONSENT_PROVISION_DENY);
    EXPECT_EQ(check(), RequestCheck::kWithdrawn);
    row->mutable_gate()->set_rule(v1::DECISION_RULE_OPT_OUT);
    EXPECT_EQ(check(), RequestCheck::kWithdrawn);
    gate->clear_entries();
    EXPECT_EQ(check(), RequestCheck::kGood) << "under opt-out no consent is needed";
}

TEST_F(RequestCheckTest, TreatmentCoversNoEmergency) {
    opening.set_purpose(v1::PURPOSE_OF_USE_BTG);
    row->set_purpose(v1::PURPOSE_OF_USE_BTG);
    EXPECT_EQ(check(), RequestCheck::kWithdrawn);
}

TEST_F(RequestCheckTest, NotWellFormed) {
    auto good = message();
    auto bad = good;
    bad.set_number(0);
    EXPECT_FALSE(open_request(bad));
    for (const std::size_t size : {0U, 31U, 33U}) {
        bad = good;
        bad.set_salt(Bytes(size, 'z'));
        EXPECT_FALSE(open_request(bad)) << size;
    }
    bad = good;
    bad.set_opening(good.opening() + '\x01');
    EXPECT_FALSE(open_request(bad));
    bad.clear_opening();
    EXPECT_FALSE(open_request(bad));
    opening.set_id(Bytes(15, 'i'));
    EXPECT_FALSE(open_request(message()));
    opening.set_id(link_id.bytes());
    opening.set_reply_key(Bytes(31, 'k'));
    EXPECT_FALSE(open_request(message()));
    opening.set_reply_key(Bytes(32, 'k'));
    opening.set_slot_salt(Bytes(31, 's'));
    EXPECT_FALSE(open_request(message()));
    opening.set_slot_salt({});
    EXPECT_TRUE(open_request(message()));
    opening.clear_ask();
    EXPECT_FALSE(open_request(message()));
}

TEST(CardCheck, OpensASlotOfThatChartAndNoOther) {
    ChartOpening chart{crypto::random_id<ledger::ChartId>(), {}};
    std::vector<v1::LinkSlot> slots;
    for (int i = 0; i < 8; ++i) {
        chart.slots.push_back({crypto::random_bytes(32), crypto::random_id<ledger::LinkId>()});
        v1::LinkSlot& slot = slots.emplace_back();
        slot.set_commitment(ledger::link_slot_commitment(chart.slots.back().salt, chart.chart,
                                                         chart.slots.back().link)
                                .bytes());
    }
    v1::RequestOpening opening;
    opening.set_id(chart.slots[3].link.bytes());
    opening.set_slot_salt(chart.slots[3].salt);
    EXPECT_TRUE(check_card(opening, chart, slots));
    // A salt of another slot, a link of another slot, none at all.
    opening.set_slot_salt(chart.slots[4].salt);
    EXPECT_FALSE(check_card(opening, chart, slots));
    opening.set_slot_salt({});
    EXPECT_FALSE(check_card(opening, chart, slots));
    opening.set_slot_salt(chart.slots[3].salt);
    // A chart whose slots on the ledger are others.
    auto others = slots;
    others[3].set_commitment(Bytes(32, 'x'));
    EXPECT_FALSE(check_card(opening, chart, others));
    EXPECT_FALSE(check_card(opening, chart, {}));
    auto elsewhere = chart;
    elsewhere.chart = crypto::random_id<ledger::ChartId>();
    EXPECT_FALSE(check_card(opening, elsewhere, slots));
    // One that our store does not have, whatever the ledger says.
    elsewhere = chart;
    elsewhere.slots.erase(elsewhere.slots.begin() + 3);
    EXPECT_FALSE(check_card(opening, elsewhere, slots));
}

class DeliveryCheckTest : public ::testing::Test {
 protected:
    DeliveryCheckTest() {
        header.set_link_id(Bytes(16, 'l'));
        header.set_request(2);
        header.set_custodian("hospital");
        header.set_recipient("clinic");
        header.set_count(2);
        for (int i = 0; i < 2; ++i) {
            v1::DisclosedDocument entry;
            entry.set_record_id(Bytes(16, static_cast<char>('a' + i)));
            entry.set_version(1);
            delivery.add_documents()->set_entry(proto::encode(entry));
        }
        const std::vector<Bytes> entries{delivery.documents(0).entry(),
                                         delivery.documents(1).entry()};
        header.set_root(entries_root(entries).bytes());
        delivery.set_disclosure(1);
        delivery.set_salt(Bytes(32, 's'));
        link.emplace();
        link->set_custodian("hospital");
        link->set_counterparty("clinic");
        row.emplace();
        row->set_request(2);
        asked.emplace();
        asked->value.fill(7);
        request.emplace();
        request->set_requester("clinic");
        request->set_request_commitment(asked->bytes());
    }
    DeliveryCheck check() {
        delivery.set_header(proto::encode(header));
        if (row && row->commitment().empty())
            row->set_commitment(disclosure_commitment(delivery.salt(), delivery.header()).bytes());
        return check_delivery({self, sender, delivery, header, row, link, asked, request});
    }

    ledger::MemberId self = "clinic";
    ledger::MemberId sender = "hospital";
    v1::RecordDelivery delivery;
    v1::DisclosureHeader header;
    std::optional<v1::Disclosure> row;
    std::optional<v1::Link> link;
    std::optional<Hash32> asked;
    std::optional<v1::AccessRequest> request;
};

TEST_F(DeliveryCheckTest, AGoodOneIsGood) {
    EXPECT_EQ(check(), DeliveryCheck::kGood);
}

TEST_F(DeliveryCheckTest, OfSomebodyElse) {
    sender = "insurer";
    EXPECT_EQ(check(), DeliveryCheck::kSender);
    link.reset();
    EXPECT_EQ(check(), DeliveryCheck::kSender);
}

TEST_F(DeliveryCheckTest, ForSomebodyElse) {
    link->set_counterparty("insurer");
    EXPECT_EQ(check(), DeliveryCheck::kRecipient);
    link->set_counterparty("clinic");
    header.set_recipient("insurer");
    row->clear_commitment();  // committed to as it is
    EXPECT_EQ(check(), DeliveryCheck::kRecipient);
}

TEST_F(DeliveryCheckTest, NothingThatWeAskedFor) {
    asked->value.fill(8);
    EXPECT_EQ(check(), DeliveryCheck::kUnasked);
    asked.reset();
    EXPECT_EQ(check(), DeliveryCheck::kUnasked);
    asked.emplace();
    asked->value.fill(7);
    request->set_requester("insurer");
    EXPECT_EQ(check(), DeliveryCheck::kUnasked);
    request.reset();
    EXPECT_EQ(check(), DeliveryCheck::kUnasked);
}

TEST_F(DeliveryCheckTest, NotOnTheLedger) {
    row.reset();
    EXPECT_EQ(check(), DeliveryCheck::kNotYet);
}

TEST_F(DeliveryCheckTest, OfAnotherRequest) {
    row->set_request(1);
    EXPECT_EQ(check(), DeliveryCheck::kRequest);
    row->set_request(0);
    header.set_request(0);
    EXPECT_EQ(check(), DeliveryCheck::kRequest);
}

TEST_F(DeliveryCheckTest, NotWhatTheLedgerCommitsTo) {
    row->set_commitment(Bytes(32, 'x'));
    EXPECT_EQ(check(), DeliveryCheck::kCommitment);
}

TEST_F(DeliveryCheckTest, EntriesMissingAddedSwappedOrChanged) {
    ASSERT_EQ(check(), DeliveryCheck::kGood);
    const auto good = delivery;
    delivery.mutable_documents()->RemoveLast();
    EXPECT_EQ(check(), DeliveryCheck::kEntries);
    delivery = good;
    *delivery.add_documents() = delivery.documents(0);
    EXPECT_EQ(check(), DeliveryCheck::kEntries);
    delivery = good;
    delivery.mutable_documents()->SwapElements(0, 1);
    EXPECT_EQ(check(), DeliveryCheck::kEntries);
    delivery = good;
    delivery.mutable_documents(1)->mutable_entry()->back() ^= 1;
    EXPECT_EQ(check(), DeliveryCheck::kEntries);
}

TEST_F(DeliveryCheckTest, OnlyWhatTheCustodianAnswersForIsDisputed) {
    for (const auto answered :
         {DeliveryCheck::kCommitment, DeliveryCheck::kEntries, DeliveryCheck::kSealed,
          DeliveryCheck::kDocument, DeliveryCheck::kResource})
        EXPECT_TRUE(is_dispute(answered)) << to_string(answered);
    for (const auto other :
         {DeliveryCheck::kGood, DeliveryCheck::kNotYet, DeliveryCheck::kMalformed,
          DeliveryCheck::kUnasked, DeliveryCheck::kSender, DeliveryCheck::kRecipient,
          DeliveryCheck::kRequest})
        EXPECT_FALSE(is_dispute(other)) << to_string(other);
}

}  // namespace
}  // namespace consilium::services::ehr::exchange
