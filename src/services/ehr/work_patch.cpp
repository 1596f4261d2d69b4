// SPDX-License-Identifier: Apache-2.0
#include "base/assert.hpp"
#include "formats/fhir/patch.hpp"
#include "formats/json/parse.hpp"
#include "services/ehr/work.hpp"

// Patches: FHIR R4 http, section 3.1.0.8, with the statuses of RFC 5789 section 2.2.
namespace consilium::services::ehr {
namespace {

using formats::fhir::PatchError;
using formats::json::Value;

// The path is that of the operation in the patch: it names no element's value.
Problem patch_problem(const formats::fhir::PatchFailure& failure) {
    const std::string at = "[" + std::to_string(failure.operation) + "]";
    switch (failure.error) {
        case PatchError::kForm:
            return problem_of(400, "structure", "The patch is not one as RFC 6902 has it", at);
        case PatchError::kPath:
            return problem_of(409, "conflict",
                              "What the patch's operation is about is not in the resource", at);
        case PatchError::kTest:
            return problem_of(409, "conflict", "The patch's test does not hold", at);
        case PatchError::kLimits:
            break;
    }
    return problem_of(422, "too-costly", "The patch takes more work than the node gives it", at);
}

bool same_text(const Value* a, std::string_view text) {
    return a != nullptr && a->is_string() && a->string() == text;
}

}  // namespace

Status<Problem> Work::apply_patch(Step& step) const {
    CONSILIUM_ASSERT(step.before && !step.before->deleted);
    auto stored = store_.read(step.before->record, step.before->version);
    if (!stored) return fail(store_problem(stored.error()));
    const auto current = formats::json::parse(std::move(stored).value(), kResourceBytesMax);
    if (!current) return fail(store_problem(StoreError::kDisk));
    auto patched = formats::fhir::apply_patch(*current, step.patch);
    if (!patched) return fail(patch_problem(patched.error()));
    step.owned = std::move(patched).value();
    step.resource = &step.owned.root();
    step.checked = false;  // another attempt may find another version
    if (!step.resource->is_object() || !same_text(step.resource->find("resourceType"), step.type) ||
        !same_text(step.resource->find("id"), step.id)) {
        return fail(
            problem_of(422, "business-rule", "A patch changes neither type nor id", step.at));
    }
    return Done{};
}

}  // namespace consilium::services::ehr
