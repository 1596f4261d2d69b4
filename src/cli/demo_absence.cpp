// SPDX-License-Identifier: Apache-2.0
#include "cli/demo_person.hpp"
#include "cli/run_process.hpp"

// A member's node goes away and returns.
namespace consilium::cli {
namespace {

// All four copies at one height and with one state root, and what they say of it.
Result<RemoteStatus, Problem> agreed(DemoWorld& world) {
    std::optional<RemoteStatus> shown;
    const auto holds = [&]() -> Result<bool, Problem> {
        shown.reset();
        for (auto& [member, node] : world.nodes) {
            auto status = node.status();
            if (!status) return fail(status.error());
            if (shown && (shown->height != status->height ||
                          shown->state_root != status->state_root || status->catching_up))
                return false;
            shown = std::move(status).value();
        }
        return true;
    };
    if (auto waited = demo_wait("all ledger copies have the same state root", holds); !waited)
        return fail(waited.error());
    return *shown;
}

}  // namespace

Status<Problem> demo_stop_clinic(DemoWorld& world) {
    const auto before = agreed(world);
    if (!before) return fail(before.error());
    world.stopped_at = before->height;
    if (auto stopped = world.process->stop_member("clinic"); !stopped)
        return fail(problem_of(stopped.error()));
    if (world.node("clinic").status().ok())
        return fail(demo_failed("a stopped node does not answer"));
    return Done{};
}

StepResult demo_absence(DemoWorld& world) {
    constexpr int kMeasured = 20;
    auto hospital = demo_person(world, "hospital", {"user/*.cruds user/Erasure.r"});
    if (!hospital) return fail(hospital.error());
    for (int i = 0; i < kMeasured; ++i) {
        const auto stored =
            hospital->post_expecting(201, "/fhir/Observation", heart_rate_of(world.patient.id, i));
        if (!stored) return fail(stored.error());
    }
    if (auto started = world.process->start_member("clinic"); !started)
        return fail(problem_of(started.error()));
    const auto erased = [&] {
        return demo_holder_says(*hospital, world.outstanding, "clinic", "erased");
    };
    if (auto waited = demo_wait("the clinic carries out the order that waited for it", erased);
        !waited)
        return fail(waited.error());
    const auto after = agreed(world);
    if (!after) return fail(after.error());
    if (after->height <= world.stopped_at)
        return fail(demo_failed("the others went on without the clinic"));
    return std::vector<std::string>{
        "The clinic's node was stopped at block " + std::to_string(world.stopped_at) +
            "; the hospital stored " + counted(kMeasured, "Observation", "Observations") +
            " meanwhile",
        "It returned and carried out the erasure that waited for it; all four ledger copies have "
        "the state root " +
            after->state_root.substr(0, 16) + "... at block " + std::to_string(after->height)};
}

}  // namespace consilium::cli
