// SPDX-License-Identifier: Apache-2.0
#include "base/hex.hpp"
#include "cli/demo_person.hpp"
#include "consilium/v1/ehr.pb.h"

// Nobody reviews the emergency in time: an alarm, and the clinician's clearance stops until both
// privacy officers have made up for it.
namespace consilium::cli {
namespace {

using formats::json::Value;

Result<Person, Problem> officer_of(DemoWorld& world, const std::string& member) {
    return demo_person(
        world, member,
        {"user/EmergencyReview.ru user/EmergencyClearance.r system/*.rs", {}, "privacy-officer"});
}

// On the ledger time goes on with blocks: a request that is denied makes one.
Status<Problem> let_time_pass(DemoWorld& world, UnixMs due) {
    const auto over = [&]() -> Result<bool, Problem> { return now().value > due.value; };
    if (auto waited = demo_wait("the time for the review ends", over); !waited) return waited;
    auto denied = demo_person(world, "clinic", {"user/*.rs", "TREAT"});
    if (!denied) return fail(denied.error());
    const auto told =
        denied->get_expecting(403, "/fhir/Patient/" + world.patient.id + "/$everything");
    if (!told) return fail(told.error());
    ++world.patient.asked;
    return Done{};
}

// Metrics and worklist of each member say so.
Status<Problem> alarmed(DemoWorld& world) {
    for (const char* member : {"clinic", "hospital"}) {
        auto officer = officer_of(world, member);
        if (!officer) return fail(officer.error());
        const auto rings = [&]() -> Result<bool, Problem> {
            const auto overdue = officer->metric("consilium_emergency_reviews_overdue");
            if (!overdue) return fail(overdue.error());
            const auto told = officer->get_expecting(200, "/v1/emergency/reviews");
            if (!told) return fail(told.error());
            const auto items = list_in(told->root(), "items");
            const Value* flag = items.size() == 1 ? items.front().find("overdue") : nullptr;
            return *overdue == 1 && flag != nullptr && flag->is_boolean() && flag->boolean();
        };
        if (auto waited =
                demo_wait("the overdue review is an alarm at the " + std::string(member), rings);
            !waited)
            return waited;
    }
    return Done{};
}

// The same clinician, another emergency: denied by the ledger.
Status<Problem> clearance_stops(DemoWorld& world) {
    auto doctor = demo_person(world, "clinic", {"user/*.rs", "BTG", kEmergencySubject, true});
    if (!doctor) return fail(doctor.error());
    const auto told =
        doctor->get_expecting(403, "/fhir/Patient/" + world.patient.id + "/$everything",
                              {{"Emergency-Access", kEmergencyReason}});
    if (!told) return fail(told.error());
    ++world.patient.asked;
    const auto bytes = proven_row(
        world, "regulator",
        "ehr/request/" + to_hex(world.patient.link) + "/" + std::to_string(world.patient.asked),
        "emergency-overdue");
    if (!bytes) return fail(bytes.error());
    const auto row = row_as<v1::AccessRequest>(*bytes);
    if (!row) return fail(row.error());
    if (row->gate().decision() != v1::ACCESS_DECISION_DENIED ||
        row->gate().rule() != v1::DECISION_RULE_REVIEW_OVERDUE)
        return fail(demo_failed("while a review is overdue, that clinician is denied"));
    return Done{};
}

Status<Problem> review(DemoWorld& world, const std::string& member) {
    auto officer = officer_of(world, member);
    if (!officer) return fail(officer.error());
    const auto told = officer->get_expecting(200, "/v1/emergency/reviews");
    if (!told) return fail(told.error());
    for (const Value& item : list_in(told->root(), "items")) {
        const auto made = officer->post_order("/v1/emergency/reviews/" + text_in(&item, "id") +
                                                  "/" + std::to_string(number_in(&item, "number")),
                                              R"({"report":"The patient could not be asked.",)"
                                              R"("verdict":"justified"})");
        if (!made) return fail(made.error());
    }
    const auto done = [&]() -> Result<bool, Problem> {
        const auto left = officer->get_expecting(200, "/v1/emergency/reviews");
        if (!left) return fail(left.error());
        return list_in(left->root(), "items").empty();
    };
    return demo_wait("the " + member + "'s review is made", done);
}

}  // namespace

Status<Problem> demo_clearance_stands(DemoWorld& world) {
    auto officer = officer_of(world, "clinic");
    if (!officer) return fail(officer.error());
    const auto stands = [&]() -> Result<bool, Problem> {
        const auto told = officer->get_expecting(200, "/v1/emergency/clearances");
        if (!told) return fail(told.error());
        const auto items = list_in(told->root(), "items");
        return items.size() == 1 && text_in(&items.front(), "ledger") == "stands";
    };
    return demo_wait("the clearance stands", stands);
}

StepResult demo_reviews(DemoWorld& world, UnixMs due) {
    if (auto passed = let_time_pass(world, due); !passed) return fail(passed.error());
    if (auto rings = alarmed(world); !rings) return fail(rings.error());
    if (auto stopped = clearance_stops(world); !stopped) return fail(stopped.error());
    for (const char* member : {"clinic", "hospital"}) {
        if (auto made = review(world, member); !made) return fail(made.error());
    }
    if (auto stands = demo_clearance_stands(world); !stands) return fail(stands.error());
    return std::vector<std::string>{
        "The review is due within " + std::to_string(kDemoReviewMs / 1000) +
            " s here (by this network's genesis; else 72 hours), and nobody makes it: metrics "
            "and worklists of both members raise the alarm, and the ledger denies that "
            "clinician the next emergency (review-overdue)",
        "Both officers make up for it: justified; the clearance stands again"};
}

}  // namespace consilium::cli
