// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/fhir.hpp"

#include "formats/fhir/primitive.hpp"
#include "services/ehr/capability.hpp"
#include "services/ehr/names.hpp"

namespace consilium::services::ehr {
namespace {

Problem unknown_address() {
    return problem_of(404, "not-found", "There is nothing at this address");
}

Problem wrong_method() {
    return problem_of(405, "not-supported", "This address does not take this method");
}

}  // namespace

Fhir::Fhir(Store& store, FhirOptions options)
    : store_(store), options_(std::move(options)), searcher_(store, options_.base) {}

Status<Problem> allow(const Call& call, std::string_view type, char permission) {
    if (reach_of(&call, type, permission) == Reach::kAll) return Done{};
    return fail(problem_of(403, "forbidden", "The access token does not grant this"));
}

Result<Reach, Problem> may_read(const Call& call, std::string_view type, char permission) {
    const Reach reach = reach_of(&call, type, permission);
    if (reach != Reach::kNothing) return reach;
    return fail(problem_of(403, "forbidden", "The access token does not grant this"));
}

Status<Problem> allow_patch(const Call& call, std::string_view type) {
    if (auto updates = allow(call, type, 'u'); !updates) return updates;
    return allow(call, type, 'r');
}

Problem store_problem(StoreError error) {
    switch (error) {
        case StoreError::kNone:
            return problem_of(404, "not-found", "There is no such resource or version");
        case StoreError::kConflict:
            return problem_of(409, "conflict", "Somebody changes the resource at the same time");
        case StoreError::kErased:
            return problem_of(410, "deleted", "The document was erased");
        case StoreError::kTooLarge:
            return problem_of(413, "too-long", "More than the vault takes in one step");
        case StoreError::kFull:
            return problem_of(507, "no-store", "The disk is full");
        case StoreError::kDisk:
            break;
    }
    return problem_of(500, "exception", "The vault cannot be read or written");
}

Reply Fhir::handle(Call call) {
    switch (call.verb) {
        case Verb::kGet:
            return handle_get(call);
        case Verb::kPost:
            return handle_post(call);
        case Verb::kPut:
        case Verb::kPatch:
        case Verb::kDelete:
            break;
    }
    if (call.path.empty() || !is_resource_type(call.path[0])) return fail(unknown_address());
    const bool instance = call.path.size() == 2;
    if (!instance && (call.path.size() != 1 || call.parameters.empty())) {
        return fail(call.path.size() > 2 ? unknown_address() : wrong_method());
    }
    if (call.verb == Verb::kPut) return update(call);
    return call.verb == Verb::kPatch ? patch(call) : erase(call);
}

Reply Fhir::handle_get(Call& call) {
    const auto& path = call.path;
    if (path.empty()) return fail(unknown_address());
    if (path.size() == 1 && path[0] == "metadata") return capability_answer(*this);
    if (path.size() == 1 && path[0] == "$quarantine") return worklist(call);
    if (auto here = check_named_here(call); !here) return fail(here.error());
    if (!is_resource_type(path[0])) return fail(unknown_address());
    if (path.size() == 1) return searcher_.search(call, path[0], {});
    if (path.size() == 2 && path[1] == "_history") return fail(unknown_address());
    if (path.size() == 2) return read(call);
    if (path.size() == 4 && path[2] == "_history") return vread(call);
    if (path.size() == 3 && path[2] == "_history") return history(call);
    if (path.size() == 3 && path[0] == "Patient" && path[2] == "$everything")
        return everything(call);
    if (path.size() == 3 && path[0] == "Patient" && is_resource_type(path[2])) {
        if (!formats::fhir::is_logical_id(path[1])) return fail(unknown_address());
        return searcher_.search(call, path[2], path[1]);
    }
    return fail(unknown_address());
}

Reply Fhir::handle_post(Call& call) {
    const auto& path = call.path;
    if (path.empty()) return bundle(call);
    if (path.size() == 1 && path[0] == "$import") return import(call);
    if (!is_resource_type(path[0])) return fail(unknown_address());
    if (path.size() == 1) return create(call);
    if (path.back() == "_search" || path.back() == "$everything") {
        if (auto here = check_named_here(call); !here) return fail(here.error());
    }
    if (path.size() == 2 && path[1] == "_search") return searcher_.search(call, path[0], {});
    if (path.back() == "$validate" && path.size() <= 3) return validate(call);
    if (path.size() == 3 && path[0] == "Patient" && path[2] == "$everything")
        return everything(call);
    if (path.size() == 4 && path[0] == "Patient" && is_resource_type(path[2]) &&
        path[3] == "_search") {
        return searcher_.search(call, path[2], path[1]);
    }
    return fail(path.size() == 2 && formats::fhir::is_logical_id(path[1]) ? wrong_method()
                                                                          : unknown_address());
}

}  // namespace consilium::services::ehr
