// SPDX-License-Identifier: Apache-2.0
#include "contracts/documents/documents_fixture.hpp"

namespace consilium::contracts::documents {
namespace {

TEST_F(DocumentsTest, Share) {
    give(share());
    expect.row(share_path(), share_row(v1::SHARE_STATUS_OFFERED));
    expect.outcome.assigned = {1};
}

TEST_F(DocumentsTest, ShareByTheCounterpartyIsRefused) {
    transaction.sender.member = "clinic";
    refuse(share(), Rejection::kNotLinkCustodian);
}

TEST_F(DocumentsTest, ShareOverNoLinkIsRefused) {
    given.rows.erase("charts/link/" + to_hex(link));
    refuse(share(), Rejection::kLinkUnknown);
}

TEST_F(DocumentsTest, ShareOverAClosedLinkIsRefused) {
    close_link();
    refuse(share(), Rejection::kLinkClosed);
}

TEST_F(DocumentsTest, ShareRefusesTheNumberAfterTheLast) {
    given.row(share_path(std::numeric_limits<std::uint32_t>::max()),
              share_row(v1::SHARE_STATUS_OFFERED));
    refuse(share(), Rejection::kNumbersUsedUp);
}

TEST_F(DocumentsTest, Acknowledge) {
    given.row(share_path(), share_row(v1::SHARE_STATUS_OFFERED));
    transaction.sender.member = "clinic";
    give(acknowledge());
    expect.row(share_path(), share_row(v1::SHARE_STATUS_ACKNOWLEDGED));
}

TEST_F(DocumentsTest, AcknowledgeByTheCustodianIsRefused) {
    given.row(share_path(), share_row(v1::SHARE_STATUS_OFFERED));
    refuse(acknowledge(), Rejection::kNotCounterparty);
}

TEST_F(DocumentsTest, AcknowledgeByAThirdMemberIsRefused) {
    given.row(share_path(), share_row(v1::SHARE_STATUS_OFFERED));
    transaction.sender.member = "payer";
    refuse(acknowledge(), Rejection::kNotCounterparty);
}

TEST_F(DocumentsTest, AcknowledgeTwiceIsRefused) {
    given.row(share_path(), share_row(v1::SHARE_STATUS_ACKNOWLEDGED));
    transaction.sender.member = "clinic";
    refuse(acknowledge(), Rejection::kAcknowledged);
}

TEST_F(DocumentsTest, AcknowledgeNothingIsRefused) {
    transaction.sender.member = "clinic";
    refuse(acknowledge(), Rejection::kShareUnknown);
}

TEST_F(DocumentsTest, AcknowledgeNumberZeroIsRefused) {
    transaction.sender.member = "clinic";
    refuse(acknowledge(0), Rejection::kShareUnknown);
}

TEST_F(DocumentsTest, AcknowledgeOverAClosedLinkIsRefused) {
    given.row(share_path(), share_row(v1::SHARE_STATUS_OFFERED));
    close_link();
    transaction.sender.member = "clinic";
    refuse(acknowledge(), Rejection::kLinkClosed);
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
    refuse(shred_share(), Rejection::kNotCounterparty);
}

TEST_F(DocumentsTest, ShredShareBeforeItWasReceivedIsRefused) {
    given.row(share_path(), share_row(v1::SHARE_STATUS_OFFERED));
    transaction.sender.member = "clinic";
    refuse(shred_share(), Rejection::kNotAcknowledged);
}

TEST_F(DocumentsTest, ShredShareTwiceIsRefused) {
    given.row(share_path(), share_row(v1::SHARE_STATUS_SHREDDED));
    transaction.sender.member = "clinic";
    refuse(shred_share(), Rejection::kShredded);
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
    refuse(retain_share(), Rejection::kRetained);
}

TEST_F(DocumentsTest, RetainShareWithoutAReasonIsRefused) {
    given.row(share_path(), share_row(v1::SHARE_STATUS_ACKNOWLEDGED));
    transaction.sender.member = "clinic";
    auto payload = retain_share();
    payload.mutable_retain_share()->clear_reason();
    refuse(payload, Rejection::kReason);
}

}  // namespace
}  // namespace consilium::contracts::documents
