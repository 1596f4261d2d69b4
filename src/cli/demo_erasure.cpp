// SPDX-License-Identifier: Apache-2.0
#include "base/hex.hpp"
#include "base/rfc3339.hpp"
#include "cli/audit_folder.hpp"
#include "cli/demo_package.hpp"
#include "cli/demo_person.hpp"
#include "consilium/v1/documents.pb.h"

// The hospital erases two documents, at home and at those who received them: one holder erases, one
// has to keep its copy, and one does not answer.
namespace consilium::cli {
namespace {

using formats::json::Value;

// A laboratory result that was disclosed to the clinic and not corrected since.
Result<std::string, Problem> choose_result(DemoWorld& world, Person& officer) {
    const auto told = officer.get_expecting(
        200, "/fhir/Observation?patient=" + world.patient.id + "&category=laboratory&_count=1000");
    if (!told) return fail(told.error());
    for (const auto& [name, text] : resources_of(told->root())) {
        if (text.find(R"("status":"final")") != std::string::npos) return name;
    }
    return fail(demo_failed("there is a laboratory result"));
}

// The erasure's id. When this answers, the hospital's own copy is gone.
Result<std::string, Problem> erase(Person& officer, const std::string& resource) {
    const auto told = officer.post_expecting(
        201, "/v1/records/erase",
        R"({"basis":"patient-request","resource":")" + resource + R"(","version":"all"})");
    if (!told) return fail(told.error());
    for (const char* version : {"", "/_history/1"}) {
        if (auto gone = officer.get_expecting(410, "/fhir/" + resource + version); !gone)
            return fail(gone.error());
    }
    return text_in(&told->root(), "erasure");
}

// In what the clinic received, an OperationOutcome stands where the document was.
Status<Problem> gone_at_the_clinic(DemoWorld& world, const std::string& resource) {
    auto clinician = demo_person(world, "clinic", {"user/*.rs user/Disclosure.r"});
    if (!clinician) return fail(clinician.error());
    const auto told = clinician->get_expecting(
        200, "/v1/exchange/disclosures/" + to_hex(world.patient.link) + "/2");
    if (!told) return fail(told.error());
    const auto came = resources_of(told->root());
    bool marked = false;
    for (const auto& [name, text] : came)
        marked = marked || name.rfind("OperationOutcome", 0) == 0;
    if (!marked || came.count(resource) != 0)
        return fail(demo_failed("the clinic's copy is erased, and says so"));
    return Done{};
}

// The hospital's record and the clinic's copies, proven by the regulator's node.
Status<Problem> receipts_of_both(DemoWorld& world, Person& officer, const std::string& erasure) {
    const auto told = officer.get_expecting(200, "/v1/records/erasures/" + erasure);
    if (!told) return fail(told.error());
    const auto record = proven_list(
        world, "regulator", "documents/record/chart:" + text_in(&told->root(), "chart"),
        "erased-at-hospital", [](const std::vector<Bytes>& shown) -> Result<bool, Problem> {
            for (const Bytes& bytes : shown) {
                const auto row = row_as<v1::Record>(bytes);
                if (!row) return fail(row.error());
                if (row->status() == v1::RECORD_STATUS_SHREDDED &&
                    row->shred_basis() == v1::SHRED_BASIS_PATIENT_REQUEST)
                    return true;
            }
            return false;
        });
    if (!record) return fail(record.error());
    for (const Value& holder : list_in(told->root(), "holders")) {
        const auto number = std::to_string(number_in(&holder, "share"));
        const auto bytes = proven_row(world, "regulator",
                                      "documents/share/" + text_in(&holder, "link") + "/" + number,
                                      "erased-at-clinic-" + number);
        if (!bytes) return fail(bytes.error());
        const auto share = row_as<v1::Share>(*bytes);
        if (!share) return fail(share.error());
        if (share->status() != v1::SHARE_STATUS_SHREDDED)
            return fail(demo_failed("the clinic's receipt says shredded"));
    }
    return Done{};
}

// The regulator has to keep the report that it received.
Status<Problem> hold_at_the_regulator(DemoWorld& world) {
    auto keeper = demo_person(world, "regulator", {"user/Hold.c"});
    if (!keeper) return fail(keeper.error());
    const auto held = keeper->post_expecting(
        201, "/v1/records/holds",
        R"({"disclosure":")" + world.patient.report_link + R"(/1","reason":"public-health"})");
    if (!held) return fail(held.error());
    return Done{};
}

// The auditor's check of a new package: erased, not missing, and the accounting as before.
Result<std::size_t, Problem> auditors_check(DemoWorld& world) {
    auto patient = demo_patient_node(world, "hospital");
    if (!patient) return fail(patient.error());
    auto package = fetch_package(*patient);
    if (!package) return fail(package.error());
    const auto finding = check_package_offline(world, *package);
    if (auto good = must_be_good(finding); !good) return fail(good.error());
    if (finding.erased != 2) return fail(demo_failed("two documents are erased"));
    if (finding.accounting_rows != 1) return fail(demo_failed("the accounting keeps its row"));
    if (auto written = write_audit_folder(world.home.folder / "package", *package); !written)
        return fail(written.error());
    world.package = std::move(package).value();
    return finding.erased;
}

}  // namespace

Result<bool, Problem> demo_holder_says(Person& officer, const std::string& erasure,
                                       const std::string& holder, const std::string& state) {
    const auto told = officer.get_expecting(200, "/v1/records/erasures/" + erasure);
    if (!told) return fail(told.error());
    std::size_t copies = 0;
    for (const Value& copy : list_in(told->root(), "holders")) {
        if (text_in(&copy, "holder") != holder) continue;
        if (text_in(&copy, "state") != state) return false;
        ++copies;
    }
    return copies != 0;
}

StepResult demo_erasure(DemoWorld& world) {
    auto officer =
        demo_person(world, "hospital", {"user/*.rs user/Erasure.cr", {}, "privacy-officer"});
    if (!officer) return fail(officer.error());
    const auto result = choose_result(world, *officer);
    if (!result) return fail(result.error());
    const auto first = erase(*officer, *result);
    if (!first) return fail(first.error());
    const auto erased = [&] { return demo_holder_says(*officer, *first, "clinic", "erased"); };
    if (auto waited = demo_wait("the clinic erases its copy", erased); !waited)
        return fail(waited.error());
    if (auto gone = gone_at_the_clinic(world, *result); !gone) return fail(gone.error());
    if (auto proven = receipts_of_both(world, *officer, *first); !proven)
        return fail(proven.error());

    if (auto held = hold_at_the_regulator(world); !held) return fail(held.error());
    if (auto stopped = demo_stop_clinic(world); !stopped) return fail(stopped.error());
    const auto second = erase(*officer, world.patient.immunization);
    if (!second) return fail(second.error());
    world.outstanding = *second;
    const auto answered = [&]() -> Result<bool, Problem> {
        const auto kept = demo_holder_says(*officer, *second, "regulator", "retained");
        if (!kept || !*kept) return kept;
        return demo_holder_says(*officer, *second, "clinic", "outstanding");
    };
    if (auto waited = demo_wait("the regulator retains, and the clinic is outstanding", answered);
        !waited)
        return fail(waited.error());
    const auto told = officer->get_expecting(200, "/v1/records/erasures/" + *second);
    if (!told) return fail(told.error());
    std::vector<std::string> findings{
        "The hospital erases a laboratory result, at the patient's request: document key and salt "
        "are destroyed (410), and the clinic, which had received it, does the same on the "
        "hospital's order",
        "Both left receipts on the ledger, which the regulator's node proves: shredded, "
        "patient-request",
        "Then the immunization that was reported, with the clinic's node stopped:"};
    for (const Value& copy : list_in(told->root(), "holders")) {
        const std::string state = text_in(&copy, "state");
        const std::string line =
            "  " + text_in(&copy, "holder") + ": " + state +
            (state == "retained" ? ", " + text_in(&copy, "reason")
                                 : " since " + to_rfc3339({number_in(&copy, "since_unix_ms")}));
        if (std::find(findings.begin(), findings.end(), line) == findings.end())
            findings.push_back(line);
    }
    const auto checked = auditors_check(world);
    if (!checked) return fail(checked.error());
    findings.push_back("The auditor's check of a new package: good, " +
                       counted(*checked, "document is", "documents are") +
                       " erased, not missing; the accounting still has its row");
    return findings;
}

}  // namespace consilium::cli
