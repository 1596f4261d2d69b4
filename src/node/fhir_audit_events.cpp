// SPDX-License-Identifier: Apache-2.0
#include "node/fhir_audit_events.hpp"

#include <algorithm>

#include "http/message.hpp"
#include "services/ehr/bundle_text.hpp"
#include "services/ehr/parameters.hpp"

namespace consilium::node {
namespace {

namespace audit = services::audit;
namespace ehr = services::ehr;

constexpr std::string_view kType = "AuditEvent";
constexpr std::string_view kCursor = "_cursor";
constexpr std::string_view kFromLog = "log-";

ehr::Problem vault_problem() {
    return ehr::problem_of(500, "exception", "The access log cannot be read");
}

ehr::Problem bad_link() {
    return ehr::problem_of(400, "value", "The link is not one that this server gave", "_cursor");
}

void append_place(Bytes& out, const audit::EventPlace& place) {
    append_be64(out, place.after);
    append_be32(out, place.skip);
    append_be64(out, place.newest);
}

std::optional<audit::EventPlace> read_place(BytesView text) {
    if (text.size() != 20) return std::nullopt;
    return audit::EventPlace{read_be64(text), read_be32(text.substr(8)),
                             read_be64(text.substr(12))};
}

}  // namespace

FhirAuditEvents::FhirAuditEvents(Parts parts) : parts_(std::move(parts)), cursors_(parts_.store) {}

bool FhirAuditEvents::is_about(const ehr::Call& call) const {
    const auto& path = call.path;
    if (path.empty() || path[0] != kType) return false;
    if (call.verb == ehr::Verb::kPost) return path.size() == 2 && path[1] == "_search";
    return call.verb == ehr::Verb::kGet &&
           (path.size() == 1 ||
            (path.size() == 2 && path[1].substr(0, kFromLog.size()) == kFromLog));
}

std::optional<FhirAuditEvents::Right> FhirAuditEvents::right_of(const http::Principal& principal,
                                                                char permission) const {
    if (principal.scopes.grants({kType, permission, true})) return Right{true, {}};
    if (!principal.scopes.grants_patient({kType, permission})) return std::nullopt;
    if (!principal.patient.empty()) return Right{false, principal.patient};
    auto own = principal.link.empty() ? std::nullopt : parts_.patient_of_link(principal.link);
    if (!own) return std::nullopt;
    return Right{false, *std::move(own)};
}

ehr::Reply FhirAuditEvents::answer(const ehr::Call& call, const http::Principal& principal) {
    const bool one = call.verb == ehr::Verb::kGet && call.path.size() == 2;
    const auto right = right_of(principal, one ? 'r' : 's');
    if (!right)
        return fail(ehr::problem_of(403, "forbidden", "The access token does not grant this"));
    return one ? read(call.path[1], *right) : search(call, *right);
}

ehr::Reply FhirAuditEvents::read(const std::string& id, const Right& right) const {
    const audit::EventNames names{parts_.name, parts_.base(), right.all};
    auto event =
        audit::find_event(parts_.store.vault(), names, id,
                          right.all ? std::nullopt : std::optional<std::string>(right.own));
    if (!event) return fail(vault_problem());
    if (!*event) return fail(ehr::problem_of(404, "not-found", "There is no such resource here"));
    ehr::Answer answer;
    answer.body = std::move(**event);
    answer.version = 1;
    answer.is_resource = true;
    return answer;
}

ehr::Reply FhirAuditEvents::search(const ehr::Call& call, const Right& right) {
    ehr::Parameters parameters = call.parameters;
    audit::EventPlace place;
    const auto cursor = std::find_if(parameters.begin(), parameters.end(),
                                     [](const auto& one) { return one.first == kCursor; });
    if (cursor != parameters.end()) {
        auto opened = cursors_.open(cursor->second, kType);
        if (!opened) return fail(vault_problem());
        const auto from = *opened ? read_place((*opened)->sort_key) : std::nullopt;
        auto first = *opened ? http::parse_form((*opened)->query) : std::nullopt;
        if (!from || !first || parameters.size() != 1) return fail(bad_link());
        place = *from;
        parameters = *std::move(first);
    }
    auto query = audit::read_event_query(parameters, parts_.name);
    if (!query)
        return fail(ehr::problem_of(400, "not-supported",
                                    "Searches on AuditEvent take patient, date, agent, "
                                    "agent:identifier, outcome and _count",
                                    query.error()));
    if (!right.all) {
        if (query->patient && *query->patient != right.own)
            return fail(ehr::problem_of(403, "forbidden", "The token is not for this patient"));
        query->patient = right.own;
    }
    const audit::EventNames names{parts_.name, parts_.base(), right.all};
    const auto page = audit::search_events(parts_.store.vault(), names, *query, place);
    if (!page) return fail(vault_problem());
    const std::string url = names.base + '/' + std::string(kType);
    ehr::BundleText out("searchset");
    // What was posted stays out of addresses.
    out.link("self", call.verb == ehr::Verb::kGet && !call.parameters.empty()
                         ? url + '?' + ehr::format_parameters(call.parameters)
                         : url);
    if (page->next) {
        ehr::Position next;
        append_place(next.sort_key, *page->next);
        next.query = ehr::format_parameters(parameters);
        const auto sealed = cursors_.seal(next, kType);
        if (!sealed) return fail(vault_problem());
        out.link("next", url + '?' + std::string(kCursor) + '=' + *sealed);
    }
    for (const std::string& event : page->events) {
        const auto identity = ehr::identity_of(event);
        if (identity) out.found(url + '/' + std::string(identity->id), event, "match");
    }
    ehr::Answer answer;
    answer.body = std::move(out).finish();
    return answer;
}

}  // namespace consilium::node
