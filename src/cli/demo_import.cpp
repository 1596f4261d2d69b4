// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include "base/hex.hpp"
#include "cli/demo_person.hpp"
#include "consilium/v1/documents.pb.h"
#include "contracts/registry/registry.hpp"
#include "crypto/hash.hpp"
#include "formats/json/parse.hpp"

// The hospital takes in its patients' records; a Bundle with faults goes in without them.
namespace consilium::cli {
namespace {

using formats::json::Value;

constexpr std::string_view kGiveDemoData = "Give --data the folder demo/data of the repository.";
constexpr const char* kIntegrationScope = "user/*.cruds user/Import.cr system/*.rs";

// What a patient's record looks for among the Bundles.
bool has_patient(const Value& bundle) {
    const auto entries = list_in(bundle, "entry");
    return std::any_of(entries.begin(), entries.end(), [](const Value& entry) {
        return text_in(entry.find("resource"), "resourceType") == "Patient";
    });
}

struct Taken {
    std::size_t resources = 0;
    std::size_t bytes = 0;
    std::uint64_t took_us = 0;
    std::set<std::string> types;
    std::vector<DemoPatient> patients;
};

// "Patient" and "ID" of "Patient/ID/_history/1", with or without the base before it.
std::optional<std::pair<std::string, std::string>> created(const Value& entry) {
    const Value* response = entry.find("response");
    if (text_in(response, "status").rfind("201", 0) != 0) return std::nullopt;
    std::string path = text_in(response, "location");
    path = path.substr(0, path.find("/_history"));
    const auto slash = path.rfind('/');
    if (slash == std::string::npos) return std::nullopt;
    const auto before = path.rfind('/', slash - 1);
    return std::pair{path.substr(before == std::string::npos ? 0 : before + 1,
                                 slash - (before == std::string::npos ? 0 : before + 1)),
                     path.substr(slash + 1)};
}

// Posts one Bundle as any FHIR client would.
Status<Problem> take(Person& hospital, const ImportPart& part, Taken& taken) {
    const auto told = hospital.post_expecting(200, "/fhir", part.bundle);
    if (!told) return fail(told.error());
    taken.bytes += part.bundle.size();
    taken.took_us += told->took_us;
    DemoPatient patient;
    for (const Value& entry : list_in(told->root(), "entry")) {
        const auto made = created(entry);
        if (!made) return fail(demo_failed("every resource of " + part.name + " is stored"));
        ++patient.resources;
        taken.types.insert(made->first);
        if (made->first == "Patient") patient.id = made->second;
    }
    taken.resources += patient.resources;
    if (!patient.id.empty()) taken.patients.push_back(std::move(patient));
    return Done{};
}

Status<Problem> wait_for_anchors(Person& hospital, std::uint64_t documents) {
    return demo_wait("all that was stored is anchored", [&]() -> Result<bool, Problem> {
        const auto anchored = hospital.metric("consilium_fhir_anchored_total");
        if (!anchored) return fail(anchored.error());
        return *anchored >= documents;
    });
}

struct Anchored {
    std::size_t charts = 0;
    std::uint64_t leaves = 0;
};

// On the payer's copy: one manifest per chart, and nothing else.
Result<Anchored, Problem> look_at_charts(DemoWorld& world, std::size_t patients) {
    Anchored out;
    const auto look = [&]() -> Result<bool, Problem> {
        out = {};
        const auto charts = world.node("payer").state_list(
            contracts::registry().key_from_path("charts/chart").value_or(""), std::nullopt);
        if (!charts) return fail(charts.error());
        for (const auto& chart : charts->entries()) {
            const std::string id = to_hex(BytesView(chart.key()).substr(chart.key().size() - 16));
            const auto records = shown_list(world, "payer", "documents/record/chart:" + id);
            if (!records) return fail(records.error());
            if (records->size() > 1) return fail(demo_failed("each chart has one manifest"));
            if (records->empty()) return false;
            const auto record = row_as<v1::Record>(records->front());
            if (!record) return fail(record.error());
            if (record->leaf_count() == 0)
                return fail(demo_failed("each chart's record is a manifest"));
            ++out.charts;
            out.leaves += record->leaf_count();
        }
        return out.charts == patients;
    };
    if (auto waited = demo_wait("there is a chart per patient", look); !waited)
        return fail(waited.error());
    return out;
}

Result<std::uint64_t, Problem> patients_of(Person& hospital) {
    const auto told = hospital.get_expecting(200, "/fhir/Patient?_summary=count");
    if (!told) return fail(told.error());
    return number_in(&told->root(), "total");
}

// POST refuses the imperfect Bundle whole, and names both faults.
StepResult refused_whole(DemoWorld& world, Person& hospital) {
    const auto before = patients_of(hospital);
    if (!before) return fail(before.error());
    const auto told = hospital.post_expecting(422, "/fhir", world.imperfect.bundle);
    if (!told) return fail(told.error());
    const auto after = patients_of(hospital);
    if (!after) return fail(after.error());
    if (*before != *after) return fail(demo_failed("nothing of a refused Bundle is stored"));
    std::vector<std::string> out{
        "A Bundle with two faults is refused whole, with an "
        "OperationOutcome; nothing of it is stored"};
    for (const Value& issue : list_in(told->root(), "issue")) {
        const auto at = list_in(issue, "expression");
        if (at.empty() || !at.front().is_string()) continue;
        out.push_back("  " + std::string(at.front().string()) + ": " +
                      text_in(&issue, "diagnostics"));
    }
    return out;
}

// $import takes what is valid, and reports what it put aside and why.
StepResult taken_in_part(DemoWorld& world, Person& hospital) {
    const auto told =
        hospital.post_expecting(200,
                                "/fhir/$import?quarantine=true&key=" +
                                    to_hex(crypto::sha256(world.imperfect.bundle).view()),
                                world.imperfect.bundle);
    if (!told) return fail(told.error());
    std::uint64_t stored = 0;
    std::uint64_t quarantined = 0;
    std::size_t caused = 0;
    for (const Value& parameter : list_in(told->root(), "parameter")) {
        const std::string name = text_in(&parameter, "name");
        if (name == "stored") stored = number_in(&parameter, "valueInteger");
        if (name != "quarantined") continue;
        if (parameter.find("valueInteger") != nullptr)
            quarantined = number_in(&parameter, "valueInteger");
        for (const Value& part : list_in(parameter, "part")) {
            if (text_in(&part, "name") == "cause") ++caused;
        }
    }
    if (stored == 0 || caused == 0 || quarantined != caused + 2) {
        return fail(
            demo_failed("$import takes the valid, and puts aside the two faulty entries "
                        "and those that refer to them"));
    }
    return std::vector<std::string>{
        "As an import with quarantine it goes in: " + counted(stored, "resource", "resources") +
        " stored; the two faulty ones and " + std::to_string(caused) +
        " that refer to them are sealed on a worklist, each with its cause"};
}

}  // namespace

Status<Problem> demo_load(DemoWorld& world) {
    const auto files = find_import_files({world.options.data.string()});
    if (!files || files->empty()) {
        return fail(Problem{Exit::kDisk,
                            "there are no FHIR Bundles in " + world.options.data.string(),
                            std::string(kGiveDemoData)});
    }
    bool patient = false;
    for (const ImportFile& file : *files) {
        auto parts = read_import_file(file.path);
        if (!parts) return fail(parts.error());
        for (ImportPart& part : *parts) {
            const auto parsed = formats::json::parse(part.bundle, kImportBytesMax);
            if (!parsed)
                return fail(Problem{Exit::kUsage, file.path.string() + " is not JSON", {}});
            patient = patient || has_patient(parsed->root());
            world.bundles.push_back(std::move(part));
        }
    }
    if (!patient) {
        return fail(Problem{Exit::kUsage, "there is no Patient in " + world.options.data.string(),
                            std::string(kGiveDemoData)});
    }
    auto imperfect = read_import_file(world.options.imperfect);
    if (!imperfect) return fail(imperfect.error());
    if (imperfect->size() != 1) {
        return fail(Problem{Exit::kUsage, world.options.imperfect.string() + " is not one Bundle",
                            "Give --imperfect the file demo/imperfect.json of the repository."});
    }
    world.imperfect = std::move(imperfect->front());
    return Done{};
}

StepResult demo_import(DemoWorld& world) {
    auto hospital = demo_person(world, "hospital", {kIntegrationScope});
    if (!hospital) return fail(hospital.error());
    Taken taken;
    {
        Progress progress(world.context, "Storing", world.bundles.size());
        for (const ImportPart& part : world.bundles) {
            if (auto done = take(*hospital, part, taken); !done) return fail(done.error());
            progress.advance();
        }
    }
    if (auto anchored = wait_for_anchors(*hospital, taken.resources); !anchored)
        return fail(anchored.error());
    const auto anchored = look_at_charts(world, taken.patients.size());
    if (!anchored) return fail(anchored.error());
    world.patient = std::move(taken.patients.front());
    std::vector<std::string> findings{
        "POST /fhir took " + counted(world.bundles.size(), "Bundle", "Bundles") + " with " +
            counted(taken.resources, "resource", "resources") + " of " +
            counted(taken.types.size(), "type", "types") + ", " + size_text(taken.bytes) + ", in " +
            duration_text(taken.took_us) + ": validated against FHIR R4, sealed, stored",
        "On the ledger: " + counted(anchored->charts, "chart", "charts") +
            " under random ids, a manifest for each, " + grouped(anchored->leaves) +
            " salted commitments with padding; nothing of a patient"};
    for (const auto part : {refused_whole, taken_in_part}) {
        const auto more = part(world, *hospital);
        if (!more) return fail(more.error());
        findings.insert(findings.end(), more->begin(), more->end());
    }
    return findings;
}

}  // namespace consilium::cli
