// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/bundle_entry.hpp"

#include "formats/fhir/primitive.hpp"
#include "formats/json/parse.hpp"
#include "http/message.hpp"
#include "services/ehr/binary.hpp"
#include "services/ehr/names.hpp"

namespace consilium::services::ehr {
namespace {

using formats::json::Value;

std::optional<Verb> verb_of(std::string_view method) {
    if (method == "GET") return Verb::kGet;
    if (method == "POST") return Verb::kPost;
    if (method == "PUT") return Verb::kPut;
    if (method == "DELETE") return Verb::kDelete;
    if (method == "PATCH") return Verb::kPatch;
    return std::nullopt;
}

// The letter of SMART v2 that a write needs.
char permission_of(Verb verb) {
    if (verb == Verb::kPost) return 'c';
    return verb == Verb::kDelete ? 'd' : 'u';
}

std::vector<std::string> split_path(std::string_view path) {
    std::vector<std::string> out;
    while (!path.empty()) {
        const auto slash = path.find('/');
        out.emplace_back(path.substr(0, slash));
        path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
    }
    return out;
}

Problem bad_entry(telemetry::Literal text, const std::string& at) {
    return problem_of(400, "invalid", text, at);
}

Result<Entry, Problem> read_get(std::string_view url, const Value* request, const Call& call) {
    Entry entry;
    Call get;
    const auto mark = url.find('?');
    get.path = split_path(url.substr(0, mark));
    if (mark != std::string_view::npos) {
        auto parameters = http::parse_form(url.substr(mark + 1));
        if (!parameters) return fail(problem_of(400, "invalid", "The query cannot be read"));
        get.parameters = std::move(*parameters);
    }
    get.if_none_match = text_of(request, "ifNoneMatch");
    get.accept = http::content_type(http::Media::kFhirJson);  // a Binary's bytes do not fit in
    get.scopes = call.scopes;
    get.own_patient = call.own_patient;
    get.notes = call.notes;
    entry.get = std::move(get);
    return entry;
}

// A patch comes as a Binary (FHIR R4 http, section 3.1.0.8.1).
Result<formats::json::Document, Problem> read_patch(const Value* resource, const std::string& at) {
    if (text_of(resource, "resourceType") == "Binary") {
        auto content = binary_content(*resource);
        if (content && !http::is_media(content->content_type, http::Media::kJsonPatch))
            return fail(problem_of(415, "not-supported", "A patch is application/json-patch+json",
                                   at + ".contentType"));
        if (content) {
            auto patch = formats::json::parse(std::move(content->data), kResourceBytesMax);
            if (patch && patch->root().is_array()) return std::move(patch).value();
        }
    }
    return fail(bad_entry("A patch is a Binary with a list of operations in JSON", at));
}

}  // namespace

std::string_view text_of(const Value* object, std::string_view name) {
    const Value* value = object == nullptr ? nullptr : object->find(name);
    return value != nullptr && value->is_string() ? value->string() : std::string_view();
}

Result<Entry, Problem> read_entry(const Value& value, const std::string& at, const Call& call,
                                  const std::string& base) {
    const Value* request = value.find("request");
    std::string_view url = text_of(request, "url");
    if (url.substr(0, base.size()) == base && url.size() > base.size())
        url.remove_prefix(base.size());
    if (!url.empty() && url[0] == '/') url.remove_prefix(1);
    const auto verb = verb_of(text_of(request, "method"));
    if (!verb || url.empty())
        return fail(bad_entry("The entry has no request with method and url", at + ".request"));
    if (*verb == Verb::kGet) return read_get(url, request, call);
    Entry entry;
    Step& step = entry.step;
    step.verb = *verb;
    step.at = at + ".resource";
    step.wanted = call.wanted;
    step.if_match = text_of(request, "ifMatch");
    entry.full_url = text_of(&value, "fullUrl");
    const auto mark = url.find('?');
    const auto path = split_path(url.substr(0, mark));
    if (path.empty() || path.size() > 2 || !is_resource_type(path[0]))
        return fail(bad_entry("The request's url names no resource type", at + ".request.url"));
    step.type = path[0];
    if (path.size() == 2) step.id = path[1];
    const bool by_id = !step.id.empty();
    if (by_id && !formats::fhir::is_logical_id(step.id))
        return fail(bad_entry("The request's url names no id", at + ".request.url"));
    if (mark != std::string_view::npos) {
        step.conditional = true;
        step.query = url.substr(mark + 1);
    } else if (const auto condition = text_of(request, "ifNoneExist"); !condition.empty()) {
        step.conditional = step.verb == Verb::kPost;
        step.query = condition;
    }
    const bool post = step.verb == Verb::kPost;
    if (post ? by_id || mark != std::string_view::npos : by_id == step.conditional)
        return fail(bad_entry("The request's url does not fit its method", at + ".request.url"));
    if (step.verb == Verb::kPatch) {
        auto patch = read_patch(value.find("resource"), step.at);
        if (!patch) return fail(patch.error());
        step.patch = std::move(patch).value();
    } else if (step.verb != Verb::kDelete) {
        step.resource = value.find("resource");
        if (step.resource == nullptr || !step.resource->is_object())
            return fail(bad_entry("The entry has no resource", at));
        if (step.verb == Verb::kPut && step.conditional) step.id = text_of(step.resource, "id");
    }
    const auto allowed = step.verb == Verb::kPatch
                             ? allow_patch(call, step.type)
                             : allow(call, step.type, permission_of(step.verb));
    if (!allowed) return fail(allowed.error());
    return entry;
}

int rank_of(const Entry& entry) {
    if (entry.get) return 4;
    switch (entry.step.verb) {
        case Verb::kDelete:
            return 0;
        case Verb::kPost:
            return 1;
        default:
            return 2;
    }
}

Answer answer_of(Reply reply) {
    if (reply) return std::move(reply).value();
    Answer out;
    out.status = reply.error().status;
    out.body = operation_outcome(reply.error().issues);
    return out;
}

std::string place_of(std::size_t index) {
    return "Bundle.entry[" + std::to_string(index) + "]";
}

void append_issues(Problem& to, const Problem& from) {
    if (to.issues.empty()) to.status = from.status;
    to.issues.insert(to.issues.end(), from.issues.begin(), from.issues.end());
}

}  // namespace consilium::services::ehr
