// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <future>

#include "contracts/sdk/record_keys.hpp"
#include "crypto/random.hpp"
#include "ledger/commitment.hpp"
#include "node/exchange_fixture.hpp"
#include "services/ehr/exchange/commitments.hpp"
#include "services/ehr/exchange/rows.hpp"

namespace consilium::node::testing {
namespace {

namespace sdk = contracts::sdk;
using State = ex::ReadOutcome::State;

class Erasure : public ExchangeTest {
 protected:
    Erasure() {
        add_resource("Patient", "verena", R"(,"active":true)", {"verena"});
        add_resource("Observation", "o-1", R"(,"status":"final")", {"verena"});
        add_resource("Observation", "o-2", R"(,"status":"final")", {"verena"});
        make_card();
        EXPECT_TRUE(consent(kClinic).applied());
        for (const auto& version : sides[kHospital].records.versions)
            anchor(version);
    }
    void anchor(const ex::CurrentVersion& version) {
        v1::DocumentsCommand command;
        v1::AnchorRecord& record = *command.mutable_anchor_record();
        record.set_chart_id(chart().bytes());
        record.set_record_id(version.document.record.bytes());
        record.set_commitment(sides[kHospital].vault->info(version.document)->commitment.bytes());
        v1::Command wrapped;
        wrapped.set_contract(static_cast<std::uint32_t>(ledger::ContractId::kDocuments));
        wrapped.set_payload(proto::encode(command));
        const auto outcome = submit(kHospital, {wrapped});
        ASSERT_TRUE(outcome.applied());
        sides[kHospital].held->sequences[version.document.record] = outcome.assigned.at(0);
    }
    [[nodiscard]] ledger::ChartId chart() const {
        return sides[kHospital].records.charts.at("verena").chart;
    }
    [[nodiscard]] const ex::CurrentVersion& version(const std::string& id) const {
        for (const auto& one : sides[kHospital].records.versions)
            if (one.id == id) return one;
        ADD_FAILURE();
        return sides[kHospital].records.versions.front();
    }
    static ex::ErasureRequest request(const std::string& id) {
        return {crypto::random_bytes(16), "Observation", id, std::nullopt,
                v1::SHRED_BASIS_PATIENT_REQUEST};
    }
    ex::Erasures::Status status(BytesView id) {
        auto out = sides[kHospital].erasures->status(id);
        EXPECT_TRUE(out.ok() && out->has_value());
        return std::move(**out);
    }
    // Whether all copies are in that state, soon.
    bool copies_become(BytesView id, v1::CopyState state, std::size_t count = 1) {
        return eventually([&] {
            const auto now = status(id);
            return now.erasure.state() == v1::ERASURE_STATE_ORDERED && now.copies.size() == count &&
                   std::all_of(now.copies.begin(), now.copies.end(),
                               [&](const auto& copy) { return copy.state() == state; });
        });
    }
    bool both_are_idle() {
        return eventually([&] {
            return sides[kClinic].exchange->unfinished() == 0 &&
                   sides[kHospital].exchange->unfinished() == 0 && wires.waiting() == 0;
        });
    }
    std::optional<v1::Record> record(const std::string& id) {
        const auto sequence = sides[kHospital].held->sequences.at(version(id).document.record);
        return row<v1::Record>(kInsurer,
                               sdk::record_list_rows(ledger::record_list(chart())).u64(sequence));
    }
    std::optional<v1::Share> share(std::uint32_t number) {
        return row<v1::Share>(kInsurer, sdk::share_list(card.link_id()).u32(number));
    }
    // The bytes of a resource as a disclosure brought it to the clinic.
    Bytes kept(const std::string& id, std::uint32_t disclosure = 1) {
        const auto all = sides[kClinic].exchange->requester().received(card.link_id(), disclosure);
        EXPECT_TRUE(all.ok());
        for (const auto& one : *all)
            if (one.id == id) return one.bytes;
        return "not there";
    }
    vault::State state_at_clinic(const std::string& id) {
        v1::DisclosedDocument entry;
        entry.set_record_id(version(id).document.record.bytes());
        entry.set_version(1);
        entry.set_commitment(
            sides[kHospital].vault->info(version(id).document)->commitment.bytes());
        const auto copy = ex::received_record("hospital", entry);
        return sides[kClinic].vault->info({copy, 1})->state;
    }
};

// Step 10 of the story.
TEST_F(Erasure, TakesKeyAndSaltAtBothHoldersAndLeavesReceipts) {
    ASSERT_EQ(read(question()).state, State::kReceived);
    ASSERT_TRUE(both_are_idle());
    EXPECT_FALSE(kept("o-1").empty());
    const auto wanted = request("o-1");
    const auto ordered = sides[kHospital].erasures->order(wanted);
    ASSERT_TRUE(ordered.ok()) << ex::to_string(ordered.error());
    // Gone here when it returns.
    EXPECT_EQ(sides[kHospital].vault->read(version("o-1").document, 1 << 20).error(),
              vault::VaultError::kErased);
    ASSERT_TRUE(copies_become(wanted.id, v1::COPY_STATE_ERASED));
    ASSERT_TRUE(both_are_idle());
    EXPECT_TRUE(kept("o-1").empty());
    EXPECT_FALSE(kept("o-2").empty());
    EXPECT_EQ(state_at_clinic("o-1"), vault::State::kErased);
    EXPECT_EQ(state_at_clinic("o-2"), vault::State::kStored);
    EXPECT_TRUE(sides[kClinic].vault->verify().ok());
    EXPECT_TRUE(sides[kHospital].vault->verify().ok());

    const auto now = status(wanted.id);
    ASSERT_TRUE(record("o-1"));
    EXPECT_EQ(record("o-1")->status(), v1::RECORD_STATUS_SHREDDED);
    EXPECT_EQ(record("o-1")->shred_basis(), v1::SHRED_BASIS_PATIENT_REQUEST);
    EXPECT_EQ(record("o-1")->last_backup_expires_unix_ms(),
              now.erasure.shredded_unix_ms() + kBackupDays * 86'400'000);
    EXPECT_EQ(record("o-2")->status(), v1::RECORD_STATUS_CURRENT);
    // The holder's receipt names the record by a commitment that the custodian can open.
    const v1::HeldCopy& copy = now.copies[0];
    EXPECT_EQ(copy.holder(), "clinic");
    ASSERT_TRUE(share(copy.share()));
    EXPECT_EQ(share(copy.share())->status(), v1::SHARE_STATUS_SHREDDED);
    EXPECT_EQ(share(copy.share())->shred_basis(), v1::SHRED_BASIS_PATIENT_REQUEST);
    EXPECT_EQ(share(copy.share())->last_backup_expires_unix_ms(),
              copy.last_backup_expires_unix_ms());
    EXPECT_EQ(share(copy.share())->record_commitment(),
              ledger::shared_record_commitment(
                  copy.salt(), ledger::record_list(chart()),
                  sides[kHospital].held->sequences.at(version("o-1").document.record), 1)
                  .view());
    // What was disclosed stays on the ledger, and a later disclosure brings the rest.
    EXPECT_EQ(row<v1::Disclosure>(kInsurer, sdk::disclosure_row(card.link_id(), 1))->status(),
              v1::DISCLOSURE_STATUS_RECEIVED);
    const auto later = read(question("Observation"));
    ASSERT_EQ(later.state, State::kReceived);
    ASSERT_EQ(later.resources.size(), 1U);
    EXPECT_EQ(later.resources[0].id, "o-2");
}

TEST_F(Erasure, TheSameAgainIsOneErasureAndNothingComesBack) {
    ASSERT_EQ(read(question()).state, State::kReceived);
    ASSERT_TRUE(both_are_idle());
    const auto before = wires.sent();
    const auto wanted = request("o-1");
    ASSERT_TRUE(sides[kHospital].erasures->order(wanted).ok());
    ASSERT_TRUE(copies_become(wanted.id, v1::COPY_STATE_ERASED));
    EXPECT_TRUE(sides[kHospital].erasures->order(wanted).ok());
    auto other = wanted;
    other.resource = "o-2";
    EXPECT_EQ(sides[kHospital].erasures->order(other).error(), ex::ErasureError::kOtherErasure);
    ASSERT_TRUE(both_are_idle());
    EXPECT_EQ(wires.sent().size(), before.size() + 2);
    for (const auto& message : wires.sent())
        EXPECT_EQ(wires.deliver_now(message), ex::Handled::kDone);
    ASSERT_TRUE(both_are_idle());
    EXPECT_TRUE(kept("o-1").empty());
    EXPECT_EQ(state_at_clinic("o-1"), vault::State::kErased);
    EXPECT_FALSE(share(2));
    // From others, order and answer are nobody's.
    const auto all = wires.sent();
    for (std::size_t i = before.size(); i < all.size(); ++i) {
        auto message = all[i];
        message.from = "insurer";
        EXPECT_EQ(wires.deliver_now(message), ex::Handled::kRefused);
    }
}

TEST_F(Erasure, AHolderUnderAHoldAnswersRetainedWithItsReason) {
    ASSERT_EQ(read(question()).state, State::kReceived);
    ASSERT_TRUE(both_are_idle());
    auto& holder = *sides[kClinic].sheddings;
    const auto reason = v1::RETENTION_REASON_LEGAL_HOLD;
    EXPECT_EQ(holder.hold(card.link_id(), 9, reason).error(), ex::HoldError::kUnknownDisclosure);
    EXPECT_EQ(holder.release(card.link_id(), 1).error(), ex::HoldError::kNoHold);
    ASSERT_TRUE(holder.hold(card.link_id(), 1, reason).ok());
    const auto wanted = request("o-1");
    ASSERT_TRUE(sides[kHospital].erasures->order(wanted).ok());
    ASSERT_TRUE(copies_become(wanted.id, v1::COPY_STATE_RETAINED));
    const auto copy = status(wanted.id).copies.at(0);
    EXPECT_EQ(copy.reason(), reason);
    EXPECT_EQ(share(copy.share())->status(), v1::SHARE_STATUS_RETAINED);
    EXPECT_EQ(share(copy.share())->retention_reason(), reason);
    EXPECT_FALSE(kept("o-1").empty());
    EXPECT_EQ(record("o-1")->status(), v1::RECORD_STATUS_SHREDDED) << "at the custodian";
    // The hold ends, and the custodian orders once more.
    ASSERT_TRUE(holder.release(card.link_id(), 1).ok());
    const auto again = request("o-1");
    ASSERT_TRUE(sides[kHospital].erasures->order(again).ok());
    ASSERT_TRUE(copies_become(again.id, v1::COPY_STATE_ERASED));
    EXPECT_TRUE(kept("o-1").empty());
    EXPECT_EQ(status(wanted.id).copies.at(0).state(), v1::COPY_STATE_RETAINED);
}

TEST_F(Erasure, WhoDoesNotAnswerIsOutstandingAndErasesWhenItReturns) {
    ASSERT_EQ(read(question()).state, State::kReceived);
    ASSERT_TRUE(both_are_idle());
    stop(kClinic);
    const auto wanted = request("o-1");
    ASSERT_TRUE(sides[kHospital].erasures->order(wanted).ok());
    ASSERT_TRUE(copies_become(wanted.id, v1::COPY_STATE_ORDERED));
    EXPECT_NE(status(wanted.id).copies.at(0).since_unix_ms(), 0U);
    EXPECT_EQ(record("o-1")->status(), v1::RECORD_STATUS_SHREDDED);
    // Neither side forgets it.
    stop(kHospital);
    start(kHospital);
    start(kClinic);
    ASSERT_TRUE(copies_become(wanted.id, v1::COPY_STATE_ERASED));
    EXPECT_TRUE(kept("o-1").empty());
}

// The row is durable before anything is destroyed: whatever a crash leaves is finished.
TEST_F(Erasure, GoesOnAfterARestart) {
    ASSERT_EQ(read(question()).state, State::kReceived);
    ASSERT_TRUE(both_are_idle());
    wires.pause(true);
    const auto wanted = request("o-1");
    ASSERT_TRUE(sides[kHospital].erasures->order(wanted).ok());
    stop(kHospital);
    start(kHospital);
    ASSERT_TRUE(copies_become(wanted.id, v1::COPY_STATE_ORDERED));
    wires.pause(false);
    ASSERT_TRUE(copies_become(wanted.id, v1::COPY_STATE_ERASED));
    ASSERT_TRUE(both_are_idle());
    EXPECT_FALSE(share(2)) << "one receipt for one copy";
}

TEST_F(Erasure, OrdersThatFitNothingAreRefused) {
    ASSERT_EQ(read(question()).state, State::kReceived);
    ASSERT_TRUE(both_are_idle());
    v1::ExchangeMessage message;
    v1::ErasureOrder& order = *message.mutable_erase();
    order.set_erasure(crypto::random_bytes(16));
    order.set_link_id(card.link_id());
    order.set_disclosure(1);
    order.set_record_id(version("o-1").document.record.bytes());
    order.set_version(2);
    order.set_commitment(crypto::random_bytes(32));
    order.set_basis(v1::SHRED_BASIS_COURT_ORDER);
    const auto deliver = [&](const char* from) {
        return wires.deliver_now({from, "clinic", proto::encode(message)});
    };
    EXPECT_EQ(deliver("hospital"), ex::Handled::kRefused) << "another version";
    order.set_version(1);
    EXPECT_EQ(deliver("hospital"), ex::Handled::kRefused) << "another document";
    order.set_disclosure(2);
    EXPECT_EQ(deliver("hospital"), ex::Handled::kLater) << "not on the ledger (yet)";
    order.set_disclosure(0);
    EXPECT_EQ(deliver("hospital"), ex::Handled::kRefused);
    EXPECT_FALSE(kept("o-1").empty());

    auto wanted = request("o-9");
    auto& custodian = *sides[kHospital].erasures;
    EXPECT_EQ(custodian.order(wanted).error(), ex::ErasureError::kUnknownResource);
    wanted = request("o-1");
    wanted.version = 2;
    EXPECT_EQ(custodian.order(wanted).error(), ex::ErasureError::kUnknownVersion);
    wanted.version.reset();
    wanted.basis = v1::SHRED_BASIS_UNSPECIFIED;
    EXPECT_EQ(custodian.order(wanted).error(), ex::ErasureError::kMalformed);
}

// The link may be closed: the copy is still there, and the answer is all that is said of it.
TEST_F(Erasure, ReachesCopiesOverAClosedLink) {
    ASSERT_EQ(read(question()).state, State::kReceived);
    ASSERT_TRUE(both_are_idle());
    v1::ChartsCommand command;
    command.mutable_close_link()->set_link_id(card.link_id());
    command.mutable_close_link()->set_version(1);
    v1::Command wrapped;
    wrapped.set_contract(static_cast<std::uint32_t>(ledger::ContractId::kCharts));
    wrapped.set_payload(proto::encode(command));
    ASSERT_TRUE(submit(kHospital, {wrapped}).applied());
    const auto wanted = request("o-1");
    ASSERT_TRUE(sides[kHospital].erasures->order(wanted).ok());
    ASSERT_TRUE(copies_become(wanted.id, v1::COPY_STATE_ERASED));
    EXPECT_EQ(status(wanted.id).copies.at(0).share(), 0U);
    EXPECT_TRUE(kept("o-1").empty());
}

}  // namespace
}  // namespace consilium::node::testing
