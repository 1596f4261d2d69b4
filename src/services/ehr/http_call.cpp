// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/http_call.hpp"

#include <algorithm>

#include "services/ehr/names.hpp"

namespace consilium::services::ehr {
namespace {

using http::Media;

constexpr std::string_view kBase = "/fhir";

std::optional<Verb> verb_of(http::Method method) {
    switch (method) {
        case http::Method::kGet:
        case http::Method::kHead:
            return Verb::kGet;
        case http::Method::kPost:
            return Verb::kPost;
        case http::Method::kPut:
            return Verb::kPut;
        case http::Method::kPatch:
            return Verb::kPatch;
        case http::Method::kDelete:
            return Verb::kDelete;
        default:
            return std::nullopt;
    }
}

Problem bad_request(telemetry::Literal text) {
    return problem_of(400, "invalid", text);
}

Status<Problem> read_path(std::string_view path, Call& call) {
    path.remove_prefix(std::min(path.size(), kBase.size()));
    while (!path.empty()) {
        path.remove_prefix(1);  // the slash
        const auto slash = path.find('/');
        auto segment = http::percent_decode(path.substr(0, slash));
        if (!segment) return fail(bad_request("The address cannot be read"));
        if (!segment->empty()) call.path.push_back(*std::move(segment));
        path = slash == std::string_view::npos ? std::string_view() : path.substr(slash);
    }
    return Done{};
}

bool is_json_format(std::string_view format) {
    const std::string_view plain = format.substr(0, format.find(';'));
    // A plus sign in a query is a blank.
    return plain == "json" || plain == "application/json" || plain == "application/fhir+json" ||
           plain == "application/fhir json" || plain == "text/json";
}

bool is_binary(const Call& call) {
    return !call.path.empty() && call.path[0] == "Binary";
}

// FHIR R4 http, section 3.1.0.1.11: _format goes before Accept.
Status<Problem> check_format(const Call& call) {
    for (const auto& [name, value] : call.parameters) {
        if (name != "_format") continue;
        if (is_json_format(value)) return Done{};
        return fail(problem_of(406, "not-supported", "Only FHIR JSON is offered"));
    }
    if (is_binary(call) && call.verb == Verb::kGet) return Done{};
    constexpr Media kOffered[] = {Media::kFhirJson, Media::kJson};
    if (http::negotiate(call.accept, kOffered, std::size(kOffered))) return Done{};
    return fail(problem_of(406, "not-supported", "Only FHIR JSON is offered"));
}

bool is_fhir_json(std::string_view content_type) {
    return http::is_media(content_type, Media::kFhirJson) ||
           http::is_media(content_type, Media::kJson);
}

Status<Problem> read_body(http::Request& request, Call& call) {
    call.body = std::move(request.body);
    const bool search =
        call.verb == Verb::kPost && !call.path.empty() && call.path.back() == "_search";
    if (search) {
        if (call.body.empty()) return Done{};
        if (!http::is_media(call.content_type, Media::kForm))
            return fail(problem_of(415, "not-supported", "A search is posted as a form"));
        auto form = http::parse_form(call.body);
        if (!form) return fail(bad_request("The form cannot be read"));
        std::move(form->begin(), form->end(), std::back_inserter(call.parameters));
        call.body.clear();
        return Done{};
    }
    const bool writes = call.verb == Verb::kPost || call.verb == Verb::kPut;
    if (writes && !is_binary(call) && !is_fhir_json(call.content_type)) {
        if (call.body.empty() && call.content_type.empty()) return Done{};
        return fail(problem_of(415, "not-supported", "The body is not application/fhir+json"));
    }
    if (call.verb == Verb::kPatch && !http::is_media(call.content_type, Media::kJsonPatch))
        return fail(problem_of(415, "not-supported", "A patch is application/json-patch+json"));
    return Done{};
}

// RFC 7240: preferences and their parameters, divided by commas and semicolons.
void read_preferences(std::string_view prefer, Call& call) {
    while (!prefer.empty()) {
        const auto end = prefer.find_first_of(",;");
        std::string_view one = prefer.substr(0, end);
        prefer = end == std::string_view::npos ? std::string_view() : prefer.substr(end + 1);
        while (!one.empty() && one.front() == ' ')
            one.remove_prefix(1);
        while (!one.empty() && one.back() == ' ')
            one.remove_suffix(1);
        if (one == "return=minimal") call.wanted = Return::kMinimal;
        if (one == "return=representation") call.wanted = Return::kRepresentation;
        if (one == "return=OperationOutcome") call.wanted = Return::kOutcome;
        if (one == "handling=lenient") call.lenient = true;
    }
}

void add_header(http::Response& out, std::string_view name, std::string_view value) {
    out.headers += name;
    out.headers += ": ";
    out.headers += value;
    out.headers += "\r\n";
}

std::string_view issue_code_of(std::uint16_t status) {
    switch (status) {
        case 401:
            return "login";
        case 403:
            return "forbidden";
        case 404:
            return "not-found";
        case 405:
        case 406:
        case 415:
            return "not-supported";
        case 413:
            return "too-long";
        case 503:
            return "transient";
        case 504:
            return "timeout";
        default:
            return status >= 500 ? "exception" : "invalid";
    }
}

}  // namespace

Result<Call, Problem> read_request(http::Request& request) {
    Call call;
    const auto verb = verb_of(request.method);
    if (!verb) return fail(problem_of(405, "not-supported", "The method is not taken"));
    call.verb = *verb;
    if (auto read = read_path(request.path, call); !read) return fail(read.error());
    auto parameters = http::parse_form(request.query);
    if (!parameters) return fail(bad_request("The query cannot be read"));
    call.parameters = std::move(*parameters);
    call.if_match = request.fields.if_match;
    call.if_none_match = request.fields.if_none_match;
    call.if_modified_since = request.fields.if_modified_since;
    call.if_none_exist = request.fields.if_none_exist;
    call.content_type = request.fields.content_type;
    call.accept = request.fields.accept;
    call.security_context = request.fields.security_context;
    call.emergency_access = request.fields.emergency_access;
    read_preferences(request.fields.prefer, call);
    if (auto checked = check_format(call); !checked) return fail(checked.error());
    if (auto read = read_body(request, call); !read) return fail(read.error());
    return call;
}

http::Response write_answer(const Answer& answer, const std::string& base) {
    http::Response out;
    out.status = answer.status;
    out.body = answer.body;
    if (!answer.content_type.empty()) {
        out.media = Media::kOther;
        out.content_type = answer.content_type;
    } else if (!out.body.empty()) {
        out.media = Media::kFhirJson;
    }
    if (answer.version != 0) add_header(out, "ETag", etag_of(answer.version));
    if (answer.updated) add_header(out, "Last-Modified", http_date(*answer.updated));
    if (!answer.location.empty()) add_header(out, "Location", base + '/' + answer.location);
    // RFC 8631 section 4.4.
    if (!answer.status_of.empty())
        add_header(out, "Link", '<' + base + '/' + answer.status_of + ">; rel=\"status\"");
    return out;
}

http::Response write_problem(const Problem& problem) {
    http::Response out;
    out.status = problem.status;
    out.media = Media::kFhirJson;
    out.body = operation_outcome(problem.issues);
    if (problem.status == 503) add_header(out, "Retry-After", "1");
    return out;
}

http::Response write_refusal(std::uint16_t status, std::string_view, telemetry::Literal title) {
    return write_problem(problem_of(status, issue_code_of(status), title));
}

}  // namespace consilium::services::ehr
