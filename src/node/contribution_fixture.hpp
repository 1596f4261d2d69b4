// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>

#include "contracts/sdk/record_keys.hpp"
#include "formats/json/parse.hpp"
#include "node/exchange_fixture.hpp"
#include "node/unsure_author_testing.hpp"
#include "services/ehr/agent_writes.hpp"
#include "services/ehr/anchoring.hpp"
#include "services/ehr/exchange/contribution_desk.hpp"
#include "services/ehr/exchange/contributor.hpp"
#include "services/ehr/exchange/held_records.hpp"
#include "services/ehr/exchange/slot_refills.hpp"
#include "services/ehr/exchange/store_records.hpp"
#include "services/ehr/exchange/vault_rows.hpp"

namespace consilium::node::testing {

namespace ehr = services::ehr;
namespace sdk = contracts::sdk;

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

}  // namespace consilium::node::testing
