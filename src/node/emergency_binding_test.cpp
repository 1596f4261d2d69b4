// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <future>

#include "node/emergency_fixture.hpp"

namespace consilium::node::testing {
namespace {

// Requests without a card: who is found, under which link it goes on, and what everybody else gets.
class WithoutCard : public Emergency {
 protected:
    WithoutCard() {
        EXPECT_TRUE(clear("dr-meier"));
        add_resource("Patient", "otto", "", {"otto"});
        add_resource("Observation", "o-7", "", {"otto"});
    }
    std::size_t deliveries() const {
        std::size_t out = 0;
        for (const auto& sent : wires.sent()) {
            v1::ExchangeMessage message;
            EXPECT_TRUE(proto::parse_canonical(sent.bytes, message).ok());
            out += message.has_delivery() ? 1 : 0;
        }
        return out;
    }
    ledger::Outcome command(std::size_t member, const v1::EhrCommand& ehr,
                            v1::Role role = v1::ROLE_SERVICE) {
        v1::Command out;
        out.set_contract(static_cast<std::uint32_t>(ledger::ContractId::kEhr));
        out.set_payload(proto::encode(ehr));
        return submit(member, {out}, nullptr, role);
    }
    // Files a request without a card with any opening; the message that goes with it.
    v1::RecordRequest file(const Bytes& id, const v1::RequestOpening& opening,
                           v1::PurposeOfUse purpose = v1::PURPOSE_OF_USE_BTG) {
        v1::RecordRequest message;
        message.set_number(1);
        message.set_salt(crypto::random_bytes(ex::kSaltBytes));
        message.set_opening(proto::encode(opening));
        v1::EhrCommand ehr;
        v1::RequestWithoutCard& request = *ehr.mutable_request_without_card();
        request.set_request_id(id);
        request.set_custodian("hospital");
        request.set_purpose(purpose);
        request.set_action(v1::ACCESS_ACTION_READ);
        request.set_request_commitment(
            ex::request_commitment(message.salt(), message.opening()).bytes());
        if (purpose == v1::PURPOSE_OF_USE_BTG)
            request.set_emergency(v1::EMERGENCY_REASON_TREATMENT_CANNOT_WAIT);
        // Of the clinic's clinicians it is the last one in the list who was cleared.
        v1::Command out;
        out.set_contract(static_cast<std::uint32_t>(ledger::ContractId::kEhr));
        out.set_payload(proto::encode(ehr));
        const auto user = consortium.people.at({kClinic, v1::ROLE_CLINICIAN}).back();
        const auto transaction =
            *sides[kClinic].author->compose_as(user, v1::ROLE_CLINICIAN, {out});
        std::promise<bool> applied;
        host->submit("clinic").submit(transaction, [&](const auto& committed) {
            applied.set_value(committed && ledger::decode_outcome(committed->outcome)->applied());
        });
        EXPECT_TRUE(applied.get_future().get());
        return message;
    }
    v1::RequestOpening opening(const Bytes& id, v1::PurposeOfUse purpose = v1::PURPOSE_OF_USE_BTG) {
        v1::RequestOpening out;
        out.set_id(id);
        out.set_custodian("hospital");
        out.set_requester("clinic");
        out.set_purpose(purpose);
        out.set_action(v1::ACCESS_ACTION_READ);
        if (purpose == v1::PURPOSE_OF_USE_BTG)
            out.set_emergency(v1::EMERGENCY_REASON_TREATMENT_CANNOT_WAIT);
        *out.mutable_named() = person("Muster");
        out.mutable_ask();
        out.set_reply_key(crypto::hpke::generate_key_pair().public_key);
        out.set_reason("x");
        return out;
    }
    ex::Handled deliver(const v1::RecordRequest& request, const char* from = "clinic") {
        v1::ExchangeMessage message;
        *message.mutable_request() = request;
        return wires.deliver_now({from, "hospital", proto::encode(message)});
    }
    bool is_refused(const Bytes& id) {
        return eventually([&] {
            const auto row = request_at(id, 1);
            return row && row->gate().decision() == v1::ACCESS_DECISION_REFUSED &&
                   row->refusal() == v1::REFUSAL_REASON_PATIENT_UNKNOWN && row->link_id().empty();
        });
    }
    void object(std::size_t through) {
        v1::IdentityCommand command;
        v1::GrantConsent& grant = *command.mutable_grant_consent();
        grant.set_link_id(card.link_id());
        grant.set_provision(v1::CONSENT_PROVISION_DENY);
        grant.add_purposes(v1::PURPOSE_OF_USE_BTG);
        grant.add_actions(v1::ACCESS_ACTION_READ);
        const auto now = consensus::system_clock().wall().value;
        grant.set_valid_from_unix_ms(now - 60'000);
        grant.set_valid_until_unix_ms(now + 3'600'000);
        v1::Command out;
        out.set_contract(static_cast<std::uint32_t>(ledger::ContractId::kIdentity));
        out.set_payload(proto::encode(command));
        ASSERT_TRUE(submit(through, {out}, &patient_key).applied());
    }
};

TEST_F(WithoutCard, ThePatientIsFoundBoundAndServed) {
    const auto chart = open_chart("otto");
    const auto outcome = read(named(person("Otto"), {"otto"}));
    ASSERT_EQ(outcome.state, State::kReceived);
    EXPECT_EQ(names(outcome), (std::vector<std::string>{"Patient/otto", "Observation/o-7"}));
    const auto fresh = request_at(outcome.id, 1);
    ASSERT_TRUE(fresh);
    EXPECT_EQ(fresh->link_id(), chart.slots[0].link.view());
    EXPECT_EQ(fresh->link_id(), outcome.link);
    EXPECT_EQ(fresh->number(), 1U);
    const auto bound = request_at(fresh->link_id(), 1);
    ASSERT_TRUE(bound);
    EXPECT_EQ(bound->fresh_id(), outcome.id);
    EXPECT_EQ(bound->disclosure(), outcome.disclosure);
    const auto link = row<v1::Link>(kInsurer, sdk::link_row(fresh->link_id()));
    ASSERT_TRUE(link);
    EXPECT_EQ(link->counterparty(), "clinic");
    // What came stays as that disclosure, and nothing else is readable by it.
    const auto kept =
        sides[kClinic].exchange->requester().received(outcome.link, outcome.disclosure);
    ASSERT_TRUE(kept.ok());
    EXPECT_EQ(kept->size(), 2U);
    EXPECT_FALSE(*ex::Cards(*sides[kClinic].ports).find("otto"));
    // The next one goes on under the same link, and the slot is nobody's card any more.
    const auto again = read(named(person("Otto"), {"otto"}));
    ASSERT_EQ(again.state, State::kReceived);
    EXPECT_EQ(again.link, outcome.link);
    const ex::CardOrder order{"otto", "clinic", v1::ALGORITHM_ED25519,
                              crypto::SigningKey::generate().public_key()};
    const auto given = issue(order);
    ASSERT_TRUE(given.ok());
    EXPECT_NE(given->link_id(), outcome.link);
}

TEST_F(WithoutCard, ALinkThatThereIsIsUsed) {
    const auto outcome = read(named(person("Muster"), {"verena"}));
    ASSERT_EQ(outcome.state, State::kReceived);
    EXPECT_EQ(outcome.link, card.link_id());
    EXPECT_EQ(names(outcome), (std::vector<std::string>{"Patient/verena", "Observation/o-1"}))
        << "what is labelled stays at home";
}

TEST_F(WithoutCard, WhoeverIsNotExactlyOneIsUnknown) {
    const std::vector<std::vector<std::string>> finds{{}, {"verena", "otto"}};
    for (const auto& found : finds) {
        const auto outcome = read(named(person("Somebody"), found));
        EXPECT_EQ(outcome.state, State::kRefused);
        EXPECT_EQ(outcome.refusal, v1::REFUSAL_REASON_PATIENT_UNKNOWN);
        EXPECT_TRUE(is_refused(outcome.id));
    }
    // Named by too little: not even looked for, whatever the store would find.
    v1::NamedPatient partial = person("Muster");
    partial.clear_birth_date();
    v1::NamedPatient nothing;
    v1::NamedPatient half;
    half.set_identifier_value("7");
    for (const auto& who : {partial, nothing, half}) {
        const auto outcome = read(named(who, {"verena"}));
        if (outcome.state == State::kDenied) {
            EXPECT_EQ(outcome.gate.rule(), v1::DECISION_RULE_USER_CAP);
        } else {
            EXPECT_EQ(outcome.state, State::kRefused);
            EXPECT_TRUE(is_refused(outcome.id));
        }
    }
    EXPECT_EQ(deliveries(), 0U);
}

TEST_F(WithoutCard, AnObjectionIsNotGotAround) {
    object(kInsurer);
    auto outcome = read(named(person("Muster"), {"verena"}));
    EXPECT_EQ(outcome.state, State::kDenied);
    EXPECT_EQ(outcome.gate.rule(), v1::DECISION_RULE_OBJECTION);
    // Nor once the link with the objection is closed.
    v1::ChartsCommand close;
    close.mutable_close_link()->set_link_id(card.link_id());
    close.mutable_close_link()->set_version(1);
    v1::Command out;
    out.set_contract(static_cast<std::uint32_t>(ledger::ContractId::kCharts));
    out.set_payload(proto::encode(close));
    ASSERT_TRUE(submit(kHospital, {out}).applied());
    outcome = read(named(person("Muster"), {"verena"}));
    EXPECT_EQ(outcome.state, State::kDenied);
    EXPECT_EQ(outcome.gate.rule(), v1::DECISION_RULE_LINK_CLOSED);
    EXPECT_EQ(deliveries(), 0U);
}

TEST_F(WithoutCard, OnlyAnEmergencyIsLookedFor) {
    sides[kHospital].records.names[proto::encode(person("Muster"))] = {"verena"};
    const Bytes id(16, 't');
    const auto message = file(id, opening(id, v1::PURPOSE_OF_USE_TREAT), v1::PURPOSE_OF_USE_TREAT);
    EXPECT_EQ(deliver(message), ex::Handled::kDone);
    EXPECT_TRUE(is_refused(id)) << "nobody learns so who is a patient";
    // What claims another purpose than the ledger decided on is nobody either.
    const Bytes other(16, 'u');
    EXPECT_EQ(deliver(file(other, opening(other, v1::PURPOSE_OF_USE_TREAT))), ex::Handled::kDone);
    EXPECT_TRUE(is_refused(other));
    EXPECT_EQ(deliveries(), 0U);
}

TEST_F(WithoutCard, AnOpeningServesOnceAndUnderItsOwnId) {
    sides[kHospital].records.names[proto::encode(person("Muster"))] = {"verena"};
    const Bytes id(16, 'a');
    const auto message = file(id, opening(id));
    EXPECT_EQ(deliver(message, "insurer"), ex::Handled::kRefused);
    EXPECT_EQ(deliver(message), ex::Handled::kDone);
    ASSERT_TRUE(eventually([&] { return deliveries() == 1; }));
    EXPECT_EQ(deliver(message), ex::Handled::kDone);
    // The very opening, committed to under another id.
    const Bytes other(16, 'b');
    EXPECT_EQ(deliver(file(other, opening(id))), ex::Handled::kRefused);
    // And one of somebody else's: the requester in it is not who sends it.
    auto foreign = opening(other);
    foreign.set_requester("insurer");
    const Bytes third(16, 'c');
    EXPECT_EQ(deliver(file(third, foreign)), ex::Handled::kRefused);
    EXPECT_TRUE(eventually([&] { return sides[kHospital].exchange->unfinished() == 0; }));
    EXPECT_EQ(deliveries(), 1U);
}

TEST_F(WithoutCard, TheCustodianGoesOnAfterARestart) {
    open_chart("otto");
    wires.pause(true);
    auto question = named(person("Otto"), {"otto"});
    question.patience = std::chrono::milliseconds(1);
    EXPECT_EQ(read(question).state, State::kTimeout);
    ASSERT_TRUE(eventually([&] { return wires.waiting() == 1; }));
    stop(kHospital);
    wires.pause(false);
    for (int i = 0; i < 20 && deliveries() == 0; ++i) {
        start(kHospital);
        // Cut off wherever it is by then.
        (void)eventually([&] { return sides[kHospital].exchange->unfinished() > 0; });
        stop(kHospital);
    }
    start(kHospital);
    ASSERT_TRUE(eventually([&] { return deliveries() == 1; }));
    ASSERT_TRUE(eventually([&] {
        return sides[kClinic].exchange->unfinished() == 0 &&
               sides[kHospital].exchange->unfinished() == 0;
    }));
    EXPECT_EQ(deliveries(), 1U);
}

// Whatever a member can read of its own copy of the ledger, it is given nothing for it.
TEST_F(WithoutCard, WhoScriptsAllIdsGetsNothing) {
    ASSERT_TRUE(clear("b"));
    ASSERT_TRUE(clear("c"));
    open_chart("otto");
    std::vector<Bytes> ids;
    for (const auto& key : {sdk::link_row(Bytes(16, '0')), sdk::chart_row(Bytes(16, '0'))}) {
        const BytesView prefix = key.view().substr(0, key.view().size() - 16);
        const auto list =
            host->reads("clinic").state_list(prefix, prefix, 1000, std::nullopt, false);
        ASSERT_TRUE(list.ok());
        for (const auto& [at, value] : list->entries)
            ids.emplace_back(BytesView(at).substr(prefix.size()));
    }
    ASSERT_EQ(ids.size(), 3U);
    const char* subjects[] = {"dr-meier", "b", "c"};
    for (std::size_t i = 0; i < ids.size(); ++i) {
        auto question = emergency(subjects[i]);
        question.patience = std::chrono::milliseconds(2000);
        question.card.set_link_id(ids[i]);
        for (const char* patient : {"verena", "otto", "*"}) {
            question.card.set_patient(patient);
            question.card.set_slot_salt(crypto::random_bytes(ex::kSaltBytes));
            const auto outcome = read(question);
            EXPECT_NE(outcome.state, State::kReceived);
            EXPECT_TRUE(outcome.resources.empty());
        }
        question.card.clear_slot_salt();
        EXPECT_NE(read(question).state, State::kReceived);
        // As a fresh id: the ledger has it already.
        v1::EhrCommand ehr;
        v1::RequestWithoutCard& request = *ehr.mutable_request_without_card();
        request.set_request_id(ids[i]);
        request.set_custodian("hospital");
        request.set_purpose(v1::PURPOSE_OF_USE_BTG);
        request.set_action(v1::ACCESS_ACTION_READ);
        request.set_request_commitment(Bytes(32, 'x'));
        request.set_emergency(v1::EMERGENCY_REASON_PUBLIC_EMERGENCY);
        if (i == 0) {
            EXPECT_FALSE(command(kClinic, ehr, v1::ROLE_CLINICIAN).applied());
        }
    }
    EXPECT_EQ(deliveries(), 0U) << "not a byte has left";
}

TEST_F(WithoutCard, APayerOrRegulatorIsDenied) {
    v1::EhrCommand ehr;
    v1::RequestWithoutCard& request = *ehr.mutable_request_without_card();
    request.set_custodian("hospital");
    request.set_purpose(v1::PURPOSE_OF_USE_BTG);
    request.set_action(v1::ACCESS_ACTION_READ);
    request.set_request_commitment(Bytes(32, 'x'));
    request.set_emergency(v1::EMERGENCY_REASON_PUBLIC_EMERGENCY);
    for (const std::size_t member : {kInsurer, std::size_t{3}}) {
        request.set_request_id(Bytes(16, static_cast<char>('k' + member)));
        ASSERT_TRUE(command(member, ehr, v1::ROLE_CLINICIAN).applied());
        const auto row = request_at(request.request_id(), 1);
        ASSERT_TRUE(row);
        EXPECT_EQ(row->gate().rule(), v1::DECISION_RULE_MEMBER_KIND);
    }
}

}  // namespace
}  // namespace consilium::node::testing
