// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "formats/fhir/primitive.hpp"
#include "formats/json/parse.hpp"
#include "http/message.hpp"
#include "services/ehr/access_notes.hpp"
#include "services/ehr/binary.hpp"
#include "services/ehr/content.hpp"
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

BinaryHeader header_of(const Call& call) {
    return {call.content_type, call.security_context,
            call.path.size() == 2 ? std::string_view(call.path[1]) : std::string_view()};
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
        call.body = binary_resource(header_of(call), call.body);
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

}  // namespace

// Unless FHIR's form of it was asked for by name.
Status<Problem> Fhir::show_binary(const Call& call, const vault::DocumentName& version,
                                  Answer& answer) const {
    const bool by_format = std::any_of(call.parameters.begin(), call.parameters.end(),
                                       [](const auto& one) { return one.first == "_format"; });
    if (by_format || call.accept.find("json") != std::string::npos) return Done{};
    const auto document = formats::json::parse(answer.body, answer.body.size());
    if (!document) return Done{};
    if (has_own_content(document->root())) {
        const auto name = store_.content_of(version);
        if (!name) return fail(store_problem(name.error()));
        auto type = content_type_of(document->root());
        if (!*name || !type) return fail(store_problem(StoreError::kDisk));
        auto reader = vault::DocumentReader::open(store_.vault(), **name);
        if (!reader) return fail(store_problem(to_store_error(reader.error())));
        answer.body.clear();
        answer.content = std::move(*reader);
        answer.content_type = *std::move(type);
        answer.is_resource = false;
        return Done{};
    }
    auto content = binary_content(document->root());
    if (!content) return Done{};
    answer.body = std::move(content->data);
    answer.content_type = std::move(content->content_type);
    answer.is_resource = false;
    return Done{};
}

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
    if (type == "Binary") {
        if (auto shown = show_binary(call, {(*row)->record, (*row)->version}, out); !shown)
            return fail(shown.error());
    }
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
    if (type == "Binary") {
        if (auto shown = show_binary(call, {(*row)->record, *version}, out); !shown)
            return fail(shown.error());
    }
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
        Extra extra;
        if (step.content != nullptr) {
            extra.content = &step.content->writer();
            extra.content_record = step.content->record();
        }
        const auto committed = work.commit(std::move(extra));
        if (committed) return work.answer(step);
        // A content is committed once: its key has been written, and seals nothing else.
        if (committed.error() != StoreError::kConflict || step.content != nullptr)
            return fail(store_problem(committed.error()));
    }
    return fail(store_problem(StoreError::kConflict));
}

Reply Fhir::create(Call& call) {
    if (auto allowed = allow(call, call.path[0], 'c'); !allowed) return fail(allowed.error());
    auto document = parse_body(call);
    if (!document) return fail(document.error());
    return create(call, document->root(), nullptr);
}

Reply Fhir::create(const Call& call, const formats::json::Value& resource, Content* content) {
    Step step;
    step.verb = Verb::kPost;
    step.type = call.path[0];
    step.resource = &resource;
    step.content = content;
    step.at = step.type;
    step.conditional = !call.if_none_exist.empty();
    step.query = call.if_none_exist;
    step.wanted = call.wanted;
    return write_alone(step, call);
}

Reply Fhir::update(Call& call) {
    if (auto allowed = allow(call, call.path[0], 'u'); !allowed) return fail(allowed.error());
    auto document = parse_body(call);
    if (!document) return fail(document.error());
    return update(call, document->root(), nullptr);
}

Reply Fhir::update(const Call& call, const formats::json::Value& resource, Content* content) {
    Step step;
    step.verb = Verb::kPut;
    step.type = call.path[0];
    step.resource = &resource;
    step.content = content;
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

Status<Problem> Fhir::check_upload(const Call& call) const {
    const bool instance = call.path.size() == 2;
    const bool create = call.verb == Verb::kPost && call.path.size() == 1;
    const bool update = call.verb == Verb::kPut &&
                        (instance || (call.path.size() == 1 && !call.parameters.empty()));
    if (!create && !update)
        return fail(problem_of(405, "not-supported", "This address does not take this method"));
    if (auto allowed = allow(call, "Binary", create ? 'c' : 'u'); !allowed) return allowed;
    if (!is_media_type(call.content_type))
        return fail(problem_of(415, "not-supported", "The Content-Type is no media type"));
    if (instance && !formats::fhir::is_logical_id(call.path[1]))
        return fail(problem_of(400, "value", "The id is not one that FHIR knows"));
    return Done{};
}

Result<std::unique_ptr<Content>, Problem> Fhir::begin_content(std::optional<std::uint64_t> size) {
    auto content = Content::begin(store_, size);
    if (!content) return fail(store_problem(content.error()));
    return std::move(*content);
}

Reply Fhir::store_content(Call& call, Content& content) {
    if (auto checked = check_upload(call); !checked) return fail(checked.error());
    content.finish();
    call.body = binary_resource(header_of(call), content.size(), content.sha256());
    const auto document = formats::json::parse(call.body, call.body.size());
    if (!document) return fail(problem_of(400, "value", "The header's fields are not UTF-8"));
    return call.verb == Verb::kPost ? create(call, document->root(), &content)
                                    : update(call, document->root(), &content);
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
