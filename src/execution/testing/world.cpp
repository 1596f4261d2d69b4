// SPDX-License-Identifier: Apache-2.0
#include "execution/testing/world.hpp"

#include <gtest/gtest.h>

#include "contracts/registry/registry.hpp"
#include "crypto/hash.hpp"
#include "execution/apply_genesis.hpp"
#include "ledger/hashes.hpp"
#include "ledger/transaction.hpp"
#include "proto/canonical.hpp"

namespace consilium::execution::testing {
namespace {

struct MemberFacts {
    const char* id;
    const char* name;
    std::vector<v1::MemberKind> kinds;
};

const std::vector<MemberFacts>& members() {
    static const std::vector<MemberFacts> all = {
        {"auditor", "State Audit Office", {v1::MEMBER_KIND_REGULATOR, v1::MEMBER_KIND_AUDITOR}},
        {"clinic", "Riverside Clinic", {v1::MEMBER_KIND_PROVIDER}},
        {"hospital", "St. Mary's Hospital", {v1::MEMBER_KIND_PROVIDER}},
        {"payer", "Northern Mutual", {v1::MEMBER_KIND_PAYER}},
    };
    return all;
}

template <typename Payload>
v1::Command wrap(ledger::ContractId contract, const Payload& payload) {
    v1::Command out;
    out.set_contract(static_cast<std::uint32_t>(contract));
    out.set_payload(proto::encode(payload));
    return out;
}

}  // namespace

Bytes test_bytes(std::string_view name, std::size_t size) {
    Bytes out;
    for (std::uint32_t i = 0; out.size() < size; ++i)
        out += crypto::tagged_hash("test", {name, std::to_string(i)}).bytes();
    out.resize(size);
    return out;
}

crypto::SigningKey test_key(std::string_view name) {
    return std::move(
        *crypto::SigningKey::from_seed(crypto::Algorithm::kEd25519, test_bytes(name, 32)));
}

v1::Command command(const v1::MembershipCommand& payload) {
    return wrap(ledger::ContractId::kMembership, payload);
}
v1::Command command(const v1::ChartsCommand& payload) {
    return wrap(ledger::ContractId::kCharts, payload);
}
v1::Command command(const v1::DocumentsCommand& payload) {
    return wrap(ledger::ContractId::kDocuments, payload);
}
v1::Command command(const v1::IdentityCommand& payload) {
    return wrap(ledger::ContractId::kIdentity, payload);
}
v1::Command command(const v1::EhrCommand& payload) {
    return wrap(ledger::ContractId::kEhr, payload);
}

ledger::UserId World::user(std::string_view member, v1::Role role) {
    return test_id<ledger::UserId>("user " + std::string(member) + " " + v1::Role_Name(role));
}

v1::GenesisState World::genesis() {
    v1::GenesisState out;
    out.set_protocol_version(1);
    out.set_time_unix_ms(kGenesisMs);
    out.set_salt(test_bytes("salt", 32));
    for (const MemberFacts& facts : members()) {
        auto& member = *out.add_members();
        member.set_member_id(facts.id);
        member.mutable_member()->set_name(facts.name);
        member.mutable_member()->set_address("1 Main Street, Springfield");
        for (const v1::MemberKind kind : facts.kinds)
            member.mutable_member()->add_kinds(kind);
        member.mutable_member()->set_status(v1::MEMBER_STATUS_ACTIVE);
        member.mutable_node()->set_endpoint("https://" + std::string(facts.id) + ".example:8443");
        member.mutable_node()->set_validator_public_key(
            test_key("validator " + std::string(facts.id)).public_key());
        member.mutable_node()->set_validator_power(10);
        auto& key = *member.add_keys();
        key.set_algorithm(v1::ALGORITHM_ED25519);
        key.set_public_key(test_key("key " + std::string(facts.id)).public_key());
        key.set_not_after_unix_ms(kGenesisMs + 365 * kDayMs);
        for (int role = v1::ROLE_SERVICE; role <= v1::ROLE_AUDITOR; ++role) {
            auto& day = *member.add_users();
            day.set_user(user(facts.id, static_cast<v1::Role>(role)).bytes());
            day.set_role(static_cast<v1::Role>(role));
            day.set_valid_from_unix_ms(kGenesisMs - kHourMs);
            day.set_valid_until_unix_ms(kGenesisMs + 40 * kHourMs);
        }
    }
    return out;
}

World::World() : app_state(proto::encode(genesis())) {
    network = ledger::network_id(app_state);
    const auto begun = apply_genesis(app_state, contracts::registry());
    EXPECT_TRUE(begun.ok());
    state.apply(begun->diff);
    for (const MemberFacts& facts : members())
        keys_.emplace(facts.id, test_key("key " + std::string(facts.id)));
}

const crypto::SigningKey& World::key(std::string_view member) const {
    return keys_.find(member)->second;
}

v1::Body World::body(const Sender& sender, const std::vector<v1::Command>& commands) {
    v1::Body out;
    out.mutable_actor()->set_user(sender.user.value_or(user(sender.member, sender.role)).bytes());
    out.mutable_actor()->set_role(sender.role);
    out.set_nonce(test_bytes("nonce " + std::to_string(++nonces_), 16));
    out.set_not_after_unix_ms(sender.not_after_ms.value_or(time.value + kHourMs));
    for (const v1::Command& command : commands)
        *out.add_commands() = command;
    return out;
}

Bytes World::transaction(const Sender& sender, const std::vector<v1::Command>& commands) {
    return ledger::make_transaction(network, sender.member, body(sender, commands), sender.signers);
}

Bytes World::item(std::string_view member, const std::vector<Bytes>& transactions,
                  const Envelope& envelope) {
    std::uint64_t& last = sequences_[{std::string(member), envelope.key_id}];
    ledger::BundleFields fields;
    fields.member_id = ledger::MemberId(member);
    fields.key_id = envelope.key_id;
    fields.sequence = envelope.sequence ? *envelope.sequence : ++last;
    fields.not_after = UnixMs{envelope.not_after_ms.value_or(time.value + kHourMs)};
    const crypto::SigningKey& key = envelope.key != nullptr ? *envelope.key : this->key(member);
    return ledger::make_item(ledger::make_bundle(network, fields, transactions, key));
}

BlockOutput World::apply(const std::vector<Bytes>& items) {
    ++height;
    time.value += 1000;
    auto out =
        apply_block(state, {height, time, items}, contracts::registry(), serial_for, nullptr);
    EXPECT_TRUE(out.ok());
    if (!out) return {};
    EXPECT_EQ(out->invariants_broken, 0U);
    state.apply(out->diff);
    return std::move(*out);
}

ledger::Outcome World::submit(const Sender& sender, const std::vector<v1::Command>& commands) {
    const auto block = apply({item(sender.member, {transaction(sender, commands)})});
    EXPECT_EQ(block.items.at(0).code, ItemCode::kAccepted) << to_string(block.items.at(0).code);
    if (block.items[0].outcomes.empty()) return {};
    return *ledger::decode_outcome(block.items[0].outcomes[0]);
}

ItemCode World::code_of(const Bytes& item) {
    return apply({item}).items.at(0).code;
}

}  // namespace consilium::execution::testing
