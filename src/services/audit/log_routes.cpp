// SPDX-License-Identifier: Apache-2.0
#include "services/audit/log_routes.hpp"

#include <charconv>

#include "base/hex.hpp"
#include "base/rfc3339.hpp"
#include "formats/fhir/primitive.hpp"
#include "formats/json/write.hpp"
#include "proto/canonical.hpp"
#include "services/audit/disclosure_event.hpp"
#include "services/audit/log_verify.hpp"

namespace consilium::services::audit {
namespace {

using formats::json::Writer;

constexpr unsigned kThreads = 2;
constexpr std::size_t kWaitingMax = 256;
constexpr std::size_t kRowsPerStep = 64;
// The privacy officer's: who may read all resources may not read who read them.
constexpr const char* kLookedAt = "AuditEvent";
constexpr http::Scope kOfficer{"AuditEvent", 'r', true};

http::Response vault_problem() {
    return http::problem(500, "vault", "The vault cannot be read");
}

void number(Writer& json, std::string_view name, std::uint64_t value) {
    json.name(name);
    json.number(std::to_string(value));
}

std::optional<std::uint64_t> number_of(const std::string& text) {
    std::uint64_t out = 0;
    const char* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, out);
    if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
    return out;
}

std::optional<LogRoutes::Query> read_query(std::string_view text, bool paged) {
    if (!http::query_has_only(text, {"patient", "from", "to", "after", "limit"}))
        return std::nullopt;
    if (!paged && !http::query_has_only(text, {"patient", "from", "to"})) return std::nullopt;
    LogRoutes::Query out;
    out.range.limit = kEventRowsDefault;
    bool malformed = false;
    const auto patient = http::query_parameter(text, "patient", malformed);
    const auto from = http::query_parameter(text, "from", malformed);
    const auto to = http::query_parameter(text, "to", malformed);
    const auto after = http::query_parameter(text, "after", malformed);
    const auto limit = http::query_parameter(text, "limit", malformed);
    if (malformed) return std::nullopt;
    if (patient) {
        if (!formats::fhir::is_logical_id(*patient)) return std::nullopt;
        out.patient = *patient;
    }
    if (from && !(out.range.from = from_rfc3339(*from))) return std::nullopt;
    if (to && !(out.range.to = from_rfc3339(*to))) return std::nullopt;
    if (after) {
        const auto value = number_of(*after);
        if (!value) return std::nullopt;
        out.range.after = *value;
    }
    if (limit) {
        const auto value = number_of(*limit);
        if (!value || *value == 0 || *value > kEventRowsMax) return std::nullopt;
        out.range.limit = *value;
    }
    return out;
}

http::Response answer_lines(Result<std::string, std::uint16_t> lines) {
    if (!lines) {
        switch (lines.error()) {
            case 403:
                return http::problem(403, "forbidden", "The access token does not grant this");
            case 413:
                return http::problem(413, "too-large",
                                     "There is more than one answer may hold: give from and to");
            case 503:
                return http::problem_retry(503, "access-log",
                                           "The access log cannot be written: nothing is shown", 1);
            default:
                return vault_problem();
        }
    }
    http::Response out;
    out.media = http::Media::kNdjson;
    out.body = std::move(lines).value();
    return out;
}

void write_finding(Writer& json, const LogFinding& finding) {
    json.begin_object();
    json.member("fault", to_string(finding.fault));
    json.member("text", describe(finding.fault));
    if (finding.sequence != 0) number(json, "row", finding.sequence);
    if (finding.until != 0) number(json, "until", finding.until);
    if (finding.version != 0) number(json, "head", finding.version);
    json.end_object();
}

}  // namespace

LogRoutes::LogRoutes(Ports ports) : ports_(std::move(ports)), work_(kThreads, kWaitingMax) {}

void LogRoutes::later(http::Responder responder, std::function<http::Response()> answer) {
    auto shared = std::make_shared<http::Responder>(std::move(responder));
    if (!work_.run([shared, answer = std::move(answer)] { shared->send(answer()); })) {
        shared->send(
            http::problem_retry(503, "overloaded", "Too many requests are waiting: try again", 1));
    }
}

std::optional<std::string> LogRoutes::own_patient_of(const http::Principal& principal) const {
    if (!principal.patient.empty()) return principal.patient;
    if (principal.link.empty() || !ports_.patient_of_link) return std::nullopt;
    return ports_.patient_of_link(principal.link);
}

// The privacy officer sees all, a patient what concerns them.
bool LogRoutes::may_see(const http::Principal& principal, Query& query) const {
    if (principal.scopes.grants(kOfficer)) return true;
    if (!principal.scopes.grants_patient({"AuditEvent", 'r'})) return false;
    const std::optional<std::string> own = own_patient_of(principal);
    if (!own || (query.patient && *query.patient != *own)) return false;
    query.patient = own;
    return true;
}

// Looking at who looked is an access too, and each page of it.
Status<std::uint16_t> LogRoutes::enter(const http::Principal& principal, Query& query) {
    const bool seen = may_see(principal, query);
    Access access;
    access.subject = principal.subject;
    access.client = principal.client_id;
    access.token = principal.token_id;
    access.purpose = principal.purpose_of_use;
    access.break_glass = principal.break_glass;
    access.own_patient = own_patient_of(principal).value_or(std::string());
    access.own_link = principal.link;
    access.interaction = Interaction::kSearch;
    access.asked = kLookedAt;
    access.denied = !seen;
    access.status = seen ? 200 : 403;
    if (query.patient) (void)access.patient(*query.patient);
    if (!ports_.log.append(access)) return fail(std::uint16_t{503});
    if (!seen) return fail(std::uint16_t{403});
    return Done{};
}

namespace {

// Of somebody who goes on from page to page, the page before: it is no news, and without end.
bool is_look(const LogEntry& entry, const http::Principal& principal) {
    const v1::LoggedAccess& access = entry.access;
    return access.interaction() == v1::LOGGED_INTERACTION_SEARCH && access.asked() == kLookedAt &&
           access.subject() == principal.subject && access.client() == principal.client_id &&
           access.token() == principal.token_id;
}

}  // namespace

// In steps: a row may have a thousand patients, and as many events. A page in which nothing is for
// this reader is no end of the pages.
std::optional<std::string> LogRoutes::page(const http::Principal& principal, const Query& query,
                                           std::uint64_t newest) const {
    const bool officer = principal.scopes.grants(kOfficer);
    const EventNames names{ports_.name, ports_.base(), officer};
    std::string out;
    LogRange range = query.range;
    range.limit = kRowsPerStep;
    std::size_t shown = 0;
    // What holds only the reader's own looks at the pages before, up to the log's end, is none.
    bool is_news = range.after == 0;
    while (true) {
        const auto entries = read_accesses(ports_.vault, ports_.name, query.patient, range);
        if (!entries) return std::nullopt;
        for (const LogEntry& entry : *entries) {
            range.after = entry.sequence;
            if (entry.sequence > newest) return is_news ? out : std::string();
            // Another member's patient may have the id of one of ours.
            if (!officer && entry.access.elsewhere()) continue;
            is_news = is_news || !is_look(entry, principal);
            const bool full = shown == query.range.limit || out.size() >= kEventBytesMax;
            if (full && is_news) return out;
            if (full) continue;
            for (const std::string& event : audit_events(entry, names, query.patient)) {
                out += event;
                out += '\n';
            }
            ++shown;
        }
        if (entries->size() < kRowsPerStep) return is_news ? out : std::string();
    }
}

Result<std::string, std::uint16_t> LogRoutes::events(const http::Principal& principal,
                                                     Query query) {
    // What this very request adds is not in its own answer.
    const auto head = ports_.vault.row(head_key());
    v1::AccessLogHead newest;
    if (!head || (*head && !proto::parse_canonical(**head, newest)))
        return fail(std::uint16_t{500});
    Query wanted = query;
    std::string out;
    if (may_see(principal, wanted)) {
        auto lines = page(principal, wanted, newest.sequence());
        if (!lines) return fail(std::uint16_t{500});
        out = *std::move(lines);
        // The end of the pages: nothing is shown.
        if (out.empty() && wanted.range.after != 0) return out;
    }
    if (auto entered = enter(principal, query); !entered) return fail(entered.error());
    return out;
}

Result<std::string, std::uint16_t> LogRoutes::disclosures(const http::Principal& principal,
                                                          Query query) {
    if (auto entered = enter(principal, query); !entered) return fail(entered.error());
    std::string out;
    if (ports_.disclosures == nullptr) return out;
    const auto found = ports_.disclosures->list(query.patient);
    if (!found) return fail(std::uint16_t{500});
    const EventNames names{ports_.name, ports_.base()};
    const bool officer = principal.scopes.grants(kOfficer);
    for (const MemberDisclosure& disclosure : *found) {
        if (!officer && disclosure.incoming) continue;
        if (query.range.from && disclosure.at < *query.range.from) continue;
        if (query.range.to && disclosure.at > *query.range.to) continue;
        out += disclosure_event(disclosure, names);
        out += '\n';
        if (out.size() > kEventBytesMax) return fail(std::uint16_t{413});
    }
    return out;
}

http::Response LogRoutes::answer_log() const {
    const auto head = ports_.vault.row(head_key());
    const auto newest = ports_.vault.row(newest_anchor_key());
    if (!head || !newest) return vault_problem();
    v1::AccessLogHead now;
    v1::AnchoredHead anchor;
    v1::AccessLogHead anchored;
    if ((*head && !proto::parse_canonical(**head, now)) ||
        (*newest && (!proto::parse_canonical(**newest, anchor) ||
                     !proto::parse_canonical(anchor.head(), anchored))))
        return vault_problem();
    std::string out;
    Writer json(out);
    json.begin_object();
    number(json, "rows", now.sequence());
    json.member("hash", to_hex(now.hash()));
    json.member("record", to_hex(log_record(ports_.name).view()));
    json.name("anchored");
    json.begin_object();
    number(json, "rows", anchored.sequence());
    number(json, "version", anchor.version());
    number(json, "sequence", anchor.record_sequence());
    json.member("salt", to_hex(anchor.salt()));
    json.member("head", to_hex(anchor.head()));
    json.member("transaction", to_hex(anchor.transaction_id()));
    json.end_object();
    json.end_object();
    return http::json(std::move(out));
}

http::Response LogRoutes::answer_verification() const {
    const auto report = verify_log(ports_.vault, ports_.name, ports_.reads);
    if (!report) {
        if (report.error() == LogVerifyError::kVault) return vault_problem();
        return http::problem_retry(503, "ledger", "The ledger cannot be read just now", 1);
    }
    std::string out;
    Writer json(out);
    json.begin_object();
    json.name("whole");
    json.boolean(report->whole());
    number(json, "rows", report->rows);
    number(json, "newest", report->sequence);
    number(json, "heads", report->anchors);
    number(json, "anchored", report->anchored_sequence);
    number(json, "record", report->record_sequence);
    json.name("findings");
    json.begin_array();
    for (const LogFinding& finding : report->findings)
        write_finding(json, finding);
    json.end_array();
    json.end_object();
    return http::json(std::move(out));
}

void LogRoutes::add_lines(http::Router& router, const char* path, bool paged, Lines lines) {
    http::RouteOptions options;
    options.authenticated = true;
    options.produces = {http::Media::kNdjson};
    options.heavy = true;
    router.add(
        http::Method::kGet, path, options,
        [this, paged, lines](http::Request& request, http::Responder responder) {
            const auto query = read_query(request.query, paged);
            if (!query || !request.principal) {
                return responder.send(http::problem(
                    400, "bad-query", "patient, from, to, after or limit is not as it must be"));
            }
            later(std::move(responder),
                  [this, lines, query = *query, principal = request.principal] {
                      return answer_lines((this->*lines)(*principal, query));
                  });
        });
}

void LogRoutes::add(http::Router& router) {
    add_lines(router, "/v1/audit/events", true, &LogRoutes::events);
    add_lines(router, "/v1/audit/disclosures", false, &LogRoutes::disclosures);
    http::RouteOptions officer;
    officer.scope = kOfficer;
    officer.produces = {http::Media::kJson};
    router.add(http::Method::kGet, "/v1/audit/log", officer,
               [this](http::Request&, http::Responder responder) {
                   later(std::move(responder), [this] { return answer_log(); });
               });
    router.add(http::Method::kGet, "/v1/audit/log/verification", officer,
               [this](http::Request&, http::Responder responder) {
                   later(std::move(responder), [this] { return answer_verification(); });
               });
}

}  // namespace consilium::services::audit
