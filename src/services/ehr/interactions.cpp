// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "formats/fhir/primitive.hpp"
#include "formats/json/parse.hpp"
#include "http/message.hpp"
#include "services/ehr/access_notes.hpp"
#include "services/ehr/binary.hpp"
#include "services/ehr/names.hpp"
#include "services/ehr/parameters.hpp"
#include "services/ehr/resource_text.hpp"
#include "services/ehr/work.hpp"

// Read and write of single resources: FHIR R4 http, sections 3.1.0.2 to 3.1.0.9.
namespace consilium::services::ehr {
namespace {

constexpr int kTriesMax = 8;

bool is_fhir_json(std::string_view media) {
    return http::is_media(media, http::Media::kFhirJson) ||
           http::is_media(media, http::Media::kJson);
}

// The body as JSON. What is sent to a Binary in another form is what it shall hold.
Result<formats::json::Document, Problem> parse_body(Call& call) {
    if (call.path[0] == "Binary" && !call.content_type.empty() &&
        !is_fhir_json(call.content_type)) {
        if (!is_media_type(call.content_type)) {
            return fail(problem_of(415, "not-supported", "The Content-Type is no media type"));
        }
        if (call.path.size() == 2 && !formats::fhir::is_logical_id(call.path[1])) {
            return fail(problem_of(400, "value", "The id is not one that FHIR knows"));
        }
        call.body = binary_resource(call.content_type, call.body,
                                    call.path.size() == 2 ? call.path[1] : std::string_view());
    }
    auto document = formats::json::parse(std::move(call.body), kBodyBytesMax);
    if (document && document->root().is_object()) return std::move(document).value();
    return fail(problem_of(400, "structure", "The body is not a JSON object as RFC 8259 has it"));
}

// The condition of an update or deletion: what is not about the answer's form.
std::string query_of(const Parameters& parameters) {
    Parameters criteria;
    for (const auto& parameter : parameters) {
        if (parameter.first != "_format" && parameter.first != "_pretty")
            criteria.push_back(parameter);
    }
    return format_parameters(criteria);
}

bool not_modified(const Call& call, const ResourceRow& row) {
    if (!call.if_none_match.empty()) {
        return call.if_none_match == "*" || version_of_etag(call.if_none_match) == row.version;
    }
    const auto since = parse_http_date(call.if_modified_since);
    return since && row.updated.value / 1000 <= since->value / 1000;
}

// A Binary's own bytes, unless FHIR's form of it was asked for by name.
void show_binary(const Call& call, Answer& answer) {
    const bool by_format = std::any_of(call.parameters.begin(), call.parameters.end(),
                                       [](const auto& one) { return one.first == "_format"; });
    if (by_format || call.accept.find("json") != std::string::npos) return;
    const auto document = formats::json::parse(answer.body, answer.body.size());
    auto content = document ? binary_content(document->root()) : std::nullopt;
    if (!content) return;
    answer.body = std::move(content->data);
    answer.content_type = std::move(content->content_type);
    answer.is_resource = false;
}

}  // namespace

// Whom a token does not reach is told of no resource at all, nor that one was deleted or erased.
Reply Fhir::read(const Call& call) {
    const std::string& type = call.path[0];
    const std::string& id = call.path[1];
    const Problem none = problem_of(404, "not-found", "There is no such resource");
    const auto reach = may_read(call, type, 'r');
    if (!reach) return fail(reach.error());
    const bool all = *reach == Reach::kAll;
    if (!formats::fhir::is_logical_id(id)) return fail(none);
    const auto row = store_.find(type, id);
    if (!row) return fail(store_problem(row.error()));
    if (!*row || ((*row)->deleted && !all)) return fail(none);
    if ((*row)->deleted) return fail(problem_of(410, "deleted", "The resource was deleted"));
    Answer out;
    out.version = (*row)->version;
    out.updated = (*row)->updated;
    const bool unchanged = not_modified(call, **row);
    if (unchanged) out.status = 304;
    if (unchanged && all) return out;
    auto stored = store_.read((*row)->record, (*row)->version);
    if (!stored && !all && stored.error() == StoreError::kErased) return fail(none);
    if (!stored) return fail(store_problem(stored.error()));
    if (!reaches(call, *stored, 'r')) return fail(none);
    if (unchanged) return out;
    out.body = std::move(stored).value();
    out.is_resource = true;
    if (call.notes != nullptr) call.notes->shown(out.body);
    if (type == "Binary") show_binary(call, out);
    return out;
}

Reply Fhir::vread(const Call& call) {
    const std::string& type = call.path[0];
    const Problem none = problem_of(404, "not-found", "There is no such version");
    const auto reach = may_read(call, type, 'r');
    if (!reach) return fail(reach.error());
    const bool all = *reach == Reach::kAll;
    const auto version = parse_version(call.path[3]);
    const auto row = formats::fhir::is_logical_id(call.path[1])
                         ? store_.find(type, call.path[1])
                         : Result<std::optional<ResourceRow>, StoreError>(std::nullopt);
    if (!row) return fail(store_problem(row.error()));
    if (!*row || !version || *version > (*row)->version) return fail(none);
    if (!all) {
        const auto now = is_own_now(**row, call.own_patient);
        if (!now) return fail(now.error());
        if (!*now) return fail(none);
    }
    auto stored = store_.read((*row)->record, *version);
    if (!stored && !all && stored.error() == StoreError::kErased) return fail(none);
    if (!stored) return fail(store_problem(stored.error()));
    if (!all && (is_deletion(*stored) || !reaches(call, *stored, 'r'))) return fail(none);
    if (is_deletion(*stored))
        return fail(problem_of(410, "deleted", "The resource was deleted in this version"));
    Answer out;
    out.version = *version;
    out.updated = updated_of(*stored);
    out.body = std::move(stored).value();
    out.is_resource = true;
    if (call.notes != nullptr) call.notes->shown(out.body);
    return out;
}

// The steps' shared end: resolve, check, store; again when somebody else was faster and the client
// did not say which version it means.
Reply Fhir::write_alone(const Step& wanted, const Call& call) {
    std::unique_lock<std::mutex> turn;
    if (wanted.conditional) turn = std::unique_lock(conditional_);
    for (int tries = 0; tries < kTriesMax; ++tries) {
        Step step = wanted;
        Work work(store_, searcher_, options_, call, Work::Kind::kAlone);
        if (auto resolved = work.resolve(step); !resolved) return fail(resolved.error());
        if (auto written = work.write(step); !written) return fail(written.error());
        const auto committed = work.commit();
        if (committed) return work.answer(step);
        if (committed.error() != StoreError::kConflict)
            return fail(store_problem(committed.error()));
    }
    return fail(store_problem(StoreError::kConflict));
}

Reply Fhir::create(Call& call) {
    Step step;
    step.verb = Verb::kPost;
    step.type = call.path[0];
    if (auto allowed = allow(call, step.type, 'c'); !allowed) return fail(allowed.error());
    auto document = parse_body(call);
    if (!document) return fail(document.error());
    step.resource = &document->root();
    step.at = step.type;
    step.conditional = !call.if_none_exist.empty();
    step.query = call.if_none_exist;
    step.wanted = call.wanted;
    return write_alone(step, call);
}

Reply Fhir::update(Call& call) {
    Step step;
    step.verb = Verb::kPut;
    step.type = call.path[0];
    if (auto allowed = allow(call, step.type, 'u'); !allowed) return fail(allowed.error());
    auto document = parse_body(call);
    if (!document) return fail(document.error());
    step.resource = &document->root();
    step.at = step.type;
    step.if_match = call.if_match;
    step.wanted = call.wanted;
    if (call.path.size() == 2) {
        step.id = call.path[1];
    } else {
        step.conditional = true;
        step.query = query_of(call.parameters);
        const auto* id = step.resource->find("id");
        if (id != nullptr && id->is_string()) step.id = id->string();
    }
    if (!step.id.empty() && !formats::fhir::is_logical_id(step.id))
        return fail(problem_of(400, "value", "The id is not one that FHIR knows"));
    return write_alone(step, call);
}

Reply Fhir::erase(Call& call) {
    Step step;
    step.verb = Verb::kDelete;
    step.type = call.path[0];
    if (auto allowed = allow(call, step.type, 'd'); !allowed) return fail(allowed.error());
    step.at = step.type;
    step.if_match = call.if_match;
    if (call.path.size() == 2) {
        step.id = call.path[1];
        if (!formats::fhir::is_logical_id(step.id))
            return fail(problem_of(404, "not-found", "There is no such resource"));
    } else {
        step.conditional = true;
        step.query = query_of(call.parameters);
    }
    return write_alone(step, call);
}

Reply Fhir::patch(Call& call) {
    Step step;
    step.verb = Verb::kPatch;
    step.type = call.path[0];
    if (auto allowed = allow_patch(call, step.type); !allowed) return fail(allowed.error());
    auto patch = formats::json::parse(std::move(call.body), kBodyBytesMax);
    if (!patch || !patch->root().is_array())
        return fail(problem_of(400, "structure", "The body is no list of operations in JSON"));
    step.patch = std::move(patch).value();
    step.at = step.type;
    step.if_match = call.if_match;
    step.wanted = call.wanted;
    if (call.path.size() == 2) {
        step.id = call.path[1];
        if (!formats::fhir::is_logical_id(step.id)) return fail(store_problem(StoreError::kNone));
    } else {
        step.conditional = true;
        step.query = query_of(call.parameters);
    }
    return write_alone(step, call);
}

}  // namespace consilium::services::ehr
