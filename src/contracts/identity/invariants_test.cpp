// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "contracts/identity/identity.hpp"
#include "contracts/registry/registry.hpp"
#include "execution/testing/world.hpp"

// Commands never break these rules, so no transaction can show that they are checked: here each is
// broken by hand, next to the change that is allowed.
namespace consilium::contracts::identity {
namespace {

using execution::testing::MemoryView;

const std::string kLink = "000102030405060708090a0b0c0d0e0f";
const std::string kConsent = "identity/consent/" + kLink + "/1";
const std::string kGate = "identity/gate/" + kLink;

v1::Consent consent() {
    v1::Consent out;
    out.set_provision(v1::CONSENT_PROVISION_PERMIT);
    out.add_purposes(v1::PURPOSE_OF_USE_TREAT);
    out.add_actions(v1::ACCESS_ACTION_READ);
    out.set_valid_until_unix_ms(9);
    out.set_status(v1::CONSENT_STATUS_ACTIVE);
    out.set_version(1);
    out.set_form(v1::CONSENT_FORM_SIGNED);
    return out;
}

v1::Consent revoked() {
    v1::Consent out = consent();
    out.set_status(v1::CONSENT_STATUS_REVOKED);
    out.set_version(2);
    out.set_revocation_form(v1::CONSENT_FORM_PAPER);
    out.set_revocation_commitment(Bytes(32, 'c'));
    out.set_revoked_unix_ms(5);
    return out;
}

v1::ConsentGate gate(std::uint32_t version) {
    v1::ConsentGate out;
    out.set_version(version);
    auto& entry = *out.add_entries();
    entry.set_number(1);
    entry.set_provision(v1::CONSENT_PROVISION_PERMIT);
    entry.add_purposes(v1::PURPOSE_OF_USE_TREAT);
    entry.add_actions(v1::ACCESS_ACTION_READ);
    entry.set_valid_until_unix_ms(9);
    return out;
}

template <typename Row, typename Change>
Row with(Row row, const Change& change) {
    change(row);
    return row;
}

// Whether the row may change so, beside the consent `stored`.
template <typename Row>
bool holds(const std::string& path, const Row* before, const Row& after,
           const v1::Consent& stored = consent()) {
    MemoryView view;
    state::StateDiff diff;
    diff[*registry().key_from_path(kConsent)] = proto::encode(stored);
    view.apply(diff);
    const Bytes key = *registry().key_from_path(path);
    const Bytes was = before == nullptr ? Bytes() : proto::encode(*before);
    const Bytes is = proto::encode(after);
    sdk::Overlay::Change change;
    change.key = key;
    if (before != nullptr) change.before = was;
    change.after = is;
    sdk::Overlay overlay(view);
    const sdk::BlockFacts block;
    sdk::TransactionFacts transaction;
    transaction.member_id = "payer";
    sdk::Context context(overlay, registry().lookups(), block, transaction);
    return Identity().holds(change, context);
}

template <typename Row>
bool may_begin(const std::string& path, const Row& row) {
    return holds<Row>(path, nullptr, row);
}

TEST(IdentityInvariants, AConsentBeginsActive) {
    EXPECT_TRUE(may_begin(kConsent, consent()));
    EXPECT_FALSE(may_begin(kConsent, revoked()));
    EXPECT_FALSE(may_begin(kConsent, with(consent(), [](auto& c) { c.set_version(2); })));
    EXPECT_FALSE(may_begin(kConsent, with(consent(), [](auto& c) { c.clear_form(); })));
    EXPECT_FALSE(may_begin(kConsent, with(consent(), [](auto& c) { c.set_revoked_unix_ms(1); })));
}

TEST(IdentityInvariants, AConsentIsRevokedOnceAndKeepsWhatItSaid) {
    const v1::Consent before = consent();
    EXPECT_TRUE(holds(kConsent, &before, revoked()));
    for (const auto& bad :
         {with(revoked(), [](auto& c) { c.set_provision(v1::CONSENT_PROVISION_DENY); }),
          with(revoked(), [](auto& c) { c.add_purposes(v1::PURPOSE_OF_USE_BTG); }),
          with(revoked(), [](auto& c) { c.add_actions(v1::ACCESS_ACTION_CONTRIBUTE); }),
          with(revoked(), [](auto& c) { c.set_valid_until_unix_ms(8); }),
          with(revoked(), [](auto& c) { c.set_valid_from_unix_ms(1); }),
          with(revoked(), [](auto& c) { c.set_form(v1::CONSENT_FORM_PAPER); }),
          with(revoked(), [](auto& c) { c.set_granted_unix_ms(1); }),
          with(revoked(), [](auto& c) { c.set_version(3); }),
          with(revoked(), [](auto& c) { c.set_status(v1::CONSENT_STATUS_ACTIVE); }), consent()})
        EXPECT_FALSE(holds(kConsent, &before, bad)) << bad.ShortDebugString();
    const v1::Consent after = revoked();
    EXPECT_FALSE(holds(kConsent, &after, with(revoked(), [](auto& c) { c.set_version(3); })));
}

TEST(IdentityInvariants, AGateSaysWhatItsConsentsSay) {
    const v1::ConsentGate before = with(gate(1), [](auto& g) { g.clear_entries(); });
    EXPECT_TRUE(may_begin(kGate, gate(1)));
    EXPECT_TRUE(holds(kGate, &before, gate(2)));
    EXPECT_FALSE(holds(kGate, &before, gate(1))) << "its version grows";
    EXPECT_FALSE(may_begin(kGate, gate(0)));
    EXPECT_FALSE(holds<v1::ConsentGate>(kGate, nullptr, gate(1), revoked()));
    for (const auto& bad : {
             with(gate(1), [](auto& g) { g.mutable_entries(0)->set_number(2); }),
             with(gate(1),
                  [](auto& g) { g.mutable_entries(0)->add_purposes(v1::PURPOSE_OF_USE_BTG); }),
             with(gate(1),
                  [](auto& g) { g.mutable_entries(0)->set_provision(v1::CONSENT_PROVISION_DENY); }),
             with(gate(1),
                  [](auto& g) { g.mutable_entries(0)->add_actions(v1::ACCESS_ACTION_CONTRIBUTE); }),
             with(gate(1), [](auto& g) { g.mutable_entries(0)->set_valid_until_unix_ms(10); }),
             with(gate(1), [](auto& g) { g.mutable_entries(0)->set_valid_from_unix_ms(1); }),
             with(gate(1), [](auto& g) { *g.add_entries() = g.entries(0); }),
         })
        EXPECT_FALSE(may_begin(kGate, bad)) << bad.ShortDebugString();
}

}  // namespace
}  // namespace consilium::contracts::identity
