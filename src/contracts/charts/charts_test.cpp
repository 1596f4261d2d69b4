// SPDX-License-Identifier: Apache-2.0
#include "contracts/charts/charts.hpp"

#include <gtest/gtest.h>

#include "base/hex.hpp"
#include "base/limits.hpp"
#include "crypto/hash.hpp"
#include "execution/testing/contract_test.hpp"
#include "ledger/hashes.hpp"

namespace consilium::contracts::charts {
namespace {

using namespace execution::testing;

class ChartsTest : public ContractTest {
 protected:
    ChartsTest() { transaction.sender.role = v1::ROLE_CLERK; }

    void give(const v1::ChartsCommand& payload) {
        transaction.commands.push_back(command(payload));
    }
    void reject(Rejection rejection) { expect.rejected(ledger::ContractId::kCharts, rejection); }
    static std::vector<Bytes> slots(std::string_view name, std::size_t count = 8) {
        std::vector<Bytes> out;
        for (std::size_t i = 0; i < count; ++i)
            out.push_back(test_bytes(std::string(name) + std::to_string(i), 32));
        return out;
    }
    static v1::ChartsCommand open_chart(BytesView id, const std::vector<Bytes>& commitments) {
        v1::ChartsCommand out;
        out.mutable_open_chart()->set_chart_id(Bytes(id));
        for (const Bytes& commitment : commitments)
            out.mutable_open_chart()->add_slots(commitment);
        return out;
    }
    static v1::ChartsCommand refill(BytesView id, const std::vector<Bytes>& commitments) {
        v1::ChartsCommand out;
        out.mutable_refill_slots()->set_chart_id(Bytes(id));
        for (const Bytes& commitment : commitments)
            out.mutable_refill_slots()->add_slots(commitment);
        return out;
    }
    v1::ChartsCommand open_link(std::string_view counterparty = "clinic") const {
        v1::ChartsCommand out;
        auto& made = *out.mutable_open_link();
        made.set_link_id(link);
        made.set_counterparty(std::string(counterparty));
        made.set_algorithm(v1::ALGORITHM_ED25519);
        made.set_public_key(patient.public_key());
        return out;
    }
    v1::ChartsCommand close_link(std::uint32_t version = 1) const {
        v1::ChartsCommand out;
        out.mutable_close_link()->set_link_id(link);
        out.mutable_close_link()->set_version(version);
        return out;
    }
    v1::Link link_row() const {
        v1::Link out;
        out.set_custodian("hospital");
        out.set_counterparty("clinic");
        out.set_algorithm(v1::ALGORITHM_ED25519);
        out.set_public_key(patient.public_key());
        out.set_version(1);
        return out;
    }
    v1::Link closed_row() const {
        v1::Link out = link_row();
        out.set_version(2);
        out.set_closed(true);
        return out;
    }
    void give_chart() {
        v1::Chart row;
        row.set_custodian("hospital");
        given.row("charts/chart/" + to_hex(chart), row);
        for (std::uint32_t i = 1; i <= 8; ++i)
            given.row(slot_path(i), slot_row("old", i - 1));
    }
    std::string slot_path(std::uint32_t number) const {
        return "charts/slot/" + to_hex(chart) + "/" + std::to_string(number);
    }
    static v1::LinkSlot slot_row(std::string_view name, std::size_t i) {
        v1::LinkSlot out;
        out.set_commitment(test_bytes(std::string(name) + std::to_string(i), 32));
        return out;
    }
    std::string link_path() const { return "charts/link/" + to_hex(link); }
    // The row that a personally signed transaction leaves.
    void expect_replay_row(std::uint64_t not_after, const Hash32& digest) {
        expect.row("ledger/replay/" + std::to_string(not_after) + "/" + to_hex(digest.view()),
                   v1::PersonalReplay{});
    }

    const Bytes chart = test_bytes("chart", 16);
    const Bytes link = test_bytes("link", 16);
    crypto::SigningKey patient = test_key("patient");
    crypto::SigningKey another = test_key("another patient");
};

TEST_F(ChartsTest, OpenChartLaysDownEightSlots) {
    give(open_chart(chart, slots("new")));
    v1::Chart row;
    row.set_custodian("hospital");
    expect.row("charts/chart/" + to_hex(chart), row);
    for (std::uint32_t i = 1; i <= 8; ++i)
        expect.row(slot_path(i), slot_row("new", i - 1));
    expect.outcome.assigned = {1};
}

TEST_F(ChartsTest, OpenChartRefusesSevenSlots) {
    give(open_chart(chart, slots("new", 7)));
    reject(Rejection::kSlots);
}

TEST_F(ChartsTest, OpenChartRefusesNineSlots) {
    give(open_chart(chart, slots("new", 9)));
    reject(Rejection::kSlots);
}

TEST_F(ChartsTest, OpenChartRefusesTheSameSlotTwice) {
    auto twice = slots("new");
    twice[7] = twice[0];
    give(open_chart(chart, twice));
    reject(Rejection::kSlots);
}

TEST_F(ChartsTest, OpenChartRefusesAShortSlot) {
    auto bad = slots("new");
    bad[3].pop_back();
    give(open_chart(chart, bad));
    reject(Rejection::kSlots);
}

TEST_F(ChartsTest, OpenChartRefusesAShortId) {
    give(open_chart(Bytes(15, 'c'), slots("new")));
    reject(Rejection::kId);
}

TEST_F(ChartsTest, OpenChartRefusesTheZeroId) {
    give(open_chart(Bytes(16, '\0'), slots("new")));
    reject(Rejection::kId);
}

TEST_F(ChartsTest, OpenChartRefusesAnIdThatIsTaken) {
    give_chart();
    give(open_chart(chart, slots("new")));
    reject(Rejection::kChartExists);
}

TEST_F(ChartsTest, OpenChartRefusesAClinician) {
    transaction.sender.role = v1::ROLE_CLINICIAN;
    give(open_chart(chart, slots("new")));
    reject(Rejection::kRole);
}

TEST_F(ChartsTest, OpenChartRefusesAMemberThatNeitherTreatsNorInsures) {
    transaction.sender.member = "auditor";
    give(open_chart(chart, slots("new")));
    reject(Rejection::kMemberKind);
}

TEST_F(ChartsTest, RefillAppendsEight) {
    give_chart();
    give(refill(chart, slots("new")));
    for (std::uint32_t i = 1; i <= 8; ++i)
        expect.row(slot_path(8 + i), slot_row("new", i - 1));
    expect.outcome.assigned = {9};
}

TEST_F(ChartsTest, RefillReachesTheLimit) {
    give_chart();
    given.row(slot_path(limits::kLinkSlotsPerChartMax - 8), slot_row("old", 99));
    give(refill(chart, slots("new")));
    for (std::uint32_t i = 1; i <= 8; ++i)
        expect.row(slot_path(limits::kLinkSlotsPerChartMax - 8 + i), slot_row("new", i - 1));
    expect.outcome.assigned = {limits::kLinkSlotsPerChartMax - 7};
}

TEST_F(ChartsTest, RefillStopsAtTheLimit) {
    give_chart();
    given.row(slot_path(limits::kLinkSlotsPerChartMax - 7), slot_row("old", 99));
    give(refill(chart, slots("new")));
    reject(Rejection::kTooManySlots);
}

TEST_F(ChartsTest, RefillRefusesAnUnknownChart) {
    give(refill(chart, slots("new")));
    reject(Rejection::kChartUnknown);
}

TEST_F(ChartsTest, RefillRefusesAnotherMember) {
    give_chart();
    transaction.sender.member = "clinic";
    give(refill(chart, slots("new")));
    reject(Rejection::kNotCustodian);
}

TEST_F(ChartsTest, OpenLink) {
    give(open_link());
    expect.row(link_path(), link_row());
    v1::PatientKeyUse use;
    use.set_link_id(link);
    expect.row("charts/patient-key/" + to_hex(crypto::sha256(patient.public_key()).view()), use);
}

TEST_F(ChartsTest, OpenLinkRefusesItself) {
    give(open_link("hospital"));
    reject(Rejection::kOwnLink);
}

TEST_F(ChartsTest, OpenLinkRefusesAStranger) {
    give(open_link("stranger"));
    reject(Rejection::kCounterparty);
}

TEST_F(ChartsTest, OpenLinkRefusesWhatIsNoMemberId) {
    give(open_link("Clinic"));
    reject(Rejection::kCounterparty);
}

TEST_F(ChartsTest, OpenLinkRefusesASuspendedCounterparty) {
    v1::Member clinic = world.genesis().members(1).member();
    clinic.set_status(v1::MEMBER_STATUS_SUSPENDED);
    given.row("membership/member/clinic", clinic);
    give(open_link());
    reject(Rejection::kCounterparty);
}

TEST_F(ChartsTest, OpenLinkRefusesAnIdThatIsTaken) {
    given.row(link_path(), link_row());
    auto payload = open_link();
    payload.mutable_open_link()->set_public_key(test_key("another").public_key());
    give(payload);
    reject(Rejection::kLinkExists);
}

TEST_F(ChartsTest, OpenLinkRefusesAKeyOfAnotherLink) {
    v1::PatientKeyUse use;
    use.set_link_id(test_bytes("another link", 16));
    given.row("charts/patient-key/" + to_hex(crypto::sha256(patient.public_key()).view()), use);
    give(open_link());
    reject(Rejection::kPublicKeyUsed);
}

TEST_F(ChartsTest, OpenLinkRefusesASmallOrderKey) {
    auto payload = open_link();
    payload.mutable_open_link()->set_public_key(Bytes(32, '\0'));
    give(payload);
    reject(Rejection::kPublicKey);
}

TEST_F(ChartsTest, OpenLinkNeedsThePatientsKey) {
    auto payload = open_link();
    payload.mutable_open_link()->clear_public_key();
    payload.mutable_open_link()->clear_algorithm();
    give(payload);
    reject(Rejection::kPublicKey);
}

TEST_F(ChartsTest, CloseLinkByItsCustodian) {
    given.row(link_path(), link_row());
    give(close_link());
    expect.row(link_path(), closed_row());
}

TEST_F(ChartsTest, CloseLinkByAClinicianIsRefused) {
    given.row(link_path(), link_row());
    transaction.sender.role = v1::ROLE_CLINICIAN;
    give(close_link());
    reject(Rejection::kRole);
}

TEST_F(ChartsTest, CloseLinkByTheCounterpartyIsRefused) {
    given.row(link_path(), link_row());
    transaction.sender.member = "clinic";
    give(close_link());
    reject(Rejection::kNotAllowed);
}

TEST_F(ChartsTest, CloseLinkByThePatientThroughAnyMember) {
    given.row(link_path(), link_row());
    transaction.sender.member = "payer";
    transaction.sender.role = v1::ROLE_AUDITOR;
    transaction.sender.signers = {&patient};
    give(close_link());
    expect.row(link_path(), closed_row());
    World same;
    same.time = given.time;
    const auto body = same.body(transaction.sender, transaction.commands);
    expect_replay_row(body.not_after_unix_ms(),
                      ledger::personal_digest(same.network, "payer", proto::encode(body)));
}

TEST_F(ChartsTest, CloseLinkWithAnotherPatientsKeyIsRefused) {
    given.row(link_path(), link_row());
    transaction.sender.member = "payer";
    transaction.sender.signers = {&another};
    give(close_link());
    reject(Rejection::kNotAllowed);
}

TEST_F(ChartsTest, CloseLinkWithAnotherPatientsKeyBesideIsRefused) {
    given.row(link_path(), link_row());
    transaction.sender.signers = {&patient, &another};
    give(close_link());
    expect.rejected(ledger::ContractId::kLedger, ledger::Rejection::kPersonalUnasked);
}

TEST_F(ChartsTest, APatientsKeyWhereNoneIsAskedForIsRefused) {
    transaction.sender.signers = {&patient};
    give(open_chart(chart, slots("new")));
    expect.rejected(ledger::ContractId::kLedger, ledger::Rejection::kPersonalUnasked);
}

TEST_F(ChartsTest, CloseLinkComparesAndSets) {
    v1::Link later = link_row();
    later.set_version(2);
    given.row(link_path(), later);
    give(close_link(1));
    reject(Rejection::kLinkVersion);
}

TEST_F(ChartsTest, CloseLinkRefusesVersionZero) {
    given.row(link_path(), link_row());
    give(close_link(0));
    reject(Rejection::kLinkVersion);
}

TEST_F(ChartsTest, CloseLinkRefusesAClosedOne) {
    given.row(link_path(), closed_row());
    give(close_link(2));
    reject(Rejection::kLinkClosed);
}

TEST_F(ChartsTest, CloseLinkRefusesAnUnknownOne) {
    give(close_link());
    reject(Rejection::kLinkUnknown);
}

TEST_F(ChartsTest, ATransactionAppliesAllOrNothing) {
    give(open_chart(chart, slots("new")));
    give(close_link());
    expect.rejected(ledger::ContractId::kCharts, Rejection::kLinkUnknown, 1);
}

TEST_F(ChartsTest, LaterCommandsSeeEarlierOnes) {
    give(open_link());
    give(close_link());
    expect.row(link_path(), closed_row());
    v1::PatientKeyUse use;
    use.set_link_id(link);
    expect.row("charts/patient-key/" + to_hex(crypto::sha256(patient.public_key()).view()), use);
}

TEST_F(ChartsTest, AnUnknownFieldIsMalformed) {
    v1::Command bad = command(close_link());
    bad.set_payload(Bytes("\x78\x01", 2));
    transaction.commands.push_back(bad);
    reject(Rejection::kMalformed);
}

TEST(Charts, EveryRejectionIsDescribed) {
    const Charts contract;
    for (sdk::Code code = 1; code <= static_cast<sdk::Code>(Rejection::kNotAllowed); ++code)
        EXPECT_FALSE(contract.describe(code).text.empty()) << code;
    EXPECT_TRUE(contract.describe(static_cast<sdk::Code>(Rejection::kNotAllowed) + 1).name.empty());
}

}  // namespace
}  // namespace consilium::contracts::charts
