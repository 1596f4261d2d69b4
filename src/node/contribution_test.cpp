// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <deque>

#include "contracts/sdk/record_keys.hpp"
#include "crypto/random.hpp"
#include "formats/json/parse.hpp"
#include "ledger/commitment.hpp"
#include "node/exchange_fixture.hpp"
#include "services/ehr/agent_writes.hpp"
#include "services/ehr/anchoring.hpp"
#include "services/ehr/exchange/commitments.hpp"
#include "services/ehr/exchange/contribution_desk.hpp"
#include "services/ehr/exchange/contribution_rules.hpp"
#include "services/ehr/exchange/contributor.hpp"
#include "services/ehr/exchange/held_records.hpp"
#include "services/ehr/exchange/slot_refills.hpp"
#include "services/ehr/exchange/store_records.hpp"
#include "services/ehr/exchange/vault_rows.hpp"

namespace consilium::node::testing {
namespace {

namespace ehr = services::ehr;
namespace sdk = contracts::sdk;

// Speaks in a role that may not decide on contributions, when told to.
class UnsureAuthor final : public services::Author {
 public:
    explicit UnsureAuthor(std::unique_ptr<services::Author> author) : author_(std::move(author)) {}
    Result<Bytes, services::AuthorError> compose(
        v1::Role role, const std::vector<v1::Command>& commands) override {
        return author_->compose(wrong ? v1::ROLE_PRIVACY_OFFICER : role, commands);
    }
    std::atomic<bool> wrong = false;

 private:
    std::unique_ptr<services::Author> author_;
};

// The clinic and the hospital, each with its FHIR store; verena's chart lies at the hospital.
class Contribution : public ExchangeTest {
 protected:
    Contribution() {
        for (const std::size_t member : {kClinic, kHospital})
            add_house(member);
        store_patient();
        ex::CardOrder order;
        order.patient = "verena";
        order.counterparty = "clinic";
        order.public_key = patient_key.public_key();
        auto issued = issue(order);
        EXPECT_TRUE(issued.ok());
        card = *issued;
        permit();
    }
    ~Contribution() override {
        for (const std::size_t member : {kClinic, kHospital})
            stop(member);
        houses[kHospital].anchoring->stop();
    }

    struct House {
        std::unique_ptr<ehr::Store> store;
        std::unique_ptr<ehr::AgentWrites> writes;
        std::unique_ptr<ehr::Anchoring> anchoring;
        ex::Contributor* contributor = nullptr;
        ex::ContributionDesk* desk = nullptr;
    };

    void add_house(std::size_t member) {
        stop(member);
        House& house = houses[member];
        Side& side = sides[member];
        house.store = std::make_unique<ehr::Store>(*side.vault);
        const auto base = [] { return std::string("https://member.example/fhir"); };
        ehr::FhirOptions options;
        options.base = base;
        options.now = [] { return consensus::system_clock().wall(); };
        options.validate = [](const formats::json::Value&, const std::string&) {
            return std::vector<ehr::Issue>();
        };
        house.writes = std::make_unique<ehr::AgentWrites>(*house.store, options);
        side.store_records = std::make_unique<ex::StoreRecords>(*house.store, base);
        side.store_held = std::make_unique<ex::StoreHeldRecords>(*house.store);
        auto author = std::make_unique<UnsureAuthor>(std::move(side.author));
        if (member == kHospital) unsure = author.get();
        side.author = std::move(author);
        side.add_parts = [this, &house](ex::Exchange& to) {
            const auto make = [&house](auto* kind) {
                using Kind = std::remove_pointer_t<decltype(kind)>;
                return [&house](const ex::Ports& ports, ex::BlockWait& blocks, const auto& poke) {
                    return std::make_unique<Kind>(ports, blocks, *house.writes, poke);
                };
            };
            house.contributor = &to.add(make(static_cast<ex::Contributor*>(nullptr)));
            house.desk = &to.add(make(static_cast<ex::ContributionDesk*>(nullptr)));
            if (&house == &houses[kHospital])
                refills =
                    &to.add([&house](const ex::Ports& ports, ex::BlockWait&, const auto& poke) {
                        return std::make_unique<ex::SlotRefills>(ports, *house.store, poke);
                    });
        };
        const ledger::MemberId& id = consortium.ids[member];
        house.anchoring = std::make_unique<ehr::Anchoring>(
            *house.store, ehr::Anchoring::Ports{host->submit(id), host->reads(id), *side.author}, 0,
            telemetry::Logger(), metrics);
        if (member == kHospital) {
            house.store->on_pending([&house] { house.anchoring->wake(); });
            house.anchoring->start();
        }
        start(member);
    }
    const formats::json::Value* parsed(Bytes text) {
        const std::size_t size = text.size();
        documents.push_back(std::move(formats::json::parse(std::move(text), size)).value());
        return &documents.back().root();
    }
    static Bytes observation(const std::string& text, const std::string& id = {}) {
        return R"({"resourceType":"Observation",)" + (id.empty() ? id : R"("id":")" + id + "\",") +
               R"("status":"final","code":{"text":")" + text +
               R"("},"subject":{"reference":"Patient/verena"}})";
    }
    void store_patient() {
        House& hospital = houses[kHospital];
        const std::vector<ehr::AgentEntry> entries{
            {"Patient", "verena", parsed(R"({"resourceType":"Patient"})"), {}, false},
            {"Observation", "o-1", parsed(observation("first")), {}, false}};
        const auto written = hospital.writes->write(
            entries, [](const auto&) -> Result<ehr::Extra, ehr::Problem> { return ehr::Extra(); });
        ASSERT_TRUE(written.ok());
        ASSERT_TRUE(eventually([&] {
            const auto anchor = hospital.store->anchor_of(written->at(1).document.record);
            return anchor && *anchor;
        }));
    }
    void permit() {
        v1::IdentityCommand command;
        v1::GrantConsent& grant = *command.mutable_grant_consent();
        grant.set_link_id(card.link_id());
        grant.set_provision(v1::CONSENT_PROVISION_PERMIT);
        grant.add_purposes(v1::PURPOSE_OF_USE_TREAT);
        grant.add_actions(v1::ACCESS_ACTION_CONTRIBUTE);
        const auto now = consensus::system_clock().wall().value;
        grant.set_valid_from_unix_ms(now - 60'000);
        grant.set_valid_until_unix_ms(now + 365ULL * 24 * 3600 * 1000);
        EXPECT_TRUE(
            submit(kInsurer, {wrapped(ledger::ContractId::kIdentity, command)}, &patient_key)
                .applied());
    }
    static v1::Command wrapped(ledger::ContractId contract,
                               const google::protobuf::MessageLite& payload) {
        v1::Command out;
        out.set_contract(static_cast<std::uint32_t>(contract));
        out.set_payload(payload.SerializeAsString());
        return out;
    }

    // A new resource, or a correction of version `corrects` of o-1.
    Result<ex::OfferKept, ehr::Problem> offer(Bytes text, std::uint32_t corrects = 0) {
        ex::OfferOrder order;
        order.card = card;
        order.type = "Observation";
        order.resource = parsed(std::move(text));
        if (corrects != 0) order.corrects_id = "o-1";
        order.corrects_version = corrects;
        return houses[kClinic].contributor->offer(order);
    }
    v1::Offering offering(const ex::OfferKept& kept) {
        const auto row = ex::get_row<v1::Offering>(*sides[kClinic].vault,
                                                   ex::offering_key(kept.version.document.record));
        EXPECT_TRUE(row.ok() && *row);
        return **row;
    }
    std::optional<v1::Offered> offered(std::uint32_t number) {
        const auto row = ex::get_row<v1::Offered>(*sides[kHospital].vault,
                                                  ex::offered_key(card.link_id(), number));
        EXPECT_TRUE(row.ok());
        return *row;
    }
    std::optional<v1::Contribution> on_ledger(std::uint32_t number) {
        return row<v1::Contribution>(kInsurer, sdk::contribution_row(card.link_id(), number));
    }
    bool becomes(std::uint32_t number, v1::OfferedState state) {
        return eventually([&] {
            const auto row = offered(number);
            return row && row->state() == state;
        });
    }
    bool becomes(const ex::OfferKept& kept, v1::OfferState state) {
        return eventually([&] { return offering(kept).state() == state; });
    }
    [[nodiscard]] ledger::LinkId link() const {
        ledger::LinkId out;
        EXPECT_TRUE(assign(out, card.link_id()));
        return out;
    }
    ex::ContributionDesk& desk() { return *houses[kHospital].desk; }
    Bytes stored_at_hospital(const std::string& id, std::uint32_t version) {
        ehr::Store& store = *houses[kHospital].store;
        const auto row = store.find("Observation", id);
        if (!row || !*row) return {};
        const auto stored = store.read((*row)->record, version);
        return stored ? *stored : Bytes();
    }

    telemetry::Metrics metrics;
    std::map<std::size_t, House> houses;
    std::deque<formats::json::Document> documents;
    UnsureAuthor* unsure = nullptr;      // the hospital's
    ex::SlotRefills* refills = nullptr;  // the hospital's
};

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
    for (int i = 0; i < 12; ++i)
        ASSERT_TRUE(give_card().ok()) << i;
    EXPECT_EQ(give_card().error(), ex::CardError::kNoSlot);
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
