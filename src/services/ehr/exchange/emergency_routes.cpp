// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/exchange/emergency_routes.hpp"

#include <algorithm>
#include <charconv>

#include "base/hex.hpp"
#include "formats/json/parse.hpp"
#include "formats/json/write.hpp"
#include "proto/enum_names.hpp"
#include "services/ehr/exchange/emergency.hpp"
#include "services/ehr/exchange/remote_reads.hpp"
#include "services/ehr/exchange/rows.hpp"
#include "services/ehr/exchange/shown.hpp"
#include "services/ehr/http_call.hpp"

namespace consilium::services::ehr::exchange {
namespace {

using formats::json::Writer;

constexpr std::size_t kWaitingMax = 256;
constexpr std::size_t kSubjectsMax = 256;
constexpr std::size_t kPageDefault = 100;
constexpr std::size_t kPageMax = 1000;
constexpr std::size_t kAfterBytesMax = 256;
constexpr std::chrono::milliseconds kLedgerPatience{5000};

http::RouteOptions options_of(std::string_view resource, char permission, bool by_name) {
    http::RouteOptions out;
    out.scope = http::Scope{resource, permission, by_name};
    out.produces = {http::Media::kJson};
    return out;
}

http::RouteOptions posting(http::RouteOptions out) {
    out.consumes = {http::Media::kJson};
    out.body_bytes_max = kOrderBytesMax;
    return out;
}

http::Response disk_problem() {
    return http::problem(500, "vault", "The vault cannot be read or written");
}

struct Decision {
    std::vector<std::string> subjects;
    bool withdraw = false;
};

// {"subjects":["TEXT",...],"withdraw":true|false}
std::optional<Decision> read_decision(const std::string& json) {
    const auto parsed = formats::json::parse(json, kOrderBytesMax);
    if (!parsed || !parsed->root().is_object()) return std::nullopt;
    const auto* subjects = parsed->root().find("subjects");
    const auto* withdraw = parsed->root().find("withdraw");
    if (subjects == nullptr || !subjects->is_array()) return std::nullopt;
    if (withdraw != nullptr && !withdraw->is_boolean()) return std::nullopt;
    Decision out;
    out.withdraw = withdraw != nullptr && withdraw->boolean();
    for (const auto& subject : subjects->array()) {
        if (!subject.is_string() || subject.string().empty() ||
            subject.string().size() > kSubjectBytesMax)
            return std::nullopt;
        out.subjects.emplace_back(subject.string());
    }
    if (out.subjects.empty() || out.subjects.size() > kSubjectsMax) return std::nullopt;
    return out;
}

void write_standing(Writer& writer, const Clearances::Standing& standing) {
    writer.begin_object();
    writer.member("subject", standing.subject);
    writer.name("cleared");
    writer.boolean(standing.decision.cleared());
    writer.member("ledger", to_string(standing.ledger));
    writer.member("user", to_hex(standing.decision.user()));
    writer.member("decided_by", standing.decision.decided_by());
    writer.name("decided_unix_ms");
    writer.number(std::to_string(standing.decision.decided_unix_ms()));
    writer.end_object();
}

// The patient whose record came: without a card their id is known by nothing else.
std::string patient_of(const ReadOutcome& outcome) {
    const auto found =
        std::find_if(outcome.resources.begin(), outcome.resources.end(),
                     [](const DisclosedResource& one) { return one.type == "Patient"; });
    return found == outcome.resources.end() ? std::string() : found->id;
}

http::Response response_of(const ReadOutcome& outcome, RemoteAsk ask, const std::string& base,
                           const http::Scopes& scopes) {
    if (ask.patient.empty()) ask.patient = patient_of(outcome);
    const auto reply = reply_of(outcome, ask, formats::fhir::Query(), {base, scopes, {}});
    if (!reply) return write_problem(reply.error());
    http::Response out = write_answer(*reply, base);
    out.headers += "Content-Location: /v1/exchange/disclosures/" + to_hex(outcome.link) + "/" +
                   std::to_string(outcome.disclosure) + "\r\n";
    return out;
}

Shown shown_of(const RemoteAsk& ask) {
    Shown out{Interaction::kEverything, "emergency", ask.ask.query()};
    if (!ask.ask.resource_type().empty()) {
        out.interaction = ask.ask.resource_id().empty() ? Interaction::kSearch : Interaction::kRead;
        out.asked += '/' + ask.ask.resource_type();
        if (!ask.ask.resource_id().empty()) out.asked += '/' + ask.ask.resource_id();
    }
    out.elsewhere = true;
    out.patient = ask.patient;
    return out;
}

}  // namespace

EmergencyRoutes::EmergencyRoutes(const Ports& ports, Exchange& exchange, Cards& cards,
                                 std::function<std::string()> base, unsigned threads)
    : ports_(ports),
      exchange_(exchange),
      cards_(cards),
      base_(std::move(base)),
      work_(threads, kWaitingMax) {}

void EmergencyRoutes::later(http::Responder responder, std::function<void(http::Responder&)> work) {
    auto shared = std::make_shared<http::Responder>(std::move(responder));
    if (!work_.run([shared, work = std::move(work)] { work(*shared); })) {
        shared->send(
            http::problem_retry(503, "overloaded", "Too many requests are waiting: try again", 1));
    }
}

void EmergencyRoutes::break_glass(const std::string& body, const http::Principal& principal,
                                  http::Responder& responder) {
    if (principal.purpose_of_use != "BTG" || !principal.break_glass)
        return responder.send(exchange::show(
            ports_.access_log, principal, {Interaction::kOperation, "emergency"},
            http::problem(403, "not-cleared",
                          "It takes a token with purpose_of_use BTG and break_glass")));
    auto order = read_emergency_order(body);
    if (!order)
        return responder.send(
            http::problem(400, "bad-emergency",
                          "It takes reason_code, reason, and a patient by card or named in full"));
    Question question;
    question.ask = order->ask;
    question.purpose = v1::PURPOSE_OF_USE_BTG;
    question.emergency = order->reason.code;
    question.reason = order->reason.text;
    question.subject = principal.subject;
    question.role = v1::ROLE_CLINICIAN;
    if (order->named) {
        question.named = order->named;
        question.card.set_custodian(order->custodian);
    } else {
        auto card = cards_.find(order->patient);
        if (!card) return responder.send(disk_problem());
        if (!*card)
            return responder.send(
                http::problem(404, "no-card", "No card of such a patient is kept here"));
        question.card = std::move(**card);
    }
    RemoteAsk ask;
    ask.patient = order->patient;
    ask.ask = order->ask;
    if (!is_ready(ports_.access_log)) return responder.send(not_logged());
    Shown what = shown_of(ask);
    auto shared = std::make_shared<http::Responder>(std::move(responder));
    exchange_.read(
        question, [log = ports_.access_log, shared, ask = std::move(ask), what = std::move(what),
                   base = base_(), principal](const ReadOutcome& outcome) {
            shared->send(exchange::show(log, principal, what,
                                        response_of(outcome, ask, base, principal.scopes)));
        });
}

http::Response EmergencyRoutes::clearances(const std::vector<std::string>& of) const {
    const auto standings = exchange_.clearances().list();
    if (!standings) return disk_problem();
    std::string out;
    Writer writer(out);
    writer.begin_object();
    writer.name("items");
    writer.begin_array();
    for (const auto& standing : *standings) {
        if (of.empty() || std::find(of.begin(), of.end(), standing.subject) != of.end())
            write_standing(writer, standing);
    }
    writer.end_array();
    writer.end_object();
    return http::json(std::move(out));
}

http::Response EmergencyRoutes::decide(const std::string& body, const std::string& officer) {
    const auto decision = read_decision(body);
    if (!decision)
        return http::problem(400, "bad-clearance", "It takes 1 to 256 subjects, and withdraw");
    const auto& subjects = decision->subjects;
    if (!decision->withdraw &&
        std::find(subjects.begin(), subjects.end(), officer) != subjects.end())
        return http::problem(403, "own-clearance", "Nobody clears themselves");
    Clearances& clearances = exchange_.clearances();
    if (!clearances.decide(subjects, !decision->withdraw, officer)) return disk_problem();
    (void)exchange_.blocks().until(kLedgerPatience, [&] {
        clearances.tick();
        const auto all = clearances.list();
        return all && std::none_of(all->begin(), all->end(), [&](const auto& one) {
                   return one.ledger == Clearances::Ledger::kWaiting &&
                          std::find(subjects.begin(), subjects.end(), one.subject) !=
                              subjects.end();
               });
    });
    return this->clearances(subjects);
}

namespace {

void write_count(Writer& writer, std::string_view name, std::uint64_t value) {
    writer.name(name);
    writer.number(std::to_string(value));
}

void write_named(Writer& writer, const v1::NamedPatient& named) {
    writer.name("named");
    writer.begin_object();
    for (const auto& [name, value] :
         {std::pair{"family", &named.family()}, std::pair{"given", &named.given()},
          std::pair{"birth_date", &named.birth_date()},
          std::pair{"identifier_system", &named.identifier_system()},
          std::pair{"identifier_value", &named.identifier_value()}})
        if (!value->empty()) writer.member(name, *value);
    writer.end_object();
}

void write_verdict(Writer& writer, std::string_view name, const v1::Review& review) {
    writer.name(name);
    writer.begin_object();
    writer.member("verdict", proto::name_of(review.verdict()));
    write_count(writer, "time_unix_ms", review.time_unix_ms());
    writer.end_object();
}

void write_item(Writer& writer, const Reviews::Item& item,
                const std::optional<v1::Reviewing>& made) {
    const v1::AccessRequest& request = item.request;
    writer.begin_object();
    writer.member("id", to_hex(item.id));
    write_count(writer, "number", item.number);
    writer.member("side", item.ours ? "requester" : "custodian");
    writer.member("requester", request.requester());
    writer.member("custodian", request.custodian());
    writer.member("user", to_hex(request.user()));
    if (!item.subject.empty()) writer.member("subject", item.subject);
    writer.member("reason_code", proto::name_of(request.emergency()));
    if (item.opening) writer.member("reason", item.opening->reason());
    if (!item.patient.empty()) writer.member("patient", item.patient);
    if (item.opening && item.opening->has_named()) write_named(writer, item.opening->named());
    writer.member("decision", proto::name_of(request.gate().decision()));
    write_count(writer, "disclosure", request.disclosure());
    write_count(writer, "time_unix_ms", request.time_unix_ms());
    write_count(writer, "due_unix_ms", request.review_due_unix_ms());
    writer.name("overdue");
    writer.boolean(item.overdue);
    if (request.has_requester_review())
        write_verdict(writer, "requester_review", request.requester_review());
    if (request.has_custodian_review())
        write_verdict(writer, "custodian_review", request.custodian_review());
    if (made) {
        if (const auto report = decode_row<v1::ReviewReport>(made->report())) {
            writer.member("report", report->report());
            writer.member("officer", report->officer());
        }
    }
    writer.end_object();
}

struct ReviewOrder {
    v1::ReviewVerdict verdict = v1::REVIEW_VERDICT_UNSPECIFIED;
    std::string report;
};

// {"verdict":"justified|unjustified","report":"TEXT"}
std::optional<ReviewOrder> read_review(const std::string& json) {
    const auto parsed = formats::json::parse(json, kOrderBytesMax);
    if (!parsed || !parsed->root().is_object()) return std::nullopt;
    const auto* verdict = parsed->root().find("verdict");
    const auto* report = parsed->root().find("report");
    if (verdict == nullptr || !verdict->is_string() || report == nullptr || !report->is_string() ||
        report->string().empty() || report->string().size() > kReportBytesMax)
        return std::nullopt;
    const auto value = proto::value_of<v1::ReviewVerdict>(verdict->string());
    if (!value) return std::nullopt;
    return ReviewOrder{*value, std::string(report->string())};
}

http::Response filing_problem(Reviews::Filed filed) {
    switch (filed) {
        case Reviews::Filed::kUnknown:
            return http::problem(404, "unknown-emergency",
                                 "There is no such emergency access of this member's");
        case Reviews::Filed::kReviewed:
            return http::problem(409, "reviewed", "This member's review is made already");
        case Reviews::Filed::kOwn:
            return http::problem(403, "own-emergency", "Nobody reviews their own emergency");
        case Reviews::Filed::kNoUser:
            return http::problem_retry(
                503, "no-officer", "No user id of a privacy officer is registered for today", 60);
        default:
            return disk_problem();
    }
}

struct RowName {
    Bytes id;
    std::uint32_t number = 0;
};

std::optional<RowName> read_name(const http::Request& request) {
    const auto id = fixed_from_hex<ledger::LinkId>(request.parameters[0]);
    const std::string_view text = request.parameters[1];
    RowName out;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), out.number);
    if (!id || parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() ||
        out.number == 0)
        return std::nullopt;
    out.id = id->bytes();
    return out;
}

http::Response bad_name() {
    return http::problem(400, "bad-name", "The path names no request's row");
}

}  // namespace

http::Response EmergencyRoutes::worklist(const Bytes& after, std::size_t limit) const {
    const auto page = exchange_.reviews().due(after, limit);
    if (!page) return disk_problem();
    std::string out;
    Writer writer(out);
    writer.begin_object();
    writer.name("items");
    writer.begin_array();
    for (const Reviews::Item& item : page->items)
        write_item(writer, item, std::nullopt);
    writer.end_array();
    if (!page->next.empty()) writer.member("next", to_hex(page->next));
    writer.end_object();
    return http::json(std::move(out));
}

http::Response EmergencyRoutes::show(const Bytes& id, std::uint32_t number,
                                     std::uint16_t status) const {
    const auto item = exchange_.reviews().find(id, number);
    const auto made = exchange_.reviews().made(id, number);
    if (!item || !made) return disk_problem();
    if (!*item) return filing_problem(Reviews::Filed::kUnknown);
    std::string out;
    Writer writer(out);
    write_item(writer, **item, *made);
    return http::json(std::move(out), status);
}

http::Response EmergencyRoutes::review(const Bytes& id, std::uint32_t number,
                                       const std::string& body, const std::string& officer) {
    const auto order = read_review(body);
    if (!order)
        return http::problem(400, "bad-review",
                             "It takes a verdict, justified or unjustified, and a report");
    Reviews& reviews = exchange_.reviews();
    const auto filed = reviews.file(id, number, order->verdict, order->report, officer);
    if (filed != Reviews::Filed::kFiled) return filing_problem(filed);
    auto state = v1::REVIEW_STATE_FILING;
    (void)exchange_.blocks().until(kLedgerPatience, [&] {
        const auto made = reviews.made(id, number);
        if (made && *made) state = (*made)->state();
        return state != v1::REVIEW_STATE_FILING;
    });
    if (state == v1::REVIEW_STATE_REJECTED)
        return http::problem(409, "rejected", "The ledger does not take the review");
    // Under way still: it is made without anybody's doing.
    return show(id, number, state == v1::REVIEW_STATE_MADE ? 201 : 202);
}

void EmergencyRoutes::add_reviews(http::Router& router) {
    using http::Method;
    router.add(
        Method::kGet, "/v1/emergency/reviews", options_of("EmergencyReview", 'r', true),
        [this](http::Request& request, http::Responder responder) {
            bool malformed = !http::query_has_only(request.query, {"after", "limit"});
            const auto after = http::query_parameter(request.query, "after", malformed);
            const auto limit = http::query_parameter(request.query, "limit", malformed);
            const auto from = after ? from_hex(*after) : std::optional<Bytes>(Bytes());
            std::size_t most = kPageDefault;
            if (limit) {
                const char* end = limit->data() + limit->size();
                const auto parsed = std::from_chars(limit->data(), end, most);
                malformed |= parsed.ec != std::errc() || parsed.ptr != end;
            }
            if (malformed || !from || from->size() > kAfterBytesMax || most == 0 || most > kPageMax)
                return responder.send(
                    http::problem(400, "bad-page", "after or limit is not what a page takes"));
            later(std::move(responder),
                  [this, from = *from, most, principal = request.principal](auto& answer) {
                      answer.send(exchange::show(ports_.access_log, *principal,
                                                 {Interaction::kSearch, "emergency/reviews"},
                                                 worklist(from, most)));
                  });
        });
    router.add(Method::kGet, "/v1/emergency/reviews/{id}/{number}",
               options_of("EmergencyReview", 'r', true),
               [this](http::Request& request, http::Responder responder) {
                   const auto name = read_name(request);
                   if (!name) return responder.send(bad_name());
                   Shown what{Interaction::kRead, asked_of(request.path)};
                   later(std::move(responder), [this, name = *name, what = std::move(what),
                                                principal = request.principal](auto& answer) {
                       answer.send(exchange::show(ports_.access_log, *principal, what,
                                                  show(name.id, name.number, 200)));
                   });
               });
    router.add(
        Method::kPost, "/v1/emergency/reviews/{id}/{number}",
        posting(options_of("EmergencyReview", 'u', true)),
        [this](http::Request& request, http::Responder responder) {
            const auto name = read_name(request);
            if (!name) return responder.send(bad_name());
            Shown what{Interaction::kOperation, asked_of(request.path)};
            later(std::move(responder), [this, name = *name, body = std::move(request.body),
                                         what = std::move(what),
                                         principal = request.principal](auto& answer) {
                if (!is_ready(ports_.access_log)) return answer.send(not_logged());
                answer.send(exchange::show(ports_.access_log, *principal, what,
                                           review(name.id, name.number, body, principal->subject)));
            });
        });
}

void EmergencyRoutes::add(http::Router& router) {
    using http::Method;
    add_reviews(router);
    http::RouteOptions asking = posting(options_of("Emergency", 'c', false));
    asking.produces = {http::Media::kFhirJson, http::Media::kJson};
    asking.heavy = true;
    router.add(Method::kPost, "/v1/emergency", asking,
               [this](http::Request& request, http::Responder responder) {
                   later(std::move(responder),
                         [this, body = std::move(request.body), principal = request.principal](
                             auto& answer) { break_glass(body, *principal, answer); });
               });
    router.add(
        Method::kGet, "/v1/emergency/clearances", options_of("EmergencyClearance", 'r', true),
        [this](http::Request&, http::Responder responder) {
            later(std::move(responder), [this](auto& answer) { answer.send(clearances({})); });
        });
    router.add(Method::kPost, "/v1/emergency/clearances",
               posting(options_of("EmergencyClearance", 'u', true)),
               [this](http::Request& request, http::Responder responder) {
                   later(std::move(responder),
                         [this, body = std::move(request.body), principal = request.principal](
                             auto& answer) { answer.send(decide(body, principal->subject)); });
               });
}

}  // namespace consilium::services::ehr::exchange
