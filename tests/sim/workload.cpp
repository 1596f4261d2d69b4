// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/workload.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "ledger/transaction.hpp"
#include "proto/canonical.hpp"

namespace consilium::sim {
namespace {

constexpr std::uint64_t kHourMs = 3600ULL * 1000;

}  // namespace

void Workload::learned(const Planned& planned, const ledger::Outcome& outcome) {
    if (!outcome.applied()) return;
    std::size_t next = 0;
    for (const PlannedCommand& command : planned.commands) {
        std::uint64_t number = 0;
        if (command.assigns) {
            CONSILIUM_ASSERT(next < outcome.assigned.size());
            number = outcome.assigned[next++];
        }
        if (command.learn) command.learn(number);
    }
    CONSILIUM_ASSERT(next == outcome.assigned.size());
}

Bytes Workload::user_of(std::size_t member, v1::Role role) {
    SimMember& of = world_.members[member];
    if (random_.chance(10)) return id();
    if (!of.revoked.empty() && random_.chance(30)) return random_.pick(of.revoked).id;
    std::vector<Bytes> fitting;
    for (const SimUser& user : of.users) {
        if (user.role == role) fitting.push_back(user.id);
    }
    if (fitting.empty() || random_.chance(10)) return random_.pick(of.users).id;
    return random_.pick(fitting);
}

v1::Body Workload::body(std::size_t member, v1::Role role, UnixMs wall) {
    v1::Body out;
    out.mutable_actor()->set_user(user_of(member, role));
    out.mutable_actor()->set_role(role);
    out.set_nonce(random_.bytes(16));
    // Some have little time, so that they expire on their way.
    const std::uint64_t life_ms = random_.chance(30) ? random_.between(0, 3000) : kHourMs;
    out.set_not_after_unix_ms(wall.value + life_ms);
    return out;
}

Planned Workload::next(UnixMs wall) {
    if (random_.chance(10)) {
        Planned out;
        out.member = random_.below(world_.members.size());
        out.transaction = random_.bytes(random_.between(0, 40));
        // A transaction begins with its body's tag; this never does.
        out.transaction.insert(out.transaction.begin(), '\x7f');
        out.garbage = true;
        return out;
    }
    if (!links_.empty() && random_.chance(30)) return close_by_patient(wall);
    if (!links_.empty() && random_.chance(100)) return consent_by_patient(wall);

    Planned out;
    // The hospital is the busiest.
    out.member = random_.chance(400) ? 1 : random_.below(world_.members.size());
    v1::Role role = v1::ROLE_SERVICE;
    if (random_.chance(120)) {
        role = v1::ROLE_ADMINISTRATOR;
        out.commands = membership(out.member, wall);
    } else if (!links_.empty() && random_.chance(500)) {
        out.commands.push_back(exchange_one(out.member, role, wall));
        if (random_.chance(50)) role = v1::ROLE_AUDITOR;
    } else {
        if (random_.chance(250)) {
            const std::vector<v1::Role> roles = {v1::ROLE_CLINICIAN, v1::ROLE_CLERK,
                                                 v1::ROLE_PRIVACY_OFFICER, v1::ROLE_AUDITOR};
            role = random_.pick(roles);
        }
        const std::uint64_t count = random_.chance(700) ? 1 : random_.between(2, 5);
        for (std::uint64_t i = 0; i < count; ++i) {
            if (random_.chance(15)) {
                out.commands.push_back(garbage_command());
            } else if (random_.chance(lists_.size() < 6 ? 500 : 150)) {
                out.commands.push_back(chart_one(out.member));
            } else {
                out.commands.push_back(document_one(out.member));
            }
        }
    }
    v1::Body made = body(out.member, role, wall);
    for (const PlannedCommand& command : out.commands) {
        v1::Command* to = made.add_commands();
        to->set_contract(command.contract);
        to->set_payload(command.payload);
    }
    out.transaction =
        ledger::make_transaction(world_.genesis.network_id, world_.members[out.member].id, made);
    return out;
}

PlannedCommand Workload::garbage_command() {
    PlannedCommand out;
    out.contract = static_cast<std::uint32_t>(random_.between(1, 9));
    out.payload = random_.bytes(random_.between(1, 20));
    out.payload[0] = '\x7f';
    return out;
}

// A patient's own word, through anyone's node; now and then too far ahead, wrongly signed, with a
// signature that nobody asked for, or the same words a second time under one more signature.
Planned Workload::close_by_patient(UnixMs wall) {
    Planned out;
    const Bytes network = world_.genesis.network_id.bytes();
    if (signed_before_ && random_.chance(300)) {
        const crypto::SigningKey other = make_key(random_);
        const std::vector<const crypto::SigningKey*> signers = {signer_before_.get(), &other};
        out.member = signed_before_->first;
        out.transaction =
            ledger::make_transaction(world_.genesis.network_id, world_.members[out.member].id,
                                     signed_before_->second, signers);
        PlannedCommand same;
        same.contract = 3;
        out.commands.push_back(same);
        return out;
    }
    const std::size_t at = random_.below(links_.size());
    const LinkInfo& link = links_[at];
    out.member = random_.below(world_.members.size());
    v1::ChartsCommand command;
    command.mutable_close_link()->set_link_id(link.id);
    command.mutable_close_link()->set_version(random_.chance(900) ? 1 : 2);
    PlannedCommand planned;
    planned.contract = 3;
    planned.payload = proto::encode(command);
    planned.learn = [this, at](std::uint64_t) { links_[at].closed = true; };
    v1::Body made = body(out.member, v1::ROLE_CLINICIAN, wall);
    if (random_.chance(100)) made.set_not_after_unix_ms(wall.value + 30 * kHourMs);
    v1::Command* to = made.add_commands();
    to->set_contract(planned.contract);
    to->set_payload(planned.payload);
    const crypto::SigningKey stranger = make_key(random_);
    std::vector<const crypto::SigningKey*> signers = {random_.chance(900) ? link.patient.get()
                                                                          : &stranger};
    if (signers.front() != &stranger && random_.chance(100)) signers.push_back(&stranger);
    out.transaction = ledger::make_transaction(world_.genesis.network_id,
                                               world_.members[out.member].id, made, signers);
    if (random_.chance(100)) {
        // A bit of the signature, which ends the transaction.
        out.transaction.back() = static_cast<char>(out.transaction.back() ^ 1);
    } else {
        signed_before_.emplace(out.member, made);
        signer_before_ = link.patient;
    }
    out.commands.push_back(std::move(planned));
    return out;
}

std::vector<PlannedCommand> Workload::membership(std::size_t member, UnixMs wall) {
    std::vector<PlannedCommand> out;
    out.push_back(membership_one(member, wall));
    if (random_.chance(150)) out.push_back(membership_one(member, wall));
    return out;
}

PlannedCommand Workload::membership_one(std::size_t member, UnixMs wall) {
    const SimMember& of = world_.members[member];
    const std::uint64_t draw = random_.below(100);
    if (draw < 25) return register_users(member, wall);
    if (draw < 45) return revoke_user(member);
    if (draw < 60) return register_key(member, wall);
    PlannedCommand out;
    out.contract = 2;
    v1::MembershipCommand command;
    if (draw < 75) {
        // Never a key that the node may still have to sign with.
        const bool known = of.key_in_use > 1 && of.key_in_use == of.key_wanted;
        command.mutable_retire_key()->set_key_id(
            known && random_.chance(850)
                ? static_cast<std::uint32_t>(random_.between(1, of.key_in_use - 1))
                : 999);
    } else if (draw < 88) {
        if (random_.chance(900)) {
            command.mutable_set_node()->set_endpoint(
                "https://" + of.id + ".example:" + std::to_string(random_.between(1000, 9999)));
            if (random_.chance(500)) {
                command.mutable_set_node()->set_peer_endpoint("https://" + of.id + ".example:7543");
            }
        } else {
            command.mutable_set_node()->set_tls_key_sha256(random_.bytes(32));
        }
    } else {
        command.mutable_set_member_contact()->set_address("2 Side Street");
        if (random_.chance(900)) {
            command.mutable_set_member_contact()->set_name("Member " +
                                                           std::to_string(random_.below(1000)));
        }
    }
    out.payload = proto::encode(command);
    return out;
}

PlannedCommand Workload::register_users(std::size_t member, UnixMs wall) {
    PlannedCommand out;
    out.contract = 2;
    v1::MembershipCommand command;
    std::vector<SimUser> users;
    for (std::uint64_t i = random_.between(1, 4); i > 0; --i) {
        SimUser user{id(), static_cast<v1::Role>(random_.between(1, 6))};
        if (random_.chance(30)) user.id = random_.pick(world_.members[member].users).id;
        v1::UserDay* day = command.mutable_register_users()->add_users();
        day->set_user(user.id);
        day->set_role(user.role);
        day->set_valid_from_unix_ms(wall.value - kHourMs);
        day->set_valid_until_unix_ms(wall.value + (random_.chance(950) ? 40 : 60) * kHourMs);
        users.push_back(std::move(user));
    }
    out.payload = proto::encode(command);
    out.learn = [this, member, users](std::uint64_t) {
        auto& known = world_.members[member].users;
        known.insert(known.end(), users.begin(), users.end());
    };
    return out;
}

// Two of a role stay, so that the member can go on.
PlannedCommand Workload::revoke_user(std::size_t member) {
    PlannedCommand out;
    out.contract = 2;
    SimMember& of = world_.members[member];
    const SimUser user = random_.pick(of.users);
    const auto same = std::count_if(of.users.begin(), of.users.end(),
                                    [&](const SimUser& other) { return other.role == user.role; });
    v1::MembershipCommand command;
    command.mutable_revoke_users()->add_users(same > 2 ? user.id : id());
    out.payload = proto::encode(command);
    out.learn = [this, member, user](std::uint64_t) {
        SimMember& known = world_.members[member];
        std::erase_if(known.users, [&](const SimUser& other) { return other.id == user.id; });
        known.revoked.push_back(user);
    };
    return out;
}

}  // namespace consilium::sim
