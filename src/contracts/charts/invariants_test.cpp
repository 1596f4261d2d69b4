// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "contracts/charts/charts.hpp"
#include "contracts/registry/registry.hpp"
#include "execution/testing/world.hpp"

// Commands never break these rules, so no transaction can show that they are checked: here each is
// broken by hand, next to the change that is allowed.
namespace consilium::contracts::charts {
namespace {

using execution::testing::test_bytes;

const std::string kId = "000102030405060708090a0b0c0d0e0f";

bool holds(const std::string& path, const std::optional<Bytes>& before,
           const std::optional<Bytes>& after) {
    const Bytes key = *registry().key_from_path(path);
    sdk::Overlay::Change change;
    change.key = key;
    if (before) change.before = *before;
    if (after) change.after = *after;
    const execution::testing::MemoryView view;
    sdk::Overlay overlay(view);
    const sdk::BlockFacts block;
    sdk::TransactionFacts transaction;
    transaction.member_id = "hospital";
    sdk::Context context(overlay, registry().lookups(), block, transaction);
    return Charts().holds(change, context);
}

v1::Link link(std::uint32_t version = 1) {
    v1::Link out;
    out.set_custodian("hospital");
    out.set_counterparty("clinic");
    out.set_algorithm(v1::ALGORITHM_ED25519);
    out.set_public_key(test_bytes("key", 32));
    out.set_version(version);
    return out;
}

template <typename Change>
Bytes changed(v1::Link row, const Change& change) {
    change(row);
    return proto::encode(row);
}

TEST(ChartsInvariants, ChartsSlotsAndKeysAreWrittenOnce) {
    const Bytes row = "\x0a\x01x";  // field 1 of each of these rows
    const Bytes other = "\x0a\x01y";
    for (const std::string& path :
         {"charts/chart/" + kId, "charts/slot/" + kId + "/1", "charts/patient-key/" + kId + kId}) {
        EXPECT_TRUE(holds(path, std::nullopt, row)) << path;
        EXPECT_FALSE(holds(path, row, other)) << path;
        EXPECT_FALSE(holds(path, row, std::nullopt)) << path;
    }
}

TEST(ChartsInvariants, ALinkBeginsWithTwoMembersAKeyAndAVersion) {
    const std::string path = "charts/link/" + kId;
    EXPECT_TRUE(holds(path, std::nullopt, proto::encode(link())));
    EXPECT_FALSE(holds(path, std::nullopt,
                       changed(link(), [](auto& l) { l.set_counterparty("hospital"); })));
    EXPECT_FALSE(holds(path, std::nullopt, changed(link(), [](auto& l) { l.clear_public_key(); })));
    EXPECT_FALSE(holds(path, std::nullopt, changed(link(), [](auto& l) { l.clear_version(); })));
}

TEST(ChartsInvariants, ALinkKeepsMembersAndKeyAndItsVersionGrows) {
    const std::string path = "charts/link/" + kId;
    const Bytes before = proto::encode(link(2));
    const auto next = [](auto change) {
        return changed(link(3), [&](v1::Link& l) {
            l.set_closed(true);
            change(l);
        });
    };
    EXPECT_TRUE(holds(path, before, next([](auto&) {})));
    EXPECT_FALSE(holds(path, before, next([](auto& l) { l.set_version(2); })));
    EXPECT_FALSE(holds(path, before, next([](auto& l) { l.set_version(1); })));
    EXPECT_FALSE(holds(path, before, next([](auto& l) { l.set_custodian("payer"); })));
    EXPECT_FALSE(holds(path, before, next([](auto& l) { l.set_counterparty("payer"); })));
    EXPECT_FALSE(
        holds(path, before, next([](auto& l) { l.set_public_key(test_bytes("other", 32)); })));
    EXPECT_FALSE(
        holds(path, before, next([](auto& l) { l.set_algorithm(v1::ALGORITHM_P256_SHA256); })));
    EXPECT_FALSE(holds(path, before, std::nullopt));
}

TEST(ChartsInvariants, NothingFollowsClosing) {
    const std::string path = "charts/link/" + kId;
    const Bytes closed = changed(link(2), [](auto& l) { l.set_closed(true); });
    EXPECT_FALSE(holds(path, closed, proto::encode(link(3))));
    EXPECT_FALSE(holds(path, closed, changed(link(3), [](auto& l) { l.set_closed(true); })));
}

}  // namespace
}  // namespace consilium::contracts::charts
