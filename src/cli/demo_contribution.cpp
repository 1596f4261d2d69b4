// SPDX-License-Identifier: Apache-2.0
#include "base/hex.hpp"
#include "cli/consent_terms.hpp"
#include "cli/demo_person.hpp"
#include "consilium/v1/ehr.pb.h"
#include "formats/json/write.hpp"

// A clinician of the clinic writes into the hospital's chart: a new Observation and a correction of
// a laboratory result, which the hospital's staff takes over.
namespace consilium::cli {
namespace {

using formats::json::Value;

constexpr const char* kCorrectedValue = "4.2";

Result<Height, Problem> consent_to_contribute(DemoWorld& world) {
    ConsentTerms terms;
    terms.purposes = {"treat"};
    terms.actions = {"contribute"};
    const auto command = grant_command(terms, world.patient.link, world.node("clinic"));
    if (!command) return fail(command.error());
    return demo_relay(world, "clinic", *command, "consent-to-contribute");
}

// "Observation/ID" and its text, as it is stored and as the clinician would have it.
struct Correction {
    std::string name;
    std::string stored;
    std::string corrected;
};

// Replaces what stands between `before` and the next comma or bracket.
bool replace_after(std::string& text, std::string_view before, std::string_view with) {
    const auto at = text.find(before);
    if (at == std::string::npos) return false;
    const auto begin = at + before.size();
    const auto end = text.find_first_of(",}", begin);
    if (end == std::string::npos) return false;
    text.replace(begin, end - begin, with);
    return true;
}

// Of the laboratory results, one with a number.
Result<Correction, Problem> choose_correction(DemoWorld& world, Person& hospital) {
    const auto told = hospital.get_expecting(
        200, "/fhir/Observation?patient=" + world.patient.id + "&category=laboratory&_count=1000");
    if (!told) return fail(told.error());
    for (const auto& [name, text] : resources_of(told->root())) {
        Correction out{name, text, text};
        if (replace_after(out.corrected, R"("valueQuantity":{"value":)", kCorrectedValue) &&
            replace_after(out.corrected, R"("status":)", R"("corrected")"))
            return out;
    }
    return fail(demo_failed("a laboratory result has a number"));
}

struct Offered {
    std::string task;
    std::uint64_t took_us = 0;
};

// Of the clinic's own document, which is what the answer holds.
Result<Offered, Problem> task_of(Person& clinician, const Told& answer) {
    const std::string own =
        text_in(&answer.root(), "resourceType") + "/" + text_in(&answer.root(), "id");
    const auto told = clinician.get_expecting(200, "/fhir/Task?focus=" + own);
    if (!told) return fail(told.error());
    const auto entries = list_in(told->root(), "entry");
    if (entries.size() != 1) return fail(demo_failed("a Task carries the offer"));
    const Value* task = entries.front().find("resource");
    if (const std::string status = text_in(task, "status"); status != "requested")
        return fail(demo_failed("the offer is requested, not " + status));
    return Offered{text_in(task, "id"), answer.took_us};
}

Result<std::vector<Offered>, Problem> offer(DemoWorld& world, Person& clinician,
                                            const Correction& correction) {
    const auto created =
        clinician.post_expecting(201, "/fhir/Observation", heart_rate_of(world.patient.id, 0));
    if (!created) return fail(created.error());
    const auto updated =
        clinician.put_expecting(201, "/fhir/" + correction.name, correction.corrected);
    if (!updated) return fail(updated.error());
    std::vector<Offered> out;
    for (const Told* answer : {&*created, &*updated}) {
        auto offered = task_of(clinician, *answer);
        if (!offered) return fail(offered.error());
        out.push_back(std::move(offered).value());
    }
    return out;
}

struct Taken {
    std::string record;      // "Observation/ID/_history/N"
    std::string provenance;  // "Provenance/ID"
};

// The staff's worklist: both offers, the first new, the other of version 1. Both are accepted.
Result<std::vector<Taken>, Problem> accept_all(DemoWorld& world, const Correction& correction) {
    auto staff = demo_person(world, "hospital", {"user/Contribution.ru", {}, "records-desk"});
    if (!staff) return fail(staff.error());
    Told list;
    const auto listed = [&]() -> Result<bool, Problem> {
        auto told = staff->get_expecting(200, "/v1/exchange/contributions?state=waiting");
        if (!told) return fail(told.error());
        list = std::move(told).value();
        return list_in(list.root(), "items").size() == 2;
    };
    if (auto waited = demo_wait("both offers are on the hospital's worklist", listed); !waited)
        return fail(waited.error());
    const auto items = list_in(list.root(), "items");
    if (!text_in(&items[0], "corrects").empty() ||
        text_in(&items[1], "corrects") != correction.name + "/_history/1")
        return fail(demo_failed("the worklist says which version an offer corrects"));
    std::vector<Taken> out;
    for (const Value& item : items) {
        const auto told =
            staff->post_expecting(200,
                                  "/v1/exchange/contributions/" + text_in(&item, "link") + "/" +
                                      std::to_string(number_in(&item, "number")),
                                  R"({"verdict":"accept"})");
        if (!told) return fail(told.error());
        out.push_back({text_in(&told->root(), "record"), text_in(&told->root(), "provenance")});
    }
    if (out[1].record != correction.name + "/_history/2")
        return fail(demo_failed("a correction becomes the next version"));
    return out;
}

// The contributor's Tasks say accepted, and name what the offers became.
Status<Problem> told_back(Person& clinician, const std::vector<Offered>& offered,
                          const std::vector<Taken>& taken) {
    for (std::size_t i = 0; i < offered.size(); ++i) {
        const auto answered = [&]() -> Result<bool, Problem> {
            const auto told = clinician.get_expecting(200, "/fhir/Task/" + offered[i].task);
            if (!told) return fail(told.error());
            const auto output = list_in(told->root(), "output");
            return text_in(&told->root(), "status") == "accepted" && !output.empty() &&
                   text_in(output.front().find("valueReference"), "reference") == taken[i].record;
        };
        if (auto waited = demo_wait("the Task says what became of the offer", answered); !waited)
            return waited;
    }
    return Done{};
}

// The chart has the new versions, each with its Provenance, and the former one as it was.
Status<Problem> in_the_chart(Person& hospital, const Correction& correction,
                             const std::vector<Taken>& taken) {
    for (const Taken& one : taken) {
        const auto told = hospital.get_expecting(200, "/fhir/" + one.provenance);
        if (!told) return fail(told.error());
        const auto targets = list_in(told->root(), "target");
        if (targets.empty() || text_in(&targets.front(), "reference") != one.record)
            return fail(demo_failed("each new version has its Provenance"));
    }
    const auto now = hospital.get_expecting(200, "/fhir/" + correction.name);
    if (!now) return fail(now.error());
    if (text_in(&now->root(), "status") != "corrected" ||
        formats::json::write(now->root()).find(std::string(R"("value":)") + kCorrectedValue) ==
            std::string::npos)
        return fail(demo_failed("the chart has the correction"));
    const auto before = hospital.get_expecting(200, "/fhir/" + correction.name + "/_history/1");
    if (!before) return fail(before.error());
    if (formats::json::write(before->root()) != correction.stored)
        return fail(demo_failed("the former version stays as it was"));
    return Done{};
}

// Both rows, proven by the regulator's node: accepted, which is said once they are anchored.
Status<Problem> on_the_ledger(DemoWorld& world) {
    const auto rows =
        proven_list(world, "regulator", "ehr/contribution/" + to_hex(world.patient.link),
                    "contributions", [](const std::vector<Bytes>& shown) -> Result<bool, Problem> {
                        for (const Bytes& bytes : shown) {
                            const auto row = row_as<v1::Contribution>(bytes);
                            if (!row) return fail(row.error());
                            if (row->status() != v1::CONTRIBUTION_STATUS_ACCEPTED) return false;
                        }
                        return shown.size() == 2;
                    });
    if (!rows) return fail(rows.error());
    return Done{};
}

}  // namespace

StepResult demo_contribution(DemoWorld& world) {
    auto hospital = demo_person(world, "hospital", {"user/*.rs"});
    if (!hospital) return fail(hospital.error());
    auto clinician =
        demo_person(world, "clinic", {"user/*.rs user/Observation.cu", "TREAT", "dr-frey"});
    if (!clinician) return fail(clinician.error());
    const auto correction = choose_correction(world, *hospital);
    if (!correction) return fail(correction.error());
    const auto height = consent_to_contribute(world);
    if (!height) return fail(height.error());
    const auto offered = offer(world, *clinician, *correction);
    if (!offered) return fail(offered.error());
    const auto taken = accept_all(world, *correction);
    if (!taken) return fail(taken.error());
    if (auto told = told_back(*clinician, *offered, *taken); !told) return fail(told.error());
    if (auto there = in_the_chart(*hospital, *correction, *taken); !there)
        return fail(there.error());
    if (auto proven = on_the_ledger(world); !proven) return fail(proven.error());
    return std::vector<std::string>{
        "With a second consent the patient lets the clinic contribute: block " +
            std::to_string(*height),
        "At the clinic's own FHIR API the clinician posts a new Observation (201 in " +
            duration_text(offered->front().took_us) +
            ") and puts a correction of a laboratory result (201 in " +
            duration_text(offered->back().took_us) +
            "): the clinic's own documents, each with a Task, requested",
        "The hospital's staff finds both on its worklist and accepts; the Tasks say accepted. In "
        "the chart are a new Observation and version 2 of the corrected one, each with a "
        "Provenance, anchored",
        "Version 1 stays readable as it was; the regulator's node proves both rows"};
}

}  // namespace consilium::cli
