// SPDX-License-Identifier: Apache-2.0
#include "crypto/random.hpp"
#include "ledger/commitment.hpp"
#include "node/contribution_fixture.hpp"
#include "services/ehr/exchange/erasures.hpp"

namespace consilium::node::testing {
namespace {

// It is the contributor's own record, and the patient can see that it stays there.
TEST_F(Contribution, AnErasureIsToldToWhoContributedTheVersion) {
    ASSERT_TRUE(offer(observation("one")).ok());
    ASSERT_TRUE(becomes(1, v1::OFFERED_STATE_WAITING));
    const auto accepted = desk().accept(link(), 1, "dr-huber");
    ASSERT_TRUE(accepted.ok());
    ASSERT_TRUE(becomes(1, v1::OFFERED_STATE_ACCEPTED));
    const Bytes id = crypto::random_bytes(16);
    ASSERT_TRUE(sides[kHospital]
                    .erasures
                    ->order({id, "Observation", accepted->resource_id(), std::nullopt,
                             v1::SHRED_BASIS_PATIENT_REQUEST})
                    .ok());
    const auto copies = [&] {
        const auto status = sides[kHospital].erasures->status(id);
        EXPECT_TRUE(status.ok() && *status);
        return (*status)->copies;
    };
    ASSERT_TRUE(eventually([&] {
        const auto all = copies();
        return all.size() == 1 && all[0].state() == v1::COPY_STATE_RETAINED;
    }));
    const v1::HeldCopy copy = copies()[0];
    EXPECT_EQ(copy.holder(), "clinic");
    EXPECT_EQ(copy.contribution(), 1U);
    EXPECT_EQ(copy.reason(), v1::RETENTION_REASON_OWN_RECORD);
    const auto share = row<v1::Share>(kInsurer, sdk::share_list(card.link_id()).u32(copy.share()));
    ASSERT_TRUE(share);
    EXPECT_EQ(share->status(), v1::SHARE_STATUS_RETAINED);

    // Nobody else orders that, nor of what was not accepted.
    v1::ExchangeMessage message;
    v1::ErasureOrder& order = *message.mutable_erase();
    order.set_erasure(crypto::random_bytes(16));
    order.set_link_id(card.link_id());
    order.set_contribution(1);
    order.set_record_id(copy.record_id());
    order.set_version(1);
    order.set_commitment(copy.commitment());
    order.set_basis(v1::SHRED_BASIS_COURT_ORDER);
    const auto handled = [&](const char* from) {
        return wires.deliver_now({from, "clinic", proto::encode(message)});
    };
    EXPECT_EQ(handled("insurer"), ex::Handled::kRefused);
    order.set_commitment(crypto::random_bytes(32));
    EXPECT_EQ(handled("hospital"), ex::Handled::kRefused);
    order.set_commitment(copy.commitment());
    order.set_disclosure(1);
    EXPECT_EQ(handled("hospital"), ex::Handled::kRefused) << "one or the other";
}

// One slot is in use by the card of the fixture.
TEST_F(Contribution, AChartThatRunsShortOfLinksGetsMore) {
    ex::CardOrder order;
    order.patient = "verena";
    order.counterparty = "clinic";
    const auto give_card = [&] {
        order.public_key = crypto::SigningKey::generate().public_key();
        return issue(order);
    };
    const auto slots = [&] {
        const auto chart = sides[kHospital].store_records->chart("verena");
        EXPECT_TRUE(chart.ok() && *chart);
        return (*chart)->slots;
    };
    const auto look = [&] {
        while (refills->look()) {
        }
        EXPECT_TRUE(eventually([&] { return sides[kHospital].exchange->unfinished() == 0; }));
    };
    for (int i = 0; i < 2; ++i)
        ASSERT_TRUE(give_card().ok());
    look();
    EXPECT_EQ(slots().size(), 8U) << "five are left";
    ASSERT_TRUE(give_card().ok());
    look();
    ASSERT_EQ(slots().size(), 16U);
    look();
    EXPECT_EQ(slots().size(), 16U) << "twelve are left";
    for (int i = 0; i < 11; ++i)
        ASSERT_TRUE(give_card().ok()) << i;
    EXPECT_EQ(give_card().error(), ex::CardError::kNoSlot) << "the last is for an emergency";
    look();
    EXPECT_TRUE(give_card().ok());

    // On the ledger they are what the custodian has, in the same order.
    const auto chart = sides[kHospital].store_records->chart("verena").value()->chart;
    const auto on_ledger = ex::LedgerView(host->reads("clinic")).slots(chart.view());
    ASSERT_TRUE(on_ledger.ok());
    const auto ours = slots();
    ASSERT_EQ(on_ledger->size(), ours.size());
    for (std::size_t i = 0; i < ours.size(); ++i)
        EXPECT_EQ((*on_ledger)[i].commitment(),
                  ledger::link_slot_commitment(ours[i].salt, chart, ours[i].link).view());
}

TEST_F(Contribution, ARefillOutlivesARestart) {
    ex::CardOrder order;
    order.patient = "verena";
    order.counterparty = "clinic";
    for (int i = 0; i < 3; ++i) {
        order.public_key = crypto::SigningKey::generate().public_key();
        ASSERT_TRUE(issue(order).ok());
    }
    (void)refills->look();
    stop(kHospital);
    start(kHospital);
    ASSERT_TRUE(eventually([&] { return sides[kHospital].exchange->unfinished() == 0; }));
    EXPECT_EQ(sides[kHospital].store_records->chart("verena").value()->slots.size(), 16U);
}

}  // namespace
}  // namespace consilium::node::testing
