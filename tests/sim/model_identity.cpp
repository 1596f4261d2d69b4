// SPDX-License-Identifier: Apache-2.0
// The model of identity: what a patient permits or denies under a link, by the link's key through
// anyone's node, or on paper by its custodian's staff.
#include <algorithm>

#include "contracts/identity/rejection.hpp"
#include "tests/sim/model.hpp"

namespace consilium::sim {
namespace {

using contracts::identity::Rejection;

std::uint32_t code(Rejection rejection) {
    return static_cast<std::uint32_t>(rejection);
}

bool is_id(BytesView id) {
    return id.size() == 16 && id != Bytes(16, '\0');
}

template <typename Values>
bool is_choice(const Values& values) {
    std::set<int> distinct(values.begin(), values.end());
    return !values.empty() && !distinct.contains(0) &&
           std::equal(values.begin(), values.end(), distinct.begin(), distinct.end());
}

bool is_paper(BytesView commitment) {
    return commitment.empty() || commitment.size() == 32;
}

}  // namespace

Model::Code Model::check(const v1::IdentityCommand& command) const {
    if (command.has_grant_consent()) {
        const auto& grant = command.grant_consent();
        if (!is_id(grant.link_id())) return code(Rejection::kId);
        if (grant.provision() == 0) return code(Rejection::kProvision);
        if (!is_choice(grant.purposes())) return code(Rejection::kPurposes);
        if (!is_choice(grant.actions())) return code(Rejection::kActions);
        if (grant.valid_from_unix_ms() >= grant.valid_until_unix_ms())
            return code(Rejection::kPeriod);
        return is_paper(grant.paper_commitment()) ? 0 : code(Rejection::kCommitment);
    }
    if (command.has_revoke_consent()) {
        const auto& revoke = command.revoke_consent();
        if (!is_id(revoke.link_id())) return code(Rejection::kId);
        if (revoke.number() == 0) return code(Rejection::kConsentUnknown);
        if (revoke.version() == 0) return code(Rejection::kVersion);
        return is_paper(revoke.paper_commitment()) ? 0 : code(Rejection::kCommitment);
    }
    return code(Rejection::kMalformed);
}

Model::Code Model::grant_consent(const v1::GrantConsent& command) {
    const std::uint64_t now = time_.value;
    const std::uint64_t ten_years = 10ULL * 366 * 24 * 3600 * 1000;
    if (command.valid_until_unix_ms() < now || command.valid_until_unix_ms() > now + ten_years)
        return code(Rejection::kPeriod);
    Consents& of = state_.consents[command.link_id()];
    if (of.version != command.gate_version()) return code(Rejection::kVersion);
    if (of.all.size() == 1024) return code(Rejection::kTooMany);
    std::erase_if(of.live, [&](std::uint32_t number) {
        return of.all[number - 1].valid_until_unix_ms() < now;
    });
    if (of.live.size() == 64) return code(Rejection::kTooManyLive);
    v1::Consent row;
    row.set_provision(command.provision());
    *row.mutable_purposes() = command.purposes();
    *row.mutable_actions() = command.actions();
    row.set_valid_from_unix_ms(command.valid_from_unix_ms());
    row.set_valid_until_unix_ms(command.valid_until_unix_ms());
    row.set_status(v1::CONSENT_STATUS_ACTIVE);
    row.set_version(1);
    row.set_form(command.paper_commitment().empty() ? v1::CONSENT_FORM_SIGNED
                                                    : v1::CONSENT_FORM_PAPER);
    row.set_paper_commitment(command.paper_commitment());
    row.set_granted_unix_ms(now);
    of.all.push_back(row);
    of.live.push_back(static_cast<std::uint32_t>(of.all.size()));
    ++of.version;
    assigned_.push_back(of.all.size());
    return 0;
}

Model::Code Model::revoke_consent(const v1::RevokeConsent& command) {
    const auto found = state_.consents.find(command.link_id());
    if (found == state_.consents.end() || command.number() > found->second.all.size())
        return code(Rejection::kConsentUnknown);
    Consents& of = found->second;
    v1::Consent& row = of.all[command.number() - 1];
    if (row.status() == v1::CONSENT_STATUS_REVOKED) return code(Rejection::kRevoked);
    if (row.version() != command.version()) return code(Rejection::kVersion);
    row.set_status(v1::CONSENT_STATUS_REVOKED);
    row.set_version(2);
    row.set_revocation_form(command.paper_commitment().empty() ? v1::CONSENT_FORM_SIGNED
                                                               : v1::CONSENT_FORM_PAPER);
    row.set_revocation_commitment(command.paper_commitment());
    row.set_revoked_unix_ms(time_.value);
    std::erase(of.live, command.number());
    ++of.version;
    return 0;
}

Model::Code Model::apply(const v1::IdentityCommand& command, const Actor& actor) {
    const bool grants = command.has_grant_consent();
    const Bytes& link_id =
        grants ? command.grant_consent().link_id() : command.revoke_consent().link_id();
    const Bytes& paper = grants ? command.grant_consent().paper_commitment()
                                : command.revoke_consent().paper_commitment();
    const auto found = state_.links.find(link_id);
    if (found == state_.links.end()) return code(Rejection::kLinkUnknown);
    const v1::Link& link = found->second;
    if (link.closed()) return code(Rejection::kLinkClosed);
    if (paper.empty()) {
        const std::pair patient(link.algorithm(), link.public_key());
        asked_.insert(patient);
        if (std::find(actor.signers.begin(), actor.signers.end(), patient) == actor.signers.end())
            return code(Rejection::kNotSigned);
    } else {
        if (link.custodian() != actor.member) return code(Rejection::kNotCustodian);
        if (actor.role != v1::ROLE_CLERK && actor.role != v1::ROLE_PRIVACY_OFFICER)
            return code(Rejection::kRole);
    }
    return grants ? grant_consent(command.grant_consent())
                  : revoke_consent(command.revoke_consent());
}

}  // namespace consilium::sim
