// SPDX-License-Identifier: Apache-2.0
#include "fhir_bench.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <thread>

#include "crypto/random.hpp"
#include "http/server.hpp"
#include "http/tls.hpp"
#include "http_load.hpp"
#include "ledger/genesis.hpp"
#include "ledger/transaction.hpp"
#include "node/node.hpp"
#include "services/ehr/ehr_service.hpp"
#include "vault/vault.hpp"

namespace consilium::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view kMember = "hospital";
constexpr unsigned kConnections = 16;
constexpr std::size_t kPatients = 100;
constexpr std::size_t kLaboratoryHits = 11;
constexpr int kBundleRuns = 15;
constexpr std::uint64_t kTickMs = 1000;

UnixMs now_ms() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return {static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(now).count())};
}

double ms_since(Clock::time_point start) {
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
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

// Speaks for the one user.
class OneAuthor final : public services::Author {
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

// One member, one validator, one user; keys that a second start has too.
struct Network {
    node::Genesis genesis;
    Bytes user = crypto::random_bytes(16);
    crypto::SigningKey bundle_key = crypto::SigningKey::generate();
    crypto::SigningKey validator_key = crypto::SigningKey::generate();
};

Result<Network, std::string> make_network() {
    Network out;
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

// A node with its vault and FHIR's routes, listening.
class FhirNode {
 public:
    FhirNode(const Network& network, std::filesystem::path folder)
        : network_(network),
          folder_(std::move(folder)),
          author_(network.genesis.network_id, network.user) {}
    ~FhirNode() { stop(); }

    Status<std::string> start() {
        auto vault = vault::Vault::open(folder_ / "vault", network_.genesis.network_id, "bench");
        if (!vault) return fail<std::string>("the vault does not open");
        vault_ = std::move(*vault);
        node::HostOptions options;
        options.genesis = network_.genesis;
        auto validator = crypto::SigningKey::from_seed(crypto::Algorithm::kEd25519,
                                                       network_.validator_key.seed());
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
            services::ehr::EhrPorts{*vault_, host_->submit(member), host_->reads(member), &author_},
            std::move(ehr), metrics_, telemetry::Logger());
        service_->add_routes(*router_);
        http::ServerOptions server;
        server.certificate_pem = certificate_.certificate_pem;
        server.private_key_pem = certificate_.private_key_pem;
        server.threads = 2;
        auto started =
            http::Server::start(server, *router_, *tokens_, telemetry::Logger(), metrics_);
        if (!started) return fail<std::string>("the server did not start");
        server_ = std::move(*started);
        service_->start();
        return Done{};
    }
    void stop() {
        if (server_) server_->stop();
        if (host_) host_->stop();
        service_.reset();
        server_.reset();
        router_.reset();
        host_.reset();
        vault_.reset();
    }

    [[nodiscard]] HttpLoad load() {
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
    [[nodiscard]] vault::Vault& vault() { return *vault_; }

 private:
    const Network& network_;
    const std::filesystem::path folder_;
    OneAuthor author_;
    http::Certificate certificate_ = *http::make_self_signed({"bench", {"localhost"}, {}, 1});
    std::unique_ptr<http::Tokens> tokens_ =
        *http::Tokens::create("bench", "bench", {*http::make_token_key()});
    telemetry::Metrics metrics_;
    std::unique_ptr<vault::Vault> vault_;
    std::unique_ptr<node::Host> host_;
    std::unique_ptr<http::Router> router_;
    std::unique_ptr<services::ehr::EhrService> service_;
    std::unique_ptr<http::Server> server_;
};

std::string patient_id(std::size_t number) {
    return "patient-" + std::to_string(number);
}

Bytes patient(const std::string& id) {
    return R"({"resourceType":"Patient","id":")" + id +
           R"(","name":[{"family":"Bench","given":["Anna"]}],"gender":"female",)"
           R"("birthDate":"1980-02-29"})";
}

// About 650 bytes.
Bytes observation(std::string_view subject, std::string_view category, std::string_view id) {
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

// A transaction of one Patient and Observations of it.
Bytes bundle() {
    Bytes out = R"({"resourceType":"Bundle","type":"transaction","entry":[)"
                R"({"fullUrl":"urn:uuid:p","resource":)" +
                patient("p") + R"(,"request":{"method":"POST","url":"Patient"}})";
    for (std::size_t i = 1; i < kBundleEntries; ++i) {
        out += R"(,{"fullUrl":"urn:uuid:)" + std::to_string(i) + R"(","resource":)" +
               observation("urn:uuid:p", "vital-signs", {}) +
               R"(,"request":{"method":"POST","url":"Observation"}})";
    }
    return out + "]}";
}

// One request over a connection of its own; its time in ms.
Result<double, std::string> once(FhirNode& node, const std::string& method,
                                 const std::string& target, const Bytes& body, unsigned status,
                                 std::string_view expected) {
    HttpLoad load = node.load();
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

Status<std::string> prepare(FhirNode& node) {
    Bytes all = R"({"resourceType":"Bundle","type":"transaction","entry":[)";
    const auto add = [&all](const Bytes& resource, const std::string& name) {
        if (all.back() == '}') all += ',';
        all += R"({"resource":)" + resource + R"(,"request":{"method":"PUT","url":")" + name +
               R"("}})";
    };
    for (std::size_t i = 0; i < kPatients; ++i) {
        add(patient(patient_id(i)), "Patient/" + patient_id(i));
        for (std::size_t j = 0; j < 3 * kLaboratoryHits; ++j) {
            const std::string id = "o-" + std::to_string(i) + "-" + std::to_string(j);
            add(observation("Patient/" + patient_id(i),
                            j < kLaboratoryHits ? "laboratory" : "vital-signs", id),
                "Observation/" + id);
        }
    }
    all += "]}";
    const auto done = once(node, "POST", "/fhir", all, 200, "transaction-response");
    if (!done) return fail(done.error());
    return Done{};
}

Status<std::string> measure_loads(const Settings& settings, FhirNode& node, FhirFigures& out) {
    std::uint64_t number = 0;
    HttpLoad load = node.load();
    load.seconds = settings.seconds;
    settings.progress("fhir: reads");
    load.method = "GET";
    load.target = "/fhir/Observation/o-";
    load.more = [&number](Bytes& to) {
        ++number;
        to += std::to_string(number % kPatients) + "-" + std::to_string(number % 33);
    };
    load.expected = "valueQuantity";
    const auto reads = run_http_load(load);
    if (!reads) return fail(reads.error());
    out.reads_per_s = static_cast<double>(reads->answers) / reads->seconds;

    settings.progress("fhir: searches");
    load.target = "/fhir/Observation?category=laboratory&patient=patient-";
    load.more = [&number](Bytes& to) { to += std::to_string(++number % kPatients); };
    load.expected = "valueQuantity";
    load.expected_times = kLaboratoryHits;
    const auto searches = run_http_load(load);
    if (!searches) return fail(searches.error());
    out.searches_per_s = static_cast<double>(searches->answers) / searches->seconds;

    settings.progress("fhir: creates");
    load.method = "POST";
    load.target = "/fhir/Observation";
    load.more = nullptr;
    load.body = [&number](Bytes& to) {
        to += observation("Patient/" + patient_id(++number % kPatients), "vital-signs", {});
    };
    load.status = 201;
    load.expected_times = 1;
    const auto creates = run_http_load(load);
    if (!creates) return fail(creates.error());
    out.creates_per_s = static_cast<double>(creates->answers) / creates->seconds;
    return Done{};
}

Status<std::string> measure_bundles(const Settings& settings, FhirNode& node, FhirFigures& out) {
    settings.progress("fhir: Bundles of 237 entries");
    const Bytes body = bundle();
    std::vector<double> posts;
    for (int i = 0; i < kBundleRuns; ++i) {
        const auto ms = once(node, "POST", "/fhir", body, 200, "transaction-response");
        if (!ms) return fail(ms.error());
        posts.push_back(*ms);
    }
    out.bundle_237_ms = median(posts);
    // One such record under an id that is known.
    if (auto put = once(node, "POST", "/fhir", fhir_bundle_237(), 200, "transaction-response");
        !put)
        return fail(put.error());
    std::vector<double> reads;
    for (int i = 0; i < kBundleRuns; ++i) {
        const auto ms = once(node, "GET", "/fhir/Patient/p/$everything", {}, 200, "searchset");
        if (!ms) return fail(ms.error());
        reads.push_back(*ms);
    }
    out.everything_237_ms = median(reads);
    return Done{};
}

}  // namespace

Bytes fhir_bundle_237() {
    Bytes out = bundle();
    const std::string_view request = R"("method":"POST","url":"Patient")";
    out.replace(out.find(request), request.size(), R"("method":"PUT","url":"Patient/p")");
    return out;
}

Result<FhirFigures, std::string> measure_fhir(const Settings& settings) {
    FhirFigures out;
    auto network = make_network();
    if (!network) return fail(network.error());
    if (!vault::Vault::create(settings.folder / "vault", "bench", crypto::Argon2idCost{1, 8}))
        return fail<std::string>("the vault cannot be made");
    FhirNode node(*network, settings.folder);
    if (auto started = node.start(); !started) return fail(started.error());
    settings.progress("fhir: 3,400 resources to begin with");
    if (auto done = prepare(node); !done) return fail(done.error());
    if (auto done = measure_bundles(settings, node, out); !done) return fail(done.error());
    if (auto done = measure_loads(settings, node, out); !done) return fail(done.error());
    out.rss_mib = rss_mib();
    settings.progress("fhir: anchors");
    std::this_thread::sleep_for(std::chrono::milliseconds(3 * kTickMs));
    const double documents = static_cast<double>(node.vault().totals().documents);
    node.stop();
    settings.progress("fhir: start");
    const auto begin = Clock::now();
    if (auto started = node.start(); !started) return fail(started.error());
    if (auto read = once(node, "GET", "/fhir/Patient/p", {}, 200, "Bench"); !read)
        return fail(read.error());
    out.start_ms = ms_since(begin);
    node.stop();
    out.disk_bytes_per_observation = bytes_in(settings.folder) / documents;
    return out;
}

}  // namespace consilium::bench
