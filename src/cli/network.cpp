// SPDX-License-Identifier: Apache-2.0
#include "cli/network.hpp"

#include <algorithm>
#include <future>
#include <system_error>

#include "cli/names.hpp"
#include "consilium/v1/genesis.pb.h"
#include "contracts/registry/registry.hpp"
#include "crypto/random.hpp"
#include "crypto/sign.hpp"
#include "execution/apply_genesis.hpp"
#include "http/client.hpp"
#include "http/tls.hpp"
#include "http/token.hpp"
#include "ledger/genesis.hpp"
#include "node/config.hpp"
#include "node/genesis.hpp"
#include "node/key_file.hpp"
#include "node/member_vault.hpp"
#include "proto/enum_names.hpp"

namespace consilium::cli {
namespace {

constexpr std::uint64_t kDayMs = 24ULL * 3600 * 1000;
constexpr std::uint64_t kKeyLifeMs = 730 * kDayMs;
constexpr unsigned kCertificateDays = 730;
constexpr std::uint64_t kValidatorPower = 10;

Problem disk(const std::string& message) {
    return {Exit::kDisk, message, {}};
}

Status<Problem> make_folder(const std::filesystem::path& folder) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) return fail(disk("cannot make " + folder.string() + ": " + error.message()));
    return Done{};
}

Status<Problem> write_secret(const std::filesystem::path& file, std::string_view content) {
    if (auto written = node::write_private_file(file, content, false); !written) {
        return fail(disk(written.error()));
    }
    return Done{};
}

// What a member's folder holds, and what of it the ledger is told.
struct MemberMade {
    v1::GenesisMember genesis;
    node::NodeConfig config;
};

void add_user(v1::GenesisMember& member, const node::UserEntry& entry) {
    auto& user = *member.add_users();
    user.set_user(entry.user.bytes());
    user.set_role(entry.role);
    user.set_valid_from_unix_ms(entry.valid_from.value);
    user.set_valid_until_unix_ms(entry.valid_until.value);
}

void describe(v1::GenesisMember& member, const MemberPlan& plan) {
    member.set_member_id(plan.id);
    member.mutable_member()->set_name(plan.name);
    member.mutable_member()->set_address(plan.address);
    member.mutable_member()->set_status(v1::MEMBER_STATUS_ACTIVE);
    for (const auto kind : plan.kinds)
        member.mutable_member()->add_kinds(kind);
}

Status<Problem> make_keys(const MemberHome& home, UnixMs start, MemberMade& made) {
    const auto member_key = crypto::SigningKey::generate();
    const auto validator_key = crypto::SigningKey::generate();
    const auto token_key = http::make_token_key();
    if (!token_key) {
        return fail(Problem{Exit::kInternal, "the token key could not be made", {}});
    }
    for (const auto& [file, content] :
         {std::pair{home.member_key(), node::format_key_file(member_key)},
          std::pair{home.validator_key(), node::format_key_file(validator_key)},
          std::pair{home.token_key(), *token_key}}) {
        if (auto written = write_secret(file, content); !written) return written;
    }
    auto& key = *made.genesis.add_keys();
    key.set_algorithm(v1::ALGORITHM_ED25519);
    key.set_public_key(member_key.public_key());
    key.set_not_after_unix_ms(start.value + kKeyLifeMs);
    made.genesis.mutable_node()->set_validator_public_key(validator_key.public_key());
    made.genesis.mutable_node()->set_validator_power(kValidatorPower);
    return Done{};
}

Status<Problem> make_certificate(const MemberHome& home, const std::string& address,
                                 MemberMade& made) {
    http::CertificateRequest request;
    request.common_name = made.genesis.member_id();
    request.dns_names = {"localhost"};
    request.addresses = {address};
    request.days = kCertificateDays;
    const auto certificate = http::make_self_signed(request);
    const auto pin =
        certificate ? http::tls_key_sha256(certificate->certificate_pem) : std::nullopt;
    if (!pin) {
        return fail(Problem{Exit::kUsage, "no certificate can be made for '" + address + "'",
                            "Give --address an IPv4 or IPv6 address."});
    }
    if (auto written = write_file(home.certificate(), certificate->certificate_pem); !written) {
        return written;
    }
    made.genesis.mutable_node()->set_tls_key_sha256(pin->bytes());
    return write_secret(home.tls_key(), certificate->private_key_pem);
}

// One id a day in each role, and several of role clinician where there are clinicians.
std::vector<v1::Role> roles_of(const MemberPlan& member, const NetworkPlan& plan) {
    const bool treats =
        std::any_of(member.kinds.begin(), member.kinds.end(), [](v1::MemberKind kind) {
            return kind == v1::MEMBER_KIND_PROVIDER || kind == v1::MEMBER_KIND_SITE;
        });
    std::vector<v1::Role> roles{v1::ROLE_SERVICE};
    roles.insert(roles.end(), treats ? plan.clinicians : 1, v1::ROLE_CLINICIAN);
    roles.insert(roles.end(), {v1::ROLE_CLERK, v1::ROLE_PRIVACY_OFFICER, v1::ROLE_ADMINISTRATOR,
                               v1::ROLE_AUDITOR});
    return roles;
}

Result<MemberMade, Problem> make_member(const NetworkHome& network, const NetworkPlan& plan,
                                        std::size_t index, UnixMs start) {
    const MemberPlan& member = plan.members[index];
    const MemberHome home{network.member(member.id)};
    for (const auto& folder : {home.folder / "keys", home.folder / "tls"}) {
        if (auto done = make_folder(folder); !done) return fail(done.error());
    }
    MemberMade made;
    describe(made.genesis, member);
    if (auto done = make_keys(home, start, made); !done) return fail(done.error());
    if (auto done = make_certificate(home, plan.address, made); !done) return fail(done.error());
    const auto users = make_users(start, plan.user_days, roles_of(member, plan));
    for (const auto& entry : users)
        add_user(made.genesis, entry);
    if (auto done = write_secret(home.users(), node::format_users(users)); !done) {
        return fail(done.error());
    }
    const auto port_of = [&plan](std::size_t at) {
        return plan.ports.empty() ? static_cast<std::uint16_t>(plan.port + at) : plan.ports[at];
    };
    const std::uint16_t port = port_of(index);
    const std::uint16_t peer_port = port_of(plan.members.size() + index);
    made.genesis.mutable_node()->set_endpoint(http::to_string(http::Origin{plan.address, port}));
    made.genesis.mutable_node()->set_peer_endpoint(
        http::to_string(http::Origin{plan.address, peer_port}));
    const auto relative = [&](const std::filesystem::path& path) {
        return path.lexically_relative(network.folder).string();
    };
    made.config.member = member.id;
    made.config.data = relative(home.data());
    made.config.member_key = relative(home.member_key());
    made.config.validator_key = relative(home.validator_key());
    made.config.token_key = relative(home.token_key());
    made.config.users = relative(home.users());
    made.config.vault.folder = relative(home.vault());
    made.config.vault.passphrase_file = relative(home.vault_passphrase());
    made.config.http.address = plan.address;
    made.config.http.port = port;
    made.config.http.certificate = relative(home.certificate());
    made.config.http.private_key = relative(home.tls_key());
    made.config.peer.address = plan.address;
    made.config.peer.port = peer_port;
    return made;
}

Status<Problem> check_plan(const NetworkHome& home, const NetworkPlan& plan) {
    if (home.folder.empty()) {
        return fail(Problem{Exit::kUsage, "the folder has no name", "Give 'init' a folder."});
    }
    if (std::filesystem::exists(home.genesis())) {
        return fail(Problem{
            Exit::kRefused,
            home.folder.string() + " already holds a network (" + home.genesis().string() + ")",
            "Choose another folder; nothing was changed."});
    }
    // A run that was interrupted leaves keys behind, which are never overwritten.
    for (const auto& left : {home.members(), home.config()}) {
        if (!std::filesystem::exists(left)) continue;
        return fail(Problem{Exit::kRefused,
                            left.string() + " exists, but " + home.genesis().string() +
                                " does not: a network was begun here, or lost its genesis",
                            "Choose another folder, or remove this one if nothing in it is "
                            "needed; nothing was changed."});
    }
    if (plan.members.empty()) return fail(Problem{Exit::kUsage, "a network needs a member", {}});
    for (std::size_t i = 1; i < plan.members.size(); ++i) {
        if (plan.members[i].id == plan.members[i - 1].id) {
            return fail(Problem{
                Exit::kUsage, "the member '" + plan.members[i].id + "' is given twice", {}});
        }
    }
    if (plan.ports.empty() && plan.port + 2 * plan.members.size() - 1 > 65535) {
        return fail(Problem{Exit::kUsage,
                            "port " + std::to_string(plan.port) + " leaves too few for " +
                                std::to_string(plan.members.size()) + " members, two for each",
                            "Give a smaller --port."});
    }
    return Done{};
}

}  // namespace

std::vector<MemberPlan> example_members() {
    return {{"hospital", {v1::MEMBER_KIND_PROVIDER}, "Riverside Hospital", "1 River Road"},
            {"clinic", {v1::MEMBER_KIND_PROVIDER}, "Hilltop Clinic", "7 Hill Street"},
            {"payer", {v1::MEMBER_KIND_PAYER}, "Common Health Plan", "20 Market Square"},
            {"regulator",
             {v1::MEMBER_KIND_REGULATOR, v1::MEMBER_KIND_AUDITOR},
             "Office of Health Oversight",
             "3 Capitol Avenue"}};
}

Result<MemberPlan, std::string> parse_member_plan(std::string_view text) {
    const std::string form = "'" + std::string(text) + "' is not ID=KIND[+KIND...]:NAME:ADDRESS";
    const auto equals = text.find('=');
    const auto colon = text.find(':');
    if (equals == std::string_view::npos || colon == std::string_view::npos || colon < equals) {
        return fail(form);
    }
    MemberPlan plan;
    plan.id = text.substr(0, equals);
    if (!ledger::is_member_id(plan.id)) {
        return fail("'" + plan.id +
                    "' is not a member id: 2 to 64 characters a-z, 0-9 and '-', a letter first");
    }
    for (const auto& name : split(text.substr(equals + 1, colon - equals - 1), '+')) {
        const auto kind = proto::value_of<v1::MemberKind>(name);
        if (!kind) {
            return fail("'" + name + "' is not a kind of member; known are " +
                        joined(proto::names_of<v1::MemberKind>()));
        }
        plan.kinds.push_back(*kind);
    }
    std::sort(plan.kinds.begin(), plan.kinds.end());
    plan.kinds.erase(std::unique(plan.kinds.begin(), plan.kinds.end()), plan.kinds.end());
    const auto rest = text.substr(colon + 1);
    plan.name = rest.substr(0, rest.find(':'));
    if (rest.find(':') == std::string_view::npos) return fail(form);
    plan.address = rest.substr(rest.find(':') + 1);
    return plan;
}

std::vector<node::UserEntry> make_users(UnixMs from, std::uint32_t days,
                                        const std::vector<v1::Role>& roles) {
    std::vector<node::UserEntry> users;
    const std::uint64_t first = from.value / kDayMs * kDayMs;
    for (std::uint32_t day = 0; day < days; ++day) {
        for (const auto role : roles) {
            users.push_back({crypto::random_id<ledger::UserId>(),
                             role,
                             {first + day * kDayMs},
                             {first + (day + 1) * kDayMs - 1}});
        }
    }
    return users;
}

namespace {

// All at once: making the key of a passphrase takes its time.
Status<Problem> make_vaults(const NetworkHome& home, const NetworkPlan& plan) {
    std::vector<std::future<Status<node::ProcessError>>> vaults;
    for (const auto& member : plan.members) {
        const MemberHome member_home{home.member(member.id)};
        node::NodeConfig config;
        config.member = member.id;
        config.vault.folder = member_home.vault().string();
        config.vault.passphrase_file = member_home.vault_passphrase().string();
        vaults.push_back(std::async(std::launch::async, [config]() -> Status<node::ProcessError> {
            if (auto made = node::make_passphrase_file(config.vault.passphrase_file); !made)
                return made;
            return node::create_vault(config);
        }));
    }
    Status<Problem> result = Done{};
    for (auto& vault : vaults) {
        const auto made = vault.get();
        if (!made) result = fail(disk(made.error().message));
    }
    return result;
}

Result<NetworkMade, Problem> write_network(const NetworkHome& home, const NetworkPlan& plan,
                                           const std::function<void()>& step) {
    if (auto made = make_folder(home.folder); !made) return fail(made.error());
    const UnixMs start = now();
    v1::GenesisState state;
    state.set_protocol_version(ledger::kProtocolVersion);
    state.set_time_unix_ms(start.value);
    state.set_salt(crypto::random_bytes(32));
    if (plan.review_ms) {
        auto& ehr = *state.mutable_ehr();
        ehr.set_grant_life_ms(limits::kGrantLifeMsDefault);
        ehr.set_break_glass_review_ms(*plan.review_ms);
        ehr.set_break_glass_per_user_day(limits::kBreakGlassPerUserDayDefault);
        ehr.set_break_glass_per_member_day(limits::kBreakGlassPerMemberDayDefault);
    }
    node::Config config;
    config.genesis = "genesis.json";
    NetworkMade result;
    for (std::size_t i = 0; i < plan.members.size(); ++i) {
        auto member = make_member(home, plan, i, start);
        if (!member) return fail(member.error());
        result.endpoints.emplace_back(member->genesis.member_id(),
                                      member->genesis.node().endpoint());
        *state.add_members() = std::move(member->genesis);
        config.nodes.push_back(std::move(member->config));
        step();
    }
    if (auto made = make_vaults(home, plan); !made) return fail(made.error());
    const std::string document = node::make_genesis_document(state);
    const auto genesis = node::parse_genesis(document);
    if (!genesis) {
        return fail(Problem{Exit::kUsage, "the genesis document " + genesis.error(), {}});
    }
    // What the nodes would refuse is better refused here.
    const auto applied = execution::apply_genesis(genesis->app_state, contracts::registry());
    if (!applied) {
        return fail(Problem{
            Exit::kUsage,
            std::string("no network can begin like this: ") + ledger::to_string(applied.error()),
            "Names and addresses are plain text of at most 128 and 256 bytes."});
    }
    if (auto written = write_file(home.config(), node::format_config(config)); !written) {
        return fail(written.error());
    }
    // The genesis document comes last: with it the network is complete.
    if (auto written = write_file(home.genesis(), document); !written) {
        return fail(written.error());
    }
    result.network_id = genesis->network_id;
    result.chain_id = genesis->chain_id;
    result.home = home;
    return result;
}

// Nothing of this was there before: check_plan has seen to it.
void remove_begun(const NetworkHome& home, bool folder_was_there) {
    std::error_code ignored;
    std::filesystem::remove_all(home.members(), ignored);
    std::filesystem::remove(home.config(), ignored);
    std::filesystem::remove(home.genesis(), ignored);
    if (!folder_was_there) std::filesystem::remove(home.folder, ignored);
}

}  // namespace

Result<NetworkMade, Problem> make_network(const NetworkHome& home, NetworkPlan plan,
                                          const std::function<void()>& step) {
    std::sort(plan.members.begin(), plan.members.end(),
              [](const auto& a, const auto& b) { return a.id < b.id; });
    if (auto checked = check_plan(home, plan); !checked) return fail(checked.error());
    std::error_code ignored;
    const bool folder_was_there = std::filesystem::exists(home.folder, ignored);
    auto made = write_network(home, plan, step);
    if (!made) remove_begun(home, folder_was_there);
    return made;
}

}  // namespace consilium::cli
