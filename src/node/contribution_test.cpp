// SPDX-License-Identifier: Apache-2.0
#include "node/contribution_fixture.hpp"
#include "services/ehr/exchange/commitments.hpp"
#include "services/ehr/exchange/contribution_rules.hpp"

namespace consilium::node::testing {
namespace {

TEST_F(Contribution, WhatIsAcceptedIsInTheChartAndShownToBeAnchored) {
    const auto kept = offer(observation("from the clinic"));
    ASSERT_TRUE(kept.ok());
    ASSERT_TRUE(becomes(1, v1::OFFERED_STATE_WAITING));
    const auto accepted = desk().accept(link(), 1, "dr-huber");
    ASSERT_TRUE(accepted.ok()) << ex::to_string(accepted.error());
    EXPECT_NE(stored_at_hospital(accepted->resource_id(), 1).find("from the clinic"),
              std::string::npos);
    ASSERT_TRUE(eventually([&] { return offering(*kept).has_record(); }));
    const v1::AcceptedRecord record = offering(*kept).record();
    EXPECT_EQ(record.resource_id(), accepted->resource_id());
    EXPECT_EQ(record.version(), 1U);
    // It has no record of its own yet, so its place in the manifest is told.
    ASSERT_TRUE(record.has_leaf());
    EXPECT_EQ(record.leaf().record_id(), offered(1)->record_id());
    EXPECT_EQ(on_ledger(1)->status(), v1::CONTRIBUTION_STATUS_ACCEPTED);
    // It is in the chart and nowhere else here, where an erasure would not find it.
    EXPECT_EQ(desk().document(*offered(1)).error(), ex::VerdictError::kNotHere);
    EXPECT_EQ(
        sides[kHospital].vault->info({ex::offered_record(offered(1)->commitment()), 1})->state,
        vault::State::kErased);

    // The same decision again answers the same; another one does not.
    EXPECT_EQ(desk().accept(link(), 1, "dr-huber")->resource_id(), accepted->resource_id());
    EXPECT_EQ(desk().reject(link(), 1, v1::CONTRIBUTION_REJECTION_DUPLICATE, "dr-huber").error(),
              ex::VerdictError::kDecided);
    EXPECT_EQ(desk().accept(link(), 2, "dr-huber").error(), ex::VerdictError::kNone);
}

TEST_F(Contribution, ACorrectionIsTheNextVersionOnTheRecordOfItsOwn) {
    const auto kept = offer(observation("corrected", "o-1"), 1);
    ASSERT_TRUE(kept.ok());
    ASSERT_TRUE(becomes(1, v1::OFFERED_STATE_WAITING));
    ASSERT_TRUE(desk().accept(link(), 1, "dr-huber").ok());
    ASSERT_TRUE(eventually([&] { return offering(*kept).has_record(); }));
    EXPECT_EQ(offering(*kept).record().version(), 2U);
    EXPECT_FALSE(offering(*kept).record().has_leaf());
    EXPECT_NE(stored_at_hospital("o-1", 2).find("corrected"), std::string::npos);
    EXPECT_NE(stored_at_hospital("o-1", 1).find("first"), std::string::npos);
    // Version 1 is no longer what there is to correct.
    const auto late = offer(observation("too late", "o-1"), 1);
    ASSERT_TRUE(late.ok());
    ASSERT_TRUE(becomes(2, v1::OFFERED_STATE_WAITING));
    EXPECT_EQ(desk().accept(link(), 2, "dr-huber").error(), ex::VerdictError::kOutdated);
}

TEST_F(Contribution, TheSameCorrectionAgainIsTheSameOffer) {
    const auto first = offer(observation("corrected", "o-1"), 1);
    ASSERT_TRUE(first.ok());
    EXPECT_FALSE(first->repeated);
    const auto again = offer(observation("corrected", "o-1"), 1);
    ASSERT_TRUE(again.ok());
    EXPECT_TRUE(again->repeated);
    EXPECT_EQ(again->id, first->id);
    EXPECT_EQ(again->task, first->task);
    EXPECT_EQ(again->version.stored, first->version.stored);
    const auto other = offer(observation("corrected otherwise", "o-1"), 1);
    ASSERT_TRUE(other.ok());
    EXPECT_FALSE(other->repeated);
    ASSERT_TRUE(becomes(2, v1::OFFERED_STATE_WAITING));
    EXPECT_FALSE(on_ledger(3));
    // A new resource has no name yet by which it could be the same.
    EXPECT_FALSE(offer(observation("new"))->repeated);
    EXPECT_FALSE(offer(observation("new"))->repeated);
}

TEST_F(Contribution, TheSameCorrectionFromManySidesIsOneOffer) {
    std::vector<std::string> ids(8);
    std::vector<const formats::json::Value*> bodies;
    for (std::size_t i = 0; i < ids.size(); ++i)
        bodies.push_back(parsed(observation("corrected", "o-1")));
    std::vector<std::thread> clients;
    for (std::size_t i = 0; i < ids.size(); ++i) {
        clients.emplace_back([&, i] {
            ex::OfferOrder order;
            order.card = card;
            order.type = "Observation";
            order.resource = bodies[i];
            order.corrects_id = "o-1";
            order.corrects_version = 1;
            const auto kept = houses[kClinic].contributor->offer(order);
            ids[i] = kept ? kept->id : std::to_string(kept.error().status);
        });
    }
    for (auto& client : clients)
        client.join();
    for (const auto& id : ids)
        EXPECT_EQ(id, ids[0]);
    EXPECT_EQ(sides[kClinic].vault->rows(ex::offering_prefix(), {}, 10)->size(), 1U);
}

TEST_F(Contribution, WhatWasRejectedMayBeOfferedAgain) {
    const auto first = offer(observation("corrected", "o-1"), 1);
    ASSERT_TRUE(becomes(1, v1::OFFERED_STATE_WAITING));
    ASSERT_TRUE(desk().reject(link(), 1, v1::CONTRIBUTION_REJECTION_DISAGREED, "dr-huber").ok());
    ASSERT_TRUE(becomes(*first, v1::OFFER_STATE_REJECTED));
    EXPECT_EQ(offering(*first).rejection(), v1::CONTRIBUTION_REJECTION_DISAGREED);
    ASSERT_TRUE(becomes(1, v1::OFFERED_STATE_REJECTED));
    EXPECT_EQ(desk().document(*offered(1)).error(), ex::VerdictError::kNotHere);
    const auto again = offer(observation("corrected", "o-1"), 1);
    ASSERT_TRUE(again.ok());
    EXPECT_FALSE(again->repeated);
    EXPECT_NE(again->id, first->id);
}

// Whatever the ledger says to it, what staff rejected is rejected, and gone.
TEST_F(Contribution, ARejectionThatTheLedgerRefusesIsToldAgain) {
    ASSERT_TRUE(offer(observation("one")).ok());
    ASSERT_TRUE(becomes(1, v1::OFFERED_STATE_WAITING));
    unsure->wrong = true;
    ASSERT_TRUE(desk().reject(link(), 1, v1::CONTRIBUTION_REJECTION_DUPLICATE, "dr-huber").ok());
    ASSERT_TRUE(eventually([&] {
        const auto document = desk().document(*offered(1));
        return !document && document.error() == ex::VerdictError::kNotHere;
    }));
    EXPECT_EQ(offered(1)->state(), v1::OFFERED_STATE_REJECTING);
    EXPECT_EQ(on_ledger(1)->status(), v1::CONTRIBUTION_STATUS_OFFERED);
    unsure->wrong = false;
    clock_ahead_ms = 400'000;  // past its end, and not so far that the next would lapse
    // Any block's outcomes bring it up again.
    ASSERT_TRUE(eventually([&] {
        (void)open_chart("somebody");
        return on_ledger(1)->status() == v1::CONTRIBUTION_STATUS_REJECTED;
    }));
    EXPECT_TRUE(becomes(1, v1::OFFERED_STATE_REJECTED));
}

TEST_F(Contribution, ARejectionThatIsOnTheLedgerAlreadyIsOne) {
    ASSERT_TRUE(offer(observation("one")).ok());
    ASSERT_TRUE(becomes(1, v1::OFFERED_STATE_WAITING));
    v1::EhrCommand command;
    v1::RejectContribution& reject = *command.mutable_reject_contribution();
    reject.set_link_id(card.link_id());
    reject.set_number(1);
    reject.set_rejection(v1::CONTRIBUTION_REJECTION_INVALID);
    ASSERT_TRUE(submit(kHospital, {wrapped(ledger::ContractId::kEhr, command)}).applied());
    ASSERT_TRUE(desk().reject(link(), 1, v1::CONTRIBUTION_REJECTION_DUPLICATE, "dr-huber").ok());
    EXPECT_TRUE(becomes(1, v1::OFFERED_STATE_REJECTED));
}

TEST_F(Contribution, ItTakesAsManyBytesAsItSaysAndNotOneMore) {
    const auto small = offer(observation("x"));
    ASSERT_TRUE(small.ok());
    const std::size_t others = small->version.stored.size() - 1;
    const std::size_t most = ex::kContributionBytesMax - others;
    const auto greatest = offer(observation(std::string(most, 'x')));
    ASSERT_TRUE(greatest.ok());
    EXPECT_EQ(greatest->version.stored.size(), ex::kContributionBytesMax);
    const auto greater = offer(observation(std::string(most + 1, 'x')));
    ASSERT_FALSE(greater.ok());
    EXPECT_EQ(greater.error().status, 413);
    ASSERT_TRUE(becomes(2, v1::OFFERED_STATE_WAITING));
    EXPECT_EQ(desk().document(*offered(2))->size(), ex::kContributionBytesMax);
    const auto accepted = desk().accept(link(), 2, "dr-huber");
    ASSERT_TRUE(accepted.ok()) << ex::to_string(accepted.error());
    EXPECT_TRUE(becomes(2, v1::OFFERED_STATE_ACCEPTED));
}

TEST_F(Contribution, WhatComesOtherwiseThanItWasOfferedIsRejected) {
    wires.tamper([](v1::ExchangeMessage& message) {
        if (!message.has_offer() || !message.offer().has_document()) return;
        std::string& sealed = *message.mutable_offer()->mutable_document()->mutable_sealed();
        sealed.back() = static_cast<char>(sealed.back() ^ 1);
    });
    const auto kept = offer(observation("one"));
    ASSERT_TRUE(kept.ok());
    ASSERT_TRUE(becomes(*kept, v1::OFFER_STATE_REJECTED));
    EXPECT_EQ(offering(*kept).rejection(), v1::CONTRIBUTION_REJECTION_NOT_RECEIVED);
    EXPECT_EQ(desk().accept(link(), 1, "dr-huber").error(), ex::VerdictError::kDecided);
}

TEST_F(Contribution, AnAcceptanceThatIsNotInItsManifestIsNotBelieved) {
    wires.tamper([](v1::ExchangeMessage& message) {
        if (!message.has_answer() || !message.answer().has_record()) return;
        auto& leaf = *message.mutable_answer()->mutable_record()->mutable_leaf();
        leaf.mutable_commitment()->back() = static_cast<char>(leaf.commitment().back() ^ 1);
    });
    const auto kept = offer(observation("one"));
    ASSERT_TRUE(becomes(1, v1::OFFERED_STATE_WAITING));
    ASSERT_TRUE(desk().accept(link(), 1, "dr-huber").ok());
    ASSERT_TRUE(becomes(*kept, v1::OFFER_STATE_ACCEPTED));
    ASSERT_TRUE(becomes(1, v1::OFFERED_STATE_ACCEPTED));
    ASSERT_TRUE(eventually([&] { return wires.waiting() == 0; }));
    EXPECT_FALSE(offering(*kept).has_record());
}

TEST_F(Contribution, NothingIsAcceptedOnceTheConsentIsWithdrawn) {
    ASSERT_TRUE(offer(observation("one")).ok());
    ASSERT_TRUE(becomes(1, v1::OFFERED_STATE_WAITING));
    ASSERT_TRUE(revoke(kInsurer).applied());
    EXPECT_EQ(desk().accept(link(), 1, "dr-huber").error(), ex::VerdictError::kWithdrawn);
    ASSERT_TRUE(desk().reject(link(), 1, v1::CONTRIBUTION_REJECTION_DISAGREED, "dr-huber").ok());
    EXPECT_TRUE(becomes(1, v1::OFFERED_STATE_REJECTED));
}

}  // namespace
}  // namespace consilium::node::testing
