// SPDX-License-Identifier: Apache-2.0
#include "contracts/identity/identity.hpp"
#include "contracts/sdk/record_keys.hpp"

namespace consilium::contracts::identity {
namespace {

using sdk::IdentityTable;

constexpr std::size_t kHead = 2;  // contract and table
constexpr std::size_t kId = 16;

template <typename Row>
bool read(const std::optional<BytesView>& value, Row& row) {
    return value && row.ParseFromArray(value->data(), static_cast<int>(value->size()));
}

// What was consented to never changes; it can be revoked, once.
bool consent_holds(const sdk::Overlay::Change& change) {
    v1::Consent after;
    if (!read(change.after, after)) return false;
    if (!change.before) {
        return after.status() == v1::CONSENT_STATUS_ACTIVE && after.version() == 1 &&
               after.revoked_unix_ms() == 0 && after.form() != v1::CONSENT_FORM_UNSPECIFIED;
    }
    v1::Consent before;
    if (!read(change.before, before) || before.status() != v1::CONSENT_STATUS_ACTIVE ||
        after.status() != v1::CONSENT_STATUS_REVOKED || after.version() != before.version() + 1)
        return false;
    before.set_status(after.status());
    before.set_version(after.version());
    before.set_revocation_form(after.revocation_form());
    before.set_revocation_commitment(after.revocation_commitment());
    before.set_revoked_unix_ms(after.revoked_unix_ms());
    return proto::encode(before) == *change.after;
}

bool says_the_same(const v1::GateEntry& entry, const v1::Consent& consent) {
    v1::GateEntry want;
    want.set_number(entry.number());
    want.set_provision(consent.provision());
    *want.mutable_purposes() = consent.purposes();
    *want.mutable_actions() = consent.actions();
    want.set_valid_from_unix_ms(consent.valid_from_unix_ms());
    want.set_valid_until_unix_ms(consent.valid_until_unix_ms());
    return consent.status() == v1::CONSENT_STATUS_ACTIVE &&
           proto::encode(want) == proto::encode(entry);
}

// Its version grows, and each entry says what its consent says, which is active.
bool gate_holds(const sdk::Overlay::Change& change, sdk::Context& context) {
    v1::ConsentGate after;
    v1::ConsentGate before;
    if (!read(change.after, after)) return false;
    if (change.before && !read(change.before, before)) return false;
    if (after.version() <= before.version()) return false;
    const BytesView link = change.key.substr(kHead, kId);
    std::uint32_t last = 0;
    for (const v1::GateEntry& entry : after.entries()) {
        if (entry.number() <= last) return false;
        last = entry.number();
        const auto consent = context.get<v1::Consent>(sdk::consent_row(link, entry.number()));
        if (!consent || !says_the_same(entry, *consent)) return false;
    }
    return true;
}

}  // namespace

bool Identity::holds(const sdk::Overlay::Change& change, sdk::Context& context) const {
    switch (static_cast<IdentityTable>(change.key[1])) {
        case IdentityTable::kConsent:
            return consent_holds(change);
        case IdentityTable::kGate:
            return gate_holds(change, context);
    }
    return false;
}

}  // namespace consilium::contracts::identity
