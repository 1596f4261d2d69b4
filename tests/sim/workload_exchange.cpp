// SPDX-License-Identifier: Apache-2.0
// The commands of identity and ehr.
#include <algorithm>

#include "ledger/transaction.hpp"
#include "proto/canonical.hpp"
#include "tests/sim/workload.hpp"

namespace consilium::sim {
namespace {

constexpr std::uint64_t kHourMs = 3600ULL * 1000;

template <typename Command>
PlannedCommand planned(std::uint32_t contract, const Command& command, bool assigns) {
    PlannedCommand out;
    out.contract = contract;
    out.payload = proto::encode(command);
    out.assigns = assigns;
    return out;
}

}  // namespace

// Mostly the same open link between two that treat, so that much happens to it.
std::size_t Workload::some_link() {
    for (std::size_t i = 0; i < links_.size() && random_.chance(900); ++i) {
        if (!links_[i].closed && links_[i].counterparty <= 1 && links_[i].custodian <= 1) return i;
    }
    return random_.below(links_.size());
}

std::uint32_t Workload::some_number(std::size_t last) {
    if (last == 0 || random_.chance(30)) return static_cast<std::uint32_t>(random_.below(3) * 38);
    return static_cast<std::uint32_t>(random_.between(1, last));
}

v1::PurposeOfUse Workload::some_purpose() {
    if (random_.chance(600)) return v1::PURPOSE_OF_USE_TREAT;
    return static_cast<v1::PurposeOfUse>(random_.between(0, v1::PurposeOfUse_MAX));
}

PlannedCommand Workload::consent(std::size_t link, bool paper, UnixMs wall) {
    const LinkInfo& of = links_[link];
    v1::IdentityCommand command;
    const bool grants = of.consents == 0 || random_.chance(650);
    if (grants) {
        v1::GrantConsent& grant = *command.mutable_grant_consent();
        grant.set_link_id(of.id);
        grant.set_provision(random_.chance(850) ? v1::CONSENT_PROVISION_PERMIT
                                                : v1::CONSENT_PROVISION_DENY);
        for (int purpose = random_.chance(20) ? 0 : 1; purpose <= v1::PurposeOfUse_MAX; ++purpose) {
            if (purpose == v1::PURPOSE_OF_USE_TREAT || random_.chance(150))
                grant.add_purposes(static_cast<v1::PurposeOfUse>(purpose));
        }
        grant.add_actions(v1::ACCESS_ACTION_READ);
        if (random_.chance(600)) grant.add_actions(v1::ACCESS_ACTION_CONTRIBUTE);
        grant.set_valid_from_unix_ms(wall.value - (random_.chance(900) ? kHourMs : 0));
        // Some are over soon, so that the gate drops them.
        const std::uint64_t life_ms =
            random_.chance(300) ? random_.between(1, 20'000) : 100 * kHourMs;
        grant.set_valid_until_unix_ms(wall.value + life_ms);
        grant.set_gate_version(random_.chance(950) ? of.gate_version : of.gate_version + 1);
        if (paper) grant.set_paper_commitment(random_.bytes(random_.chance(970) ? 32 : 31));
    } else {
        v1::RevokeConsent& revoke = *command.mutable_revoke_consent();
        revoke.set_link_id(of.id);
        revoke.set_number(some_number(of.consents));
        revoke.set_version(random_.chance(950) ? 1 : 2);
        if (paper) revoke.set_paper_commitment(random_.bytes(32));
    }
    PlannedCommand out = planned(5, command, grants);
    out.learn = [this, link](std::uint64_t number) {
        LinkInfo& known = links_[link];
        ++known.gate_version;
        known.consents = std::max(known.consents, static_cast<std::uint32_t>(number));
    };
    return out;
}

// Through anyone's node, now and then under another's signature.
Planned Workload::consent_by_patient(UnixMs wall) {
    const std::size_t link = some_link();
    Planned out;
    out.member = random_.below(world_.members.size());
    out.commands.push_back(consent(link, random_.chance(30), wall));
    v1::Body made = body(out.member, v1::ROLE_SERVICE, wall);
    v1::Command* to = made.add_commands();
    to->set_contract(out.commands.front().contract);
    to->set_payload(out.commands.front().payload);
    const crypto::SigningKey stranger = make_key(random_);
    const std::vector<const crypto::SigningKey*> signers = {
        random_.chance(950) ? links_[link].patient.get() : &stranger};
    out.transaction = ledger::make_transaction(world_.genesis.network_id,
                                               world_.members[out.member].id, made, signers);
    return out;
}

PlannedCommand Workload::exchange_one(std::size_t& member, v1::Role& role, UnixMs wall) {
    const std::size_t link = some_link();
    const bool stranger = random_.chance(40);
    if (!stranger) member = links_[link].counterparty;
    const std::uint64_t draw = random_.below(100);
    role = v1::ROLE_CLINICIAN;
    if (draw < 26) return request(link);
    if (draw < 32) return request_without_card(member, links_[link].custodian);
    if (draw < 40) return contribute(link);
    role = v1::ROLE_SERVICE;
    if (draw < 49) return acknowledge(link);
    role = v1::ROLE_PRIVACY_OFFICER;
    if (draw < 55) return clear(member);
    if (draw < 59) return review(link);
    if (!stranger) member = links_[link].custodian;
    if (draw < 63) return review(link);
    if (draw < 66) return disclose_by_law(link);
    if (draw < 69) return set_policy(member);
    if (draw < 72) return consent(link, true, wall);
    role = v1::ROLE_SERVICE;
    if (draw < 77) return decide(link);
    if (draw < 83) return bind(link);
    if (draw < 85) return refuse(link);
    return send(link);
}

PlannedCommand Workload::request(std::size_t link) {
    v1::EhrCommand command;
    v1::RequestAccess& made = *command.mutable_request_access();
    made.set_link_id(random_.chance(980) ? links_[link].id : id());
    made.set_purpose(random_.chance(250) ? v1::PURPOSE_OF_USE_BTG : some_purpose());
    made.set_action(random_.chance(980) ? v1::ACCESS_ACTION_READ : v1::ACCESS_ACTION_CONTRIBUTE);
    made.set_request_commitment(random_.bytes(32));
    if ((made.purpose() == v1::PURPOSE_OF_USE_BTG) != random_.chance(20))
        made.set_emergency(v1::EMERGENCY_REASON_TREATMENT_CANNOT_WAIT);
    PlannedCommand out = planned(6, command, true);
    out.learn = [this, link](std::uint64_t number) {
        auto& known = links_[link].requests;
        known = std::max(known, static_cast<std::uint32_t>(number));
    };
    return out;
}

PlannedCommand Workload::request_without_card(std::size_t member, std::size_t custodian) {
    Fresh fresh;
    fresh.id = random_.chance(30) ? random_.pick(links_).id : id();
    if (!fresh_.empty() && random_.chance(30)) fresh.id = random_.pick(fresh_).id;
    fresh.custodian = custodian;
    fresh.requester = member;
    v1::EhrCommand command;
    v1::RequestWithoutCard& made = *command.mutable_request_without_card();
    made.set_request_id(fresh.id);
    made.set_custodian(random_.chance(970) ? world_.members[fresh.custodian].id : "nobody");
    made.set_purpose(random_.chance(500) ? v1::PURPOSE_OF_USE_BTG : some_purpose());
    made.set_action(v1::ACCESS_ACTION_READ);
    made.set_request_commitment(random_.bytes(32));
    if (made.purpose() == v1::PURPOSE_OF_USE_BTG)
        made.set_emergency(v1::EMERGENCY_REASON_PATIENT_CANNOT_CONSENT);
    PlannedCommand out = planned(6, command, true);
    out.learn = [this, fresh](std::uint64_t) { fresh_.push_back(fresh); };
    return out;
}

PlannedCommand Workload::bind(std::size_t link) {
    std::vector<std::size_t> fitting;
    for (std::size_t i = 0; i < fresh_.size(); ++i) {
        if (fresh_[i].custodian == links_[link].custodian &&
            fresh_[i].requester == links_[link].counterparty)
            fitting.push_back(i);
    }
    Fresh fresh;
    fresh.id = id();
    if (!fresh_.empty())
        fresh = fitting.empty() ? random_.pick(fresh_) : fresh_[random_.pick(fitting)];
    v1::EhrCommand command;
    v1::BindRequest& made = *command.mutable_bind_request();
    made.set_request_id(fresh.id);
    const bool bound = random_.chance(850);
    if (bound) made.set_link_id(links_[link].id);
    if (!bound || random_.chance(150)) {
        made.set_refusal(random_.chance(700) ? v1::REFUSAL_REASON_PATIENT_UNKNOWN
                                             : v1::REFUSAL_REASON_HARM);
        if (random_.chance(500)) made.set_refusal_commitment(random_.bytes(32));
    }
    PlannedCommand out = planned(6, command, bound);
    out.learn = [this, link, bound](std::uint64_t number) {
        auto& known = links_[link].requests;
        if (bound) known = std::max(known, static_cast<std::uint32_t>(number));
    };
    return out;
}

PlannedCommand Workload::refuse(std::size_t at) {
    const LinkInfo& link = links_[at];
    v1::EhrCommand command;
    command.mutable_refuse_request()->set_link_id(link.id);
    command.mutable_refuse_request()->set_number(some_number(link.requests));
    command.mutable_refuse_request()->set_refusal(
        static_cast<v1::RefusalReason>(random_.between(0, 7)));
    return planned(6, command, false);
}

PlannedCommand Workload::send(std::size_t at) {
    const LinkInfo& link = links_[at];
    // The newest one most of the time: grants do not live long.
    const std::uint32_t request =
        link.requests != 0 && random_.chance(600) ? link.requests : some_number(link.requests);
    const Bytes commitment = random_.bytes(random_.chance(980) ? 32 : 33);
    v1::EhrCommand command;
    command.mutable_send_disclosure()->set_link_id(link.id);
    command.mutable_send_disclosure()->set_request(request);
    command.mutable_send_disclosure()->set_commitment(commitment);
    if (random_.chance(500))
        command.mutable_send_disclosure()->set_decision_commitment(random_.bytes(32));
    PlannedCommand out = planned(6, command, true);
    out.learn = [this, at, commitment](std::uint64_t number) {
        auto& known = links_[at].sent;
        if (known.size() < number) known.resize(number);
        known[number - 1] = commitment;
    };
    return out;
}

PlannedCommand Workload::disclose_by_law(std::size_t at) {
    const Bytes commitment = random_.bytes(32);
    v1::EhrCommand command;
    command.mutable_disclose_by_law()->set_link_id(links_[at].id);
    command.mutable_disclose_by_law()->set_basis(
        static_cast<v1::LegalBasis>(random_.between(0, v1::LegalBasis_MAX)));
    command.mutable_disclose_by_law()->set_commitment(commitment);
    PlannedCommand out = planned(6, command, true);
    out.learn = [this, at, commitment](std::uint64_t number) {
        auto& known = links_[at].sent;
        if (known.size() < number) known.resize(number);
        known[number - 1] = commitment;
    };
    return out;
}

PlannedCommand Workload::acknowledge(std::size_t at) {
    const LinkInfo& link = links_[at];
    const std::uint32_t number = some_number(link.sent.size());
    const bool known = number >= 1 && number <= link.sent.size();
    v1::EhrCommand command;
    command.mutable_acknowledge_disclosure()->set_link_id(link.id);
    command.mutable_acknowledge_disclosure()->set_number(number);
    command.mutable_acknowledge_disclosure()->set_commitment(
        known && random_.chance(900) ? link.sent[number - 1] : random_.bytes(32));
    return planned(6, command, false);
}

PlannedCommand Workload::contribute(std::size_t at) {
    v1::EhrCommand command;
    command.mutable_offer_contribution()->set_link_id(links_[at].id);
    command.mutable_offer_contribution()->set_purpose(some_purpose());
    command.mutable_offer_contribution()->set_commitment(random_.bytes(32));
    PlannedCommand out = planned(6, command, true);
    out.learn = [this, at](std::uint64_t number) {
        auto& known = links_[at].contributions;
        known = std::max(known, static_cast<std::uint32_t>(number));
    };
    return out;
}

PlannedCommand Workload::decide(std::size_t at) {
    const LinkInfo& link = links_[at];
    v1::EhrCommand command;
    if (random_.chance(600)) {
        command.mutable_accept_contribution()->set_link_id(link.id);
        command.mutable_accept_contribution()->set_number(some_number(link.contributions));
        command.mutable_accept_contribution()->set_record_commitment(random_.bytes(32));
    } else {
        command.mutable_reject_contribution()->set_link_id(link.id);
        command.mutable_reject_contribution()->set_number(some_number(link.contributions));
        command.mutable_reject_contribution()->set_rejection(
            static_cast<v1::ContributionRejection>(random_.between(0, 6)));
    }
    return planned(6, command, false);
}

PlannedCommand Workload::clear(std::size_t member) {
    v1::EhrCommand command;
    v1::ClearUsers& made = *command.mutable_clear_users();
    for (const SimUser& user : world_.members[member].users) {
        if (user.role == v1::ROLE_CLINICIAN || random_.chance(20)) made.add_users(user.id);
    }
    made.set_withdraw(random_.chance(150));
    return planned(6, command, false);
}

PlannedCommand Workload::review(std::size_t at) {
    v1::EhrCommand command;
    v1::ReviewBreakGlass& made = *command.mutable_review_break_glass();
    if (!fresh_.empty() && random_.chance(300)) {
        made.set_id(random_.pick(fresh_).id);
        made.set_number(1);
    } else {
        const LinkInfo& link = links_[at];
        made.set_id(link.id);
        made.set_number(some_number(link.requests));
    }
    made.set_verdict(static_cast<v1::ReviewVerdict>(random_.between(0, 2)));
    made.set_commitment(random_.bytes(32));
    return planned(6, command, false);
}

PlannedCommand Workload::set_policy(std::size_t member) {
    v1::EhrCommand command;
    v1::SetPolicy& made = *command.mutable_set_policy();
    for (int parameter = 1; parameter <= v1::PolicyParameter_MAX; ++parameter) {
        if (!random_.chance(300)) continue;
        v1::PolicyEntry& entry = *made.add_entries();
        entry.set_parameter(static_cast<v1::PolicyParameter>(parameter));
        entry.set_rule(static_cast<v1::PolicyRule>(random_.between(random_.chance(20) ? 0 : 1, 3)));
    }
    if (random_.chance(300)) made.set_grant_life_ms(random_.between(500, 30'000));
    made.set_version(policy_versions_[member]);
    PlannedCommand out = planned(6, command, false);
    out.learn = [this, member](std::uint64_t) { ++policy_versions_[member]; };
    return out;
}

}  // namespace consilium::sim
