// SPDX-License-Identifier: Apache-2.0
#include "http_bench.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "consilium/v1/documents.pb.h"
#include "contracts/registry/registry.hpp"
#include "crypto/hash.hpp"
#include "crypto/random.hpp"
#include "http/server.hpp"
#include "http/tls.hpp"
#include "http_load.hpp"
#include "ledger/genesis.hpp"
#include "node/node.hpp"
#include "proto/canonical.hpp"
#include "services/ledger/delimited.hpp"
#include "services/ledger/ledger_service.hpp"

namespace consilium::bench {
namespace {

constexpr std::string_view kMember = "hospital";
constexpr unsigned kBatch = 100;

UnixMs now_ms() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return {static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(now).count())};
}

// Single-anchor transactions that differ in nonce, record id and commitment: one is encoded, the
// others are its bytes with those three places written over.
class Transactions {
 public:
    explicit Transactions(BytesView user) : prefix_(crypto::random_bytes(8)) {
        const Bytes nonce(16, '\x01');
        const Bytes record(16, '\x02');
        const Bytes commitment(32, '\x03');
        v1::DocumentsCommand documents;
        documents.mutable_anchor_record()->set_record_id(record);
        documents.mutable_anchor_record()->set_commitment(commitment);
        v1::Body body;
        body.mutable_actor()->set_user(Bytes(user));
        body.mutable_actor()->set_role(v1::ROLE_SERVICE);
        body.set_nonce(nonce);
        body.set_not_after_unix_ms(now_ms().value + 3600'000);
        auto& command = *body.add_commands();
        command.set_contract(static_cast<std::uint32_t>(ledger::ContractId::kDocuments));
        command.set_payload(proto::encode(documents));
        v1::Transaction transaction;
        transaction.set_body(proto::encode(body));
        bytes_ = proto::encode(transaction);
        for (const auto& mark : {nonce, record, commitment})
            places_.push_back(bytes_.find(mark));
    }

    void append(Bytes& out) {
        Bytes number = prefix_;
        append_be64(number, ++count_);
        for (const auto place : places_)
            bytes_.replace(place, number.size(), number);
        out += bytes_;
    }
    void append_batch(Bytes& out) {
        for (unsigned i = 0; i < kBatch; ++i) {
            one_.clear();
            append(one_);
            services::ledger_api::append_delimited(out, one_);
        }
    }

 private:
    Bytes prefix_;
    Bytes bytes_;
    Bytes one_;
    std::vector<std::size_t> places_;
    std::uint64_t count_ = 0;
};

// A server with the ledger's routes over some ports.
struct Front {
    http::Certificate certificate = *http::make_self_signed({"bench", {"localhost"}, {}, 1});
    std::unique_ptr<http::Tokens> tokens =
        *http::Tokens::create("bench", "bench", {*http::make_token_key()});
    telemetry::Metrics metrics;
    http::Router router;
    std::unique_ptr<services::ledger_api::LedgerService> service;
    std::unique_ptr<http::Server> server;

    bool start(services::ledger_api::Ports ports) {
        service = std::make_unique<services::ledger_api::LedgerService>(
            ports, services::ledger_api::Options{}, *tokens, metrics, telemetry::Logger());
        service->add_routes(router);
        http::ServerOptions options;
        options.certificate_pem = certificate.certificate_pem;
        options.private_key_pem = certificate.private_key_pem;
        options.threads = 1;
        auto started = http::Server::start(options, router, *tokens, telemetry::Logger(), metrics);
        if (!started) return false;
        server = std::move(*started);
        return true;
    }
};

Result<HttpFigures, std::string> measure(const Settings& settings, Front& front,
                                         Transactions& transactions) {
    HttpLoad load;
    load.port = front.server->port();
    load.certificate_pem = front.certificate.certificate_pem;
    const auto token =
        front.tokens->issue({"bench", "bench", "system/Ledger.c", 3600'000}, now_ms());
    if (!token) return fail<std::string>("no token could be made");
    load.token = *token;
    load.expected = "\"applied\"";
    HttpFigures out;

    settings.progress("http: one transaction at a time");
    load.target = "/v1/transactions";
    load.body = [&](Bytes& body) { transactions.append(body); };
    load.connections = load.in_flight = 1;
    load.seconds = std::min(2U, settings.seconds);
    const auto lone = run_http_load(load);
    if (!lone) return fail(lone.error());
    out.http_lone_ms_p50 = lone->p50_ms;

    settings.progress("http: one transaction per request, 1,000 in flight");
    load.connections = 4;
    load.in_flight = 1000;
    load.seconds = settings.seconds;
    const auto single = run_http_load(load);
    if (!single) return fail(single.error());
    out.http_per_s = static_cast<double>(single->answers) / single->seconds;

    settings.progress("http: batches of 100");
    load.target = "/v1/transactions/batch";
    load.body = [&](Bytes& body) { transactions.append_batch(body); };
    load.in_flight = 40;
    load.expected_times = kBatch;
    const auto batch = run_http_load(load);
    if (!batch) return fail(batch.error());
    out.http_batch_per_s = static_cast<double>(batch->answers) * kBatch / batch->seconds;
    return out;
}

// Answers everything at once from a thread of its own.
class EchoNode final : public services::Submit, public services::Events, public services::Reads {
 public:
    EchoNode() : thread_([this] { run(); }) {}
    ~EchoNode() override {
        {
            const std::lock_guard lock(mutex_);
            ending_ = true;
        }
        changed_.notify_one();
        thread_.join();
    }

    void submit(Bytes transaction, services::SubmitCallback done) override {
        submit_batch({std::move(transaction)},
                     [done = std::move(done)](std::size_t, auto answer) { done(answer); });
    }
    void submit_batch(
        std::vector<Bytes> transactions,
        std::function<void(std::size_t, Result<services::Committed, services::SubmitError>)> done)
        override {
        {
            const std::lock_guard lock(mutex_);
            waiting_.emplace_back(std::move(transactions), std::move(done));
        }
        changed_.notify_one();
    }
    std::unique_ptr<services::Subscription> subscribe(services::Cursor,
                                                      services::EventCallback) override {
        return nullptr;
    }
    services::NodeStatus status() const override { return {}; }
    Result<services::Committed, services::ReadError> outcome(
        const ledger::TransactionId&) const override {
        return fail(services::ReadError::kNotFound);
    }
    Result<Bytes, services::ReadError> outcome_receipt(
        const ledger::TransactionId&) const override {
        return fail(services::ReadError::kNotFound);
    }
    Result<services::StateAnswer, services::ReadError> state(BytesView, std::optional<Height>,
                                                             bool) const override {
        return fail(services::ReadError::kNotFound);
    }
    Result<services::StateList, services::ReadError> state_list(BytesView, BytesView, std::size_t,
                                                                std::optional<Height>,
                                                                bool) const override {
        return fail(services::ReadError::kNotFound);
    }
    Result<Bytes, services::ReadError> block(Height) const override {
        return fail(services::ReadError::kNotFound);
    }
    Result<Height, services::ReadError> height_at(UnixMs) const override {
        return fail(services::ReadError::kNotFound);
    }
    Result<Bytes, services::ReadError> validator_history() const override {
        return fail(services::ReadError::kNotFound);
    }
    Bytes genesis() const override { return {}; }

 private:
    using Done =
        std::function<void(std::size_t, Result<services::Committed, services::SubmitError>)>;
    void run() {
        std::unique_lock lock(mutex_);
        while (true) {
            changed_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
            if (ending_) return;
            auto all = std::move(waiting_);
            waiting_.clear();
            lock.unlock();
            for (auto& [transactions, done] : all) {
                for (std::size_t i = 0; i < transactions.size(); ++i) {
                    services::Committed committed;
                    committed.height = 1'234'567;
                    committed.transaction_index = static_cast<std::uint32_t>(i);
                    done(i, committed);
                }
            }
            all.clear();
            lock.lock();
        }
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    bool ending_ = false;
    std::vector<std::pair<std::vector<Bytes>, Done>> waiting_;
    std::thread thread_;
};

struct Network {
    node::HostOptions options;
    Bytes user;
};

// One member, one validator, one user.
Result<Network, std::string> make_network(const Settings& settings) {
    Network out;
    out.user = crypto::random_bytes(16);
    auto bundle_key = crypto::SigningKey::generate();
    auto validator_key = crypto::SigningKey::generate();
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
    member.mutable_node()->set_validator_public_key(validator_key.public_key());
    member.mutable_node()->set_validator_power(1);
    auto& key = *member.add_keys();
    key.set_algorithm(v1::ALGORITHM_ED25519);
    key.set_public_key(bundle_key.public_key());
    key.set_not_after_unix_ms(now + 30ULL * 24 * 3600 * 1000);
    auto& user = *member.add_users();
    user.set_user(out.user);
    user.set_role(v1::ROLE_SERVICE);
    user.set_valid_from_unix_ms(now - 3600'000);
    user.set_valid_until_unix_ms(now + 24ULL * 3600 * 1000);
    auto genesis = node::parse_genesis(node::make_genesis_document(state));
    if (!genesis) return fail(genesis.error());
    out.options.genesis = std::move(*genesis);
    node::MemberOptions options{std::string(kMember), settings.folder / "http", 1,
                                std::move(bundle_key), std::move(validator_key)};
    out.options.members.push_back(std::move(options));
    return out;
}

}  // namespace

Result<HttpFigures, std::string> measure_http_layer(const Settings& settings) {
    EchoNode echo;
    Front front;
    if (!front.start({echo, echo, echo})) return fail<std::string>("the server did not start");
    Transactions transactions(crypto::random_bytes(16));
    auto figures = measure(settings, front, transactions);
    front.server->stop();
    return figures;
}

Result<HttpFigures, std::string> measure_http(const Settings& settings) {
    auto network = make_network(settings);
    if (!network) return fail(network.error());
    auto opened = node::Host::open(std::move(network->options));
    if (!opened) return fail(opened.error().message);
    auto host = std::move(*opened);
    if (auto started = host->start(); !started) return fail(started.error().message);
    const std::string member(kMember);
    Front front;
    if (!front.start({host->submit(member), host->events(member), host->reads(member)})) {
        return fail<std::string>("the server did not start");
    }
    Transactions transactions(network->user);
    auto figures = measure(settings, front, transactions);
    front.server->stop();
    front.service = nullptr;
    host->stop();
    return figures;
}

}  // namespace consilium::bench
