// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/exchange/contribution_checks.hpp"

#include <gtest/gtest.h>

#include "crypto/random.hpp"
#include "ledger/commitment.hpp"
#include "ledger/manifest.hpp"
#include "services/ehr/exchange/commitments.hpp"
#include "services/ehr/exchange/rows.hpp"

namespace consilium::services::ehr::exchange {
namespace {

class OfferCheckTest : public ::testing::Test {
 protected:
    ledger::MemberId self = "hospital";
    ledger::MemberId sender = "clinic";
    ledger::ChartId chart = crypto::random_id<ledger::ChartId>();
    ledger::LinkId link_id = crypto::random_id<ledger::LinkId>();
    Bytes salt = crypto::random_bytes(kSaltBytes);
    v1::DisclosedDocument document;
    v1::ContributionOpening opening;
    std::optional<v1::Contribution> row{std::in_place};
    std::optional<v1::Link> link{std::in_place};
    std::optional<v1::ConsentGate> gate{std::in_place};
    UnixMs now{1'000};

    OfferCheckTest() {
        document.set_record_id(crypto::random_bytes(16));
        document.set_version(1);
        document.set_commitment(crypto::random_bytes(32));
        document.set_size(100);
        document.set_resource_type("Observation");
        document.set_resource_id("o-1");
        opening.set_link_id(link_id.bytes());
        opening.set_custodian(self);
        opening.set_contributor(sender);
        opening.set_purpose(v1::PURPOSE_OF_USE_TREAT);
        opening.set_patient("verena");
        opening.set_slot_salt(crypto::random_bytes(kSaltBytes));
        row->set_purpose(v1::PURPOSE_OF_USE_TREAT);
        row->set_status(v1::CONTRIBUTION_STATUS_OFFERED);
        row->mutable_gate()->set_decision(v1::ACCESS_DECISION_GRANTED);
        row->mutable_gate()->set_rule(v1::DECISION_RULE_CONSENT);
        link->set_custodian(self);
        link->set_counterparty(sender);
        v1::GateEntry& entry = *gate->add_entries();
        entry.set_provision(v1::CONSENT_PROVISION_PERMIT);
        entry.add_purposes(v1::PURPOSE_OF_USE_TREAT);
        entry.add_actions(v1::ACCESS_ACTION_CONTRIBUTE);
        entry.set_valid_until_unix_ms(2'000);
    }
    std::optional<OpenedOffer> opened() {
        opening.set_document(proto::encode(document));
        return open_offer(1, salt, proto::encode(opening));
    }
    OfferCheck check() {
        const auto offer = opened();
        if (!offer) {
            ADD_FAILURE() << "malformed";
            return OfferCheck::kNotYet;
        }
        if (row && row->commitment().empty()) row->set_commitment(offer->commitment.bytes());
        return check_offer({self, sender, *offer, row, link, gate, now});
    }
};

TEST_F(OfferCheckTest, AnOfferThatTheLedgerBearsOutIsGood) {
    EXPECT_EQ(check(), OfferCheck::kGood);
}

TEST_F(OfferCheckTest, ItIsForThisCustodianFromTheLinksCounterparty) {
    opening.set_custodian("payer");
    EXPECT_EQ(check(), OfferCheck::kCustodian);
    opening.set_custodian(self);
    opening.set_contributor("payer");
    EXPECT_EQ(check(), OfferCheck::kSender);
    opening.set_contributor(sender);
    row->clear_commitment();
    link->set_counterparty("payer");
    EXPECT_EQ(check(), OfferCheck::kSender);
    link->set_counterparty(sender);
    link->set_custodian("payer");
    EXPECT_EQ(check(), OfferCheck::kCustodian);
}

TEST_F(OfferCheckTest, AThirdMemberCannotSendIt) {
    sender = "payer";
    EXPECT_EQ(check(), OfferCheck::kSender);
}

TEST_F(OfferCheckTest, WithoutRowsItIsNotYet) {
    row.reset();
    EXPECT_EQ(check(), OfferCheck::kNotYet);
}

TEST_F(OfferCheckTest, AnotherOpeningIsNotWhatTheRowCommitsTo) {
    EXPECT_EQ(check(), OfferCheck::kGood);
    document.set_size(101);
    EXPECT_EQ(check(), OfferCheck::kCommitment);
    document.set_size(100);
    salt[0] = static_cast<char>(salt[0] ^ 1);
    EXPECT_EQ(check(), OfferCheck::kCommitment);
}

TEST_F(OfferCheckTest, WhatIsDecidedIsNotTakenAgain) {
    row->set_status(v1::CONTRIBUTION_STATUS_ACCEPTED);
    EXPECT_EQ(check(), OfferCheck::kDecided);
    row->set_status(v1::CONTRIBUTION_STATUS_REJECTED);
    EXPECT_EQ(check(), OfferCheck::kDecided);
    row->set_status(v1::CONTRIBUTION_STATUS_DENIED);
    EXPECT_EQ(check(), OfferCheck::kDenied);
}

TEST_F(OfferCheckTest, AnotherPurposeIsNotWhatTheLedgerDecidedOn) {
    row->set_purpose(v1::PURPOSE_OF_USE_HPAYMT);
    EXPECT_EQ(check(), OfferCheck::kClaims);
}

TEST_F(OfferCheckTest, ClosedLinksAndWithdrawnConsents) {
    gate->mutable_entries(0)->set_valid_until_unix_ms(999);
    EXPECT_EQ(check(), OfferCheck::kWithdrawn);
    gate->mutable_entries(0)->set_valid_until_unix_ms(1'000);
    EXPECT_EQ(check(), OfferCheck::kGood);
    // A consent to read is none to contribute.
    gate->mutable_entries(0)->set_actions(0, v1::ACCESS_ACTION_READ);
    EXPECT_EQ(check(), OfferCheck::kWithdrawn);
    gate.reset();
    EXPECT_EQ(check(), OfferCheck::kWithdrawn);
    row->mutable_gate()->set_rule(v1::DECISION_RULE_OPT_OUT);
    EXPECT_EQ(check(), OfferCheck::kGood);
    link->set_closed(true);
    EXPECT_EQ(check(), OfferCheck::kLink);
}

TEST_F(OfferCheckTest, OtherBytesAreNoOffer) {
    EXPECT_TRUE(opened());
    EXPECT_FALSE(open_offer(0, salt, proto::encode(opening)));
    EXPECT_FALSE(open_offer(1, salt.substr(1), proto::encode(opening)));
    EXPECT_FALSE(open_offer(1, salt, proto::encode(opening) + Bytes("\x7a\x00", 2)));
    for (const auto& spoil : std::vector<std::function<void()>>{
             [&] { opening.set_link_id("short"); }, [&] { opening.set_slot_salt("short"); },
             [&] { opening.set_patient("no id!"); }, [&] { opening.set_patient(""); },
             [&] { opening.set_corrects_id("o-9"); }, [&] { opening.set_corrects_version(1); },
             [&] { document.set_version(0); }, [&] { document.set_record_id("short"); },
             [&] { document.set_resource_type("Nonsense"); }}) {
        const auto opening_before = opening;
        const auto document_before = document;
        spoil();
        EXPECT_FALSE(opened());
        opening = opening_before;
        document = document_before;
    }
    opening.set_corrects_id("o-9");
    opening.set_corrects_version(1);
    EXPECT_TRUE(opened());
}

TEST_F(OfferCheckTest, WhatACustodianSaysItAcceptedIsWhatItRecorded) {
    v1::Offering offering;
    offering.set_link_id(link_id.bytes());
    offering.set_slot_salt(opening.slot_salt());
    v1::AcceptedRecord record;
    record.set_salt(salt);
    record.set_list(ledger::record_list(chart));
    record.set_sequence(7);
    record.set_version(2);
    record.set_resource_id("o-9");
    row->set_record_commitment(ledger::shared_record_commitment(salt, record.list(), 7, 2).bytes());
    std::vector<v1::LinkSlot> slots(1);
    slots[0].set_commitment(
        ledger::link_slot_commitment(opening.slot_salt(), chart, link_id).bytes());
    std::optional<v1::Record> entry(std::in_place);
    entry->set_version(2);
    EXPECT_TRUE(check_accepted(record, *row, offering, slots, entry));

    offering.set_corrects_id("o-9");
    offering.set_corrects_version(1);
    EXPECT_TRUE(check_accepted(record, *row, offering, slots, entry));
    offering.set_corrects_version(2);
    EXPECT_FALSE(check_accepted(record, *row, offering, slots, entry)) << "not the next version";
    offering.set_corrects_version(1);
    offering.set_corrects_id("o-8");
    EXPECT_FALSE(check_accepted(record, *row, offering, slots, entry)) << "another resource";
    offering.set_corrects_id("o-9");
    EXPECT_FALSE(check_accepted(record, *row, offering, {}, entry)) << "another patient's chart";

    for (const auto& spoil : std::vector<std::function<void()>>{
             [&] { record.set_sequence(8); }, [&] { record.set_version(3); },
             [&] { record.set_salt("short"); }, [&] { record.set_version(0); },
             [&] { record.set_list("m" + self); }, [&] { record.set_resource_id("no id!"); }}) {
        const auto before = record;
        spoil();
        EXPECT_FALSE(check_accepted(record, *row, offering, slots, entry));
        record = before;
    }
    EXPECT_TRUE(check_accepted(record, *row, offering, slots, entry));
    entry->set_version(1);
    EXPECT_FALSE(check_accepted(record, *row, offering, slots, entry)) << "not anchored so far";
    EXPECT_FALSE(check_accepted(record, *row, offering, slots, std::nullopt));
}

TEST_F(OfferCheckTest, WhatLiesInAManifestIsShownByItsPath) {
    std::vector<ledger::ManifestEntry> entries(4);
    for (auto& one : entries)
        one = {crypto::random_id<ledger::RecordId>(), crypto::random_id<Hash32>()};
    const auto manifest = ledger::Manifest::build(entries);
    ASSERT_TRUE(manifest);
    std::optional<v1::Record> entry(std::in_place);
    entry->set_leaf_count(manifest->leaf_count());
    entry->set_commitment(manifest->root().bytes());

    v1::AcceptedRecord record;
    record.set_salt(salt);
    record.set_list(ledger::record_list(chart));
    record.set_sequence(7);
    record.set_version(1);
    record.set_resource_id("o-1");
    record.mutable_leaf()->set_manifest_sequence(7);
    record.mutable_leaf()->set_leaf_index(2);
    record.mutable_leaf()->set_record_id(manifest->entries()[2].record_id.bytes());
    record.mutable_leaf()->set_commitment(manifest->entries()[2].commitment.bytes());
    for (const Hash32& hash : manifest->path(2))
        record.mutable_leaf()->add_path(hash.bytes());
    v1::Offering offering;
    offering.set_link_id(link_id.bytes());
    offering.set_slot_salt(opening.slot_salt());
    std::vector<v1::LinkSlot> slots(1);
    slots[0].set_commitment(
        ledger::link_slot_commitment(opening.slot_salt(), chart, link_id).bytes());
    const auto good = [&] {
        row->set_record_commitment(ledger::shared_record_commitment(record.salt(), record.list(),
                                                                    record.sequence(),
                                                                    record.version())
                                       .bytes());
        return check_accepted(record, *row, offering, slots, entry);
    };
    EXPECT_TRUE(good());
    const auto leaf = [&] { return record.mutable_leaf(); };
    for (const auto& spoil : std::vector<std::function<void()>>{
             [&] { record.clear_leaf(); }, [&] { leaf()->set_leaf_index(1); },
             [&] { leaf()->set_leaf_index(4); }, [&] { leaf()->set_manifest_sequence(6); },
             [&] { leaf()->set_record_id(crypto::random_bytes(16)); },
             [&] { leaf()->set_commitment(crypto::random_bytes(32)); },
             [&] { leaf()->clear_path(); }, [&] { leaf()->set_path(1, "x"); },
             [&] { leaf()->set_path(0, crypto::random_bytes(32)); },
             [&] { leaf()->add_path(crypto::random_bytes(32)); }, [&] { record.set_version(2); }}) {
        const auto before = record;
        spoil();
        EXPECT_FALSE(good());
        record = before;
    }
    EXPECT_TRUE(good());
    entry->clear_leaf_count();
    EXPECT_FALSE(good()) << "a record is no manifest";
}

}  // namespace
}  // namespace consilium::services::ehr::exchange
