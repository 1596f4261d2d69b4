// SPDX-License-Identifier: Apache-2.0
#include "formats/fhir/primitive.hpp"
#include "formats/json/parse.hpp"
#include "services/ehr/access_notes.hpp"
#include "services/ehr/bundle_text.hpp"
#include "services/ehr/fhir.hpp"
#include "services/ehr/index_keys.hpp"
#include "services/ehr/names.hpp"

// Operations: https://hl7.org/fhir/R4/patient-operation-everything.html and
// https://hl7.org/fhir/R4/resource-operation-validate.html
namespace consilium::services::ehr {
namespace {

constexpr std::size_t kScanStep = 4096;

}  // namespace

Reply Fhir::everything(const Call& call) {
    const std::string& id = call.path[1];
    const auto reach = may_read(call, "Patient", 'r');
    if (!reach) return fail(reach.error());
    if (*reach == Reach::kOwnRecord && id != call.own_patient)
        return fail(store_problem(StoreError::kNone));
    for (const auto& [name, value] : call.parameters) {
        if (name != "_format" && name != "_pretty") {
            return fail(problem_of(400, "not-supported",
                                   "$everything takes no parameters here: it answers all"));
        }
    }
    const auto row =
        formats::fhir::is_logical_id(id)
            ? store_.find("Patient", id)
            : Result<std::optional<ResourceRow>, StoreError>(std::optional<ResourceRow>());
    if (!row) return fail(store_problem(row.error()));
    if (!*row) return fail(store_problem(StoreError::kNone));
    if ((*row)->deleted) return fail(problem_of(410, "deleted", "The resource was deleted"));
    const std::string base = options_.base();
    const Bytes prefix = compartment_prefix(id);
    BundleText out("searchset");
    std::vector<vault::DocumentName> names;
    std::optional<vault::Vault::Entry> after;
    while (true) {
        const auto found = store_.vault().find(prefix, after, kScanStep);
        if (!found) return fail(store_problem(to_store_error(found.error())));
        for (const auto& entry : *found)
            names.push_back(entry.name);
        if (found->size() < kScanStep) break;
        after = found->back();
    }
    // Each type asks for its own scope, and is counted only then: a token shows what it may show.
    std::vector<Bytes> shown;
    for (const auto& name : names) {
        auto stored = store_.read(name.record, name.version);
        if (!stored && stored.error() == StoreError::kErased) continue;
        if (!stored) return fail(store_problem(stored.error()));
        if (!identity_of(*stored)) return fail(store_problem(StoreError::kDisk));
        if (reaches(call, *stored, 'r')) shown.push_back(std::move(stored).value());
    }
    out.total(shown.size());
    out.link("self", base + "/Patient/" + id + "/$everything");
    for (const Bytes& stored : shown) {
        if (call.notes != nullptr) call.notes->shown(stored);
        const auto identity = identity_of(stored);
        out.found(base + '/' + std::string(identity->type) + '/' + std::string(identity->id),
                  stored, "match");
    }
    Answer answer;
    answer.body = std::move(out).finish();
    return answer;
}

Reply Fhir::validate(Call& call) {
    const std::string& type = call.path[0];
    if (auto allowed = allow(call, type, 'c'); !allowed) return fail(allowed.error());
    auto document = formats::json::parse(std::move(call.body), kBodyBytesMax);
    if (!document || !document->root().is_object()) {
        return fail(
            problem_of(400, "structure", "The body is not a JSON object as RFC 8259 has it"));
    }
    const formats::json::Value* resource = &document->root();
    const auto* kind = resource->find("resourceType");
    if (kind != nullptr && kind->is_string() && kind->string() == "Parameters" &&
        type != "Parameters") {
        const auto* parameters = resource->find("parameter");
        resource = nullptr;
        if (parameters != nullptr && parameters->is_array()) {
            for (const auto& parameter : parameters->array()) {
                const auto* name = parameter.find("name");
                if (name != nullptr && name->is_string() && name->string() == "resource")
                    resource = parameter.find("resource");
            }
        }
        if (resource == nullptr)
            return fail(problem_of(400, "required", "The Parameters have no resource"));
    }
    const auto* found = resource->find("resourceType");
    std::vector<Issue> issues;
    if (found == nullptr || !found->is_string() || found->string() != type) {
        issues.push_back(
            {"error", "structure", "The resource is not of the type of the address", type});
    } else {
        issues = options_.validate(*resource, type);
    }
    if (issues.empty())
        issues.push_back({"information", "informational", "No issues were found", {}});
    Answer answer;
    answer.body = operation_outcome(issues);
    return answer;
}

}  // namespace consilium::services::ehr
