// SPDX-License-Identifier: Apache-2.0
#include "contracts/identity/identity.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "contracts/identity/tables.hpp"
#include "contracts/sdk/purpose.hpp"
#include "contracts/sdk/record_keys.hpp"

namespace consilium::contracts::identity {
namespace {

using Command = v1::IdentityCommand;

bool is_id(BytesView id) {
    return id.size() == 16 && id.find_first_not_of('\0') != BytesView::npos;
}

// Ascending, distinct, none unspecified, at least one.
bool is_choice(const google::protobuf::RepeatedField<int>& values) {
    int last = 0;
    for (const int value : values) {
        if (value <= last) return false;
        last = value;
    }
    return last != 0;
}

bool is_paper(BytesView commitment) {
    return commitment.empty() || commitment.size() == Hash32::kSize;
}

Rejection validate_grant(const v1::GrantConsent& command) {
    if (!is_id(command.link_id())) return Rejection::kId;
    if (command.provision() == v1::CONSENT_PROVISION_UNSPECIFIED) return Rejection::kProvision;
    if (!is_choice(command.purposes())) return Rejection::kPurposes;
    if (!is_choice(command.actions())) return Rejection::kActions;
    if (command.valid_until_unix_ms() <= command.valid_from_unix_ms()) return Rejection::kPeriod;
    return is_paper(command.paper_commitment()) ? Rejection::kNone : Rejection::kCommitment;
}

Rejection validate_revoke(const v1::RevokeConsent& command) {
    if (!is_id(command.link_id())) return Rejection::kId;
    if (command.number() == 0) return Rejection::kConsentUnknown;
    if (command.version() == 0) return Rejection::kVersion;
    return is_paper(command.paper_commitment()) ? Rejection::kNone : Rejection::kCommitment;
}

// Whoever relays a patient's signed word need not be concerned, nor may they hold it back, so with
// that signature any user of any member will do. What is on paper only the custodian registers.
Rejection authorize_word(BytesView link_id, BytesView paper, sdk::Context& context) {
    ledger::LinkId id;
    if (!assign(id, link_id)) return Rejection::kId;
    const auto link = context.lookups().charts->link(context.state(), id);
    if (!link) return Rejection::kLinkUnknown;
    if (link->closed()) return Rejection::kLinkClosed;
    if (paper.empty()) {
        return context.signed_by(link->algorithm(), link->public_key()) ? Rejection::kNone
                                                                        : Rejection::kNotSigned;
    }
    if (link->custodian() != context.member_id()) return Rejection::kNotCustodian;
    return context.has_role({v1::ROLE_CLERK, v1::ROLE_PRIVACY_OFFICER}) ? Rejection::kNone
                                                                        : Rejection::kRole;
}

v1::ConsentForm form_of(BytesView paper) {
    return paper.empty() ? v1::CONSENT_FORM_SIGNED : v1::CONSENT_FORM_PAPER;
}

// Leaves out what is over, so that it does not stand in the way of new ones.
v1::ConsentGate without_past(const v1::ConsentGate& gate, UnixMs now) {
    v1::ConsentGate out;
    out.set_version(gate.version());
    for (const v1::GateEntry& entry : gate.entries()) {
        if (entry.valid_until_unix_ms() >= now.value) *out.add_entries() = entry;
    }
    return out;
}

Rejection apply_grant(const v1::GrantConsent& command, sdk::Context& context) {
    const UnixMs now = context.block().time;
    if (command.valid_until_unix_ms() < now.value ||
        command.valid_until_unix_ms() - now.value > limits::kConsentAheadMsMax)
        return Rejection::kPeriod;
    const auto gate_key = sdk::gate_row(command.link_id());
    const auto before = context.get<v1::ConsentGate>(gate_key).value_or(v1::ConsentGate());
    if (before.version() != command.gate_version()) return Rejection::kVersion;
    const auto number = context.next_number(sdk::consent_list(command.link_id()), 4);
    if (!number || *number > limits::kConsentsPerLinkMax) return Rejection::kTooMany;
    v1::ConsentGate gate = without_past(before, now);
    if (static_cast<std::size_t>(gate.entries_size()) >= limits::kLiveConsentsPerLinkMax)
        return Rejection::kTooManyLive;

    v1::Consent consent;
    consent.set_provision(command.provision());
    *consent.mutable_purposes() = command.purposes();
    *consent.mutable_actions() = command.actions();
    consent.set_valid_from_unix_ms(command.valid_from_unix_ms());
    consent.set_valid_until_unix_ms(command.valid_until_unix_ms());
    consent.set_status(v1::CONSENT_STATUS_ACTIVE);
    consent.set_version(1);
    consent.set_form(form_of(command.paper_commitment()));
    consent.set_paper_commitment(command.paper_commitment());
    consent.set_granted_unix_ms(now.value);
    const auto at = static_cast<std::uint32_t>(*number);
    context.put(sdk::consent_row(command.link_id(), at), consent);

    v1::GateEntry& entry = *gate.add_entries();
    entry.set_number(at);
    entry.set_provision(command.provision());
    *entry.mutable_purposes() = command.purposes();
    *entry.mutable_actions() = command.actions();
    entry.set_valid_from_unix_ms(command.valid_from_unix_ms());
    entry.set_valid_until_unix_ms(command.valid_until_unix_ms());
    gate.set_version(before.version() + 1);
    context.put(gate_key, gate);
    context.assign(at);
    return Rejection::kNone;
}

Rejection apply_revoke(const v1::RevokeConsent& command, sdk::Context& context) {
    const auto key = sdk::consent_row(command.link_id(), command.number());
    auto consent = context.get<v1::Consent>(key);
    if (!consent) return Rejection::kConsentUnknown;
    if (consent->status() == v1::CONSENT_STATUS_REVOKED) return Rejection::kRevoked;
    if (consent->version() != command.version()) return Rejection::kVersion;
    consent->set_status(v1::CONSENT_STATUS_REVOKED);
    consent->set_version(consent->version() + 1);
    consent->set_revocation_form(form_of(command.paper_commitment()));
    consent->set_revocation_commitment(command.paper_commitment());
    consent->set_revoked_unix_ms(context.block().time.value);
    context.put(key, *consent);

    const auto gate_key = sdk::gate_row(command.link_id());
    auto gate = context.get<v1::ConsentGate>(gate_key);
    if (!gate) {
        // The grant wrote it, and nothing removes it.
        context.state().latch(state::DiskError::kCorruption);
        return Rejection::kConsentUnknown;
    }
    auto& entries = *gate->mutable_entries();
    entries.erase(
        std::remove_if(entries.begin(), entries.end(),
                       [&](const auto& entry) { return entry.number() == command.number(); }),
        entries.end());
    gate->set_version(gate->version() + 1);
    context.put(gate_key, *gate);
    return Rejection::kNone;
}

template <typename Values>
bool has(const Values& values, int value) {
    return std::find(values.begin(), values.end(), value) != values.end();
}

bool is_in_force(const v1::GateEntry& entry, v1::PurposeOfUse purpose, v1::AccessAction action,
                 UnixMs now) {
    if (now.value < entry.valid_from_unix_ms() || now.value > entry.valid_until_unix_ms())
        return false;
    return has(entry.actions(), action) &&
           std::any_of(entry.purposes().begin(), entry.purposes().end(), [&](int named) {
               return sdk::covers(static_cast<v1::PurposeOfUse>(named), purpose);
           });
}

}  // namespace

Identity::Identity()
    : TypedContract(ledger::ContractId::kIdentity, "identity", identity::tables()) {}

Rejection Identity::validate(const Command& command) const {
    switch (command.kind_case()) {
        case Command::kGrantConsent:
            return validate_grant(command.grant_consent());
        case Command::kRevokeConsent:
            return validate_revoke(command.revoke_consent());
        case Command::KIND_NOT_SET:
            break;
    }
    return Rejection::kMalformed;
}

Rejection Identity::authorize_command(const Command& command, sdk::Context& context) const {
    switch (command.kind_case()) {
        case Command::kGrantConsent:
            return authorize_word(command.grant_consent().link_id(),
                                  command.grant_consent().paper_commitment(), context);
        case Command::kRevokeConsent:
            return authorize_word(command.revoke_consent().link_id(),
                                  command.revoke_consent().paper_commitment(), context);
        case Command::KIND_NOT_SET:
            break;
    }
    return Rejection::kMalformed;
}

Rejection Identity::apply_command(const Command& command, sdk::Context& context) const {
    switch (command.kind_case()) {
        case Command::kGrantConsent:
            return apply_grant(command.grant_consent(), context);
        case Command::kRevokeConsent:
            return apply_revoke(command.revoke_consent(), context);
        case Command::KIND_NOT_SET:
            break;
    }
    return Rejection::kMalformed;
}

sdk::ConsentAnswer Identity::consents(sdk::Overlay& state, const ledger::LinkId& link,
                                      v1::PurposeOfUse purpose, v1::AccessAction action,
                                      UnixMs now) const {
    sdk::ConsentAnswer out;
    const auto gate = sdk::get_row<v1::ConsentGate>(state, sdk::gate_row(link.view()));
    if (!gate) return out;
    for (const v1::GateEntry& entry : gate->entries()) {
        std::uint32_t& first =
            entry.provision() == v1::CONSENT_PROVISION_DENY ? out.deny : out.permit;
        if (first == 0 && is_in_force(entry, purpose, action, now)) first = entry.number();
    }
    return out;
}

}  // namespace consilium::contracts::identity
