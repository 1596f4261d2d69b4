// SPDX-License-Identifier: Apache-2.0
#include "size_bench.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fstream>
#include <mutex>
#include <random>
#include <sstream>
#include <thread>

#include "base/hex.hpp"
#include "crypto/hash.hpp"
#include "fhir_node.hpp"

namespace consilium::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kDocumentsPerPatient = 100;
constexpr std::size_t kLaboratoryHits = 11;
constexpr std::uint64_t kPatientsPerBundle = 10;
constexpr unsigned kImporters = 2;
constexpr int kRuns = 7;
constexpr std::size_t kEverythingEntries = 10'000;
constexpr std::size_t kLargeBundleBytes = 29U << 20U;
// So that there are some 20,000 entries, as in real records of that length.
constexpr std::size_t kNoteLetters = 700;
constexpr double kSearchSeconds = 5;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

std::string patient_name(std::uint64_t number) {
    return "size-" + std::to_string(number);
}

void add_entry(Bytes& bundle, const Bytes& resource) {
    if (bundle.back() == '}') bundle += ',';
    bundle += R"({"resource":)" + resource + '}';
}

// A collection of whole patients, the first of which has that number.
Bytes collection(std::uint64_t first) {
    Bytes out = R"({"resourceType":"Bundle","type":"collection","entry":[)";
    for (std::uint64_t i = first; i < first + kPatientsPerBundle; ++i) {
        const std::string id = patient_name(i);
        add_entry(out, patient_resource(id));
        for (std::size_t j = 1; j < kDocumentsPerPatient; ++j) {
            add_entry(out, observation_resource(
                               "Patient/" + id, j <= kLaboratoryHits ? "laboratory" : "vital-signs",
                               "size-" + std::to_string(i) + "-" + std::to_string(j)));
        }
    }
    return out + "]}";
}

// A transaction of one patient, of that id, with Observations, each with a note of so many letters,
// until it has so many bytes and entries.
Bytes transaction(const std::string& id, std::size_t bytes_min, std::size_t entries_min,
                  std::size_t note) {
    Bytes out = R"({"resourceType":"Bundle","type":"transaction","entry":[{"resource":)" +
                patient_resource(id) + R"(,"request":{"method":"PUT","url":"Patient/)" + id +
                R"("}})";
    for (std::size_t i = 1; i < entries_min || out.size() < bytes_min; ++i) {
        Bytes resource =
            observation_resource("Patient/" + id, i % 9 == 0 ? "laboratory" : "vital-signs", {});
        if (note > 0) {
            resource.pop_back();
            resource += R"(,"note":[{"text":")" + Bytes(note, 'n') + R"("}]})";
        }
        out +=
            R"(,{"resource":)" + resource + R"(,"request":{"method":"POST","url":"Observation"}})";
    }
    return out + "]}";
}

// Several clients take Bundles in turn until all are in.
Status<std::string> import(FhirNode& node, std::uint64_t first, std::uint64_t end) {
    std::atomic<std::uint64_t> next{first};
    std::mutex mutex;
    std::string error;
    std::vector<std::thread> clients;
    for (unsigned i = 0; i < kImporters; ++i) {
        clients.emplace_back([&] {
            while (true) {
                const std::uint64_t number = next.fetch_add(kPatientsPerBundle);
                if (number >= end) return;
                const Bytes body = collection(number);
                const auto done =
                    node.once("POST", "/fhir/$import?key=" + to_hex(crypto::sha256(body).view()),
                              body, 200, R"("stored")");
                if (done) continue;
                const std::lock_guard lock(mutex);
                error = done.error();
                next = end;
            }
        });
    }
    for (std::thread& client : clients)
        client.join();
    if (!error.empty()) return fail(error);
    return Done{};
}

// Patients at random, so that what was imported long ago is asked for, too.
HttpLoad searches(FhirNode& node, std::uint64_t patients, std::mt19937_64& random) {
    HttpLoad load = node.load();
    load.method = "GET";
    load.target = "/fhir/Observation?category=laboratory&patient=";
    load.more = [&random, patients](Bytes& to) { to += patient_name(random() % patients); };
    load.expected = "valueQuantity";
    load.expected_times = kLaboratoryHits;
    load.seconds = kSearchSeconds;
    return load;
}

Status<std::string> measure_searches(FhirNode& node, std::uint64_t patients,
                                     std::mt19937_64& random, SizeRow& row) {
    HttpLoad load = searches(node, patients, random);
    const auto many = run_http_load(load);
    if (!many) return fail(many.error());
    row.searches_per_s = static_cast<double>(many->answers) / many->seconds;
    load.connections = load.in_flight = 1;
    load.seconds = kSearchSeconds / 2;
    const auto one = run_http_load(load);
    if (!one) return fail(one.error());
    row.search_ms_p50 = one->p50_ms;
    return Done{};
}

Result<std::vector<SizeRow>, std::string> measure_growth(const Settings& settings,
                                                         const SizeOptions& options,
                                                         FhirNode& node) {
    std::vector<SizeRow> rows;
    std::mt19937_64 random(settings.seed);
    std::uint64_t patients = 0;
    for (const std::uint64_t documents : options.documents) {
        settings.progress("size: " + std::to_string(documents) + " documents");
        SizeRow row;
        const std::uint64_t end = documents / kDocumentsPerPatient;
        const auto start = Clock::now();
        if (auto done = import(node, patients, end); !done) return fail(done.error());
        row.imports_per_s =
            static_cast<double>((end - patients) * kDocumentsPerPatient) / seconds_since(start);
        patients = end;
        row.rss_mib = rss_mib();
        if (auto done = measure_searches(node, patients, random, row); !done)
            return fail(done.error());
        row.rss_mib = std::max(row.rss_mib, rss_mib());
        row.documents = node.vault().totals().documents;
        row.disk_bytes_per_document =
            bytes_in(settings.folder) / static_cast<double>(row.documents);
        rows.push_back(row);
    }
    return rows;
}

Result<BundleRow, std::string> post(FhirNode& node, const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    const Bytes body = std::move(text).str();
    if (!in || body.empty()) return fail(path.string() + " cannot be read");
    const auto ms = node.once("POST", "/fhir", body, 200, "transaction-response");
    if (!ms) return fail(path.filename().string() + ": " + ms.error());
    return BundleRow{path.filename().string(), static_cast<double>(body.size()) / (1 << 20), *ms};
}

Result<double, std::string> everything_ms(FhirNode& node) {
    const Bytes body = transaction("everything", 0, kEverythingEntries, 0);
    if (auto put = node.once("POST", "/fhir", body, 200, "transaction-response"); !put)
        return fail(put.error());
    std::vector<double> times;
    for (int i = 0; i < kRuns; ++i) {
        const auto ms =
            node.once("GET", "/fhir/Patient/everything/$everything", {}, 200, "searchset");
        if (!ms) return fail(ms.error());
        times.push_back(*ms);
    }
    return median(times);
}

}  // namespace

Result<SizeFigures, std::string> measure_size(const Settings& settings,
                                              const SizeOptions& options) {
    SizeFigures out;
    auto network = make_fhir_network();
    if (!network) return fail(network.error());
    FhirNode node(*network, settings.folder);
    if (auto made = node.create(); !made) return fail(made.error());
    if (auto started = node.start(); !started) return fail(started.error());
    auto rows = measure_growth(settings, options, node);
    if (!rows) return fail(rows.error());
    out.rows = *std::move(rows);
    settings.progress("size: a record of 10,000 entries");
    const auto ms = everything_ms(node);
    if (!ms) return fail(ms.error());
    out.everything_10000_ms = *ms;
    settings.progress("size: a Bundle of 29 MiB");
    const Bytes body = transaction("large", kLargeBundleBytes, 0, kNoteLetters);
    const auto large = node.once("POST", "/fhir", body, 200, "transaction-response");
    if (!large) return fail(large.error());
    out.bundle_29_mib_ms = *large;
    for (const auto& path : options.bundles) {
        settings.progress("size: " + path.filename().string());
        auto row = post(node, path);
        if (!row) return fail(row.error());
        out.bundles.push_back(*std::move(row));
    }
    return out;
}

}  // namespace consilium::bench
