// SPDX-License-Identifier: Apache-2.0
#include "node/consortium_fixture.hpp"

#include <cstdlib>

#include "consilium/v1/charts.pb.h"
#include "consilium/v1/documents.pb.h"
#include "crypto/hash.hpp"
#include "ledger/hashes.hpp"
#include "ledger/transaction.hpp"
#include "proto/canonical.hpp"

namespace consilium::node::testing {

namespace {

constexpr std::uint64_t kDayMs = 24ULL * 3600 * 1000;

crypto::SigningKey key_from(std::string_view what, std::size_t member) {
    const Hash32 seed = crypto::tagged_hash(what, {std::to_string(member)});
    return *crypto::SigningKey::from_seed(crypto::Algorithm::kEd25519, seed.view());
}

template <typename Fixed>
Fixed id_from(std::string_view what, std::uint64_t number) {
    Fixed id;
    (void)assign(
        id, crypto::tagged_hash(what, {std::to_string(number)}).view().substr(0, Fixed::kSize));
    return id;
}

}  // namespace

Consortium::Consortium(UnixMs time, std::size_t members, const v1::EhrParameters& ehr) {
    const std::vector<std::string> names{"clinic", "hospital", "insurer", "regulator"};
    const std::vector<v1::MemberKind> kinds{v1::MEMBER_KIND_PROVIDER, v1::MEMBER_KIND_PROVIDER,
                                            v1::MEMBER_KIND_PAYER, v1::MEMBER_KIND_REGULATOR};
    v1::GenesisState state;
    state.set_protocol_version(1);
    state.set_time_unix_ms(time.value);
    state.set_salt(Bytes(32, 's'));
    if (ehr.ByteSizeLong() != 0) *state.mutable_ehr() = ehr;
    for (std::size_t i = 0; i < members; ++i) {
        ids.push_back(names[i]);
        users.push_back(id_from<ledger::UserId>("user", i));
        v1::GenesisMember& member = *state.add_members();
        member.set_member_id(names[i]);
        member.mutable_member()->set_name("Member " + std::to_string(i));
        member.mutable_member()->set_address("1 Main Street, Springfield");
        member.mutable_member()->add_kinds(kinds[i]);
        member.mutable_member()->set_status(v1::MEMBER_STATUS_ACTIVE);
        member.mutable_node()->set_endpoint("https://127.0.0.1:" + std::to_string(7443 + i));
        member.mutable_node()->set_validator_public_key(validator_key(i).public_key());
        member.mutable_node()->set_validator_power(10);
        v1::GenesisKey& key = *member.add_keys();
        key.set_algorithm(v1::ALGORITHM_ED25519);
        key.set_public_key(bundle_key(i).public_key());
        key.set_not_after_unix_ms(time.value + 365 * kDayMs);
        v1::UserDay& user = *member.add_users();
        user.set_user(users[i].bytes());
        user.set_role(v1::ROLE_SERVICE);
        user.set_valid_from_unix_ms(time.value);
        user.set_valid_until_unix_ms(time.value + 2 * kDayMs);
        const auto add = [&](v1::Role role, const char* what, std::size_t number) {
            people[{i, role}].push_back(id_from<ledger::UserId>(what, 10 * i + number));
            v1::UserDay& day = *member.add_users();
            day = user;
            day.set_user(people[{i, role}].back().bytes());
            day.set_role(role);
        };
        for (std::size_t number = 0; number < 3; ++number)
            add(v1::ROLE_CLINICIAN, "clinician", number);
        add(v1::ROLE_PRIVACY_OFFICER, "officer", 0);
    }
    genesis = *parse_genesis(make_genesis_document(state));
}

crypto::SigningKey Consortium::bundle_key(std::size_t member) const {
    return key_from("bundle", member);
}

crypto::SigningKey Consortium::validator_key(std::size_t member) const {
    return key_from("validator", member);
}

MemberOptions Consortium::member_options(std::size_t member,
                                         const std::filesystem::path& root) const {
    return {ids[member], root / ids[member], 1, bundle_key(member), validator_key(member)};
}

HostOptions Consortium::host_options(const std::filesystem::path& root) const {
    HostOptions options;
    options.genesis = genesis;
    for (std::size_t i = 0; i < ids.size(); ++i)
        options.members.push_back(member_options(i, root));
    options.cache_bytes = 8U << 20U;
    return options;
}

ledger::ChartId Consortium::chart(std::uint64_t number) {
    return id_from<ledger::ChartId>("chart", number);
}

namespace {

Bytes make(const Consortium& of, std::size_t member, std::uint64_t number,
           ledger::ContractId contract, const Bytes& payload, std::uint64_t not_after_ms) {
    v1::Body body;
    body.mutable_actor()->set_user(of.users[member].bytes());
    body.mutable_actor()->set_role(v1::ROLE_SERVICE);
    body.set_nonce(crypto::tagged_hash("nonce", {std::to_string(number)}).bytes().substr(0, 16));
    body.set_not_after_unix_ms(of.genesis.time.value + not_after_ms);
    v1::Command& command = *body.add_commands();
    command.set_contract(static_cast<std::uint32_t>(contract));
    command.set_payload(payload);
    return ledger::make_transaction(of.genesis.network_id, of.ids[member], body);
}

}  // namespace

Bytes Consortium::open_chart(std::size_t member, std::uint64_t number) const {
    v1::ChartsCommand command;
    command.mutable_open_chart()->set_chart_id(chart(number).bytes());
    for (int i = 0; i < 8; ++i) {
        command.mutable_open_chart()->add_slots(
            crypto::tagged_hash("slot", {std::to_string(number), std::to_string(i)}).bytes());
    }
    return make(*this, member, number, ledger::ContractId::kCharts, proto::encode(command), kDayMs);
}

Bytes Consortium::anchor(std::size_t member, const ledger::ChartId& chart,
                         std::uint64_t number) const {
    return anchor_until(member, chart, number, kDayMs);
}

Bytes Consortium::anchor_until(std::size_t member, const ledger::ChartId& chart,
                               std::uint64_t number, std::uint64_t not_after_ms) const {
    v1::DocumentsCommand command;
    v1::AnchorRecord& anchor = *command.mutable_anchor_record();
    anchor.set_chart_id(chart.bytes());
    anchor.set_record_id(id_from<ledger::RecordId>("record", number).bytes());
    anchor.set_commitment(crypto::tagged_hash("commitment", {std::to_string(number)}).bytes());
    return make(*this, member, number, ledger::ContractId::kDocuments, proto::encode(command),
                not_after_ms);
}

ledger::TransactionId Consortium::id_of(std::size_t member, BytesView transaction) const {
    return ledger::transaction_id(genesis.network_id, ids[member], transaction);
}

TemporaryDirectory::TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "consilium-test-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
}

TemporaryDirectory::~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

}  // namespace consilium::node::testing
