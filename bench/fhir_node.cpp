// SPDX-License-Identifier: Apache-2.0
#include "fhir_node.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>

#include "crypto/random.hpp"
#include "ledger/genesis.hpp"
#include "ledger/transaction.hpp"

namespace consilium::bench {
namespace {

constexpr std::string_view kMember = "hospital";
constexpr unsigned kConnections = 16;

UnixMs now_ms() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return {static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(now).count())};
}

}  // namespace

// Speaks for the one user.
class FhirNode::OneAuthor final : public services::Author {
 public:
    OneAuthor(const ledger::NetworkId& network, Bytes user)
        : network_(network), user_(std::move(user)) {}
    Result<Bytes, services::AuthorError> compose(
        v1::Role role, const std::vector<v1::Command>& commands) override {
        v1::Body body;
        body.mutable_actor()->set_user(user_);
        body.mutable_actor()->set_role(role);
        body.set_nonce(crypto::random_bytes(16));
        body.set_not_after_unix_ms(now_ms().value + services::kAuthoredLifeMs);
        for (const auto& command : commands)
            *body.add_commands() = command;
        return ledger::make_transaction(network_, kMember, body);
    }

 private:
    const ledger::NetworkId network_;
    const Bytes user_;
};

Result<FhirNetwork, std::string> make_fhir_network() {
    FhirNetwork out;
    out.user = crypto::random_bytes(16);
    const auto now = now_ms().value;
    v1::GenesisState state;
    state.set_protocol_version(ledger::kProtocolVersion);
    state.set_time_unix_ms(now - 1000);
    state.set_salt(crypto::random_bytes(32));
    auto& member = *state.add_members();
    member.set_member_id(std::string(kMember));
    member.mutable_member()->set_name("Bench Hospital");
    member.mutable_member()->set_address("1 Main Street, Springfield");
    member.mutable_member()->add_kinds(v1::MEMBER_KIND_PROVIDER);
    member.mutable_member()->set_status(v1::MEMBER_STATUS_ACTIVE);
    member.mutable_node()->set_endpoint("https://127.0.0.1:7443");
    member.mutable_node()->set_validator_public_key(out.validator_key.public_key());
    member.mutable_node()->set_validator_power(1);
    auto& key = *member.add_keys();
    key.set_algorithm(v1::ALGORITHM_ED25519);
    key.set_public_key(out.bundle_key.public_key());
    key.set_not_after_unix_ms(now + 30ULL * 24 * 3600 * 1000);
    auto& user = *member.add_users();
    user.set_user(out.user);
    user.set_role(v1::ROLE_SERVICE);
    user.set_valid_from_unix_ms(now - 3600'000);
    user.set_valid_until_unix_ms(now + 24ULL * 3600 * 1000);
    auto genesis = node::parse_genesis(node::make_genesis_document(state));
    if (!genesis) return fail(genesis.error());
    out.genesis = std::move(*genesis);
    return out;
}

FhirNode::FhirNode(const FhirNetwork& network, std::filesystem::path folder)
    : network_(network),
      folder_(std::move(folder)),
      author_(std::make_unique<OneAuthor>(network.genesis.network_id, network.user)) {}

FhirNode::~FhirNode() {
    stop();
}

Status<std::string> FhirNode::create() {
    if (!vault::Vault::create(folder_ / "vault", "bench", crypto::Argon2idCost{1, 8}))
        return fail<std::string>("the vault cannot be made");
    return Done{};
}

Status<std::string> FhirNode::start() {
    auto vault = vault::Vault::open(folder_ / "vault", network_.genesis.network_id, "bench");
    if (!vault) return fail<std::string>("the vault does not open");
    vault_ = std::move(*vault);
    node::HostOptions options;
    options.genesis = network_.genesis;
    auto validator =
        crypto::SigningKey::from_seed(crypto::Algorithm::kEd25519, network_.validator_key.seed());
    auto bundle =
        crypto::SigningKey::from_seed(crypto::Algorithm::kEd25519, network_.bundle_key.seed());
    options.members.push_back(node::MemberOptions{std::string(kMember), folder_ / "ledger", 1,
                                                  std::move(*bundle), std::move(*validator)});
    auto opened = node::Host::open(std::move(options));
    if (!opened) return fail(opened.error().message);
    host_ = std::move(*opened);
    if (auto started = host_->start(); !started) return fail(started.error().message);
    const std::string member(kMember);
    services::ehr::EhrOptions ehr;
    ehr.url = [] { return std::string("https://localhost"); };
    ehr.anchor_tick_ms = kTickMs;
    router_ = std::make_unique<http::Router>();
    service_ = std::make_unique<services::ehr::EhrService>(
        services::ehr::EhrPorts{*vault_, host_->submit(member), host_->reads(member),
                                author_.get()},
        std::move(ehr), metrics_, telemetry::Logger());
    access_log_ = std::make_unique<services::audit::ChainedLog>(
        *vault_, services::audit::LogName{network_.genesis.network_id, member}, now_ms,
        telemetry::Logger(), metrics_);
    service_->set_access_log(*access_log_);
    service_->add_routes(*router_);
    http::ServerOptions server;
    server.certificate_pem = certificate_.certificate_pem;
    server.private_key_pem = certificate_.private_key_pem;
    server.threads = 2;
    auto started = http::Server::start(server, *router_, *tokens_, telemetry::Logger(), metrics_);
    if (!started) return fail<std::string>("the server did not start");
    server_ = std::move(*started);
    service_->start();
    return Done{};
}
void FhirNode::stop() {
    if (server_) server_->stop();
    if (host_) host_->stop();
    service_.reset();
    server_.reset();
    router_.reset();
    host_.reset();
    access_log_.reset();
    vault_.reset();
}

HttpLoad FhirNode::load() {
    HttpLoad out;
    out.port = server_->port();
    out.certificate_pem = certificate_.certificate_pem;
    out.token = *tokens_->issue({"bench", "bench", "user/*.cruds", 3600'000}, now_ms());
    out.connections = kConnections;
    out.in_flight = kConnections;
    out.content_type = "application/fhir+json";
    out.body = [](Bytes&) {};
    out.expected_times = 1;
    return out;
}
Result<double, std::string> FhirNode::once(const std::string& method, const std::string& target,
                                           const Bytes& body, unsigned status,
                                           std::string_view expected) {
    HttpLoad load = this->load();
    load.method = method;
    load.target = target;
    load.body = [&body](Bytes& out) { out += body; };
    load.connections = load.in_flight = 1;
    load.seconds = 0;
    load.requests = 1;
    load.status = status;
    load.expected = expected;
    const auto result = run_http_load(load);
    if (!result) return fail(result.error());
    return result->p50_ms;
}

Bytes patient_resource(const std::string& id) {
    return R"({"resourceType":"Patient","id":")" + id +
           R"(","name":[{"family":"Bench","given":["Anna"]}],"gender":"female",)"
           R"("birthDate":"1980-02-29"})";
}

Bytes observation_resource(std::string_view subject, std::string_view category,
                           std::string_view id) {
    Bytes out = R"({"resourceType":"Observation",)";
    if (!id.empty()) out += R"("id":")" + Bytes(id) + R"(",)";
    out += R"("status":"final","category":[{"coding":[{"system":)"
           R"("http://terminology.hl7.org/CodeSystem/observation-category","code":")";
    out += category;
    out += R"("}]}],"code":{"coding":[{"system":"http://loinc.org","code":"8480-6",)"
           R"("display":"Systolic blood pressure"}],"text":"Systolic blood pressure"},)"
           R"("subject":{"reference":")";
    out += subject;
    out += R"("},"effectiveDateTime":"2024-05-17T09:12:44+02:00",)"
           R"("issued":"2024-05-17T09:12:44.512+02:00",)"
           R"("valueQuantity":{"value":120.50,"unit":"mm[Hg]",)"
           R"("system":"http://unitsofmeasure.org","code":"mm[Hg]"}})";
    return out;
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values.empty() ? 0 : values[values.size() / 2];
}

double rss_mib() {
    std::ifstream in("/proc/self/statm");
    double size = 0;
    double resident = 0;
    in >> size >> resident;
    return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / (1 << 20U);
}

double bytes_in(const std::filesystem::path& folder) {
    double sum = 0;
    for (const auto& file : std::filesystem::recursive_directory_iterator(folder)) {
        if (file.is_regular_file()) sum += static_cast<double>(file.file_size());
    }
    return sum;
}

}  // namespace consilium::bench
