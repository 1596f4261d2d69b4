// SPDX-License-Identifier: Apache-2.0
#include "contracts/identity/identity.hpp"

#include <gtest/gtest.h>

#include "base/hex.hpp"
#include "base/limits.hpp"
#include "contracts/registry/registry.hpp"
#include "execution/testing/contract_test.hpp"
#include "ledger/hashes.hpp"

namespace consilium::contracts::identity {
namespace {

using namespace execution::testing;

constexpr std::uint64_t kNowMs = kGenesisMs + 1000;

// An open link from the hospital to the clinic. The patient signs, through the payer's node.
class IdentityTest : public ContractTest {
 protected:
    IdentityTest() {
        given.row("charts/link/" + to_hex(link), link_row());
        transaction.sender.member = "payer";
        transaction.sender.role = v1::ROLE_AUDITOR;
        transaction.sender.signers = {&patient};
    }

    void give(const v1::IdentityCommand& payload) {
        transaction.commands.push_back(command(payload));
    }
    void reject(Rejection rejection) { expect.rejected(ledger::ContractId::kIdentity, rejection); }
    void refuse(const v1::IdentityCommand& payload, Rejection rejection) {
        give(payload);
        reject(rejection);
    }
    // What the patient's signature leaves behind.
    void expect_signed() {
        World same;
        same.time = given.time;
        const auto body = same.body(transaction.sender, transaction.commands);
        const auto digest =
            ledger::personal_digest(same.network, transaction.sender.member, proto::encode(body));
        expect.rows["ledger/replay/" + std::to_string(body.not_after_unix_ms()) + "/" +
                    to_hex(digest.view())] = Bytes();
    }
    void on_paper() {
        transaction.sender.member = "hospital";
        transaction.sender.role = v1::ROLE_CLERK;
        transaction.sender.signers.clear();
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
    v1::IdentityCommand grant() const {
        v1::IdentityCommand out;
        auto& made = *out.mutable_grant_consent();
        made.set_link_id(link);
        made.set_provision(v1::CONSENT_PROVISION_PERMIT);
        made.add_purposes(v1::PURPOSE_OF_USE_TREAT);
        made.add_purposes(v1::PURPOSE_OF_USE_BTG);
        made.add_actions(v1::ACCESS_ACTION_READ);
        made.set_valid_from_unix_ms(kNowMs);
        made.set_valid_until_unix_ms(kNowMs + 365 * kDayMs);
        return out;
    }
    template <typename Change>
    v1::IdentityCommand grant_with(const Change& change) const {
        v1::IdentityCommand out = grant();
        change(*out.mutable_grant_consent());
        return out;
    }
    v1::IdentityCommand revoke(std::uint32_t number = 1, std::uint32_t version = 1) const {
        v1::IdentityCommand out;
        out.mutable_revoke_consent()->set_link_id(link);
        out.mutable_revoke_consent()->set_number(number);
        out.mutable_revoke_consent()->set_version(version);
        return out;
    }
    v1::Consent consent_row() const {
        v1::Consent out;
        out.set_provision(v1::CONSENT_PROVISION_PERMIT);
        out.add_purposes(v1::PURPOSE_OF_USE_TREAT);
        out.add_purposes(v1::PURPOSE_OF_USE_BTG);
        out.add_actions(v1::ACCESS_ACTION_READ);
        out.set_valid_from_unix_ms(kNowMs);
        out.set_valid_until_unix_ms(kNowMs + 365 * kDayMs);
        out.set_status(v1::CONSENT_STATUS_ACTIVE);
        out.set_version(1);
        out.set_form(v1::CONSENT_FORM_SIGNED);
        out.set_granted_unix_ms(kNowMs);
        return out;
    }
    v1::Consent revoked_row() const {
        v1::Consent out = consent_row();
        out.set_status(v1::CONSENT_STATUS_REVOKED);
        out.set_version(2);
        out.set_revocation_form(v1::CONSENT_FORM_SIGNED);
        out.set_revoked_unix_ms(kNowMs);
        return out;
    }
    static v1::GateEntry entry_of(std::uint32_t number, const v1::Consent& consent) {
        v1::GateEntry out;
        out.set_number(number);
        out.set_provision(consent.provision());
        *out.mutable_purposes() = consent.purposes();
        *out.mutable_actions() = consent.actions();
        out.set_valid_from_unix_ms(consent.valid_from_unix_ms());
        out.set_valid_until_unix_ms(consent.valid_until_unix_ms());
        return out;
    }
    static v1::ConsentGate gate_of(std::uint32_t version, const std::vector<v1::GateEntry>& all) {
        v1::ConsentGate out;
        out.set_version(version);
        for (const v1::GateEntry& entry : all)
            *out.add_entries() = entry;
        return out;
    }
    std::string consent_path(std::uint32_t number = 1) const {
        return "identity/consent/" + to_hex(link) + "/" + std::to_string(number);
    }
    std::string gate_path() const { return "identity/gate/" + to_hex(link); }
    void give_consent() {
        given.row(consent_path(), consent_row());
        given.row(gate_path(), gate_of(1, {entry_of(1, consent_row())}));
    }
    // `count` consents, all in force.
    void give_consents(std::uint32_t count) {
        std::vector<v1::GateEntry> entries;
        for (std::uint32_t number = 1; number <= count; ++number) {
            given.row(consent_path(number), consent_row());
            entries.push_back(entry_of(number, consent_row()));
        }
        given.row(gate_path(), gate_of(count, entries));
    }

    const Bytes link = test_bytes("link", 16);
    const crypto::SigningKey patient = test_key("patient");
    const crypto::SigningKey another = test_key("another");
};

TEST_F(IdentityTest, GrantByThePatientThroughAnyMember) {
    give(grant());
    expect.outcome.assigned = {1};
    expect.row(consent_path(), consent_row());
    expect.row(gate_path(), gate_of(1, {entry_of(1, consent_row())}));
    expect_signed();
}

TEST_F(IdentityTest, GrantAppends) {
    give_consent();
    give(grant_with([](auto& g) {
        g.set_gate_version(1);
        g.set_provision(v1::CONSENT_PROVISION_DENY);
    }));
    v1::Consent row = consent_row();
    row.set_provision(v1::CONSENT_PROVISION_DENY);
    expect.outcome.assigned = {2};
    expect.row(consent_path(2), row);
    expect.row(gate_path(), gate_of(2, {entry_of(1, consent_row()), entry_of(2, row)}));
    expect_signed();
}

TEST_F(IdentityTest, GrantLeavesOutWhatIsOver) {
    v1::Consent over = consent_row();
    over.set_valid_from_unix_ms(kGenesisMs - kDayMs);
    over.set_valid_until_unix_ms(kNowMs - 1);
    v1::Consent ends_now = consent_row();
    ends_now.set_valid_from_unix_ms(kGenesisMs - kDayMs);
    ends_now.set_valid_until_unix_ms(kNowMs);
    given.row(consent_path(1), over);
    given.row(consent_path(2), ends_now);
    given.row(gate_path(), gate_of(2, {entry_of(1, over), entry_of(2, ends_now)}));
    give(grant_with([](auto& g) { g.set_gate_version(2); }));
    expect.outcome.assigned = {3};
    expect.row(consent_path(3), consent_row());
    expect.row(gate_path(), gate_of(3, {entry_of(2, ends_now), entry_of(3, consent_row())}));
    expect_signed();
}

TEST_F(IdentityTest, GrantOnPaper) {
    on_paper();
    give(grant_with([](auto& g) { g.set_paper_commitment(test_bytes("scan", 32)); }));
    v1::Consent row = consent_row();
    row.set_form(v1::CONSENT_FORM_PAPER);
    row.set_paper_commitment(test_bytes("scan", 32));
    expect.outcome.assigned = {1};
    expect.row(consent_path(), row);
    expect.row(gate_path(), gate_of(1, {entry_of(1, row)}));
}

TEST_F(IdentityTest, GrantOnPaperByAClinicianIsRefused) {
    on_paper();
    transaction.sender.role = v1::ROLE_CLINICIAN;
    refuse(grant_with([](auto& g) { g.set_paper_commitment(test_bytes("scan", 32)); }),
           Rejection::kRole);
}

TEST_F(IdentityTest, GrantOnPaperByTheCounterpartyIsRefused) {
    on_paper();
    transaction.sender.member = "clinic";
    refuse(grant_with([](auto& g) { g.set_paper_commitment(test_bytes("scan", 32)); }),
           Rejection::kNotCustodian);
}

TEST_F(IdentityTest, GrantOnPaperTakesNoSignatureBeside) {
    on_paper();
    transaction.sender.signers = {&patient};
    give(grant_with([](auto& g) { g.set_paper_commitment(test_bytes("scan", 32)); }));
    expect.rejected(ledger::ContractId::kLedger, ledger::Rejection::kPersonalUnasked);
}

TEST_F(IdentityTest, GrantWithoutASignatureIsRefusedAlsoFromTheCustodian) {
    on_paper();
    refuse(grant(), Rejection::kNotSigned);
}

TEST_F(IdentityTest, GrantByAnotherPatientIsRefused) {
    transaction.sender.signers = {&another};
    refuse(grant(), Rejection::kNotSigned);
}

TEST_F(IdentityTest, GrantOverAnUnknownLinkIsRefused) {
    refuse(grant_with([](auto& g) { g.set_link_id(test_bytes("other", 16)); }),
           Rejection::kLinkUnknown);
}

TEST_F(IdentityTest, TheKeyOfAClosedLinkGrantsNothing) {
    v1::Link closed = link_row();
    closed.set_closed(true);
    closed.set_version(2);
    given.row("charts/link/" + to_hex(link), closed);
    refuse(grant(), Rejection::kLinkClosed);
}

TEST_F(IdentityTest, TheKeyOfAClosedLinkRevokesNothing) {
    give_consent();
    v1::Link closed = link_row();
    closed.set_closed(true);
    closed.set_version(2);
    given.row("charts/link/" + to_hex(link), closed);
    refuse(revoke(), Rejection::kLinkClosed);
}

// A grant that was signed before a revocation and held back until after it names an old gate.
TEST_F(IdentityTest, GrantComparesAndSets) {
    give_consent();
    refuse(grant(), Rejection::kVersion);
}

TEST_F(IdentityTest, GrantOfAVersionToComeIsRefused) {
    refuse(grant_with([](auto& g) { g.set_gate_version(1); }), Rejection::kVersion);
}

TEST_F(IdentityTest, GrantRefusesTheZeroId) {
    refuse(grant_with([](auto& g) { g.set_link_id(Bytes(16, '\0')); }), Rejection::kId);
}

TEST_F(IdentityTest, GrantRefusesNoProvision) {
    refuse(grant_with([](auto& g) { g.clear_provision(); }), Rejection::kProvision);
}

TEST_F(IdentityTest, GrantRefusesNoPurpose) {
    refuse(grant_with([](auto& g) { g.clear_purposes(); }), Rejection::kPurposes);
}

TEST_F(IdentityTest, GrantRefusesAPurposeTwice) {
    refuse(grant_with([](auto& g) { g.add_purposes(v1::PURPOSE_OF_USE_BTG); }),
           Rejection::kPurposes);
}

TEST_F(IdentityTest, GrantRefusesPurposesOutOfOrder) {
    refuse(grant_with([](auto& g) { g.add_purposes(v1::PURPOSE_OF_USE_ETREAT); }),
           Rejection::kPurposes);
}

TEST_F(IdentityTest, GrantRefusesAnUnspecifiedPurpose) {
    refuse(grant_with([](auto& g) { g.set_purposes(0, v1::PURPOSE_OF_USE_UNSPECIFIED); }),
           Rejection::kPurposes);
}

TEST_F(IdentityTest, GrantRefusesNoAction) {
    refuse(grant_with([](auto& g) { g.clear_actions(); }), Rejection::kActions);
}

TEST_F(IdentityTest, GrantRefusesAnEmptyPeriod) {
    refuse(grant_with([](auto& g) { g.set_valid_from_unix_ms(g.valid_until_unix_ms()); }),
           Rejection::kPeriod);
}

TEST_F(IdentityTest, GrantRefusesAPeriodThatIsOver) {
    refuse(grant_with([](auto& g) {
               g.set_valid_from_unix_ms(kNowMs - kDayMs);
               g.set_valid_until_unix_ms(kNowMs - 1);
           }),
           Rejection::kPeriod);
}

TEST_F(IdentityTest, GrantTakesThePeriodThatEndsLast) {
    const auto last = [](auto& g) {
        g.set_valid_until_unix_ms(kNowMs + limits::kConsentAheadMsMax);
    };
    give(grant_with(last));
    v1::Consent row = consent_row();
    row.set_valid_until_unix_ms(kNowMs + limits::kConsentAheadMsMax);
    expect.outcome.assigned = {1};
    expect.row(consent_path(), row);
    expect.row(gate_path(), gate_of(1, {entry_of(1, row)}));
    expect_signed();
}

TEST_F(IdentityTest, GrantRefusesAPeriodThatEndsLater) {
    refuse(grant_with(
               [](auto& g) { g.set_valid_until_unix_ms(kNowMs + limits::kConsentAheadMsMax + 1); }),
           Rejection::kPeriod);
}

TEST_F(IdentityTest, GrantRefusesAShortCommitment) {
    on_paper();
    refuse(grant_with([](auto& g) { g.set_paper_commitment(Bytes(31, 's')); }),
           Rejection::kCommitment);
}

TEST_F(IdentityTest, GrantReachesTheLimitOfConsents) {
    given.row(consent_path(limits::kConsentsPerLinkMax - 1), revoked_row());
    given.row(gate_path(), gate_of(9, {}));
    give(grant_with([](auto& g) { g.set_gate_version(9); }));
    expect.outcome.assigned = {limits::kConsentsPerLinkMax};
    expect.row(consent_path(limits::kConsentsPerLinkMax), consent_row());
    expect.row(gate_path(), gate_of(10, {entry_of(limits::kConsentsPerLinkMax, consent_row())}));
    expect_signed();
}

TEST_F(IdentityTest, GrantStopsAtTheLimitOfConsents) {
    given.row(consent_path(limits::kConsentsPerLinkMax), revoked_row());
    given.row(gate_path(), gate_of(9, {}));
    refuse(grant_with([](auto& g) { g.set_gate_version(9); }), Rejection::kTooMany);
}

TEST_F(IdentityTest, GrantReachesTheLimitOfThoseInForce) {
    const auto count = static_cast<std::uint32_t>(limits::kLiveConsentsPerLinkMax);
    give_consents(count - 1);
    give(grant_with([&](auto& g) { g.set_gate_version(count - 1); }));
    expect.outcome.assigned = {count};
    expect.row(consent_path(count), consent_row());
    std::vector<v1::GateEntry> entries;
    for (std::uint32_t number = 1; number <= count; ++number)
        entries.push_back(entry_of(number, consent_row()));
    expect.row(gate_path(), gate_of(count, entries));
    expect_signed();
}

TEST_F(IdentityTest, GrantStopsAtTheLimitOfThoseInForce) {
    const auto count = static_cast<std::uint32_t>(limits::kLiveConsentsPerLinkMax);
    give_consents(count);
    refuse(grant_with([&](auto& g) { g.set_gate_version(count); }), Rejection::kTooManyLive);
}

TEST_F(IdentityTest, RevokeByThePatientThroughAnyMember) {
    give_consent();
    give(revoke());
    expect.row(consent_path(), revoked_row());
    expect.row(gate_path(), gate_of(2, {}));
    expect_signed();
}

TEST_F(IdentityTest, RevokeOnPaper) {
    give_consent();
    on_paper();
    transaction.sender.role = v1::ROLE_PRIVACY_OFFICER;
    v1::IdentityCommand payload = revoke();
    payload.mutable_revoke_consent()->set_paper_commitment(test_bytes("letter", 32));
    give(payload);
    v1::Consent row = revoked_row();
    row.set_revocation_form(v1::CONSENT_FORM_PAPER);
    row.set_revocation_commitment(test_bytes("letter", 32));
    expect.row(consent_path(), row);
    expect.row(gate_path(), gate_of(2, {}));
}

TEST_F(IdentityTest, RevokeWhatIsOverToo) {
    give_consent();
    given.row(gate_path(), gate_of(5, {}));
    give(revoke());
    expect.row(consent_path(), revoked_row());
    expect.row(gate_path(), gate_of(6, {}));
    expect_signed();
}

TEST_F(IdentityTest, RevokeTwiceIsRefused) {
    given.row(consent_path(), revoked_row());
    given.row(gate_path(), gate_of(2, {}));
    refuse(revoke(1, 2), Rejection::kRevoked);
}

TEST_F(IdentityTest, RevokeComparesAndSets) {
    give_consent();
    refuse(revoke(1, 2), Rejection::kVersion);
}

TEST_F(IdentityTest, RevokeRefusesVersionZero) {
    give_consent();
    refuse(revoke(1, 0), Rejection::kVersion);
}

TEST_F(IdentityTest, RevokeRefusesAnUnknownOne) {
    give_consent();
    refuse(revoke(2), Rejection::kConsentUnknown);
}

TEST_F(IdentityTest, RevokeRefusesNumberZero) {
    refuse(revoke(0), Rejection::kConsentUnknown);
}

TEST_F(IdentityTest, RevokeByTheCustodianWithoutPaperIsRefused) {
    give_consent();
    on_paper();
    refuse(revoke(), Rejection::kNotSigned);
}

TEST_F(IdentityTest, AnEmptyGrantIsRefused) {
    v1::Command bad = command(grant());
    bad.set_payload(Bytes("\x0a\x00", 2));
    transaction.commands.push_back(bad);
    reject(Rejection::kId);
}

TEST_F(IdentityTest, AnUnknownFieldIsMalformed) {
    v1::Command bad = command(grant());
    bad.set_payload(Bytes("\x78\x01", 2));
    transaction.commands.push_back(bad);
    reject(Rejection::kMalformed);
}

// What the gate answers, moment by moment.
TEST_F(IdentityTest, TheLookupAnswersByPurposeActionAndMoment) {
    give_consent();
    v1::Consent objection = consent_row();
    objection.set_provision(v1::CONSENT_PROVISION_DENY);
    objection.set_valid_from_unix_ms(kNowMs + 10);
    objection.set_valid_until_unix_ms(kNowMs + 20);
    MemoryView view;
    state::StateDiff diff;
    const auto gate = gate_of(3, {entry_of(4, consent_row()), entry_of(7, objection)});
    diff[*registry().key_from_path(gate_path())] = proto::encode(gate);
    view.apply(diff);
    sdk::Overlay overlay(view);
    const Identity contract;
    const auto id = test_id<ledger::LinkId>("link");
    const auto ask = [&](v1::PurposeOfUse purpose, std::uint64_t at,
                         v1::AccessAction action = v1::ACCESS_ACTION_READ) {
        const auto answer = contract.consents(overlay, id, purpose, action, UnixMs{at});
        return std::pair(answer.permit, answer.deny);
    };
    using Pair = std::pair<std::uint32_t, std::uint32_t>;
    EXPECT_EQ(ask(v1::PURPOSE_OF_USE_TREAT, kNowMs - 1), Pair(0, 0));
    EXPECT_EQ(ask(v1::PURPOSE_OF_USE_TREAT, kNowMs), Pair(4, 0));
    EXPECT_EQ(ask(v1::PURPOSE_OF_USE_ETREAT, kNowMs + 9), Pair(4, 0));
    EXPECT_EQ(ask(v1::PURPOSE_OF_USE_TREAT, kNowMs + 10), Pair(4, 7));
    EXPECT_EQ(ask(v1::PURPOSE_OF_USE_BTG, kNowMs + 20), Pair(4, 7));
    EXPECT_EQ(ask(v1::PURPOSE_OF_USE_TREAT, kNowMs + 21), Pair(4, 0));
    EXPECT_EQ(ask(v1::PURPOSE_OF_USE_TREAT, kNowMs + 365 * kDayMs), Pair(4, 0));
    EXPECT_EQ(ask(v1::PURPOSE_OF_USE_TREAT, kNowMs + 365 * kDayMs + 1), Pair(0, 0));
    EXPECT_EQ(ask(v1::PURPOSE_OF_USE_HPAYMT, kNowMs), Pair(0, 0));
    EXPECT_EQ(ask(v1::PURPOSE_OF_USE_TREAT, kNowMs, v1::ACCESS_ACTION_CONTRIBUTE), Pair(0, 0));
    const auto other =
        contract.consents(overlay, test_id<ledger::LinkId>("other"), v1::PURPOSE_OF_USE_TREAT,
                          v1::ACCESS_ACTION_READ, UnixMs{kNowMs});
    EXPECT_EQ(std::pair(other.permit, other.deny), Pair(0, 0));
    vector = false;
    give(grant_with([](auto& g) { g.set_gate_version(9); }));
    reject(Rejection::kVersion);
}

TEST(Identity, EveryRejectionIsDescribed) {
    const Identity contract;
    std::set<std::string_view> names;
    for (sdk::Code code = 1; code <= static_cast<sdk::Code>(Rejection::kRevoked); ++code) {
        EXPECT_FALSE(contract.describe(code).text.empty()) << code;
        EXPECT_TRUE(names.insert(contract.describe(code).name).second) << code;
    }
    EXPECT_TRUE(contract.describe(static_cast<sdk::Code>(Rejection::kRevoked) + 1).name.empty());
}

}  // namespace
}  // namespace consilium::contracts::identity
