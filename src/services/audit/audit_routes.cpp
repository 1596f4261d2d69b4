// SPDX-License-Identifier: Apache-2.0
#include "services/audit/audit_routes.hpp"

#include "base/hex.hpp"
#include "base/rfc3339.hpp"
#include "formats/json/parse.hpp"
#include "formats/json/write.hpp"
#include "services/audit/tar.hpp"

namespace consilium::services::audit {
namespace {

// A report reads the ledger hundreds of times: one at a time, so that it holds up nobody else.
constexpr unsigned kThreads = 1;
constexpr std::size_t kWaitingMax = 64;
constexpr std::size_t kIdBytesMax = 64;  // of FHIR
// A scope for all resources (*) does not grant the privacy officer's.
constexpr http::Scope kRead{"Audit", 'r', true};
constexpr http::Scope kDocuments{"Audit", 's', true};
constexpr http::Scope kOwnRead{"Audit", 'r'};
constexpr http::Scope kOwnDocuments{"Audit", 's'};

http::Response problem_of(AuditError error) {
    switch (error) {
        case AuditError::kUnknownPatient:
            return http::problem(404, "unknown-patient",
                                 "There is no such patient here, or no chart on the ledger yet");
        case AuditError::kNotNow:
            return http::problem_retry(503, "not-yet", "The next header has not come yet", 1);
        case AuditError::kTooLarge:
            return http::problem(413, "too-large", "There is more than one answer may hold");
        case AuditError::kDisk:
            break;
    }
    return http::problem(500, "disk", "The ledger or the vault cannot be read");
}

http::Response forbidden() {
    return http::problem(403, "forbidden",
                         "The token does not allow this, or not for this patient");
}

}  // namespace

struct AuditRoutes::Question {
    std::string asked;  // "audit/package"
    std::string patient;
    std::string asker;  // whose own token it is
    PackageOptions options;
};

AuditRoutes::AuditRoutes(Ports ports) : ports_(std::move(ports)), work_(kThreads, kWaitingMax) {}

// A report tells of a patient as their record does, and is an access of its own.
http::Response AuditRoutes::logged(const Question& question, const http::Principal& principal,
                                   http::Response answer) const {
    const bool denied = answer.status == 403;
    if (ports_.log == nullptr || (answer.status >= 300 && !denied)) return answer;
    Access access;
    access.subject = principal.subject;
    access.client = principal.client_id;
    access.token = principal.token_id;
    access.purpose = principal.purpose_of_use;
    access.break_glass = principal.break_glass;
    access.own_patient = principal.patient.empty() ? question.asker : principal.patient;
    access.own_link = principal.link;
    access.interaction = Interaction::kOperation;
    access.asked = question.asked;
    if (question.options.documents) access.query = "documents=1";
    access.denied = denied;
    access.status = answer.status;
    if (!question.patient.empty() && question.patient.size() <= kIdBytesMax)
        (void)access.patient(question.patient);
    if (ports_.log->append(access)) return answer;
    return http::problem_retry(503, "access-log",
                               "The access log cannot be written: nothing is shown", 1);
}

http::Response AuditRoutes::for_whom(Question& question, const http::Principal& principal,
                                     Answer answer) const {
    const bool documents = question.options.documents;
    const bool any =
        principal.scopes.grants(kRead) && (!documents || principal.scopes.grants(kDocuments));
    if (!any) {
        const bool own = principal.scopes.grants_patient(kOwnRead) &&
                         (!documents || principal.scopes.grants_patient(kOwnDocuments));
        std::string whose = principal.patient;
        if (const auto link = fixed_from_hex<ledger::LinkId>(principal.link); own && link) {
            const auto patient = ports_.charts.patient_of(*link);
            if (!patient) return problem_of(AuditError::kDisk);
            whose = patient->value_or(std::string());
        }
        question.asker = whose;
        if (!own || whose.empty()) return forbidden();
        if (question.patient.empty()) question.patient = whose;
        if (question.patient != whose) return forbidden();
        question.options.for_patient = true;
    }
    if (question.patient.empty())
        return http::problem(400, "bad-query", "The query does not say which patient");
    return (this->*answer)(question);
}

http::Response AuditRoutes::accounting(const Question& question) const {
    const auto chart = read_chart(ports_, question.patient);
    if (!chart) return problem_of(chart.error());
    return http::json(
        accounting_report(chart->facts, period_of(question.options, chart->facts.time)));
}

http::Response AuditRoutes::access(const Question& question) const {
    const auto chart = read_chart(ports_, question.patient);
    if (!chart) return problem_of(chart.error());
    return http::json(access_report(chart->facts));
}

http::Response AuditRoutes::package(const Question& question) const {
    auto files = make_package(ports_, question.patient, question.options);
    if (!files) return problem_of(files.error());
    http::Response out;
    out.media = http::Media::kOther;
    out.content_type = "application/x-tar";
    out.body = write_tar(std::move(files).value());
    return out;
}

void AuditRoutes::add_route(http::Router& router, const char* pattern, bool archive,
                            Answer answer) {
    http::RouteOptions options;
    options.authenticated = true;
    options.heavy = true;
    // Refusals are JSON. An archive has no media type of its own here.
    options.produces = {http::Media::kJson};
    options.produces_any = archive;
    router.add(http::Method::kGet, pattern, options,
               [this, answer](http::Request& request, http::Responder responder) {
                   bool malformed =
                       !http::query_has_only(request.query, {"patient", "from", "to", "documents"});
                   Question question;
                   question.asked = std::string(request.path.substr(std::size("/v1/") - 1));
                   question.patient =
                       http::query_parameter(request.query, "patient", malformed).value_or("");
                   const auto time = [&](const char* name) -> std::optional<UnixMs> {
                       const auto text = http::query_parameter(request.query, name, malformed);
                       if (!text) return std::nullopt;
                       const auto out = from_rfc3339(*text);
                       if (!out) malformed = true;
                       return out;
                   };
                   question.options.from = time("from");
                   question.options.to = time("to");
                   const auto documents =
                       http::query_parameter(request.query, "documents", malformed);
                   question.options.documents = documents == "1";
                   if (malformed || (documents && documents != "1"))
                       return responder.send(http::problem(
                           400, "bad-query", "A parameter of the query is not what it should be"));
                   auto to = std::make_shared<http::Responder>(std::move(responder));
                   const bool taken = work_.run([this, to, answer, question = std::move(question),
                                                 principal = request.principal]() mutable {
                       http::Response found = for_whom(question, *principal, answer);
                       to->send(logged(question, *principal, std::move(found)));
                   });
                   if (!taken)
                       to->send(http::problem_retry(503, "overloaded",
                                                    "Too many requests are waiting: try again", 1));
               });
}

void AuditRoutes::add_routes(http::Router& router) {
    add_route(router, "/v1/audit/accounting", false, &AuditRoutes::accounting);
    add_route(router, "/v1/audit/access-report", false, &AuditRoutes::access);
    add_route(router, "/v1/audit/package", true, &AuditRoutes::package);
}

}  // namespace consilium::services::audit
