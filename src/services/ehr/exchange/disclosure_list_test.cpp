// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/exchange/disclosure_list.hpp"

#include "base/hex.hpp"
#include "consilium/v1/exchange.pb.h"
#include "services/ehr/exchange/vault_rows.hpp"
#include "services/ehr/fhir_fixture.hpp"

namespace consilium::services::ehr::exchange {
namespace {

const Bytes kLink(16, '\x11');
const Bytes kOther(16, '\x22');
const Bytes kFresh(16, '\x33');

v1::JudgedVersion judged(const std::string& type, const std::string& id,
                         v1::Verdict verdict = v1::VERDICT_SEND) {
    v1::JudgedVersion out;
    out.mutable_document()->set_resource_type(type);
    out.mutable_document()->set_resource_id(id);
    out.set_verdict(verdict);
    return out;
}

class DisclosureListTest : public FhirTest {
 protected:
    DisclosureList disclosures{*vault};

    template <typename Message>
    void put(const Bytes& key, const Message& message) {
        const vault::Row row = row_of(key, message);
        ASSERT_TRUE(vault->put({}, {&row, 1}).ok());
    }
    std::vector<MemberDisclosure> list(const std::optional<std::string>& patient = {}) {
        const auto out = disclosures.list(patient);
        EXPECT_TRUE(out.has_value());
        return out.value_or(std::vector<MemberDisclosure>());
    }

    // What was sent on a request: two pages, of which one version stayed here.
    v1::Serving serve(const Bytes& id, std::uint32_t number, std::uint64_t at,
                      const std::string& card_patient, const std::string& found = {}) {
        v1::RequestOpening opening;
        opening.set_patient(card_patient);
        opening.set_purpose(found.empty() ? v1::PURPOSE_OF_USE_TREAT : v1::PURPOSE_OF_USE_BTG);
        v1::Serving serving;
        serving.set_state(v1::SERVE_STATE_SENT);
        serving.set_requester("clinic");
        serving.set_opening(proto::encode(opening));
        serving.set_link_id(id);
        serving.set_number(number);
        serving.set_disclosure(number + 6);
        serving.set_patient(found);
        serving.set_taken_unix_ms(at);
        put(serving_key(id, number), serving);
        v1::JudgedPage page;
        *page.add_versions() = judged("Patient", "p");
        *page.add_versions() = judged("Observation", "kept", v1::VERDICT_LABELLED);
        put(judged_key(id, number, 0), page);
        v1::JudgedPage second;
        *second.add_versions() = judged("Observation", "o");
        put(judged_key(id, number, 1), second);
        return serving;
    }
    void receive(const Bytes& link, std::uint32_t number, std::uint64_t at,
                 const std::vector<std::pair<std::string, std::string>>& documents,
                 v1::LegalBasis basis = v1::LEGAL_BASIS_UNSPECIFIED) {
        v1::Receiving receiving;
        receiving.set_link_id(link);
        receiving.set_disclosure(number);
        receiving.set_custodian("hospital");
        receiving.set_basis(basis);
        receiving.set_received_unix_ms(at);
        put(receiving_key(link, number), receiving);
        v1::ReceivedPage page;
        for (const auto& [type, id] : documents) {
            v1::DisclosedDocument entry;
            entry.set_resource_type(type);
            entry.set_resource_id(id);
            page.add_documents()->set_entry(proto::encode(entry));
        }
        put(received_key(link, number, 0), page);
    }
    void ask(const Bytes& id, const Bytes& link, std::uint32_t disclosure,
             const std::string& card_patient, v1::PurposeOfUse purpose) {
        v1::RequestOpening opening;
        opening.set_id(id);
        opening.set_patient(card_patient);
        opening.set_purpose(purpose);
        v1::Asking asking;
        asking.set_state(v1::ASK_STATE_RECEIVED);
        asking.set_opening(proto::encode(opening));
        if (disclosure != 0) asking.set_link_id(link);
        asking.set_disclosure(disclosure);
        put(asking_key(crypto::random_id<Hash32>()), asking);
    }
};

TEST_F(DisclosureListTest, NothingCrossedNothingIsListed) {
    EXPECT_TRUE(list().empty());
    EXPECT_TRUE(list("p").empty());
}

TEST_F(DisclosureListTest, WhatWasSentOnARequest) {
    serve(kLink, 1, 5, "p");
    v1::Serving refused = serve(kLink, 2, 6, "p");
    refused.set_state(v1::SERVE_STATE_REFUSED);
    put(serving_key(kLink, 2), refused);
    const auto all = list();
    ASSERT_EQ(all.size(), 1U) << "what was refused was not sent";
    EXPECT_FALSE(all[0].incoming);
    EXPECT_EQ(all[0].patient, "p");
    EXPECT_EQ(all[0].counterparty, "clinic");
    EXPECT_EQ(all[0].purpose, "TREAT");
    EXPECT_EQ(all[0].link, to_hex(kLink));
    EXPECT_EQ(all[0].number, 7U);
    EXPECT_EQ(all[0].at.value, 5U);
    using Resources = std::vector<std::pair<std::string, std::string>>;
    EXPECT_EQ(all[0].resources, (Resources{{"Patient", "p"}, {"Observation", "o"}}))
        << "all pages, and nothing that stayed here";
    EXPECT_EQ(list("p").size(), 1U);
    EXPECT_TRUE(list("another").empty());
}

// The opening names nobody: the custodian's own row says whom it found.
TEST_F(DisclosureListTest, AnEmergencyWithoutACardIsThatPatients) {
    serve(kLink, 1, 5, {}, "p");
    // Under the fresh id it was bound, and nothing was sent.
    v1::Serving bound = serve(kFresh, 1, 4, {}, "p");
    bound.set_state(v1::SERVE_STATE_BOUND);
    put(serving_key(kFresh, 1), bound);
    const auto of_patient = list("p");
    ASSERT_EQ(of_patient.size(), 1U);
    EXPECT_EQ(of_patient[0].purpose, "BTG");
    EXPECT_EQ(of_patient[0].link, to_hex(kLink));
}

TEST_F(DisclosureListTest, WhatWasSentByLaw) {
    v1::LawfulOrder order;
    order.set_patient("p");
    order.set_recipient("regulator");
    order.set_basis(v1::LEGAL_BASIS_PUBLIC_HEALTH);
    v1::Lawful lawful;
    lawful.set_state(v1::LAWFUL_STATE_SENT);
    lawful.set_order(proto::encode(order));
    lawful.set_link_id(kOther);
    lawful.set_disclosure(1);
    lawful.set_ordered_unix_ms(9);
    *lawful.add_judged() = judged("Immunization", "i");
    *lawful.add_judged() = judged("Immunization", "kept", v1::VERDICT_LABELLED);
    put(lawful_key(Bytes(16, 'a')), lawful);
    lawful.set_state(v1::LAWFUL_STATE_NOTICED);
    put(lawful_key(Bytes(16, 'b')), lawful);
    const auto of_patient = list("p");
    ASSERT_EQ(of_patient.size(), 1U) << "what waits for the recipient has not left";
    EXPECT_FALSE(of_patient[0].incoming);
    EXPECT_EQ(of_patient[0].counterparty, "regulator");
    EXPECT_EQ(of_patient[0].basis, "public-health");
    EXPECT_EQ(of_patient[0].purpose, "");
    ASSERT_EQ(of_patient[0].resources.size(), 1U);
    EXPECT_EQ(of_patient[0].resources[0].second, "i");
    EXPECT_TRUE(list("another").empty());
}

TEST_F(DisclosureListTest, WhatCameHere) {
    ask(kLink, kLink, 3, "p", v1::PURPOSE_OF_USE_TREAT);
    receive(kLink, 3, 7, {{"Observation", "o"}});
    // Asked for under a fresh id; it came under the link to which the custodian bound it.
    ask(kFresh, kOther, 1, {}, v1::PURPOSE_OF_USE_BTG);
    receive(kOther, 1, 8, {{"Patient", "q"}, {"Condition", "c"}});
    // Asked for, and nothing came.
    ask(kOther, {}, 0, "nobody", v1::PURPOSE_OF_USE_TREAT);
    const auto all = list();
    ASSERT_EQ(all.size(), 2U);
    EXPECT_TRUE(all[0].incoming);
    EXPECT_EQ(all[0].patient, "p");
    EXPECT_EQ(all[0].counterparty, "hospital");
    EXPECT_EQ(all[0].purpose, "TREAT");
    EXPECT_EQ(all[1].patient, "q") << "of whom it is, tells the Patient that came along";
    EXPECT_EQ(all[1].purpose, "BTG");
    EXPECT_EQ(all[1].resources.size(), 2U);
    EXPECT_EQ(list("q").size(), 1U);
}

TEST_F(DisclosureListTest, WhatCameByLaw) {
    receive(kLink, 1, 7, {{"Immunization", "i"}}, v1::LEGAL_BASIS_PUBLIC_HEALTH);
    auto all = list();
    ASSERT_EQ(all.size(), 1U);
    EXPECT_EQ(all[0].patient, "") << "whose it is nobody here knows";
    EXPECT_EQ(all[0].basis, "public-health");
    EXPECT_TRUE(list("p").empty());
    // A card of that link tells.
    v1::ChartCard card;
    card.set_custodian("hospital");
    card.set_link_id(kLink);
    card.set_patient("p");
    put(card_key("p"), card);
    EXPECT_EQ(list("p").size(), 1U);
}

TEST_F(DisclosureListTest, InTheOrderOfTime) {
    serve(kLink, 1, 30, "p");
    receive(kOther, 1, 10, {{"Patient", "q"}});
    serve(kOther, 1, 20, "p");
    std::vector<std::uint64_t> times;
    for (const auto& one : list())
        times.push_back(one.at.value);
    EXPECT_EQ(times, (std::vector<std::uint64_t>{10, 20, 30}));
}

TEST_F(DisclosureListTest, ARowThatCannotBeReadIsNoEmptyList) {
    for (const Bytes& prefix :
         {serving_prefix(), lawful_prefix(), receiving_prefix(), asking_prefix(), card_prefix()}) {
        const vault::Row bad{prefix + "x", Bytes("\xff\xff")};
        ASSERT_TRUE(vault->put({}, {&bad, 1}).ok());
        EXPECT_FALSE(disclosures.list(std::nullopt).has_value()) << prefix;
        const vault::Row gone{prefix + "x", std::nullopt};
        ASSERT_TRUE(vault->put({}, {&gone, 1}).ok());
        EXPECT_TRUE(list().empty());
    }
}

}  // namespace
}  // namespace consilium::services::ehr::exchange
