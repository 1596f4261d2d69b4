// SPDX-License-Identifier: Apache-2.0
#include "contracts/documents/documents_fixture.hpp"

namespace consilium::contracts::documents {
namespace {

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
    refuse(anchor(), Rejection::kNotCustodian);
}

TEST_F(DocumentsTest, AnchorRefusesAnUnknownChart) {
    auto payload = anchor();
    payload.mutable_anchor_record()->set_chart_id(test_bytes("nowhere", 16));
    refuse(payload, Rejection::kChartUnknown);
}

TEST_F(DocumentsTest, AnchorRefusesAnAuditor) {
    transaction.sender.role = v1::ROLE_AUDITOR;
    refuse(anchor(), Rejection::kRole);
}

TEST_F(DocumentsTest, AnchorRefusesAShortRecordId) {
    auto payload = anchor();
    payload.mutable_anchor_record()->set_record_id(Bytes(15, 'r'));
    refuse(payload, Rejection::kId);
}

TEST_F(DocumentsTest, AnchorRefusesAShortCommitment) {
    auto payload = anchor();
    payload.mutable_anchor_record()->set_commitment(Bytes(31, 'c'));
    refuse(payload, Rejection::kCommitment);
}

TEST_F(DocumentsTest, AnchorRefusesTheNumberAfterTheLast) {
    given.row(path("record", std::to_string(std::numeric_limits<std::uint64_t>::max())), record());
    refuse(anchor(), Rejection::kNumbersUsedUp);
}

TEST_F(DocumentsTest, ManifestOfTheLeastSize) {
    give(anchor_manifest(2));
    expect.row(path("record", "1"), manifest_row(test_bytes("root", 32), 2));
    expect.outcome.assigned = {1};
}

TEST_F(DocumentsTest, ManifestOfTheGreatestSize) {
    give(anchor_manifest(limits::kManifestLeafCountMax));
    expect.row(path("record", "1"),
               manifest_row(test_bytes("root", 32), limits::kManifestLeafCountMax));
    expect.outcome.assigned = {1};
}

TEST_F(DocumentsTest, ManifestRefusesOneLeaf) {
    refuse(anchor_manifest(1), Rejection::kLeafCount);
}

TEST_F(DocumentsTest, ManifestRefusesThreeLeaves) {
    refuse(anchor_manifest(3), Rejection::kLeafCount);
}

TEST_F(DocumentsTest, ManifestRefusesTwiceTheGreatestSize) {
    refuse(anchor_manifest(2 * limits::kManifestLeafCountMax), Rejection::kLeafCount);
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
    refuse(supersede(1, 2), Rejection::kVersion);
}

TEST_F(DocumentsTest, SupersedeRefusesVersionZero) {
    give_record();
    refuse(supersede(1, 0), Rejection::kVersion);
}

TEST_F(DocumentsTest, SupersedeRefusesTheLastVersion) {
    v1::Record row = record();
    row.set_version(std::numeric_limits<std::uint32_t>::max());
    given.row(path("record", "1"), row);
    refuse(supersede(1, std::numeric_limits<std::uint32_t>::max()), Rejection::kNumbersUsedUp);
}

TEST_F(DocumentsTest, SupersedeRefusesAnUnknownRecord) {
    give_record();
    refuse(supersede(2, 1), Rejection::kRecordUnknown);
}

TEST_F(DocumentsTest, SupersedeRefusesSequenceZero) {
    give_record();
    refuse(supersede(0, 1), Rejection::kRecordUnknown);
}

TEST_F(DocumentsTest, SupersedeRefusesAManifest) {
    give_manifest();
    refuse(supersede(1, 1), Rejection::kIsManifest);
}

TEST_F(DocumentsTest, SupersedeRefusesAnErasedRecord) {
    give_shredded();
    refuse(supersede(1, 1), Rejection::kShredded);
}

TEST_F(DocumentsTest, SupersedeRefusesNoTarget) {
    auto payload = supersede(1, 1);
    payload.mutable_supersede_record()->mutable_record()->clear_target();
    refuse(payload, Rejection::kNoCommand);
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
    expect.row(path("touched", "1/2"), touched_leaf(2));
    expect.outcome.assigned = {2};
}

TEST_F(DocumentsTest, ALeafIsTouchedOnce) {
    give_manifest();
    given.row(path("touched", "1/2"), touched_leaf(2));
    given.row(path("record", "2"), leaf_record(2));
    refuse(supersede_leaf(2), Rejection::kLeafTouched);
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
    refuse(payload, Rejection::kLeafPath);
}

TEST_F(DocumentsTest, ALeafBeyondTheManifestIsRefused) {
    give_manifest();
    auto payload = supersede_leaf(2);
    payload.mutable_supersede_record()->mutable_record()->mutable_leaf()->set_leaf_index(4);
    refuse(payload, Rejection::kLeafPath);
}

TEST_F(DocumentsTest, ALeafWithAnotherCommitmentIsRefused) {
    give_manifest();
    auto payload = supersede_leaf(2);
    payload.mutable_supersede_record()->mutable_record()->mutable_leaf()->set_commitment(
        test_bytes("forged", 32));
    refuse(payload, Rejection::kLeafPath);
}

TEST_F(DocumentsTest, ALeafWithAShortPathIsRefused) {
    give_manifest();
    auto payload = supersede_leaf(2);
    payload.mutable_supersede_record()
        ->mutable_record()
        ->mutable_leaf()
        ->mutable_path()
        ->RemoveLast();
    refuse(payload, Rejection::kLeafPath);
}

TEST_F(DocumentsTest, ALeafWithAPathOverTheLimitIsRefused) {
    give_manifest();
    auto payload = supersede_leaf(2);
    auto& leaf = *payload.mutable_supersede_record()->mutable_record()->mutable_leaf();
    while (leaf.path_size() < 21)
        leaf.add_path(test_bytes("more", 32));
    refuse(payload, Rejection::kLeafPath);
}

TEST(DocumentsParse, APathHasAtMostTwentyHashes) {
    v1::DocumentsCommand payload;
    auto& command = *payload.mutable_supersede_record();
    command.set_version(1);
    command.set_commitment(test_bytes("new", 32));
    command.mutable_record()->set_chart_id(test_bytes("chart", 16));
    auto& leaf = *command.mutable_record()->mutable_leaf();
    leaf.set_manifest_sequence(1);
    leaf.set_record_id(test_bytes("record", 16));
    leaf.set_commitment(test_bytes("leaf", 32));
    const Documents documents;
    google::protobuf::Arena arena;
    const auto refused = [&] {
        const auto parsed = documents.parse(proto::encode(payload), arena);
        return parsed ? Rejection::kNone : static_cast<Rejection>(parsed.error());
    };
    EXPECT_EQ(refused(), Rejection::kLeafPath);
    while (leaf.path_size() < 20) {
        leaf.add_path(test_bytes("hash", 32));
        EXPECT_EQ(refused(), Rejection::kNone) << leaf.path_size();
    }
    leaf.add_path(test_bytes("hash", 32));
    EXPECT_EQ(refused(), Rejection::kLeafPath);
}

TEST_F(DocumentsTest, ALeafOfARecordIsRefused) {
    give_manifest();
    give_record();
    refuse(supersede_leaf(2), Rejection::kNotManifest);
}

TEST_F(DocumentsTest, ALeafOfNoManifestIsRefused) {
    give_manifest();
    given.rows.erase(path("record", "1"));
    refuse(supersede_leaf(2), Rejection::kRecordUnknown);
}

TEST_F(DocumentsTest, ShredByThePrivacyOfficer) {
    give_record();
    transaction.sender.role = v1::ROLE_PRIVACY_OFFICER;
    give(shred(1));
    expect.row(path("record", "1"), shredded_record());
}

TEST_F(DocumentsTest, ShredByAClinicianIsRefused) {
    give_record();
    transaction.sender.role = v1::ROLE_CLINICIAN;
    refuse(shred(1), Rejection::kRole);
}

TEST_F(DocumentsTest, ShredWithoutAReasonIsRefused) {
    give_record();
    auto payload = shred(1);
    payload.mutable_shred_record()->clear_basis();
    refuse(payload, Rejection::kReason);
}

TEST_F(DocumentsTest, ShredActsOnce) {
    give_shredded();
    refuse(shred(1), Rejection::kShredded);
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
    expect.row(path("touched", "1/0"), touched_leaf(2));
    expect.outcome.assigned = {2};
}

TEST_F(DocumentsTest, Retain) {
    give_record();
    give(retain(1));
    expect.row(path("record", "1"), retained_record());
}

TEST_F(DocumentsTest, RetainTwiceForTheSameReasonIsRefused) {
    give_retained();
    refuse(retain(1), Rejection::kRetained);
}

TEST_F(DocumentsTest, ShredAfterTheHoldHasEnded) {
    give_retained();
    give(shred(1));
    expect.row(path("record", "1"), shredded_record());
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
