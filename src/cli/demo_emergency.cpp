// SPDX-License-Identifier: Apache-2.0
#include "base/hex.hpp"
#include "cli/demo_person.hpp"
#include "consilium/v1/ehr.pb.h"
#include "contracts/registry/registry.hpp"
#include "crypto/random.hpp"
#include "formats/json/parse.hpp"

// An emergency: a cleared clinician breaks the glass; the patient and both privacy officers see it.
// Who tries the ids on the ledger one by one gets nothing. What comes of it: demo_reviews.cpp.
namespace consilium::cli {
namespace {

using formats::json::Value;

constexpr std::size_t kReportBytesMax = 16U << 20U;

Status<Problem> clear(DemoWorld& world) {
    auto officer =
        demo_person(world, "clinic", {"user/EmergencyClearance.u", {}, "privacy-officer"});
    if (!officer) return fail(officer.error());
    const auto told = officer->post_expecting(
        200, "/v1/emergency/clearances",
        R"({"subjects":[")" + std::string(kEmergencySubject) + R"("],"withdraw":false})");
    if (!told) return fail(told.error());
    return demo_clearance_stands(world);
}

struct Served {
    std::size_t resources = 0;
    std::uint64_t took_us = 0;
    v1::AccessRequest row;
};

Result<Served, Problem> break_the_glass(DemoWorld& world) {
    auto& patient = world.patient;
    auto doctor = demo_person(world, "clinic", {"user/*.rs", "BTG", kEmergencySubject, true});
    if (!doctor) return fail(doctor.error());
    const auto told = doctor->get_expecting(200, "/fhir/Patient/" + patient.id + "/$everything",
                                            {{"Emergency-Access", kEmergencyReason}});
    if (!told) return fail(told.error());
    ++patient.asked;
    const auto row = proven_row(
        world, "regulator",
        "ehr/request/" + to_hex(patient.link) + "/" + std::to_string(patient.asked), "emergency");
    if (!row) return fail(row.error());
    const auto request = row_as<v1::AccessRequest>(*row);
    if (!request) return fail(request.error());
    if (request->purpose() != v1::PURPOSE_OF_USE_BTG || request->review_due_unix_ms() == 0)
        return fail(
            demo_failed("the row says that it was an emergency, and when its review is due"));
    return Served{resources_of(told->root()).size(), told->took_us, *request};
}

// Both officers have it on their worklists at once.
Status<Problem> waits_for_review(DemoWorld& world) {
    for (const char* member : {"clinic", "hospital"}) {
        auto officer =
            demo_person(world, member, {"user/EmergencyReview.r", {}, "privacy-officer"});
        if (!officer) return fail(officer.error());
        const auto listed = [&]() -> Result<bool, Problem> {
            const auto told = officer->get_expecting(200, "/v1/emergency/reviews");
            if (!told) return fail(told.error());
            return list_in(told->root(), "items").size() == 1;
        };
        if (auto waited = demo_wait("the emergency waits for the review of the " +
                                        std::string(member) + "'s privacy officer",
                                    listed);
            !waited)
            return waited;
    }
    return Done{};
}

// The patient's own access report has it at once: what it says of the emergency.
Result<std::string, Problem> patient_sees(DemoWorld& world) {
    auto patient = demo_patient_node(world, "hospital");
    if (!patient) return fail(patient.error());
    std::string out;
    const auto seen = [&]() -> Result<bool, Problem> {
        auto text = patient->json("/v1/audit/access-report");
        if (!text) return fail(text.error());
        const auto report = formats::json::parse(std::move(text).value(), kReportBytesMax);
        if (!report) return fail(demo_failed("the access report is JSON"));
        for (const Value& row : list_in(report->root(), "rows")) {
            const std::string sentence = text_in(&row, "sentence");
            if (sentence.find("emergency access") != std::string::npos) out = sentence;
        }
        return !out.empty();
    };
    if (auto waited = demo_wait("the patient sees the emergency", seen); !waited)
        return fail(waited.error());
    return out.substr(0, out.find("; review"));
}

// Every chart and link id that the payer's ledger copy shows, tried as a patient at its node and as
// a link on the ledger.
Result<std::size_t, Problem> try_all_ids(DemoWorld& world) {
    auto clerk = demo_person(world, "payer", {"user/*.rs", "ETREAT"});
    if (!clerk) return fail(clerk.error());
    std::size_t tried = 0;
    for (const char* table : {"charts/chart", "charts/link"}) {
        const auto prefix = contracts::registry().key_from_path(table);
        const auto list = world.node("payer").state_list(prefix.value_or(""), std::nullopt);
        if (!list) return fail(list.error());
        for (const auto& entry : list->entries()) {
            const Bytes id = entry.key().substr(entry.key().size() - 16);
            const std::string hex = to_hex(id);
            const auto told = clerk->get_expecting(404, "/fhir/Patient/" + hex + "/$everything");
            if (!told) return fail(told.error());
            v1::EhrCommand command;
            auto& request = *command.mutable_request_access();
            request.set_link_id(id);
            request.set_purpose(v1::PURPOSE_OF_USE_HPAYMT);
            request.set_action(v1::ACCESS_ACTION_READ);
            request.set_request_commitment(crypto::random_bytes(32));
            const auto transaction =
                compose(world.speakers.at("payer"), v1::ROLE_SERVICE, {command_of(command)});
            if (!transaction) return fail(transaction.error());
            const auto committed = world.node("payer").submit(*transaction);
            if (!committed) return fail(committed.error());
            ++tried;
        }
    }
    // Each is rejected (no such link), or denied in a row of its own.
    const auto rows = shown_list(world, "payer", "ehr/request/" + to_hex(world.patient.link));
    if (!rows) return fail(rows.error());
    for (std::size_t i = world.patient.asked; i < rows->size(); ++i) {
        const auto request = row_as<v1::AccessRequest>((*rows)[i]);
        if (!request) return fail(request.error());
        if (request->gate().decision() != v1::ACCESS_DECISION_DENIED)
            return fail(demo_failed("who is not the link's counterparty is denied"));
    }
    world.patient.asked = static_cast<std::uint32_t>(rows->size());
    return tried;
}

}  // namespace

StepResult demo_emergency(DemoWorld& world) {
    if (auto cleared = clear(world); !cleared) return fail(cleared.error());
    const auto served = break_the_glass(world);
    if (!served) return fail(served.error());
    if (auto listed = waits_for_review(world); !listed) return fail(listed.error());
    const auto seen = patient_sees(world);
    if (!seen) return fail(seen.error());
    const auto tried = try_all_ids(world);
    if (!tried) return fail(tried.error());
    std::vector<std::string> findings{
        "The clinic's privacy officer clears a clinician for emergencies; with a reason, the "
        "record is served at once, without consent: " +
            counted(served->resources, "resource", "resources") + " in " +
            duration_text(served->took_us),
        "Both privacy officers have it on their worklists; the patient's access report says:",
        "  " + *seen,
        "The payer tries all " + counted(*tried, "chart and link id", "chart and link ids") +
            " of its ledger copy, at its FHIR API and on the ledger: nothing"};
    const auto reviewed = demo_reviews(world, {served->row.review_due_unix_ms()});
    if (!reviewed) return fail(reviewed.error());
    findings.insert(findings.end(), reviewed->begin(), reviewed->end());
    return findings;
}

}  // namespace consilium::cli
