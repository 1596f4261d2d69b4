// SPDX-License-Identifier: Apache-2.0
#include "contracts/sdk/record_keys.hpp"

#include <gtest/gtest.h>

#include "base/hex.hpp"
#include "contracts/registry/registry.hpp"

namespace consilium::contracts::sdk {
namespace {

// Every key made here is the one that the contract's own table says.
TEST(RecordKeys, AreThoseOfTheTables) {
    const Bytes id = *from_hex("000102030405060708090a0b0c0d0e0f");
    const std::string hex = to_hex(id);
    const std::pair<StateKey, std::string> pairs[] = {
        {member_row("clinic"), "membership/member/clinic"},
        {node_row("clinic"), "membership/node/clinic"},
        {chart_row(id), "charts/chart/" + hex},
        {slot_list(id), "charts/slot/" + hex},
        {link_row(id), "charts/link/" + hex},
        {record_list_rows("c" + id), "documents/record/chart:" + hex},
        {share_list(id), "documents/share/" + hex},
        {consent_list(id), "identity/consent/" + hex},
        {consent_row(id, 7), "identity/consent/" + hex + "/7"},
        {gate_row(id), "identity/gate/" + hex},
        {policy_row("clinic"), "ehr/policy/clinic"},
        {request_list(id), "ehr/request/" + hex},
        {request_row(id, 7), "ehr/request/" + hex + "/7"},
        {disclosure_list(id), "ehr/disclosure/" + hex},
        {disclosure_row(id, 7), "ehr/disclosure/" + hex + "/7"},
        {accountable_list(id), "ehr/accountable/" + hex},
        {accountable_row(id, 7), "ehr/accountable/" + hex + "/7"},
        {contribution_list(id), "ehr/contribution/" + hex},
        {contribution_row(id, 7), "ehr/contribution/" + hex + "/7"},
        {inbox_list("clinic"), "ehr/inbox/clinic"},
        {inbox_row("clinic", 9), "ehr/inbox/clinic/9"},
        {clearance_row("clinic", id), "ehr/clearance/clinic/" + hex},
        {break_glass_day_row("clinic"), "ehr/break-glass-day/clinic"},
        {review_due_list("clinic"), "ehr/review-due/clinic"},
        {review_due_from("clinic", UnixMs{8}), "ehr/review-due/clinic/8"},
        {review_due_row("clinic", UnixMs{8}, id, 7), "ehr/review-due/clinic/8/" + hex + "/7"},
    };
    for (const auto& [key, path] : pairs) {
        const auto want = registry().key_from_path(path);
        ASSERT_TRUE(want) << path;
        EXPECT_EQ(to_hex(key), to_hex(*want)) << path;
    }
    EXPECT_EQ(registry().path_of_key(ehr_parameters_row()), "ehr/parameters");
}

TEST(RecordKeys, ReviewsStandInTheOrderTheyFallDue) {
    const Bytes id(16, '\xff');
    const Bytes other(16, '\x01');
    EXPECT_LT(review_due_row("clinic", UnixMs{255}, id, 9).view(),
              review_due_row("clinic", UnixMs{256}, other, 1).view());
    EXPECT_LT(review_due_row("clinic", UnixMs{255}, id, 0xffffffff).view(),
              review_due_from("clinic", UnixMs{256}).view());
}

}  // namespace
}  // namespace consilium::contracts::sdk
