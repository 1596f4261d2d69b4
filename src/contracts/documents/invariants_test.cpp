// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "contracts/documents/documents.hpp"
#include "contracts/registry/registry.hpp"
#include "execution/testing/world.hpp"

// Commands never break these rules, so no transaction can show that they are checked: here each is
// broken by hand, next to the change that is allowed.
namespace consilium::contracts::documents {
namespace {

using execution::testing::test_bytes;

class DocumentsInvariants : public ::testing::Test {
 protected:
    DocumentsInvariants() {
        v1::Chart row;
        row.set_custodian("hospital");
        state::StateDiff diff;
        diff[key("charts/chart/" + own_chart)] = proto::encode(row);
        row.set_custodian("clinic");
        diff[key("charts/chart/" + other_chart)] = proto::encode(row);
        view_.apply(diff);
    }

    static Bytes key(const std::string& path) { return *registry().key_from_path(path); }

    // Whether the hospital may change the row from `before` to `after`; null is absent.
    template <typename Row>
    bool holds(const std::string& path, const Row* before, const Row* after) {
        const Bytes at = key(path);
        const Bytes was = before == nullptr ? Bytes{} : proto::encode(*before);
        const Bytes is = after == nullptr ? Bytes{} : proto::encode(*after);
        sdk::Overlay::Change change;
        change.key = at;
        if (before != nullptr) change.before = was;
        if (after != nullptr) change.after = is;
        sdk::Overlay overlay(view_);
        const sdk::BlockFacts block;
        sdk::TransactionFacts transaction;
        transaction.member_id = "hospital";
        sdk::Context context(overlay, registry().lookups(), block, transaction);
        return Documents().holds(change, context);
    }
    bool record_may_become(const v1::Record& before, const v1::Record& after) {
        return holds(kRecord, &before, &after);
    }
    bool record_may_begin(const v1::Record& row, const std::string& path = kRecord) {
        return holds<v1::Record>(path, nullptr, &row);
    }
    bool share_may_become(v1::ShareStatus before, v1::ShareStatus after) {
        const v1::Share was = share(before);
        const v1::Share is = share(after);
        return holds(kShare, &was, &is);
    }

    static v1::Record record() {
        v1::Record out;
        out.set_record_id(test_bytes("record", 16));
        out.set_version(2);
        out.set_commitment(test_bytes("v2", 32));
        out.set_status(v1::RECORD_STATUS_CURRENT);
        out.set_manifest_sequence(1);
        out.set_leaf_index(3);
        return out;
    }
    static v1::Record manifest() {
        v1::Record out;
        out.set_commitment(test_bytes("root", 32));
        out.set_status(v1::RECORD_STATUS_CURRENT);
        out.set_leaf_count(4);
        return out;
    }
    static v1::Share share(v1::ShareStatus status) {
        v1::Share out;
        out.set_record_commitment(test_bytes("shared", 32));
        out.set_status(status);
        return out;
    }
    template <typename Change>
    static v1::Record with(v1::Record row, const Change& change) {
        change(row);
        return row;
    }

    static constexpr const char* kRecord = "documents/record/member:hospital/1";
    static constexpr const char* kShare = "documents/share/000102030405060708090a0b0c0d0e0f/1";
    const std::string own_chart = "11111111111111111111111111111111";
    const std::string other_chart = "22222222222222222222222222222222";

 private:
    execution::testing::MemoryView view_;
};

TEST_F(DocumentsInvariants, AListIsWrittenByItsCustodianAlone) {
    for (const std::string& list : {std::string("member:hospital"), "chart:" + own_chart})
        EXPECT_TRUE(record_may_begin(record(), "documents/record/" + list + "/1")) << list;
    for (const std::string& list :
         {std::string("member:clinic"), std::string("member:hospital2"),
          std::string("member:hospita"), "chart:" + other_chart, "chart:" + std::string(32, '3')})
        EXPECT_FALSE(record_may_begin(record(), "documents/record/" + list + "/1")) << list;
    v1::RecordVersion version;
    version.set_commitment(test_bytes("v1", 32));
    v1::TouchedLeaf touched;
    touched.set_sequence(2);
    for (const bool own : {true, false}) {
        const std::string list = own ? "member:hospital" : "member:clinic";
        EXPECT_EQ(holds<v1::RecordVersion>("documents/version/" + list + "/1/1", nullptr, &version),
                  own);
        EXPECT_EQ(holds<v1::TouchedLeaf>("documents/touched/" + list + "/1/0", nullptr, &touched),
                  own);
    }
}

TEST_F(DocumentsInvariants, ARecordIsWellFormed) {
    EXPECT_TRUE(record_may_begin(record()));
    EXPECT_TRUE(record_may_begin(manifest()));
    for (const auto& bad :
         {with(record(), [](auto& r) { r.set_commitment(Bytes(31, 'c')); }),
          with(record(), [](auto& r) { r.set_record_id(Bytes(15, 'r')); }),
          with(record(), [](auto& r) { r.clear_version(); }),
          with(manifest(), [](auto& r) { r.set_commitment(Bytes(33, 'c')); }),
          with(manifest(), [](auto& r) { r.set_record_id(test_bytes("record", 16)); }),
          with(manifest(), [](auto& r) { r.set_version(1); })})
        EXPECT_FALSE(record_may_begin(bad)) << bad.ShortDebugString();
}

TEST_F(DocumentsInvariants, ARecordKeepsIdOriginAndVersions) {
    const auto next = with(record(), [](auto& r) {
        r.set_version(3);
        r.set_commitment(test_bytes("v3", 32));
    });
    EXPECT_TRUE(record_may_become(record(), next));
    EXPECT_TRUE(record_may_become(
        record(), with(record(), [](auto& r) { r.set_status(v1::RECORD_STATUS_SHREDDED); })));
    for (const auto& bad :
         {with(next, [](auto& r) { r.set_record_id(test_bytes("another", 16)); }),
          with(next, [](auto& r) { r.set_manifest_sequence(9); }),
          with(next, [](auto& r) { r.set_leaf_index(9); }),
          with(record(), [](auto& r) { r.set_version(1); }),
          with(record(), [](auto& r) { r.set_commitment(test_bytes("forged", 32)); }), manifest()})
        EXPECT_FALSE(record_may_become(record(), bad)) << bad.ShortDebugString();
    const v1::Record row = record();
    EXPECT_FALSE(holds<v1::Record>(kRecord, &row, nullptr));
}

TEST_F(DocumentsInvariants, NothingFollowsShreddingAndAManifestNeverChanges) {
    const auto shredded = with(record(), [](auto& r) { r.set_status(v1::RECORD_STATUS_SHREDDED); });
    EXPECT_FALSE(record_may_become(shredded, record()));
    EXPECT_FALSE(record_may_become(shredded, with(shredded, [](auto& r) { r.set_version(3); })));
    EXPECT_FALSE(record_may_become(
        manifest(), with(manifest(), [](auto& r) { r.set_commitment(test_bytes("other", 32)); })));
}

TEST_F(DocumentsInvariants, HistoryIsWrittenOnce) {
    v1::RecordVersion version;
    version.set_commitment(test_bytes("v1", 32));
    v1::RecordVersion forged;
    forged.set_commitment(test_bytes("forged", 32));
    const std::string version_row = "documents/version/member:hospital/1/1";
    EXPECT_FALSE(holds(version_row, &version, &forged));
    EXPECT_FALSE(holds<v1::RecordVersion>(version_row, &version, nullptr));
    v1::TouchedLeaf touched;
    touched.set_sequence(2);
    v1::TouchedLeaf again;
    again.set_sequence(3);
    const std::string touched_row = "documents/touched/member:hospital/1/0";
    EXPECT_FALSE(holds(touched_row, &touched, &again));
    EXPECT_FALSE(holds<v1::TouchedLeaf>(touched_row, &touched, nullptr));
}

TEST_F(DocumentsInvariants, AShareBeginsAsOfferedAndKeepsItsCommitment) {
    for (const auto status :
         {v1::SHARE_STATUS_UNSPECIFIED, v1::SHARE_STATUS_OFFERED, v1::SHARE_STATUS_ACKNOWLEDGED,
          v1::SHARE_STATUS_SHREDDED, v1::SHARE_STATUS_RETAINED}) {
        const v1::Share row = share(status);
        EXPECT_EQ(holds<v1::Share>(kShare, nullptr, &row), status == v1::SHARE_STATUS_OFFERED);
        EXPECT_FALSE(share_may_become(status, v1::SHARE_STATUS_OFFERED)) << status;
        EXPECT_FALSE(share_may_become(v1::SHARE_STATUS_SHREDDED, status)) << status;
    }
    EXPECT_TRUE(share_may_become(v1::SHARE_STATUS_OFFERED, v1::SHARE_STATUS_ACKNOWLEDGED));
    EXPECT_TRUE(share_may_become(v1::SHARE_STATUS_RETAINED, v1::SHARE_STATUS_SHREDDED));
    const v1::Share before = share(v1::SHARE_STATUS_OFFERED);
    v1::Share after = share(v1::SHARE_STATUS_ACKNOWLEDGED);
    after.set_record_commitment(test_bytes("another", 32));
    EXPECT_FALSE(holds(kShare, &before, &after));
    EXPECT_FALSE(holds<v1::Share>(kShare, &before, nullptr));
}

}  // namespace
}  // namespace consilium::contracts::documents
