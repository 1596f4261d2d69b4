// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "contracts/sdk/record_keys.hpp"
#include "crypto/random.hpp"
#include "node/exchange_fixture.hpp"
#include "services/ehr/exchange/commitments.hpp"
#include "services/ehr/exchange/rows.hpp"

namespace consilium::node::testing {

namespace sdk = contracts::sdk;
using State = ex::ReadOutcome::State;

// Somebody breaks the glass: what the clinic's clinicians may, and what the hospital answers.
class Emergency : public ExchangeTest {
 protected:
    explicit Emergency(const v1::EhrParameters& ehr = {}) : ExchangeTest(ehr) {
        add_resource("Patient", "verena", R"(,"active":true)", {"verena"});
        add_resource("Observation", "o-1", "", {"verena"});
        add_resource("Condition", "c-1",
                     R"(,"meta":{"security":[{"system":"http://terminology.hl7.org/CodeSystem/)"
                     R"(v3-Confidentiality","code":"R"}]})",
                     {"verena"});
        make_card();
    }
    ex::Question emergency(const std::string& subject = "dr-meier") const {
        ex::Question out = question();
        out.purpose = v1::PURPOSE_OF_USE_BTG;
        out.emergency = v1::EMERGENCY_REASON_TREATMENT_CANNOT_WAIT;
        out.reason = "unconscious, chest pain";
        out.role = v1::ROLE_CLINICIAN;
        out.subject = subject;
        return out;
    }
    // By the clinic's privacy officer, and on the ledger.
    bool clear(const std::string& subject, bool cleared = true) {
        ex::Clearances& clearances = sides[kClinic].exchange->clearances();
        if (!clearances.decide({subject}, cleared, "officer")) return false;
        return eventually([&] { return standing(subject) == ex::Clearances::Ledger::kStands; });
    }
    std::optional<ex::Clearances::Ledger> standing(const std::string& subject) {
        ex::Clearances& clearances = sides[kClinic].exchange->clearances();
        clearances.tick();
        const auto all = clearances.list();
        EXPECT_TRUE(all.ok());
        for (const auto& one : *all)
            if (one.subject == subject) return one.ledger;
        return std::nullopt;
    }
    static v1::NamedPatient person(const std::string& family) {
        v1::NamedPatient out;
        out.set_family(family);
        out.set_given("Verena");
        out.set_birth_date("1961-04-30");
        return out;
    }
    // Without a card; the hospital's records find whom `finds` names.
    ex::Question named(const v1::NamedPatient& who, const std::vector<std::string>& finds = {},
                       const std::string& subject = "dr-meier") {
        sides[kHospital].records.names[proto::encode(who)] = finds;
        ex::Question out = emergency(subject);
        out.card = {};
        out.card.set_custodian("hospital");
        out.named = who;
        return out;
    }
    std::optional<v1::AccessRequest> request_at(BytesView id, std::uint32_t number) {
        return row<v1::AccessRequest>(kInsurer, sdk::request_row(id, number));
    }
    std::optional<v1::AccessRequest> request(std::uint32_t number) {
        return row<v1::AccessRequest>(kInsurer, sdk::request_row(card.link_id(), number));
    }
    static std::vector<std::string> names(const ex::ReadOutcome& outcome) {
        std::vector<std::string> out;
        for (const auto& resource : outcome.resources)
            out.push_back(resource.type + "/" + resource.id);
        return out;
    }
};

}  // namespace consilium::node::testing
