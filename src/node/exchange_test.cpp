// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <future>

#include "contracts/sdk/record_keys.hpp"
#include "crypto/random.hpp"
#include "node/exchange_fixture.hpp"
#include "proto/canonical.hpp"
#include "services/ehr/exchange/commitments.hpp"
#include "services/ehr/exchange/rows.hpp"

namespace consilium::node::testing {
namespace {

namespace sdk = contracts::sdk;
using State = ex::ReadOutcome::State;

constexpr const char* kRestricted =
    R"(,"meta":{"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality",)"
    R"("code":"R"}]})";

class Exchange : public ExchangeTest {
 protected:
    Exchange() {
        add_resource("Patient", "verena", R"(,"active":true)", {"verena"});
        add_resource("Observation", "o-1", R"(,"valueQuantity":{"value":1.50})", {"verena"});
        add_resource("Observation", "o-2", "", {"verena"});
        add_resource("Condition", "c-1", kRestricted, {"verena"});
        add_resource("Appointment", "a-1", "", {"verena", "somebody-else"});
        add_resource("Observation", "o-9", "", {"somebody-else"});
        make_card();
    }
    std::optional<v1::Disclosure> disclosure(std::uint32_t number = 1) {
        return row<v1::Disclosure>(kInsurer, sdk::disclosure_row(card.link_id(), number));
    }
    std::optional<v1::AccessRequest> request(std::uint32_t number) {
        return row<v1::AccessRequest>(kInsurer, sdk::request_row(card.link_id(), number));
    }
    bool status_becomes(v1::DisclosureStatus status) {
        return eventually([&] {
            const auto now = disclosure();
            return now && now->status() == status;
        });
    }
    bool both_are_idle() {
        return eventually([&] {
            return sides[kClinic].exchange->unfinished() == 0 &&
                   sides[kHospital].exchange->unfinished() == 0 && wires.waiting() == 0;
        });
    }
    static std::vector<std::string> names(const ex::ReadOutcome& outcome) {
        std::vector<std::string> out;
        for (const auto& resource : outcome.resources)
            out.push_back(resource.type + "/" + resource.id);
        return out;
    }
    // A request on the ledger whose opening the test may choose; the message that goes with it.
    v1::RecordRequest file(v1::PurposeOfUse purpose, const v1::RequestOpening& opening) {
        v1::RecordRequest message;
        message.set_salt(crypto::random_bytes(ex::kSaltBytes));
        message.set_opening(proto::encode(opening));
        v1::EhrCommand command;
        command.mutable_request_access()->set_link_id(card.link_id());
        command.mutable_request_access()->set_purpose(purpose);
        command.mutable_request_access()->set_action(v1::ACCESS_ACTION_READ);
        command.mutable_request_access()->set_request_commitment(
            ex::request_commitment(message.salt(), message.opening()).bytes());
        v1::Command wrapped;
        wrapped.set_contract(static_cast<std::uint32_t>(ledger::ContractId::kEhr));
        wrapped.set_payload(proto::encode(command));
        const auto outcome = submit(kClinic, {wrapped});
        EXPECT_TRUE(outcome.applied());
        message.set_number(static_cast<std::uint32_t>(outcome.assigned.at(0)));
        return message;
    }
    v1::RequestOpening opening(v1::PurposeOfUse purpose) const {
        v1::RequestOpening out;
        out.set_id(card.link_id());
        out.set_custodian("hospital");
        out.set_requester("clinic");
        out.set_purpose(purpose);
        out.set_action(v1::ACCESS_ACTION_READ);
        out.set_patient(card.patient());
        out.set_slot_salt(card.slot_salt());
        out.mutable_ask();
        out.set_reply_key(crypto::hpke::generate_key_pair().public_key);
        return out;
    }
    ex::Handled deliver(const ledger::MemberId& from, const v1::RecordRequest& request) {
        v1::ExchangeMessage message;
        *message.mutable_request() = request;
        return wires.deliver_now({from, "hospital", proto::encode(message)});
    }
};

// Steps 3, 4 and 6 of the story.
TEST_F(Exchange, ARecordCrossesWithConsentAndOnlyThen) {
    auto outcome = read(question());
    EXPECT_EQ(outcome.state, State::kDenied);
    EXPECT_EQ(outcome.gate.rule(), v1::DECISION_RULE_NO_CONSENT);
    EXPECT_EQ(outcome.gate.parameter(), v1::POLICY_PARAMETER_TREATMENT);
    EXPECT_FALSE(outcome.transaction.is_zero());
    EXPECT_EQ(request(1)->gate().decision(), v1::ACCESS_DECISION_DENIED);
    EXPECT_TRUE(wires.sent().empty()) << "the custodian is not even asked";

    ASSERT_TRUE(consent(kInsurer).applied());
    outcome = read(question());
    ASSERT_EQ(outcome.state, State::kReceived);
    EXPECT_EQ(names(outcome),
              (std::vector<std::string>{"Patient/verena", "Observation/o-1", "Observation/o-2"}));
    EXPECT_EQ(outcome.resources[1].bytes,
              R"({"resourceType":"Observation","id":"o-1","valueQuantity":{"value":1.50}})");
    EXPECT_EQ(outcome.number, 2U);
    EXPECT_EQ(outcome.disclosure, 1U);
    ASSERT_TRUE(status_becomes(v1::DISCLOSURE_STATUS_RECEIVED));
    EXPECT_EQ(disclosure()->request(), 2U);
    EXPECT_EQ(request(2)->disclosure(), 1U);
    const auto only = read(question("Observation"));
    EXPECT_EQ(names(only), (std::vector<std::string>{"Observation/o-1", "Observation/o-2"}));

    ASSERT_TRUE(revoke(kInsurer).applied());
    outcome = read(question());
    EXPECT_EQ(outcome.state, State::kDenied);
    EXPECT_EQ(outcome.gate.rule(), v1::DECISION_RULE_NO_CONSENT);
    // What was disclosed before stays in the clinic's record.
    const auto kept = sides[kClinic].exchange->requester().received(card.link_id(), 1);
    ASSERT_TRUE(kept.ok());
    EXPECT_EQ(kept->size(), 3U);
    EXPECT_EQ((*kept)[2].id, "o-2");
    EXPECT_TRUE(both_are_idle());
}

TEST_F(Exchange, LargeDocumentsCrossWhole) {
    const std::string data(3U << 20U, 'x');
    add_resource("Binary", "b-1", R"(,"data":")" + data + "\"", {"verena"});
    for (int i = 0; i < 300; ++i)
        add_resource("Observation", "many-" + std::to_string(i), "", {"verena"});
    ASSERT_TRUE(consent(kClinic).applied());
    const auto outcome = read(question());
    ASSERT_EQ(outcome.state, State::kReceived);
    ASSERT_EQ(outcome.resources.size(), 304U);
    EXPECT_EQ(outcome.resources[3].bytes.size(), data.size() + 46);
    const auto kept = sides[kClinic].exchange->requester().received(card.link_id(), 1);
    ASSERT_TRUE(kept.ok());
    ASSERT_EQ(kept->size(), 304U);
    EXPECT_EQ((*kept)[3].bytes, outcome.resources[3].bytes);
    EXPECT_EQ((*kept)[303].id, "many-299");
}

TEST_F(Exchange, AReplayedRequestOrDeliveryChangesNothing) {
    ASSERT_TRUE(consent(kClinic).applied());
    ASSERT_EQ(read(question()).state, State::kReceived);
    ASSERT_TRUE(status_becomes(v1::DISCLOSURE_STATUS_RECEIVED));
    ASSERT_TRUE(both_are_idle());
    const auto sent = wires.sent();
    ASSERT_EQ(sent.size(), 2U);
    for (const auto& message : sent)
        EXPECT_EQ(wires.deliver_now(message), ex::Handled::kDone);
    ASSERT_TRUE(both_are_idle());
    EXPECT_FALSE(disclosure(2));
    EXPECT_EQ(wires.sent().size(), 2U);
    // The same bytes from somebody else are nobody's.
    EXPECT_EQ(wires.deliver_now({"insurer", "hospital", sent[0].bytes}), ex::Handled::kRefused);
    EXPECT_EQ(wires.deliver_now({"insurer", "clinic", sent[1].bytes}), ex::Handled::kRefused);
    EXPECT_EQ(wires.deliver_now({"clinic", "hospital", sent[1].bytes}), ex::Handled::kRefused);
    EXPECT_EQ(wires.deliver_now({"clinic", "hospital", "no message"}), ex::Handled::kRefused);
}

TEST_F(Exchange, ACustodianThatSendsOtherBytesIsDisputedOnTheLedger) {
    ASSERT_TRUE(consent(kClinic).applied());
    wires.tamper([](v1::ExchangeMessage& message) {
        if (!message.has_delivery()) return;
        Bytes& sealed = *message.mutable_delivery()->mutable_documents(1)->mutable_sealed();
        sealed[sealed.size() / 2] = static_cast<char>(sealed[sealed.size() / 2] ^ 1);
    });
    const auto outcome = read(question());
    EXPECT_EQ(outcome.state, State::kDisputed);
    EXPECT_TRUE(outcome.resources.empty());
    ASSERT_TRUE(status_becomes(v1::DISCLOSURE_STATUS_DISPUTED));
    EXPECT_EQ(disclosure()->received_commitment().size(), Hash32::kSize);
    EXPECT_NE(disclosure()->received_commitment(), disclosure()->commitment());
    EXPECT_TRUE(sides[kClinic].exchange->requester().received(card.link_id(), 1)->empty());
}

TEST_F(Exchange, ACustodianThatLeavesOneOutIsDisputed) {
    ASSERT_TRUE(consent(kClinic).applied());
    wires.tamper([](v1::ExchangeMessage& message) {
        if (message.has_delivery()) message.mutable_delivery()->mutable_documents()->RemoveLast();
    });
    EXPECT_EQ(read(question()).state, State::kDisputed);
    EXPECT_TRUE(status_becomes(v1::DISCLOSURE_STATUS_DISPUTED));
}

TEST_F(Exchange, ARequesterThatClaimsAnotherPurposeIsRefusedOnTheLedger) {
    ASSERT_TRUE(consent(kClinic).applied());
    const auto message = file(v1::PURPOSE_OF_USE_TREAT, opening(v1::PURPOSE_OF_USE_HPAYMT));
    EXPECT_EQ(deliver("clinic", message), ex::Handled::kDone);
    ASSERT_TRUE(eventually([&] {
        return request(message.number())->gate().decision() == v1::ACCESS_DECISION_REFUSED;
    }));
    EXPECT_EQ(request(message.number())->refusal(), v1::REFUSAL_REASON_NOT_NAMED);
    EXPECT_FALSE(disclosure());
}

TEST_F(Exchange, AnOpeningThatDoesNotMatchIsRefused) {
    ASSERT_TRUE(consent(kClinic).applied());
    // Not what the ledger commits to: nobody's request, and nothing is written.
    auto message = file(v1::PURPOSE_OF_USE_TREAT, opening(v1::PURPOSE_OF_USE_TREAT));
    auto other = opening(v1::PURPOSE_OF_USE_TREAT);
    other.mutable_ask()->set_resource_type("Condition");
    auto forged = message;
    forged.set_opening(proto::encode(other));
    EXPECT_EQ(deliver("clinic", forged), ex::Handled::kRefused);
    EXPECT_EQ(deliver("insurer", message), ex::Handled::kRefused);
    auto unknown = message;
    unknown.set_number(9);
    EXPECT_EQ(deliver("clinic", unknown), ex::Handled::kLater);
    EXPECT_EQ(request(message.number())->gate().decision(), v1::ACCESS_DECISION_GRANTED);
    // Committed to, but its card opens no slot of that patient's chart.
    for (const bool salt : {true, false}) {
        auto wrong = opening(v1::PURPOSE_OF_USE_TREAT);
        if (salt) {
            wrong.set_slot_salt(crypto::random_bytes(ex::kSaltBytes));
        } else {
            wrong.set_patient("somebody-else");
        }
        message = file(v1::PURPOSE_OF_USE_TREAT, wrong);
        EXPECT_EQ(deliver("clinic", message), ex::Handled::kDone);
        ASSERT_TRUE(eventually([&] {
            return request(message.number())->refusal() == v1::REFUSAL_REASON_PATIENT_UNKNOWN;
        }));
    }
    EXPECT_FALSE(disclosure());
}

TEST_F(Exchange, ARevocationBetweenGrantAndServingStopsIt) {
    ASSERT_TRUE(consent(kClinic).applied());
    wires.pause(true);
    std::promise<ex::ReadOutcome> answered;
    sides[kClinic].exchange->read(
        question(), [&](ex::ReadOutcome outcome) { answered.set_value(std::move(outcome)); });
    ASSERT_TRUE(eventually([&] { return wires.waiting() == 1; }));
    EXPECT_EQ(request(1)->gate().decision(), v1::ACCESS_DECISION_GRANTED);
    ASSERT_TRUE(revoke(kInsurer).applied());
    wires.pause(false);
    const auto outcome = answered.get_future().get();
    EXPECT_EQ(outcome.state, State::kRefused);
    EXPECT_EQ(outcome.refusal, v1::REFUSAL_REASON_PRIVACY);
    EXPECT_EQ(request(1)->gate().decision(), v1::ACCESS_DECISION_REFUSED);
    EXPECT_FALSE(disclosure());
}

TEST_F(Exchange, AGrantThatOurClockSaysIsOverIsNotServed) {
    ASSERT_TRUE(consent(kClinic).applied());
    const auto message = file(v1::PURPOSE_OF_USE_TREAT, opening(v1::PURPOSE_OF_USE_TREAT));
    clock_ahead_ms = 3'600'000 + 60'000;
    EXPECT_EQ(deliver("clinic", message), ex::Handled::kRefused);
    EXPECT_FALSE(disclosure());
}

TEST_F(Exchange, BothSidesGoOnAfterARestart) {
    ASSERT_TRUE(consent(kClinic).applied());
    wires.pause(true);
    auto impatient = question();
    impatient.patience = std::chrono::milliseconds(1);
    EXPECT_EQ(read(impatient).state, State::kTimeout);
    ASSERT_TRUE(eventually([&] { return wires.waiting() == 1; }));
    stop(kClinic);
    stop(kHospital);
    wires.pause(false);
    start(kHospital);
    ASSERT_TRUE(eventually([&] { return disclosure().has_value() && wires.sent().size() == 2; }));
    stop(kHospital);
    start(kHospital);
    EXPECT_EQ(disclosure()->status(), v1::DISCLOSURE_STATUS_SENT);
    start(kClinic);
    ASSERT_TRUE(status_becomes(v1::DISCLOSURE_STATUS_RECEIVED));
    EXPECT_TRUE(both_are_idle());
    EXPECT_EQ(sides[kClinic].exchange->requester().received(card.link_id(), 1)->size(), 3U);
    EXPECT_FALSE(disclosure(2));
    EXPECT_EQ(wires.sent().size(), 2U);
}

TEST_F(Exchange, ACardIsGivenOutOnceAndKeptByWhomItIsFor) {
    const auto key = crypto::SigningKey::generate();
    ex::CardOrder order{"verena", "clinic", v1::ALGORITHM_ED25519, key.public_key()};
    const auto given = issue(order);
    ASSERT_TRUE(given.ok()) << ex::to_string(given.error());
    EXPECT_NE(given->link_id(), card.link_id()) << "a link that is in use is not given again";
    EXPECT_EQ(proto::encode(*issue(order)), proto::encode(*given));
    const auto read_back = ex::read_card(ex::write_card(*given));
    ASSERT_TRUE(read_back);
    EXPECT_EQ(proto::encode(*read_back), proto::encode(*given));

    ex::Cards clinic(*sides[kClinic].ports);
    ASSERT_TRUE(eventually([&] { return clinic.import(*given).ok(); }));
    EXPECT_EQ((*clinic.find("verena"))->link_id(), given->link_id());
    EXPECT_EQ(clinic.list({}, 10)->size(), 1U);
    EXPECT_FALSE(*clinic.find("somebody-else"));
    // It names nobody else's link, and none that the ledger does not have.
    EXPECT_EQ(ex::Cards(*sides[kHospital].ports).import(*given).error(), ex::CardError::kNotOurs);
    auto wrong = *given;
    wrong.set_custodian("insurer");
    EXPECT_EQ(clinic.import(wrong).error(), ex::CardError::kNotOurs);
    wrong = *given;
    wrong.set_link_id(Bytes(16, 'x'));
    EXPECT_EQ(clinic.import(wrong).error(), ex::CardError::kUnknownLink);
    wrong = *given;
    wrong.set_slot_salt("short");
    EXPECT_EQ(clinic.import(wrong).error(), ex::CardError::kMalformed);
    EXPECT_FALSE(ex::read_card("{}"));
    EXPECT_FALSE(ex::read_card(ex::write_card(wrong)));

    order.public_key = Bytes(32, '\0');
    EXPECT_EQ(issue(order).error(), ex::CardError::kMalformed);
    order.public_key = patient_key.public_key();  // of another link: it would tie the two
    EXPECT_EQ(issue(order).error(), ex::CardError::kRejected);
    order.public_key = crypto::SigningKey::generate().public_key();
    order.patient = "nobody";
    EXPECT_EQ(issue(order).error(), ex::CardError::kUnknownPatient);
    order.counterparty = "hospital";
    EXPECT_EQ(issue(order).error(), ex::CardError::kUnknownMember);
}

// Cut off between the decision and its outcome, the agent goes on with the very same transaction.
TEST_F(Exchange, ADecisionIsCommittedToOnce) {
    ASSERT_TRUE(consent(kClinic).applied());
    const auto message = file(v1::PURPOSE_OF_USE_TREAT, opening(v1::PURPOSE_OF_USE_TREAT));
    EXPECT_EQ(deliver("clinic", message), ex::Handled::kDone);
    ASSERT_TRUE(eventually([&] { return wires.sent().size() == 1; }));
    const Bytes key = ex::serving_key(card.link_id(), message.number());
    ASSERT_TRUE(eventually([&] { return sides[kHospital].exchange->unfinished() == 0; }));
    const auto done = ex::decode_row<v1::Serving>(**sides[kHospital].vault->row(key));
    ASSERT_TRUE(done);
    EXPECT_EQ(done->state(), v1::SERVE_STATE_SENT);
    EXPECT_EQ(done->judged(), 5U);
    EXPECT_EQ(disclosure()->commitment(),
              ex::disclosure_commitment(done->salt(), done->header()).view());
}

}  // namespace
}  // namespace consilium::node::testing
