// SPDX-License-Identifier: Apache-2.0
#include "fhir_bench.hpp"

#include <chrono>
#include <thread>

#include "fhir_node.hpp"

namespace consilium::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kPatients = 100;
constexpr std::size_t kLaboratoryHits = 11;
constexpr int kBundleRuns = 15;

double ms_since(Clock::time_point start) {
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

std::string patient_id(std::size_t number) {
    return "patient-" + std::to_string(number);
}

// A transaction of one Patient and Observations of it.
Bytes bundle() {
    Bytes out = R"({"resourceType":"Bundle","type":"transaction","entry":[)"
                R"({"fullUrl":"urn:uuid:p","resource":)" +
                patient_resource("p") + R"(,"request":{"method":"POST","url":"Patient"}})";
    for (std::size_t i = 1; i < kBundleEntries; ++i) {
        out += R"(,{"fullUrl":"urn:uuid:)" + std::to_string(i) + R"(","resource":)" +
               observation_resource("urn:uuid:p", "vital-signs", {}) +
               R"(,"request":{"method":"POST","url":"Observation"}})";
    }
    return out + "]}";
}

Status<std::string> prepare(FhirNode& node) {
    Bytes all = R"({"resourceType":"Bundle","type":"transaction","entry":[)";
    const auto add = [&all](const Bytes& resource, const std::string& name) {
        if (all.back() == '}') all += ',';
        all += R"({"resource":)" + resource + R"(,"request":{"method":"PUT","url":")" + name +
               R"("}})";
    };
    for (std::size_t i = 0; i < kPatients; ++i) {
        add(patient_resource(patient_id(i)), "Patient/" + patient_id(i));
        for (std::size_t j = 0; j < 3 * kLaboratoryHits; ++j) {
            const std::string id = "o-" + std::to_string(i) + "-" + std::to_string(j);
            add(observation_resource("Patient/" + patient_id(i),
                                     j < kLaboratoryHits ? "laboratory" : "vital-signs", id),
                "Observation/" + id);
        }
    }
    all += "]}";
    const auto done = node.once("POST", "/fhir", all, 200, "transaction-response");
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
        to +=
            observation_resource("Patient/" + patient_id(++number % kPatients), "vital-signs", {});
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
        const auto ms = node.once("POST", "/fhir", body, 200, "transaction-response");
        if (!ms) return fail(ms.error());
        posts.push_back(*ms);
    }
    out.bundle_237_ms = median(posts);
    // One such record under an id that is known.
    if (auto put = node.once("POST", "/fhir", fhir_bundle_237(), 200, "transaction-response"); !put)
        return fail(put.error());
    std::vector<double> reads;
    for (int i = 0; i < kBundleRuns; ++i) {
        const auto ms = node.once("GET", "/fhir/Patient/p/$everything", {}, 200, "searchset");
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
    auto network = make_fhir_network();
    if (!network) return fail(network.error());
    FhirNode node(*network, settings.folder);
    if (auto made = node.create(); !made) return fail(made.error());
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
    if (auto read = node.once("GET", "/fhir/Patient/p", {}, 200, "Bench"); !read)
        return fail(read.error());
    out.start_ms = ms_since(begin);
    node.stop();
    out.disk_bytes_per_observation = bytes_in(settings.folder) / documents;
    return out;
}

}  // namespace consilium::bench
