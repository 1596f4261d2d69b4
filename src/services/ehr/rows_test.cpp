// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/rows.hpp"

#include <gtest/gtest.h>

#include "crypto/random.hpp"
#include "services/ehr/store.hpp"

namespace consilium::services::ehr {
namespace {

// Every encoding reads back, and no shorter or longer one does.
template <typename Row, typename Decode>
void round_trip(const Row& row, Decode decode) {
    const Bytes bytes = encode(row);
    const auto read = decode(bytes);
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(*read, row);
    EXPECT_FALSE(decode(Bytes()).has_value());
    EXPECT_FALSE(decode(bytes.substr(0, 1)).has_value());
    EXPECT_FALSE(decode("\x02" + bytes.substr(1)).has_value());
}

TEST(Rows, ReadBack) {
    ResourceRow resource;
    resource.record = crypto::random_id<ledger::RecordId>();
    resource.version = 3;
    resource.deleted = true;
    resource.updated = {1'700'000'000'123};
    round_trip(resource, decode_resource);
    resource.chart = crypto::random_id<ledger::ChartId>();
    round_trip(resource, decode_resource);
    EXPECT_FALSE(decode_resource(encode(resource) + "x").has_value());
    resource.version = 0;
    EXPECT_FALSE(decode_resource(encode(resource)).has_value());

    ChartRow chart = new_chart();
    round_trip(chart, decode_chart);
    chart.opened = true;
    round_trip(chart, decode_chart);
    EXPECT_FALSE(decode_chart(encode(chart) + "x").has_value());
    chart.slots.pop_back();
    EXPECT_FALSE(decode_chart(encode(chart)).has_value());

    round_trip(AnchorRow{1, 2, 3, 4}, decode_anchor);
    EXPECT_FALSE(decode_anchor(encode(AnchorRow{1, 2, 3, 0})).has_value());

    Submission submission;
    submission.kind = Submission::Kind::kVersions;
    submission.versions = {
        {crypto::random_id<ledger::ChartId>(), crypto::random_id<ledger::RecordId>(), 2}};
    submission.transaction = "bytes";
    round_trip(submission, decode_submission);
    submission.transaction.clear();
    EXPECT_FALSE(decode_submission(encode(submission)).has_value());
}

TEST(Rows, KeysReadBack) {
    const Pending pending{crypto::random_id<ledger::ChartId>(),
                          crypto::random_id<ledger::RecordId>(), 7};
    EXPECT_EQ(decode_pending_key(pending_key(pending)), pending);
    EXPECT_FALSE(decode_pending_key(pending_key(pending) + "x").has_value());
    EXPECT_FALSE(decode_pending_key(submission_key(pending.chart)).has_value());
    EXPECT_EQ(decode_submission_key(submission_key(pending.chart)), pending.chart);
}

}  // namespace
}  // namespace consilium::services::ehr
