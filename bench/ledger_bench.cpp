// SPDX-License-Identifier: Apache-2.0
// The embedded engine in process: RocksDB, synced commits, state proofs on. The load generator runs
// on one thread of the same machine while the ledger runs: it builds and encodes every transaction
// during the measured time.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>

#include "consilium/v1/charts.pb.h"
#include "consilium/v1/documents.pb.h"
#include "crypto/random.hpp"
#include "figures.hpp"
#include "ledger/manifest.hpp"
#include "ledger/outcome.hpp"
#include "ledger/transaction.hpp"
#include "node/node.hpp"
#include "node/thread_pool.hpp"
#include "proto/canonical.hpp"

namespace consilium::bench {

namespace {

using Clock = std::chrono::steady_clock;
using services::Committed;
using services::SubmitError;

constexpr std::size_t kCharts = 1000;
constexpr std::size_t kInFlightMax = 32'768;
constexpr int kLoneTransactions = 500;
constexpr std::size_t kManifestVersions = 100'000;
constexpr int kManifests = 5;

// SplitMix64: ids and nonces that do not repeat, from a seed. Nothing here needs to be secret.
class Numbers {
 public:
    explicit Numbers(std::uint64_t seed) : state_(seed) {}
    std::uint64_t next() {
        std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
        z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
        return z ^ (z >> 31U);
    }
    void fill(Bytes& out, std::size_t size) {
        out.clear();
        while (out.size() < size)
            append_be64(out, next());
        out.resize(size);
    }

 private:
    std::uint64_t state_;
};

struct Network {
    node::Genesis genesis;
    std::vector<crypto::SigningKey> bundle_keys;
    std::vector<crypto::SigningKey> validator_keys;
    std::vector<ledger::UserId> users;
    std::vector<std::string> members;
};

Result<Network, std::string> make_network(std::size_t members) {
    constexpr std::uint64_t kDayMs = 24ULL * 3600 * 1000;
    const UnixMs now = consensus::system_clock().wall();
    Network network;
    v1::GenesisState state;
    state.set_protocol_version(1);
    state.set_time_unix_ms(now.value);
    state.set_salt(crypto::random_bytes(32));
    for (std::size_t i = 0; i < members; ++i) {
        network.members.push_back("member-" + std::to_string(i));
        network.bundle_keys.push_back(crypto::SigningKey::generate());
        network.validator_keys.push_back(crypto::SigningKey::generate());
        network.users.push_back(crypto::random_id<ledger::UserId>());
        v1::GenesisMember& member = *state.add_members();
        member.set_member_id(network.members.back());
        member.mutable_member()->set_name("Member " + std::to_string(i));
        member.mutable_member()->set_address("1 Main Street, Springfield");
        member.mutable_member()->add_kinds(v1::MEMBER_KIND_PROVIDER);
        member.mutable_member()->set_status(v1::MEMBER_STATUS_ACTIVE);
        member.mutable_node()->set_endpoint("https://127.0.0.1:" + std::to_string(7443 + i));
        member.mutable_node()->set_validator_public_key(network.validator_keys[i].public_key());
        member.mutable_node()->set_validator_power(10);
        v1::GenesisKey& key = *member.add_keys();
        key.set_algorithm(v1::ALGORITHM_ED25519);
        key.set_public_key(network.bundle_keys[i].public_key());
        key.set_not_after_unix_ms(now.value + 365 * kDayMs);
        v1::UserDay& user = *member.add_users();
        user.set_user(network.users[i].bytes());
        user.set_role(v1::ROLE_SERVICE);
        user.set_valid_from_unix_ms(now.value);
        user.set_valid_until_unix_ms(now.value + 2 * kDayMs);
    }
    auto genesis = node::parse_genesis(node::make_genesis_document(state));
    if (!genesis) return fail(genesis.error());
    network.genesis = std::move(*genesis);
    return network;
}

Result<std::unique_ptr<node::Host>, std::string> start_host(Network& network,
                                                            const std::filesystem::path& folder) {
    node::HostOptions options;
    options.genesis = network.genesis;
    options.limits.queue_transactions = 2 * kInFlightMax;
    for (std::size_t i = 0; i < network.members.size(); ++i) {
        const auto copy = [](const crypto::SigningKey& key) {
            return *crypto::SigningKey::from_seed(key.algorithm(), key.seed());
        };
        options.members.push_back({network.members[i], folder / network.members[i], 1,
                                   copy(network.bundle_keys[i]), copy(network.validator_keys[i])});
    }
    auto host = node::Host::open(std::move(options));
    if (!host) return fail(host.error().message);
    if (auto started = (*host)->start(); !started) return fail(started.error().message);
    return std::move(*host);
}

// The transactions of one member's user.
class Generator {
 public:
    Generator(const Network& network, std::size_t member, std::uint64_t seed)
        : network_(network), member_(member), numbers_(seed) {
        body_.mutable_actor()->set_user(network.users[member].bytes());
        body_.mutable_actor()->set_role(v1::ROLE_SERVICE);
        body_.set_not_after_unix_ms(network.genesis.time.value + 24ULL * 3600 * 1000);
        body_.add_commands();
        for (std::size_t i = 0; i < kCharts; ++i) {
            charts_.emplace_back();
            numbers_.fill(charts_.back(), 16);
        }
    }
    Bytes open_chart(std::size_t chart) {
        v1::ChartsCommand command;
        command.mutable_open_chart()->set_chart_id(charts_[chart]);
        for (int i = 0; i < 8; ++i)
            numbers_.fill(*command.mutable_open_chart()->add_slots(), 32);
        return transaction(ledger::ContractId::kCharts, proto::encode(command));
    }
    Bytes anchor() {
        v1::AnchorRecord& anchor = *documents_.mutable_anchor_record();
        anchor.set_chart_id(charts_[numbers_.next() % kCharts]);
        numbers_.fill(*anchor.mutable_record_id(), 16);
        numbers_.fill(*anchor.mutable_commitment(), 32);
        return transaction(ledger::ContractId::kDocuments, proto::encode(documents_));
    }
    Bytes manifest(const ledger::Manifest& manifest) {
        v1::DocumentsCommand command;
        command.mutable_anchor_manifest()->set_chart_id(charts_[0]);
        command.mutable_anchor_manifest()->set_root(manifest.root().bytes());
        command.mutable_anchor_manifest()->set_leaf_count(manifest.leaf_count());
        return transaction(ledger::ContractId::kDocuments, proto::encode(command));
    }
    std::vector<ledger::ManifestEntry> manifest_entries(std::size_t count) {
        std::vector<ledger::ManifestEntry> entries(count);
        Bytes bytes;
        for (ledger::ManifestEntry& entry : entries) {
            numbers_.fill(bytes, 16);
            (void)assign(entry.record_id, bytes);
            numbers_.fill(bytes, 32);
            (void)assign(entry.commitment, bytes);
        }
        return entries;
    }

 private:
    Bytes transaction(ledger::ContractId contract, Bytes payload) {
        numbers_.fill(*body_.mutable_nonce(), 16);
        v1::Command& command = *body_.mutable_commands(0);
        command.set_contract(static_cast<std::uint32_t>(contract));
        command.set_payload(std::move(payload));
        return ledger::make_transaction(network_.genesis.network_id, network_.members[member_],
                                        body_);
    }

    const Network& network_;
    const std::size_t member_;
    Numbers numbers_;
    v1::Body body_;
    v1::DocumentsCommand documents_;
    std::vector<Bytes> charts_;
};

bool applied(const Result<Committed, SubmitError>& result) {
    if (!result) return false;
    const auto outcome = ledger::decode_outcome(result->outcome);
    return outcome && outcome->applied();
}

// Counts answers; lets the generator wait for room.
struct Tally {
    std::mutex mutex;
    std::condition_variable room;
    std::atomic<std::size_t> in_flight{0};
    std::atomic<std::uint64_t> committed{0};
    std::atomic<std::uint64_t> failed{0};
    std::atomic<bool> waiting{false};

    void answered(const Result<Committed, SubmitError>& result) {
        // Empty bytes would be "applied, nothing assigned"; an anchor assigns its sequence, and a
        // rejection begins with field 1.
        const bool good = result.ok() && (result->outcome.empty() || result->outcome[0] != '\x08');
        (good ? committed : failed).fetch_add(1, std::memory_order_relaxed);
        if (in_flight.fetch_sub(1) <= kInFlightMax / 2 && waiting.load()) {
            const std::lock_guard lock(mutex);
            room.notify_all();
        }
    }
    void wait_below(std::size_t limit) {
        std::unique_lock lock(mutex);
        waiting = true;
        room.wait(lock, [&] { return in_flight.load() <= limit; });
        waiting = false;
    }
};

Result<Committed, SubmitError> submit_one(services::Submit& submit, Bytes transaction) {
    std::promise<Result<Committed, SubmitError>> promise;
    auto answer = promise.get_future();
    submit.submit(std::move(transaction), [&](Result<Committed, SubmitError> result) {
        promise.set_value(std::move(result));
    });
    return answer.get();
}

Status<std::string> open_charts(Generator& generator, services::Submit& submit) {
    Tally tally;
    for (std::size_t i = 0; i < kCharts; ++i) {
        tally.in_flight.fetch_add(1);
        submit.submit(generator.open_chart(i),
                      [&](Result<Committed, SubmitError> result) { tally.answered(result); });
    }
    tally.wait_below(0);
    if (tally.committed != kCharts) return fail(std::string("charts could not be opened"));
    return Done{};
}

// Transactions per second, committed and answered, from the second second on.
Result<double, std::string> throughput(node::Host& host, const Network& network,
                                       const Settings& settings) {
    std::vector<Generator> generators;
    for (std::size_t m = 0; m < network.members.size(); ++m) {
        generators.emplace_back(network, m, settings.seed + m);
        auto opened = open_charts(generators.back(), host.submit(network.members[m]));
        if (!opened) return fail(opened.error());
    }
    Tally tally;
    const auto start = Clock::now();
    const auto warm = start + std::chrono::seconds(1);
    const auto end = warm + std::chrono::seconds(settings.seconds);
    std::uint64_t committed_when_warm = 0;
    auto warm_at = start;
    for (std::size_t turn = 0; Clock::now() < end; ++turn) {
        if (committed_when_warm == 0 && Clock::now() >= warm) {
            committed_when_warm = tally.committed.load();
            warm_at = Clock::now();
        }
        if (tally.in_flight.load() >= kInFlightMax) tally.wait_below(kInFlightMax / 2);
        const std::size_t m = turn % generators.size();
        services::Submit& submit = host.submit(network.members[m]);
        for (int i = 0; i < 256; ++i) {
            tally.in_flight.fetch_add(1, std::memory_order_relaxed);
            submit.submit(generators[m].anchor(),
                          [&](Result<Committed, SubmitError> result) { tally.answered(result); });
        }
    }
    const double seconds = std::chrono::duration<double>(Clock::now() - warm_at).count();
    const std::uint64_t committed = tally.committed.load() - committed_when_warm;
    tally.wait_below(0);
    if (tally.failed != 0) {
        return fail(std::to_string(tally.failed.load()) + " transactions did not apply");
    }
    return static_cast<double>(committed) / seconds;
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

double ms_since(Clock::time_point start) {
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

// Each transaction alone, the next one when the last is answered.
Result<double, std::string> lone(services::Submit& submit, Generator& generator) {
    std::vector<double> ms;
    for (int i = 0; i < kLoneTransactions; ++i) {
        Bytes transaction = generator.anchor();
        const auto start = Clock::now();
        if (!applied(submit_one(submit, std::move(transaction)))) {
            return fail(std::string("a lone transaction did not apply"));
        }
        ms.push_back(ms_since(start));
    }
    return median(ms);
}

// From 100,000 ids and commitments to the durable outcome: sorting, hashing, committing.
Result<double, std::string> manifest(services::Submit& submit, Generator& generator) {
    node::ThreadPool pool(2);
    std::vector<double> ms;
    for (int i = 0; i < kManifests; ++i) {
        auto entries = generator.manifest_entries(kManifestVersions +
                                                  ledger::Manifest::padding(kManifestVersions));
        const auto start = Clock::now();
        const auto tree = ledger::Manifest::build(std::move(entries), pool.parallel_for());
        if (!tree || !applied(submit_one(submit, generator.manifest(*tree)))) {
            return fail(std::string("a manifest did not apply"));
        }
        ms.push_back(ms_since(start));
    }
    return median(ms);
}

}  // namespace

Result<LedgerFigures, std::string> measure_ledger(const Settings& settings) {
    LedgerFigures figures;
    {
        auto network = make_network(1);
        if (!network) return fail(network.error());
        auto host = start_host(*network, settings.folder / "one");
        if (!host) return fail(host.error());
        services::Submit& submit = (*host)->submit(network->members[0]);

        settings.progress("one node: a lone transaction");
        Generator generator(*network, 0, settings.seed + 1000);
        if (auto opened = open_charts(generator, submit); !opened) return fail(opened.error());
        const auto lone_ms = lone(submit, generator);
        if (!lone_ms) return fail(lone_ms.error());
        figures.lone_ms_p50 = *lone_ms;

        settings.progress("one node: a manifest of 100,000 versions");
        const auto manifest_ms = manifest(submit, generator);
        if (!manifest_ms) return fail(manifest_ms.error());
        figures.manifest_100k_ms = *manifest_ms;

        settings.progress("one node: single anchors under load");
        const auto per_s = throughput(**host, *network, settings);
        if (!per_s) return fail(per_s.error());
        figures.committed_per_s = *per_s;
    }
    {
        auto network = make_network(4);
        if (!network) return fail(network.error());
        auto host = start_host(*network, settings.folder / "four");
        if (!host) return fail(host.error());
        settings.progress("four members' ledger copies: single anchors under load");
        const auto per_s = throughput(**host, *network, settings);
        if (!per_s) return fail(per_s.error());
        figures.committed_four_members_per_s = *per_s;
    }
    return figures;
}

}  // namespace consilium::bench
