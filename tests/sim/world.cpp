// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/world.hpp"

#include "base/assert.hpp"
#include "ledger/genesis.hpp"

namespace consilium::sim {
namespace {

constexpr std::uint64_t kHourMs = 3600ULL * 1000;

struct Kind {
    const char* id;
    std::vector<v1::MemberKind> kinds;
};

v1::GenesisMember genesis_member(const SimMember& member,
                                 const std::vector<v1::MemberKind>& kinds) {
    v1::GenesisMember out;
    out.set_member_id(member.id);
    v1::Member* row = out.mutable_member();
    row->set_name("Member " + member.id);
    row->set_address("1 Main Street");
    for (const v1::MemberKind kind : kinds)
        row->add_kinds(kind);
    row->set_status(v1::MEMBER_STATUS_ACTIVE);
    out.mutable_node()->set_endpoint("https://" + member.id + ".example:7443");
    out.mutable_node()->set_validator_public_key(member.validator.public_key());
    out.mutable_node()->set_validator_power(10);
    v1::GenesisKey* key = out.add_keys();
    key->set_algorithm(v1::ALGORITHM_ED25519);
    key->set_public_key(member.keys.at(1).public_key());
    key->set_not_after_unix_ms(kGenesisUnixMs + 365 * 24 * kHourMs);
    for (const SimUser& user : member.users) {
        v1::UserDay* day = out.add_users();
        day->set_user(user.id);
        day->set_role(user.role);
        day->set_valid_from_unix_ms(kGenesisUnixMs - 2 * kHourMs);
        day->set_valid_until_unix_ms(kGenesisUnixMs + 46 * kHourMs);
    }
    return out;
}

}  // namespace

crypto::SigningKey make_key(Random& random) {
    auto key = crypto::SigningKey::from_seed(crypto::Algorithm::kEd25519, random.bytes(32));
    CONSILIUM_ASSERT(key.has_value());
    return std::move(*key);
}

World make_world(Random& random) {
    const std::vector<Kind> kinds = {
        {"clinic", {v1::MEMBER_KIND_PROVIDER}},
        {"hospital", {v1::MEMBER_KIND_PROVIDER}},
        {"payer", {v1::MEMBER_KIND_PAYER}},
        {"regulator", {v1::MEMBER_KIND_REGULATOR, v1::MEMBER_KIND_AUDITOR}},
    };
    World world;
    v1::GenesisState state;
    state.set_protocol_version(ledger::kProtocolVersion);
    state.set_time_unix_ms(kGenesisUnixMs);
    state.set_salt(random.bytes(32));
    // Low caps and short times, so that they are reached.
    state.mutable_ehr()->set_grant_life_ms(10'000);
    state.mutable_ehr()->set_break_glass_review_ms(8'000);
    state.mutable_ehr()->set_break_glass_per_user_day(3);
    state.mutable_ehr()->set_break_glass_per_member_day(6);
    for (const Kind& kind : kinds) {
        SimMember member{kind.id, make_key(random), {}, 1, 1, {}, {}};
        member.keys.emplace(1, make_key(random));
        for (const v1::Role role :
             {v1::ROLE_SERVICE, v1::ROLE_CLINICIAN, v1::ROLE_CLERK, v1::ROLE_PRIVACY_OFFICER,
              v1::ROLE_ADMINISTRATOR, v1::ROLE_AUDITOR, v1::ROLE_SERVICE, v1::ROLE_ADMINISTRATOR})
            member.users.push_back({random.bytes(16), role});
        *state.add_members() = genesis_member(member, kind.kinds);
        world.members.push_back(std::move(member));
    }
    auto genesis = node::parse_genesis(node::make_genesis_document(state));
    CONSILIUM_ASSERT(genesis.ok());
    world.genesis = std::move(*genesis);
    return world;
}

}  // namespace consilium::sim
