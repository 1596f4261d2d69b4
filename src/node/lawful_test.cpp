// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <future>

#include "contracts/sdk/record_keys.hpp"
#include "crypto/random.hpp"
#include "node/exchange_fixture.hpp"
#include "services/ehr/exchange/commitments.hpp"
#include "services/ehr/exchange/rows.hpp"

namespace consilium::node::testing {
namespace {

namespace sdk = contracts::sdk;

constexpr const char* kRestricted =
    R"(,"meta":{"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality",)"
    R"("code":"R"}]})";

// The clinic stands for the regulator: who receives by law is any member.
class DisclosureByLaw : public ExchangeTest {
 protected:
    DisclosureByLaw() {
        add_resource("Patient", "verena", R"(,"active":true)", {"verena"});
        add_resource("Immunization", "i-1", R"(,"status":"completed")", {"verena"});
        add_resource("Immunization", "i-2", R"(,"status":"completed")", {"verena"});
        add_resource("Immunization", "i-3", kRestricted, {"verena"});
        add_resource("Appointment", "a-1", "", {"verena", "somebody-else"});
        add_resource("Immunization", "i-9", "", {"somebody-else"});
        make_card();
        close_link();
    }
    void close_link() {
        v1::ChartsCommand command;
        command.mutable_close_link()->set_link_id(card.link_id());
        command.mutable_close_link()->set_version(1);
        v1::Command wrapped;
        wrapped.set_contract(static_cast<std::uint32_t>(ledger::ContractId::kCharts));
        wrapped.set_payload(proto::encode(command));
        EXPECT_TRUE(submit(kHospital, {wrapped}).applied());
    }
    static ex::LawfulRequest order(std::vector<std::string> resources) {
        ex::LawfulRequest out;
        out.id = crypto::random_bytes(16);
        out.patient = "verena";
        out.recipient = "clinic";
        out.basis = v1::LEGAL_BASIS_PUBLIC_HEALTH;
        out.resources = std::move(resources);
        return out;
    }
    Result<v1::Lawful, ex::LawfulError> disclose(const ex::LawfulRequest& request) {
        std::promise<Result<v1::Lawful, ex::LawfulError>> answered;
        sides[kHospital].exchange->lawful().order(
            request, [&](auto result) { answered.set_value(std::move(result)); });
        return answered.get_future().get();
    }
    std::optional<v1::Disclosure> disclosure(BytesView link, std::uint32_t number = 1) {
        return row<v1::Disclosure>(kInsurer, sdk::disclosure_row(link, number));
    }
    std::optional<v1::AccountableDisclosure> accountable(BytesView link, std::uint32_t number = 1) {
        return row<v1::AccountableDisclosure>(kInsurer, sdk::accountable_row(link, number));
    }
    bool status_becomes(BytesView link, v1::DisclosureStatus status) {
        return eventually([&] {
            const auto now = disclosure(link);
            return now && now->status() == status;
        });
    }
    bool both_are_idle() {
        return eventually([&] {
            return sides[kClinic].exchange->unfinished() == 0 &&
                   sides[kHospital].exchange->unfinished() == 0 && wires.waiting() == 0;
        });
    }
    std::vector<std::string> received(const Bytes& link, std::uint32_t number = 1) {
        std::vector<std::string> out;
        const auto kept = sides[kClinic].exchange->requester().received(link, number);
        if (!kept) return out;
        for (const auto& resource : *kept)
            out.push_back(resource.type + "/" + resource.id);
        return out;
    }
};

// Step 8 of the story.
TEST_F(DisclosureByLaw, CrossesWithoutConsentAndIsAccountedFor) {
    const auto made = disclose(order({"Immunization/i-1", "Immunization/i-3"}));
    ASSERT_TRUE(made.ok()) << ex::to_string(made.error());
    EXPECT_EQ(made->disclosure(), 1U);
    const Bytes link = made->link_id();
    EXPECT_NE(link, card.link_id()) << "a closed link is not used";
    ASSERT_EQ(made->judged_size(), 2);
    ASSERT_TRUE(status_becomes(link, v1::DISCLOSURE_STATUS_RECEIVED));
    EXPECT_EQ(disclosure(link)->request(), 0U);
    EXPECT_EQ(disclosure(link)->basis(), v1::LEGAL_BASIS_PUBLIC_HEALTH);
    EXPECT_EQ(disclosure(link)->commitment(),
              ex::disclosure_commitment(made->salt(), made->header()).view());
    const auto listed = accountable(link);
    ASSERT_TRUE(listed);
    EXPECT_EQ(listed->disclosure(), 1U);
    EXPECT_EQ(listed->recipient(), "clinic");
    EXPECT_EQ(listed->basis(), v1::LEGAL_BASIS_PUBLIC_HEALTH);
    EXPECT_EQ(listed->commitment(), disclosure(link)->commitment());
    EXPECT_FALSE(accountable(link, 2));
    // What is labelled stays, and the custodian is told so.
    EXPECT_EQ(received(link), std::vector<std::string>{"Immunization/i-1"});
    EXPECT_TRUE(both_are_idle());
    // The next one goes over the same link.
    const auto next = disclose(order({"Immunization/i-2"}));
    ASSERT_TRUE(next.ok());
    EXPECT_EQ(next->link_id(), link);
    EXPECT_EQ(next->disclosure(), 2U);
    ASSERT_TRUE(both_are_idle());
    EXPECT_EQ(received(link, 2), std::vector<std::string>{"Immunization/i-2"});
    EXPECT_EQ(accountable(link, 2)->disclosure(), 2U);
}

TEST_F(DisclosureByLaw, TheSameOrderAgainIsCarriedOutOnce) {
    const auto request = order({"Immunization/i-1"});
    const auto made = disclose(request);
    ASSERT_TRUE(made.ok());
    ASSERT_TRUE(both_are_idle());
    const auto again = disclose(request);
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(again->disclosure(), 1U);
    EXPECT_FALSE(disclosure(made->link_id(), 2));
    auto other = request;
    other.resources = {"Immunization/i-2"};
    EXPECT_EQ(disclose(other).error(), ex::LawfulError::kOtherOrder);
    // Nor does any of its messages, sent again, change a thing; from others they are nobody's.
    ASSERT_EQ(wires.sent().size(), 3U);
    for (const auto& message : wires.sent())
        EXPECT_EQ(wires.deliver_now(message), ex::Handled::kDone);
    ASSERT_TRUE(both_are_idle());
    EXPECT_EQ(wires.sent().size(), 3U);
    for (auto message : wires.sent()) {
        message.from = "insurer";
        EXPECT_EQ(wires.deliver_now(message), ex::Handled::kRefused);
    }
}

TEST_F(DisclosureByLaw, TakesWhatIsNamedOfThatPatientAndNothingElse) {
    using E = ex::LawfulError;
    EXPECT_EQ(disclose(order({"Immunization/i-3"})).error(), E::kKept);
    EXPECT_EQ(disclose(order({"Appointment/a-1"})).error(), E::kKept);
    EXPECT_EQ(disclose(order({"Immunization/i-1", "Immunization/i-9"})).error(),
              E::kUnknownResource);
    EXPECT_EQ(disclose(order({"Immunization/none"})).error(), E::kUnknownResource);
    EXPECT_EQ(disclose(order({})).error(), E::kMalformed);
    EXPECT_EQ(disclose(order({"Immunization"})).error(), E::kMalformed);
    EXPECT_EQ(disclose(order({"Immunization/i-1", "Immunization/i-1"})).error(), E::kMalformed);
    EXPECT_EQ(disclose(order(std::vector<std::string>(129, "Immunization/i-1"))).error(),
              E::kMalformed);
    auto request = order({"Immunization/i-1"});
    request.basis = v1::LEGAL_BASIS_NONE;
    EXPECT_EQ(disclose(request).error(), E::kMalformed);
    request = order({"Immunization/i-1"});
    request.recipient = "hospital";
    EXPECT_EQ(disclose(request).error(), E::kUnknownMember);
    request.recipient = "nobody";
    EXPECT_EQ(disclose(request).error(), E::kRejected);
    request = order({"Immunization/i-1"});
    request.patient = "nobody";
    EXPECT_EQ(disclose(request).error(), E::kUnknownPatient);
    EXPECT_TRUE(wires.sent().empty());
}

TEST_F(DisclosureByLaw, NothingLeavesBeforeTheRecipientHasGivenAKey) {
    wires.pause(true);
    const auto made = disclose(order({"Immunization/i-1"}));
    ASSERT_TRUE(made.ok());
    EXPECT_EQ(made->state(), v1::LAWFUL_STATE_NOTICED);
    EXPECT_EQ(disclosure(made->link_id())->status(), v1::DISCLOSURE_STATUS_SENT);
    ASSERT_EQ(wires.sent().size(), 1U);
    // Cut off at either end, both go on.
    stop(kHospital);
    stop(kClinic);
    start(kHospital);
    start(kClinic);
    wires.pause(false);
    ASSERT_TRUE(status_becomes(made->link_id(), v1::DISCLOSURE_STATUS_RECEIVED));
    ASSERT_TRUE(both_are_idle());
    EXPECT_EQ(wires.sent().size(), 3U);
    EXPECT_EQ(received(made->link_id()), std::vector<std::string>{"Immunization/i-1"});
}

TEST_F(DisclosureByLaw, AnotherKeyForTheSameDisclosureIsRefused) {
    const auto made = disclose(order({"Immunization/i-1"}));
    ASSERT_TRUE(made.ok());
    ASSERT_TRUE(both_are_idle());
    v1::ExchangeMessage message;
    message.mutable_ready()->set_link_id(made->link_id());
    message.mutable_ready()->set_disclosure(1);
    message.mutable_ready()->set_reply_key(crypto::hpke::generate_key_pair().public_key);
    EXPECT_EQ(wires.deliver_now({"clinic", "hospital", proto::encode(message)}),
              ex::Handled::kRefused);
    message.mutable_ready()->set_disclosure(2);
    EXPECT_EQ(wires.deliver_now({"clinic", "hospital", proto::encode(message)}),
              ex::Handled::kRefused);
    message.mutable_ready()->set_reply_key("short");
    EXPECT_EQ(wires.deliver_now({"clinic", "hospital", proto::encode(message)}),
              ex::Handled::kRefused);
    EXPECT_EQ(wires.sent().size(), 3U);
}

TEST_F(DisclosureByLaw, ANoticeOfNothingOnTheLedgerGetsNoKey) {
    const auto made = disclose(order({"Immunization/i-1"}));
    ASSERT_TRUE(made.ok());
    ASSERT_TRUE(both_are_idle());
    v1::ExchangeMessage message;
    message.mutable_notice()->set_link_id(made->link_id());
    message.mutable_notice()->set_disclosure(2);
    EXPECT_EQ(wires.deliver_now({"hospital", "clinic", proto::encode(message)}),
              ex::Handled::kLater);
    message.mutable_notice()->set_disclosure(1);
    EXPECT_EQ(wires.deliver_now({"insurer", "clinic", proto::encode(message)}),
              ex::Handled::kRefused);
    EXPECT_EQ(wires.sent().size(), 3U);
}

TEST_F(DisclosureByLaw, OtherBytesThanCommittedToAreDisputed) {
    wires.tamper([](v1::ExchangeMessage& message) {
        if (!message.has_delivery()) return;
        Bytes& sealed = *message.mutable_delivery()->mutable_documents(0)->mutable_sealed();
        sealed[sealed.size() / 2] = static_cast<char>(sealed[sealed.size() / 2] ^ 1);
    });
    const auto made = disclose(order({"Immunization/i-1"}));
    ASSERT_TRUE(made.ok());
    ASSERT_TRUE(status_becomes(made->link_id(), v1::DISCLOSURE_STATUS_DISPUTED));
    EXPECT_TRUE(received(made->link_id()).empty());
    // It is accounted for all the same: by the custodian's word it was sent.
    EXPECT_TRUE(accountable(made->link_id()));
}

}  // namespace
}  // namespace consilium::node::testing
