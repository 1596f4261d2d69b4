// SPDX-License-Identifier: Apache-2.0
#include "contracts/documents/documents.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "base/hex.hpp"
#include "base/limits.hpp"
#include "execution/testing/contract_test.hpp"
#include "ledger/manifest.hpp"

namespace consilium::contracts::documents {
namespace {

using namespace execution::testing;

class DocumentsTest : public ContractTest {
 protected:
    DocumentsTest() {
        v1::Chart row;
        row.set_custodian("hospital");
        given.row("charts/chart/" + to_hex(chart), row);
        v1::Link over;
        over.set_custodian("hospital");
        over.set_counterparty("clinic");
        over.set_algorithm(v1::ALGORITHM_ED25519);
        over.set_public_key(test_key("patient").public_key());
        over.set_version(1);
        given.row("charts/link/" + to_hex(link), over);
    }

    void give(const v1::DocumentsCommand& payload) {
        transaction.commands.push_back(command(payload));
    }
    void reject(Rejection rejection) { expect.rejected(ledger::ContractId::kDocuments, rejection); }
    v1::DocumentsCommand anchor() const {
        v1::DocumentsCommand out;
        out.mutable_anchor_record()->set_chart_id(chart);
        out.mutable_anchor_record()->set_record_id(test_bytes("record", 16));
        out.mutable_anchor_record()->set_commitment(test_bytes("v1", 32));
        return out;
    }
    v1::DocumentsCommand anchor_manifest(std::uint32_t leaves) const {
        v1::DocumentsCommand out;
        out.mutable_anchor_manifest()->set_chart_id(chart);
        out.mutable_anchor_manifest()->set_root(test_bytes("root", 32));
        out.mutable_anchor_manifest()->set_leaf_count(leaves);
        return out;
    }
    void name(v1::RecordRef& ref, std::uint64_t sequence) const {
        ref.set_chart_id(chart);
        ref.set_sequence(sequence);
    }
    v1::DocumentsCommand supersede(std::uint64_t sequence, std::uint32_t version) const {
        v1::DocumentsCommand out;
        name(*out.mutable_supersede_record()->mutable_record(), sequence);
        out.mutable_supersede_record()->set_version(version);
        out.mutable_supersede_record()->set_commitment(test_bytes("v2", 32));
        return out;
    }
    v1::DocumentsCommand shred(std::uint64_t sequence) const {
        v1::DocumentsCommand out;
        name(*out.mutable_shred_record()->mutable_record(), sequence);
        out.mutable_shred_record()->set_basis(v1::SHRED_BASIS_PATIENT_REQUEST);
        out.mutable_shred_record()->set_last_backup_expires_unix_ms(kGenesisMs + 30 * kDayMs);
        return out;
    }
    v1::DocumentsCommand retain(std::uint64_t sequence) const {
        v1::DocumentsCommand out;
        name(*out.mutable_retain_record()->mutable_record(), sequence);
        out.mutable_retain_record()->set_reason(v1::RETENTION_REASON_LEGAL_HOLD);
        return out;
    }
    v1::DocumentsCommand share() const {
        v1::DocumentsCommand out;
        out.mutable_share_record()->set_link_id(link);
        out.mutable_share_record()->set_record_commitment(test_bytes("shared", 32));
        return out;
    }
    v1::DocumentsCommand acknowledge(std::uint32_t number = 1) const {
        v1::DocumentsCommand out;
        out.mutable_acknowledge_share()->set_link_id(link);
        out.mutable_acknowledge_share()->set_sequence(number);
        return out;
    }
    v1::DocumentsCommand shred_share() const {
        v1::DocumentsCommand out;
        out.mutable_shred_share()->set_link_id(link);
        out.mutable_shred_share()->set_sequence(1);
        out.mutable_shred_share()->set_basis(v1::SHRED_BASIS_COURT_ORDER);
        return out;
    }
    v1::DocumentsCommand retain_share() const {
        v1::DocumentsCommand out;
        out.mutable_retain_share()->set_link_id(link);
        out.mutable_retain_share()->set_sequence(1);
        out.mutable_retain_share()->set_reason(v1::RETENTION_REASON_OWN_RECORD);
        return out;
    }
    v1::Record record() const {
        v1::Record out;
        out.set_record_id(test_bytes("record", 16));
        out.set_version(1);
        out.set_commitment(test_bytes("v1", 32));
        out.set_status(v1::RECORD_STATUS_CURRENT);
        return out;
    }
    v1::Share share_row(v1::ShareStatus status) const {
        v1::Share out;
        out.set_record_commitment(test_bytes("shared", 32));
        out.set_status(status);
        return out;
    }
    std::string path(std::string_view table, const std::string& rest) const {
        return "documents/" + std::string(table) + "/chart:" + to_hex(chart) + "/" + rest;
    }
    std::string share_path(std::uint32_t number = 1) const {
        return "documents/share/" + to_hex(link) + "/" + std::to_string(number);
    }
    void give_record() { given.row(path("record", "1"), record()); }
    void give_status(v1::RecordStatus status) {
        v1::Record row = record();
        row.set_status(status);
        if (status == v1::RECORD_STATUS_RETAINED)
            row.set_retention_reason(v1::RETENTION_REASON_LEGAL_HOLD);
        given.row(path("record", "1"), row);
    }
    void close_link() {
        v1::Link row;
        ASSERT_TRUE(row.ParseFromString(*given.rows["charts/link/" + to_hex(link)]));
        row.set_version(2);
        row.set_closed(true);
        given.row("charts/link/" + to_hex(link), row);
    }
    // A manifest of four leaves under sequence 1.
    void give_manifest() {
        std::vector<ledger::ManifestEntry> entries;
        for (int i = 0; i < 4; ++i)
            entries.push_back({test_id<ledger::RecordId>("leaf " + std::to_string(i)),
                               test_id<Hash32>("leaf commitment " + std::to_string(i))});
        manifest = ledger::Manifest::build(entries);
        v1::Record row;
        row.set_commitment(manifest->root().bytes());
        row.set_status(v1::RECORD_STATUS_CURRENT);
        row.set_leaf_count(4);
        given.row(path("record", "1"), row);
    }
    void name_leaf(v1::RecordRef& ref, std::uint32_t index) const {
        ref.set_chart_id(chart);
        auto& leaf = *ref.mutable_leaf();
        leaf.set_manifest_sequence(1);
        leaf.set_leaf_index(index);
        leaf.set_record_id(manifest->entries()[index].record_id.bytes());
        leaf.set_commitment(manifest->entries()[index].commitment.bytes());
        for (const Hash32& hash : manifest->path(index))
            leaf.add_path(hash.bytes());
    }
    v1::Record leaf_record(std::uint32_t index) const {
        v1::Record out;
        out.set_record_id(manifest->entries()[index].record_id.bytes());
        out.set_version(1);
        out.set_commitment(manifest->entries()[index].commitment.bytes());
        out.set_status(v1::RECORD_STATUS_CURRENT);
        out.set_manifest_sequence(1);
        out.set_leaf_index(index);
        return out;
    }
    v1::DocumentsCommand supersede_leaf(std::uint32_t index) const {
        v1::DocumentsCommand out;
        name_leaf(*out.mutable_supersede_record()->mutable_record(), index);
        out.mutable_supersede_record()->set_version(1);
        out.mutable_supersede_record()->set_commitment(test_bytes("v2", 32));
        return out;
    }

    const Bytes chart = test_bytes("chart", 16);
    const Bytes link = test_bytes("link", 16);
    std::optional<ledger::Manifest> manifest;
};

TEST_F(DocumentsTest, AnchorStartsAList) {
    give(anchor());
    expect.row(path("record", "1"), record());
    expect.outcome.assigned = {1};
}

TEST_F(DocumentsTest, AnchorAppends) {
    give_record();
    give(anchor());
    give(anchor());
    expect.row(path("record", "2"), record());
    expect.row(path("record", "3"), record());
    expect.outcome.assigned = {2, 3};
}

TEST_F(DocumentsTest, AnchorInTheMembersOwnList) {
    auto payload = anchor();
    payload.mutable_anchor_record()->clear_chart_id();
    give(payload);
    expect.row("documents/record/member:hospital/1", record());
    expect.outcome.assigned = {1};
}

TEST_F(DocumentsTest, AnchorRefusesAnotherMembersChart) {
    transaction.sender.member = "clinic";
    give(anchor());
    reject(Rejection::kNotCustodian);
}

TEST_F(DocumentsTest, AnchorRefusesAnUnknownChart) {
    auto payload = anchor();
    payload.mutable_anchor_record()->set_chart_id(test_bytes("nowhere", 16));
    give(payload);
    reject(Rejection::kChartUnknown);
}

TEST_F(DocumentsTest, AnchorRefusesAnAuditor) {
    transaction.sender.role = v1::ROLE_AUDITOR;
    give(anchor());
    reject(Rejection::kRole);
}

TEST_F(DocumentsTest, AnchorRefusesAShortRecordId) {
    auto payload = anchor();
    payload.mutable_anchor_record()->set_record_id(Bytes(15, 'r'));
    give(payload);
    reject(Rejection::kId);
}

TEST_F(DocumentsTest, AnchorRefusesAShortCommitment) {
    auto payload = anchor();
    payload.mutable_anchor_record()->set_commitment(Bytes(31, 'c'));
    give(payload);
    reject(Rejection::kCommitment);
}

TEST_F(DocumentsTest, AnchorRefusesTheNumberAfterTheLast) {
    given.row(path("record", std::to_string(std::numeric_limits<std::uint64_t>::max())), record());
    give(anchor());
    reject(Rejection::kNumbersUsedUp);
}

TEST_F(DocumentsTest, ManifestOfTheLeastSize) {
    give(anchor_manifest(2));
    v1::Record row;
    row.set_commitment(test_bytes("root", 32));
    row.set_status(v1::RECORD_STATUS_CURRENT);
    row.set_leaf_count(2);
    expect.row(path("record", "1"), row);
    expect.outcome.assigned = {1};
}

TEST_F(DocumentsTest, ManifestOfTheGreatestSize) {
    give(anchor_manifest(limits::kManifestLeafCountMax));
    v1::Record row;
    row.set_commitment(test_bytes("root", 32));
    row.set_status(v1::RECORD_STATUS_CURRENT);
    row.set_leaf_count(limits::kManifestLeafCountMax);
    expect.row(path("record", "1"), row);
    expect.outcome.assigned = {1};
}

TEST_F(DocumentsTest, ManifestRefusesOneLeaf) {
    give(anchor_manifest(1));
    reject(Rejection::kLeafCount);
}

TEST_F(DocumentsTest, ManifestRefusesThreeLeaves) {
    give(anchor_manifest(3));
    reject(Rejection::kLeafCount);
}

TEST_F(DocumentsTest, ManifestRefusesTwiceTheGreatestSize) {
    give(anchor_manifest(2 * limits::kManifestLeafCountMax));
    reject(Rejection::kLeafCount);
}

TEST_F(DocumentsTest, SupersedeKeepsTheOldVersion) {
    give_record();
    give(supersede(1, 1));
    v1::Record row = record();
    row.set_version(2);
    row.set_commitment(test_bytes("v2", 32));
    expect.row(path("record", "1"), row);
    v1::RecordVersion old;
    old.set_commitment(test_bytes("v1", 32));
    expect.row(path("version", "1/1"), old);
}

TEST_F(DocumentsTest, SupersedeComparesAndSets) {
    give_record();
    give(supersede(1, 2));
    reject(Rejection::kVersion);
}

TEST_F(DocumentsTest, SupersedeRefusesVersionZero) {
    give_record();
    give(supersede(1, 0));
    reject(Rejection::kVersion);
}

TEST_F(DocumentsTest, SupersedeRefusesTheLastVersion) {
    v1::Record row = record();
    row.set_version(std::numeric_limits<std::uint32_t>::max());
    given.row(path("record", "1"), row);
    give(supersede(1, std::numeric_limits<std::uint32_t>::max()));
    reject(Rejection::kNumbersUsedUp);
}

TEST_F(DocumentsTest, SupersedeRefusesAnUnknownRecord) {
    give_record();
    give(supersede(2, 1));
    reject(Rejection::kRecordUnknown);
}

TEST_F(DocumentsTest, SupersedeRefusesSequenceZero) {
    give_record();
    give(supersede(0, 1));
    reject(Rejection::kRecordUnknown);
}

TEST_F(DocumentsTest, SupersedeRefusesAManifest) {
    give_manifest();
    give(supersede(1, 1));
    reject(Rejection::kIsManifest);
}

TEST_F(DocumentsTest, SupersedeRefusesAnErasedRecord) {
    give_status(v1::RECORD_STATUS_SHREDDED);
    give(supersede(1, 1));
    reject(Rejection::kShredded);
}

TEST_F(DocumentsTest, SupersedeRefusesNoTarget) {
    auto payload = supersede(1, 1);
    payload.mutable_supersede_record()->mutable_record()->clear_target();
    give(payload);
    reject(Rejection::kNoCommand);
}

TEST_F(DocumentsTest, ALeafGetsItsOwnRecordWhenFirstTouched) {
    give_manifest();
    give(supersede_leaf(2));
    v1::Record row = leaf_record(2);
    row.set_version(2);
    row.set_commitment(test_bytes("v2", 32));
    expect.row(path("record", "2"), row);
    v1::RecordVersion old;
    old.set_commitment(manifest->entries()[2].commitment.bytes());
    expect.row(path("version", "2/1"), old);
    v1::TouchedLeaf touched;
    touched.set_sequence(2);
    expect.row(path("touched", "1/2"), touched);
    expect.outcome.assigned = {2};
}

TEST_F(DocumentsTest, ALeafIsTouchedOnce) {
    give_manifest();
    v1::TouchedLeaf touched;
    touched.set_sequence(2);
    given.row(path("touched", "1/2"), touched);
    given.row(path("record", "2"), leaf_record(2));
    give(supersede_leaf(2));
    reject(Rejection::kLeafTouched);
}

TEST_F(DocumentsTest, ALeafIsTouchedOnceWithinATransactionToo) {
    give_manifest();
    give(supersede_leaf(2));
    give(supersede_leaf(2));
    expect.rejected(ledger::ContractId::kDocuments, Rejection::kLeafTouched, 1);
}

TEST_F(DocumentsTest, ALeafOfAnotherIndexIsRefused) {
    give_manifest();
    auto payload = supersede_leaf(2);
    payload.mutable_supersede_record()->mutable_record()->mutable_leaf()->set_leaf_index(3);
    give(payload);
    reject(Rejection::kLeafPath);
}

TEST_F(DocumentsTest, ALeafBeyondTheManifestIsRefused) {
    give_manifest();
    auto payload = supersede_leaf(2);
    payload.mutable_supersede_record()->mutable_record()->mutable_leaf()->set_leaf_index(4);
    give(payload);
    reject(Rejection::kLeafPath);
}

TEST_F(DocumentsTest, ALeafWithAnotherCommitmentIsRefused) {
    give_manifest();
    auto payload = supersede_leaf(2);
    payload.mutable_supersede_record()->mutable_record()->mutable_leaf()->set_commitment(
        test_bytes("forged", 32));
    give(payload);
    reject(Rejection::kLeafPath);
}

TEST_F(DocumentsTest, ALeafWithAShortPathIsRefused) {
    give_manifest();
    auto payload = supersede_leaf(2);
    payload.mutable_supersede_record()
        ->mutable_record()
        ->mutable_leaf()
        ->mutable_path()
        ->RemoveLast();
    give(payload);
    reject(Rejection::kLeafPath);
}

TEST_F(DocumentsTest, ALeafWithAPathOverTheLimitIsRefused) {
    give_manifest();
    auto payload = supersede_leaf(2);
    auto& leaf = *payload.mutable_supersede_record()->mutable_record()->mutable_leaf();
    while (leaf.path_size() < 21)
        leaf.add_path(test_bytes("more", 32));
    give(payload);
    reject(Rejection::kLeafPath);
}

TEST_F(DocumentsTest, ALeafOfARecordIsRefused) {
    give_manifest();
    give_record();
    give(supersede_leaf(2));
    reject(Rejection::kNotManifest);
}

TEST_F(DocumentsTest, ALeafOfNoManifestIsRefused) {
    give_manifest();
    given.rows.erase(path("record", "1"));
    give(supersede_leaf(2));
    reject(Rejection::kRecordUnknown);
}

TEST_F(DocumentsTest, ShredByThePrivacyOfficer) {
    give_record();
    transaction.sender.role = v1::ROLE_PRIVACY_OFFICER;
    give(shred(1));
    v1::Record row = record();
    row.set_status(v1::RECORD_STATUS_SHREDDED);
    row.set_shred_basis(v1::SHRED_BASIS_PATIENT_REQUEST);
    row.set_last_backup_expires_unix_ms(kGenesisMs + 30 * kDayMs);
    expect.row(path("record", "1"), row);
}

TEST_F(DocumentsTest, ShredByAClinicianIsRefused) {
    give_record();
    transaction.sender.role = v1::ROLE_CLINICIAN;
    give(shred(1));
    reject(Rejection::kRole);
}

TEST_F(DocumentsTest, ShredWithoutAReasonIsRefused) {
    give_record();
    auto payload = shred(1);
    payload.mutable_shred_record()->clear_basis();
    give(payload);
    reject(Rejection::kReason);
}

TEST_F(DocumentsTest, ShredActsOnce) {
    give_status(v1::RECORD_STATUS_SHREDDED);
    give(shred(1));
    reject(Rejection::kShredded);
}

TEST_F(DocumentsTest, ShredALeaf) {
    give_manifest();
    v1::DocumentsCommand payload;
    name_leaf(*payload.mutable_shred_record()->mutable_record(), 0);
    payload.mutable_shred_record()->set_basis(v1::SHRED_BASIS_ENTERED_IN_ERROR);
    give(payload);
    v1::Record row = leaf_record(0);
    row.set_status(v1::RECORD_STATUS_SHREDDED);
    row.set_shred_basis(v1::SHRED_BASIS_ENTERED_IN_ERROR);
    expect.row(path("record", "2"), row);
    v1::TouchedLeaf touched;
    touched.set_sequence(2);
    expect.row(path("touched", "1/0"), touched);
    expect.outcome.assigned = {2};
}

TEST_F(DocumentsTest, Retain) {
    give_record();
    give(retain(1));
    v1::Record row = record();
    row.set_status(v1::RECORD_STATUS_RETAINED);
    row.set_retention_reason(v1::RETENTION_REASON_LEGAL_HOLD);
    expect.row(path("record", "1"), row);
}

TEST_F(DocumentsTest, RetainTwiceForTheSameReasonIsRefused) {
    give_status(v1::RECORD_STATUS_RETAINED);
    give(retain(1));
    reject(Rejection::kRetained);
}

TEST_F(DocumentsTest, ShredAfterTheHoldHasEnded) {
    give_status(v1::RECORD_STATUS_RETAINED);
    give(shred(1));
    v1::Record row = record();
    row.set_status(v1::RECORD_STATUS_SHREDDED);
    row.set_shred_basis(v1::SHRED_BASIS_PATIENT_REQUEST);
    row.set_last_backup_expires_unix_ms(kGenesisMs + 30 * kDayMs);
    expect.row(path("record", "1"), row);
}

TEST_F(DocumentsTest, Share) {
    give(share());
    expect.row(share_path(), share_row(v1::SHARE_STATUS_OFFERED));
    expect.outcome.assigned = {1};
}

TEST_F(DocumentsTest, ShareByTheCounterpartyIsRefused) {
    transaction.sender.member = "clinic";
    give(share());
    reject(Rejection::kNotLinkCustodian);
}

TEST_F(DocumentsTest, ShareOverNoLinkIsRefused) {
    given.rows.erase("charts/link/" + to_hex(link));
    give(share());
    reject(Rejection::kLinkUnknown);
}

TEST_F(DocumentsTest, ShareOverAClosedLinkIsRefused) {
    close_link();
    give(share());
    reject(Rejection::kLinkClosed);
}

TEST_F(DocumentsTest, ShareRefusesTheNumberAfterTheLast) {
    given.row(share_path(std::numeric_limits<std::uint32_t>::max()),
              share_row(v1::SHARE_STATUS_OFFERED));
    give(share());
    reject(Rejection::kNumbersUsedUp);
}

TEST_F(DocumentsTest, Acknowledge) {
    given.row(share_path(), share_row(v1::SHARE_STATUS_OFFERED));
    transaction.sender.member = "clinic";
    give(acknowledge());
    expect.row(share_path(), share_row(v1::SHARE_STATUS_ACKNOWLEDGED));
}

TEST_F(DocumentsTest, AcknowledgeByTheCustodianIsRefused) {
    given.row(share_path(), share_row(v1::SHARE_STATUS_OFFERED));
    give(acknowledge());
    reject(Rejection::kNotCounterparty);
}

TEST_F(DocumentsTest, AcknowledgeByAThirdMemberIsRefused) {
    given.row(share_path(), share_row(v1::SHARE_STATUS_OFFERED));
    transaction.sender.member = "payer";
    give(acknowledge());
    reject(Rejection::kNotCounterparty);
}

TEST_F(DocumentsTest, AcknowledgeTwiceIsRefused) {
    given.row(share_path(), share_row(v1::SHARE_STATUS_ACKNOWLEDGED));
    transaction.sender.member = "clinic";
    give(acknowledge());
    reject(Rejection::kAcknowledged);
}

TEST_F(DocumentsTest, AcknowledgeNothingIsRefused) {
    transaction.sender.member = "clinic";
    give(acknowledge());
    reject(Rejection::kShareUnknown);
}

TEST_F(DocumentsTest, AcknowledgeNumberZeroIsRefused) {
    transaction.sender.member = "clinic";
    give(acknowledge(0));
    reject(Rejection::kShareUnknown);
}

TEST_F(DocumentsTest, AcknowledgeOverAClosedLinkIsRefused) {
    given.row(share_path(), share_row(v1::SHARE_STATUS_OFFERED));
    close_link();
    transaction.sender.member = "clinic";
    give(acknowledge());
    reject(Rejection::kLinkClosed);
}

TEST_F(DocumentsTest, ShredShareAlsoOnAClosedLink) {
    given.row(share_path(), share_row(v1::SHARE_STATUS_ACKNOWLEDGED));
    close_link();
    transaction.sender.member = "clinic";
    give(shred_share());
    v1::Share row = share_row(v1::SHARE_STATUS_SHREDDED);
    row.set_shred_basis(v1::SHRED_BASIS_COURT_ORDER);
    expect.row(share_path(), row);
}

TEST_F(DocumentsTest, ShredShareByTheCustodianIsRefused) {
    given.row(share_path(), share_row(v1::SHARE_STATUS_ACKNOWLEDGED));
    give(shred_share());
    reject(Rejection::kNotCounterparty);
}

TEST_F(DocumentsTest, ShredShareBeforeItWasReceivedIsRefused) {
    given.row(share_path(), share_row(v1::SHARE_STATUS_OFFERED));
    transaction.sender.member = "clinic";
    give(shred_share());
    reject(Rejection::kNotAcknowledged);
}

TEST_F(DocumentsTest, ShredShareTwiceIsRefused) {
    given.row(share_path(), share_row(v1::SHARE_STATUS_SHREDDED));
    transaction.sender.member = "clinic";
    give(shred_share());
    reject(Rejection::kShredded);
}

TEST_F(DocumentsTest, RetainShare) {
    given.row(share_path(), share_row(v1::SHARE_STATUS_ACKNOWLEDGED));
    transaction.sender.member = "clinic";
    give(retain_share());
    v1::Share row = share_row(v1::SHARE_STATUS_RETAINED);
    row.set_retention_reason(v1::RETENTION_REASON_OWN_RECORD);
    expect.row(share_path(), row);
}

TEST_F(DocumentsTest, RetainShareTwiceIsRefused) {
    v1::Share row = share_row(v1::SHARE_STATUS_RETAINED);
    row.set_retention_reason(v1::RETENTION_REASON_OWN_RECORD);
    given.row(share_path(), row);
    transaction.sender.member = "clinic";
    give(retain_share());
    reject(Rejection::kRetained);
}

TEST_F(DocumentsTest, RetainShareWithoutAReasonIsRefused) {
    given.row(share_path(), share_row(v1::SHARE_STATUS_ACKNOWLEDGED));
    transaction.sender.member = "clinic";
    auto payload = retain_share();
    payload.mutable_retain_share()->clear_reason();
    give(payload);
    reject(Rejection::kReason);
}

TEST_F(DocumentsTest, AnUnknownFieldIsMalformed) {
    v1::Command bad = command(share());
    bad.set_payload(Bytes("\x78\x01", 2));
    transaction.commands.push_back(bad);
    reject(Rejection::kMalformed);
}

TEST(Documents, EveryRejectionIsDescribed) {
    const Documents contract;
    for (sdk::Code code = 1; code <= static_cast<sdk::Code>(Rejection::kNotAcknowledged); ++code)
        EXPECT_FALSE(contract.describe(code).text.empty()) << code;
    EXPECT_TRUE(
        contract.describe(static_cast<sdk::Code>(Rejection::kNotAcknowledged) + 1).name.empty());
}

}  // namespace
}  // namespace consilium::contracts::documents
