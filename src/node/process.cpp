// SPDX-License-Identifier: Apache-2.0
#include "node/process.hpp"

#include <future>

#include "base/hex.hpp"
#include "contracts/registry/registry.hpp"
#include "http/router.hpp"
#include "http/server.hpp"
#include "http/token.hpp"
#include "node/audit_charts.hpp"
#include "node/author.hpp"
#include "node/key_file.hpp"
#include "node/member_audit.hpp"
#include "node/member_channel.hpp"
#include "node/member_exchange.hpp"
#include "node/member_vault.hpp"
#include "node/metrics_export.hpp"
#include "node/text_file.hpp"
#include "services/audit/audit_routes.hpp"
#include "services/ehr/ehr_service.hpp"
#include "services/ehr/exchange/rows.hpp"
#include "services/identity/patient_routes.hpp"
#include "services/ledger/ledger_service.hpp"
#include "telemetry/metrics.hpp"

namespace consilium::node {
namespace {

using Kind = ProcessError::Kind;

ProcessError problem(Kind kind, std::string message, std::string hint = {}) {
    return {kind, std::move(message), std::move(hint)};
}

ProcessError of_node(const NodeFailure& failure) {
    switch (failure.error) {
        case NodeError::kDisk:
        case NodeError::kDiskBusy:
            return problem(Kind::kDisk, failure.message);
        case NodeError::kUnknownMember:
        case NodeError::kBadKey:
        case NodeError::kOtherNetwork:
            return problem(Kind::kConfig, failure.message);
        default:
            return problem(Kind::kLedger, failure.message);
    }
}

Result<std::string, ProcessError> read_text(const std::string& file) {
    auto text = read_text_file(file);
    if (!text) return fail(problem(Kind::kDisk, file + " " + text.error()));
    return std::move(text).value();
}

// A file that nobody but its owner may read; `what` it is called.
Result<std::string, ProcessError> read_secret(const std::string& file, std::string_view what) {
    auto text = read_text(file);
    if (!text) return fail(text.error());
    if (auto checked = check_private(file, what); !checked) {
        return fail(problem(Kind::kConfig, checked.error()));
    }
    return std::move(text).value();
}

Result<MemberOptions, ProcessError> member_options(const NodeConfig& node) {
    auto bundle_key = load_key_file(node.member_key);
    if (!bundle_key) return fail(problem(Kind::kConfig, bundle_key.error()));
    MemberOptions options{node.member, node.data, static_cast<std::uint32_t>(node.member_key_id),
                          std::move(bundle_key).value(), std::nullopt};
    if (!node.validator_key.empty()) {
        auto validator_key = load_key_file(node.validator_key);
        if (!validator_key) return fail(problem(Kind::kConfig, validator_key.error()));
        options.validator_key = std::move(validator_key).value();
    }
    return options;
}

Result<HostOptions, ProcessError> host_options(const Config& config, const Genesis& genesis) {
    HostOptions options;
    options.genesis = genesis;
    for (const auto& node : config.nodes) {
        auto member = member_options(node);
        if (!member) return fail(member.error());
        options.members.push_back(std::move(member).value());
    }
    options.limits.queue_transactions = config.ledger.queue_transactions_max;
    options.limits.queue_bytes = config.ledger.queue_bytes_max;
    options.limits.bundles_in_flight = config.ledger.bundles_in_flight_max;
    options.limits.batch_delay_us = config.ledger.batch_delay_us;
    options.limits.bundle_lifetime_ms = config.ledger.bundle_lifetime_ms;
    options.limits.resubmit_after_ms = config.ledger.resubmit_after_ms;
    options.threads = static_cast<unsigned>(config.ledger.threads);
    options.cache_bytes = config.storage.cache_mib << 20U;
    return options;
}

http::ServerLimits server_limits(const HttpConfig& config) {
    using std::chrono::milliseconds;
    http::ServerLimits limits;
    limits.connections_max = config.connections_max;
    limits.in_flight_per_connection_max = config.pipeline_max;
    limits.in_flight_max = config.in_flight_max;
    limits.header_timeout = milliseconds(config.header_timeout_ms);
    limits.body_timeout = milliseconds(config.body_timeout_ms);
    limits.answer_timeout = milliseconds(config.answer_timeout_ms);
    limits.idle_timeout = milliseconds(config.idle_timeout_ms);
    return limits;
}

ProcessError server_problem(http::ServerError error, const NodeConfig& node) {
    const std::string where = node.http.address + ":" + std::to_string(node.http.port);
    switch (error) {
        case http::ServerError::kPortInUse:
            return problem(Kind::kPort, "another program listens at " + where,
                           "Stop it, or change port under [node.http] of " + node.member + ".");
        case http::ServerError::kAddress:
            return problem(Kind::kPort, where + " is not an address of this machine",
                           "Change address under [node.http] of " + node.member + ".");
        case http::ServerError::kCertificate:
            return problem(Kind::kConfig, node.http.certificate + " and " + node.http.private_key +
                                              " are not a certificate and its key");
        case http::ServerError::kSystem:
            break;
    }
    return problem(Kind::kPort, "cannot listen at " + where);
}

using OpenedVault = Result<std::unique_ptr<vault::Vault>, ProcessError>;

OpenedVault open_vault_if_any(const NodeConfig& node, const ledger::NetworkId& network) {
    if (!has_vault(node)) return std::unique_ptr<vault::Vault>();
    return open_vault(node, network);
}

// Why a member's node stopped by itself, as the log has it.
std::string_view reason_name(NodeError error) {
    switch (error) {
        case NodeError::kDisk:
            return "disk";
        case NodeError::kCorruption:
            return "corruption";
        case NodeError::kQuorum:
            return "quorum";
        case NodeError::kDiverged:
            return "diverged";
        default:
            return "other";
    }
}

}  // namespace

// One member's HTTP API. The order is that of destruction: the server goes first.
struct Process::Api {
    std::unique_ptr<vault::Vault> vault;  // null: the configuration names no passphrase
    telemetry::Metrics metrics;
    std::unique_ptr<MetricsExport> exported;
    std::unique_ptr<http::Tokens> tokens;
    std::unique_ptr<FileAuthor> author;      // null: the configuration names no users
    std::unique_ptr<MemberChannel> channel;  // null: no vault, or no port for peers
    http::Router router;
    std::unique_ptr<services::ledger_api::LedgerService> service;
    std::unique_ptr<MemberAudit> audit;              // with a vault
    std::unique_ptr<services::ehr::EhrService> ehr;  // with a vault
    std::unique_ptr<MemberExchange> exchange;        // with a channel and users
    std::unique_ptr<services::identity::PatientRoutes> patients;
    std::unique_ptr<AuditCharts> charts;  // with a vault
    std::unique_ptr<services::audit::AuditRoutes> accounting;
    std::unique_ptr<http::Server> server;
    std::string url;
    // The url, for who needs it before the server's port is known.
    std::promise<std::string> url_promise;
    std::shared_future<std::string> url_future = url_promise.get_future().share();
};

struct Process::State {
    Config config;
    Genesis genesis;
    telemetry::Logger log;
    std::unique_ptr<Host> host;
    std::map<ledger::MemberId, std::unique_ptr<Api>> apis;

    [[nodiscard]] const NodeConfig* node(const ledger::MemberId& member) const {
        for (const auto& candidate : config.nodes) {
            if (candidate.member == member) return &candidate;
        }
        return nullptr;
    }
};

std::string token_realm(const ledger::NetworkId& network, std::string_view member) {
    return "urn:consilium:" + to_hex(network.view()).substr(0, 32) + ":" + std::string(member);
}

Process::Process(std::unique_ptr<State> state) : state_(std::move(state)) {}

Process::~Process() {
    stop();
}

Result<std::unique_ptr<Process>, ProcessError> Process::start(const Config& config,
                                                              const telemetry::Logger& log) {
    auto genesis = load_genesis(config.genesis);
    if (!genesis) return fail(problem(Kind::kConfig, genesis.error()));
    auto options = host_options(config, *genesis);
    if (!options) return fail(options.error());
    // All at once and beside the ledgers: a passphrase takes its time to be tried.
    std::vector<std::future<OpenedVault>> vaults;
    for (const auto& node : config.nodes) {
        vaults.push_back(std::async(std::launch::async, open_vault_if_any, std::cref(node),
                                    std::cref(genesis->network_id)));
    }
    options->on_failure = [log](const NodeFailure& failure) {
        log.error("node", "a member's node stopped by itself",
                  {telemetry::Field::name("member", failure.member),
                   telemetry::Field::name("reason", reason_name(failure.error))});
    };
    auto host = Host::open(std::move(options).value());
    if (!host) return fail(of_node(host.error()));
    std::vector<std::unique_ptr<vault::Vault>> opened;
    for (auto& vault : vaults) {
        auto done = vault.get();
        if (!done) return fail(done.error());
        opened.push_back(std::move(done).value());
    }
    if (auto started = (*host)->start(); !started) return fail(of_node(started.error()));
    auto state = std::make_unique<State>();
    state->config = config;
    state->genesis = std::move(genesis).value();
    state->log = log;
    state->host = std::move(host).value();
    std::unique_ptr<Process> process(new Process(std::move(state)));
    for (std::size_t i = 0; i < opened.size(); ++i) {
        const NodeConfig& node = process->state_->config.nodes[i];
        if (auto listening = process->listen(node, std::move(opened[i])); !listening)
            return fail(listening.error());
    }
    return process;
}

Status<ProcessError> Process::listen(const NodeConfig& node, std::unique_ptr<vault::Vault> vault) {
    auto api = std::make_unique<Api>();
    api->vault = std::move(vault);
    if (api->vault) export_vault_metrics(api->metrics, *api->vault);
    const auto token_key = read_secret(node.token_key, "token key");
    if (!token_key) return fail(token_key.error());
    const std::string realm = token_realm(state_->genesis.network_id, node.member);
    auto tokens = http::Tokens::create(realm, realm, {*token_key});
    if (!tokens) {
        return fail(problem(Kind::kConfig, node.token_key + " is not a token key"));
    }
    api->tokens = std::move(tokens).value();
    if (!node.users.empty()) {
        if (auto checked = check_private(node.users, "list of user ids"); !checked) {
            return fail(problem(Kind::kConfig, checked.error()));
        }
        api->author = std::make_unique<FileAuthor>(state_->genesis.network_id, node.member,
                                                   node.users, consensus::system_clock());
    }
    const auto certificate = read_text(node.http.certificate);
    const auto private_key = read_secret(node.http.private_key, "TLS key");
    if (!certificate) return fail(certificate.error());
    if (!private_key) return fail(private_key.error());
    Host& host = *state_->host;
    api->exported = std::make_unique<MetricsExport>(api->metrics, host.metrics(node.member));
    services::ledger_api::Options options;
    options.describe = [](std::uint32_t contract, std::uint32_t code) {
        return contracts::registry().describe(contract, code);
    };
    api->service = std::make_unique<services::ledger_api::LedgerService>(
        services::ledger_api::Ports{host.submit(node.member), host.events(node.member),
                                    host.reads(node.member)},
        std::move(options), *api->tokens, api->metrics, state_->log);
    api->service->add_routes(api->router);
    add_ehr(*api, node);
    add_patients(*api, node);
    if (auto added = add_channel(*api, node, *certificate, *private_key); !added) return added;
    add_exchange(*api, node);
    add_accounting(*api, node);
    auto server = http::Server::start(
        {node.http.address, static_cast<std::uint16_t>(node.http.port), *certificate, *private_key,
         static_cast<unsigned>(node.http.threads), server_limits(node.http)},
        api->router, *api->tokens, state_->log, api->metrics);
    if (!server) return fail(server_problem(server.error(), node));
    api->server = std::move(server).value();
    const bool v6 = node.http.address.find(':') != std::string::npos;
    api->url = "https://" + (v6 ? "[" + node.http.address + "]" : node.http.address) + ":" +
               std::to_string(api->server->port());
    api->url_promise.set_value(api->url);
    if (api->ehr) api->ehr->start();
    if (api->audit) api->audit->start();
    state_->log.info("node", "listening",
                     {telemetry::Field::name("member", node.member),
                      telemetry::Field("port", api->server->port())});
    if (api->exchange) api->exchange->start();
    if (api->channel) {
        if (auto started = api->channel->start(); !started) return started;
    }
    state_->apis[node.member] = std::move(api);
    return Done{};
}

// FHIR over the member's vault, if it has one.
void Process::add_ehr(Api& api, const NodeConfig& node) {
    if (!api.vault) return;
    Host& host = *state_->host;
    services::ehr::EhrOptions options;
    options.url = [url = api.url_future] { return url.get(); };
    options.anchor_tick_ms = node.vault.anchor_interval_ms;
    options.elsewhere_key = services::ehr::exchange::card_key;
    options.patient_of_link = [&vault = *api.vault](const std::string& link) {
        return patient_of_link(vault, link);
    };
    api.ehr = std::make_unique<services::ehr::EhrService>(
        services::ehr::EhrPorts{*api.vault, host.submit(node.member), host.reads(node.member),
                                api.author.get()},
        std::move(options), api.metrics, state_->log);
    api.audit = std::make_unique<MemberAudit>(
        MemberAudit::Parts{{state_->genesis.network_id, node.member},
                           *api.vault,
                           host.submit(node.member),
                           host.reads(node.member),
                           api.author.get(),
                           node.vault.anchor_interval_ms,
                           [url = api.url_future] { return url.get() + "/fhir"; },
                           api.ehr->store(),
                           [] { return consensus::system_clock().wall(); },
                           state_->log},
        api.metrics);
    api.ehr->set_access_log(api.audit->log());
    api.ehr->set_own_events(api.audit->events());
    api.ehr->add_routes(api.router);
    api.audit->add_routes(api.router);
}

// Tokens for patients by the keys of their links.
void Process::add_patients(Api& api, const NodeConfig& node) {
    api.patients = std::make_unique<services::identity::PatientRoutes>(
        services::identity::PatientTokens::Ports{state_->genesis.network_id, node.member,
                                                 state_->host->reads(node.member), *api.tokens},
        [] { return consensus::system_clock().wall(); });
    api.patients->add_routes(api.router);
}

// The channel to other members' nodes, for a member with a vault and a port for it.
Status<ProcessError> Process::add_channel(Api& api, const NodeConfig& node,
                                          const std::string& certificate,
                                          const std::string& private_key) {
    if (!api.vault || node.peer.port == 0) return Done{};
    auto channel = MemberChannel::open(
        {node, state_->genesis.network_id, *api.vault, state_->host->reads(node.member),
         *api.tokens, api.metrics, certificate, private_key},
        state_->log);
    if (!channel) return fail(channel.error());
    api.channel = std::move(channel).value();
    return Done{};
}

// Records of other members, and ours for them.
void Process::add_exchange(Api& api, const NodeConfig& node) {
    if (!api.channel || !api.author) return;
    Host& host = *state_->host;
    api.exchange = std::make_unique<MemberExchange>(MemberExchange::Parts{
        node.member, state_->genesis.network_id, host.submit(node.member), host.events(node.member),
        host.reads(node.member), *api.author, *api.vault, api.channel->channel(), *api.ehr,
        [url = api.url_future] { return url.get() + "/fhir"; },
        [] { return consensus::system_clock().wall(); }, state_->log, api.metrics,
        node.vault.backup_days, &api.audit->log()});
    api.exchange->add_routes(api.router);
}

// Who saw what of this member's patients.
void Process::add_accounting(Api& api, const NodeConfig& node) {
    if (!api.ehr) return;
    api.charts = std::make_unique<AuditCharts>(api.ehr->store());
    api.accounting = std::make_unique<services::audit::AuditRoutes>(services::audit::Ports{
        node.member, state_->genesis.network_id, state_->host->reads(node.member), *api.charts,
        api.audit->own_word(), &api.audit->log()});
    api.accounting->add_routes(api.router);
}

void Process::stop() {
    for (auto& [member, api] : state_->apis) {
        api->server->stop();
        if (api->channel) api->channel->stop();
    }
    if (state_->host) state_->host->stop();
    state_->apis.clear();
}

Status<ProcessError> Process::stop_member(const ledger::MemberId& member) {
    const auto api = state_->apis.find(member);
    if (api != state_->apis.end()) {
        api->second->server->stop();
        if (api->second->channel) api->second->channel->stop();
        state_->apis.erase(api);
    }
    if (auto stopped = state_->host->stop_member(member); !stopped) {
        return fail(of_node(stopped.error()));
    }
    return Done{};
}

Status<ProcessError> Process::start_member(const ledger::MemberId& member) {
    const NodeConfig* node = state_->node(member);
    if (node == nullptr) {
        return fail(problem(Kind::kConfig, "no member '" + member + "' has its node here"));
    }
    auto vault = open_vault_if_any(*node, state_->genesis.network_id);
    if (!vault) return fail(vault.error());
    if (auto started = state_->host->start_member(member); !started) {
        return fail(of_node(started.error()));
    }
    return listen(*node, std::move(vault).value());
}

vault::Vault* Process::vault_of(const ledger::MemberId& member) const {
    const auto api = state_->apis.find(member);
    return api == state_->apis.end() ? nullptr : api->second->vault.get();
}

std::string Process::url(const ledger::MemberId& member) const {
    const auto api = state_->apis.find(member);
    return api == state_->apis.end() ? std::string() : api->second->url;
}

bool Process::failed() const {
    const auto& nodes = state_->config.nodes;
    return std::any_of(nodes.begin(), nodes.end(), [this](const NodeConfig& node) {
        return state_->host->state(node.member) == MemberState::kFailed;
    });
}

const Genesis& Process::genesis() const {
    return state_->genesis;
}

Host& Process::host() {
    return *state_->host;
}

}  // namespace consilium::node
