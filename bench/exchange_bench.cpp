// SPDX-License-Identifier: Apache-2.0
#include "exchange_bench.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>

#include "base/hex.hpp"
#include "cli/access.hpp"
#include "cli/compose.hpp"
#include "cli/network.hpp"
#include "contracts/registry/registry.hpp"
#include "fhir_bench.hpp"
#include "formats/json/parse.hpp"
#include "ledger/hashes.hpp"
#include "node/process.hpp"
#include "proto/canonical.hpp"
#include "wallet/wallet.hpp"

namespace consilium::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kReads = 31;
constexpr std::string_view kHospital = "hospital";
constexpr std::string_view kClinic = "clinic";
constexpr std::uint64_t kHourMs = 3600ULL * 1000;

// Ports of the loopback address that are free now; fewer when there are no more.
std::vector<std::uint16_t> free_ports(std::size_t count) {
    std::vector<std::uint16_t> ports;
    std::vector<int> open;
    while (ports.size() < count) {
        const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0) break;
        open.push_back(fd);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof address;
        void* generic = &address;
        auto* bound = static_cast<sockaddr*>(generic);
        if (::bind(fd, bound, length) != 0 || ::getsockname(fd, bound, &length) != 0) break;
        ports.push_back(ntohs(address.sin_port));
    }
    for (const int fd : open)
        ::close(fd);
    return ports;
}

// One consortium and what its people do in it. Each call that fails says so in `error`.
class World {
 public:
    explicit World(const std::filesystem::path& folder) : home_{folder} {}

    Status<std::string> start() {
        cli::NetworkPlan plan;
        plan.members = cli::example_members();
        plan.ports = free_ports(2 * plan.members.size());
        if (plan.ports.size() != 2 * plan.members.size())
            return fail<std::string>("no port of the loopback address is free");
        auto made = cli::make_network(home_, plan, [] {});
        if (!made) return fail(made.error().message);
        network_ = made->network_id;
        auto config = node::load_config(home_.config());
        if (!config) return fail<std::string>("the configuration cannot be read");
        // A chart is on the ledger once its first documents are anchored: a minute less to wait.
        for (node::NodeConfig& node : config->nodes)
            node.vault.anchor_interval_ms = 0;
        auto process = node::Process::start(*config, telemetry::Logger());
        if (!process) return fail(process.error().message);
        process_ = std::move(*process);
        return Done{};
    }

    // A client of that member's node with a token of its own.
    Result<cli::HttpsClient, std::string> client(std::string_view member, const std::string& scope,
                                                 const std::string& purpose) {
        const auto open = cli::open_member({home_.folder.string(), std::string(member)});
        if (!open) return fail(open.error().message);
        http::TokenRequest request{"bench", "bench", scope};
        request.purpose_of_use = purpose;
        auto token = cli::issue_token(*open, request);
        if (!token) return fail(token.error().message);
        auto endpoint = cli::parse_endpoint(process_->url(std::string(member)));
        if (!endpoint) return fail(endpoint.error());
        const auto trusted = cli::read_file(cli::MemberHome{home_.member(member)}.certificate());
        if (!trusted) return fail(trusted.error().message);
        endpoint->trusted_pem = *trusted;
        endpoint->token = std::move(*token);
        return cli::HttpsClient(std::move(*endpoint));
    }

    // The patient's key, the hospital's card, the clinic's copy of it: the link.
    Result<Bytes, std::string> give_card() {
        const auto number =
            wallet_.hand_out(network_, ledger::MemberId(kHospital), ledger::MemberId(kClinic));
        if (!number) return fail<std::string>("the wallet has no key");
        key_ = *number;
        auto hospital = client(kHospital, "user/ChartCard.c", {});
        auto clinic = client(kClinic, "user/ChartCard.c", {});
        if (!hospital || !clinic) return fail(hospital ? clinic.error() : hospital.error());
        const auto card = post(*hospital, "/v1/cards/issued",
                               R"({"patient":"p","counterparty":"clinic","algorithm":"ed25519",)"
                               R"("public_key":")" +
                                   to_hex(wallet_.key(key_).public_key()) + "\"}",
                               "application/json", 201);
        if (!card) return fail(card.error());
        if (auto kept = post(*clinic, "/v1/cards", *card, "application/json", 201); !kept)
            return fail(kept.error());
        const auto parsed = formats::json::parse(*card, card->size());
        const auto* link = parsed ? parsed->root().find("link") : nullptr;
        auto bytes = link != nullptr && link->is_string() ? from_hex(link->string()) : std::nullopt;
        if (!bytes) return fail<std::string>("the card names no link");
        return *std::move(bytes);
    }

    // Signed by the patient, given to the ledger by the hospital's clerk.
    Status<std::string> consent(const Bytes& link) {
        const std::string member(kHospital);
        auto to = cli::connect({{home_.folder.string(), member}, {}, {}, {}});
        if (!to) return fail(to.error().message);
        const auto users = cli::load_users(cli::MemberHome{home_.member(member)}.users());
        if (!users) return fail(users.error().message);
        v1::IdentityCommand command;
        auto& grant = *command.mutable_grant_consent();
        grant.set_link_id(link);
        grant.set_provision(v1::CONSENT_PROVISION_PERMIT);
        grant.add_purposes(v1::PURPOSE_OF_USE_TREAT);
        grant.add_actions(v1::ACCESS_ACTION_READ);
        const auto from = cli::now().value - kHourMs;
        grant.set_valid_from_unix_ms(from);
        grant.set_valid_until_unix_ms(from + 24 * kHourMs);
        const auto gate = contracts::registry().key_from_path("identity/gate/" + to_hex(link));
        const auto row = gate ? to->node.state(*gate, std::nullopt, false)
                              : fail(cli::Problem{cli::Exit::kInternal, "there is no gate", {}});
        v1::ConsentGate before;
        if (!row || (row->present() && !proto::parse_canonical(row->value(), before)))
            return fail<std::string>("the consent gate cannot be read");
        grant.set_gate_version(before.version());
        const auto bytes =
            cli::compose({network_, member, *users}, v1::ROLE_CLERK, {cli::command_of(command)});
        v1::Transaction transaction;
        if (!bytes || !proto::parse_canonical(*bytes, transaction))
            return fail<std::string>("the consent cannot be composed");
        const auto signer = wallet_.key(key_);
        auto& signature = *transaction.add_personal_signatures();
        signature.set_algorithm(v1::ALGORITHM_ED25519);
        signature.set_public_key(signer.public_key());
        signature.set_signature(
            signer.sign(ledger::personal_digest(network_, member, transaction.body()).view()));
        const auto done = to->node.submit(proto::encode(transaction));
        if (!done) return fail(done.error().message);
        v1::Outcome outcome;
        if (!done->outcome().empty() &&
            (!proto::parse_canonical(done->outcome(), outcome) || outcome.code() != 0))
            return fail("the ledger rejects the consent: code " + std::to_string(outcome.code()));
        return Done{};
    }

    static Result<Bytes, std::string> post(cli::HttpsClient& client, const std::string& target,
                                           const Bytes& body, const std::string& media,
                                           unsigned status) {
        auto reply = client.send({"POST", target, media, media, body, {}});
        if (!reply) return fail(reply.error().message);
        if (reply->status != status)
            return fail(target + " answers " + std::to_string(reply->status));
        return std::move(reply->body);
    }

 private:
    const cli::NetworkHome home_;
    ledger::NetworkId network_;
    std::unique_ptr<node::Process> process_;
    wallet::Wallet wallet_ = wallet::Wallet::create();
    std::uint32_t key_ = 0;
};

std::size_t entries_of(BytesView bundle) {
    std::size_t out = 0;
    for (auto at = bundle.find("\"fullUrl\""); at != BytesView::npos;
         at = bundle.find("\"fullUrl\"", at + 1))
        ++out;
    return out;
}

}  // namespace

Result<double, std::string> measure_cross_member_read_ms(const Settings& settings) {
    settings.progress("fhir: a consortium of four members");
    World world(settings.folder / "consortium");
    if (auto started = world.start(); !started) return fail(started.error());
    auto hospital = world.client(kHospital, "user/*.cruds", {});
    auto clinic = world.client(kClinic, "user/*.rs", "TREAT");
    if (!hospital || !clinic) return fail(hospital ? clinic.error() : hospital.error());
    if (auto stored =
            World::post(*hospital, "/fhir", fhir_bundle_237(), "application/fhir+json", 200);
        !stored)
        return fail(stored.error());
    const auto link = world.give_card();
    if (!link) return fail(link.error());
    if (auto given = world.consent(*link); !given) return fail(given.error());
    settings.progress("fhir: reads of another member's record");
    std::vector<double> times;
    for (int i = 0; i < kReads; ++i) {
        const auto begin = Clock::now();
        const auto reply = clinic->send(
            {"GET", "/fhir/Patient/p/$everything", {}, "application/fhir+json", {}, {}});
        const double ms = std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
        if (!reply) return fail(reply.error().message);
        if (reply->status != 200 || entries_of(reply->body) != kBundleEntries)
            return fail("a read of another member's record answers " +
                        std::to_string(reply->status) + " with " +
                        std::to_string(entries_of(reply->body)) +
                        " entries: " + reply->body.substr(0, 500));
        times.push_back(ms);
    }
    std::sort(times.begin(), times.end());
    return times[times.size() / 2];
}

}  // namespace consilium::bench
