// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/exchange/contribution_routes.hpp"

#include <charconv>

#include "base/hex.hpp"
#include "formats/json/parse.hpp"
#include "formats/json/write.hpp"
#include "proto/enum_names.hpp"
#include "services/ehr/exchange/contribution_resources.hpp"
#include "services/ehr/exchange/pages.hpp"
#include "services/ehr/exchange/shown.hpp"
#include "services/ehr/exchange/vault_rows.hpp"

namespace consilium::services::ehr::exchange {
namespace {

using formats::json::Writer;

constexpr std::size_t kBodyBytesMax = 4096;
constexpr std::size_t kWaitingMax = 1024;

http::Response verdict_problem(VerdictError error) {
    switch (error) {
        case VerdictError::kNone:
            return http::problem(404, "not-found", "No such contribution came here");
        case VerdictError::kNotHere:
            return http::problem(409, "not-here", "Its document is not here: it has not come yet");
        case VerdictError::kDecided:
            return http::problem(409, "decided", "It was decided otherwise before");
        case VerdictError::kOutdated:
            return http::problem(409, "outdated",
                                 "It corrects a version that is no longer current: only rejecting "
                                 "it as outdated is left");
        case VerdictError::kWithdrawn:
            return http::problem(409, "withdrawn",
                                 "The patient's consent to it was withdrawn, or the link closed");
        case VerdictError::kInvalid:
            return http::problem(
                409, "invalid",
                "What it refers to is not here any more, or the store cannot hold it");
        case VerdictError::kNotNow:
            return http::problem_retry(503, "not-now", "The node cannot do it just now", 1);
        case VerdictError::kDisk:
            break;
    }
    return http::problem(500, "vault", "The vault cannot be read or written");
}

void number(Writer& writer, std::string_view name, std::uint64_t value) {
    writer.name(name);
    writer.number(std::to_string(value));
}

// Members that both sides' rows have.
void write_corrects(Writer& writer, const std::string& type, const std::string& id,
                    std::uint32_t version) {
    writer.member("type", type);
    if (!id.empty())
        writer.member("corrects", type + '/' + id + "/_history/" + std::to_string(version));
}

bool write_offering(const vault::Row& row, std::string& out) {
    const auto offering = decode_row<v1::Offering>(*row.value);
    if (!offering) return false;
    Writer writer(out);
    writer.begin_object();
    writer.member("link", to_hex(offering->link_id()));
    number(writer, "number", offering->number());
    writer.member("state", proto::name_of(offering->state()));
    writer.member("custodian", offering->custodian());
    writer.member("patient", offering->patient());
    writer.member("purpose", proto::name_of(offering->purpose()));
    write_corrects(writer, offering->resource_type(), offering->corrects_id(),
                   offering->corrects_version());
    writer.member("document", offering->resource_type() + '/' + offering->resource_id());
    writer.member("task", "Task/" + offering->task());
    writer.member("rule", proto::name_of(offering->gate().rule()));
    writer.member("parameter", proto::name_of(offering->gate().parameter()));
    writer.member("rejection", proto::name_of(offering->rejection()));
    if (offering->has_record()) {
        writer.member("record", offering->resource_type() + '/' + offering->record().resource_id() +
                                    "/_history/" + std::to_string(offering->record().version()));
    }
    number(writer, "offered_unix_ms", offering->offered_unix_ms());
    writer.end_object();
    return true;
}

// `resource`: the document as it came; empty: not asked for.
bool write_one(const v1::Offered& offered, const Bytes& resource, std::string& out) {
    const auto opening = decode_row<v1::ContributionOpening>(offered.opening());
    const auto document =
        opening ? decode_row<v1::DisclosedDocument>(opening->document()) : std::nullopt;
    if (!document) return false;
    const std::string& type = document->resource_type();
    Writer writer(out);
    writer.begin_object();
    writer.member("link", to_hex(offered.link_id()));
    number(writer, "number", offered.number());
    writer.member("state", proto::name_of(offered.state()));
    writer.member("contributor", offered.contributor());
    writer.member("user", to_hex(offered.user()));
    writer.member("patient", opening->patient());
    writer.member("purpose", proto::name_of(opening->purpose()));
    write_corrects(writer, type, opening->corrects_id(), opening->corrects_version());
    if (!offered.task().empty()) writer.member("task", "Task/" + offered.task());
    writer.member("rejection", proto::name_of(offered.rejection()));
    if (offered.version() != 0) {
        writer.member("record", type + '/' + offered.resource_id() + "/_history/" +
                                    std::to_string(offered.version()));
        writer.member("provenance", "Provenance/" + offered.provenance());
    }
    number(writer, "taken_unix_ms", offered.taken_unix_ms());
    if (!resource.empty()) {
        writer.name("resource");
        writer.raw(resource);
    }
    writer.end_object();
    return true;
}

bool write_offered(const vault::Row& row, std::string& out) {
    const auto offered = decode_row<v1::Offered>(*row.value);
    return offered && write_one(*offered, {}, out);
}

http::RouteOptions options_of(char permission) {
    http::RouteOptions out;
    out.scope = http::Scope{"Contribution", permission, true};
    out.produces = {http::Media::kJson};
    return out;
}

struct Name {
    ledger::LinkId link;
    std::uint32_t number = 0;
};

std::optional<Name> read_name(const http::Request& request) {
    const auto link = fixed_from_hex<ledger::LinkId>(request.parameters[0]);
    Name out;
    const std::string_view text = request.parameters[1];
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), out.number);
    if (!link || parsed.ec != std::errc() || parsed.ptr != text.data() + text.size())
        return std::nullopt;
    out.link = *link;
    return out;
}

// {"verdict":"accept"}, or {"verdict":"reject","reason":...}: nothing else. No reason: accept.
struct Verdict {
    v1::ContributionRejection reason = v1::CONTRIBUTION_REJECTION_UNSPECIFIED;
};
std::optional<Verdict> read_verdict(const std::string& json) {
    const auto parsed = formats::json::parse(json, kBodyBytesMax);
    if (!parsed || !parsed->root().is_object()) return std::nullopt;
    const auto* verdict = parsed->root().find("verdict");
    const auto* reason = parsed->root().find("reason");
    if (verdict == nullptr || !verdict->is_string()) return std::nullopt;
    const std::size_t members = parsed->root().object().size();
    if (verdict->string() == "accept")
        return members == 1 ? std::optional(Verdict{}) : std::nullopt;
    if (verdict->string() != "reject" || members != 2 || reason == nullptr || !reason->is_string())
        return std::nullopt;
    const auto value = proto::value_of<v1::ContributionRejection>(reason->string());
    // That a document did not come is what the node itself finds.
    if (!value || *value == v1::CONTRIBUTION_REJECTION_UNSPECIFIED ||
        *value == v1::CONTRIBUTION_REJECTION_NOT_RECEIVED)
        return std::nullopt;
    return Verdict{*value};
}

http::Response shown(const Result<v1::Offered, VerdictError>& offered, const Bytes& resource) {
    if (!offered) return verdict_problem(offered.error());
    std::string out;
    if (!write_one(*offered, resource, out)) return verdict_problem(VerdictError::kDisk);
    return http::json(std::move(out));
}

}  // namespace

ContributionRoutes::ContributionRoutes(const Ports& ports, ContributionDesk& desk, unsigned threads)
    : ports_(ports), desk_(desk), work_(threads, kWaitingMax) {}

void ContributionRoutes::later(http::Responder responder, Shown what,
                               const http::Principal& principal, Answer answer) {
    auto shared = std::make_shared<http::Responder>(std::move(responder));
    if (!work_.run([this, shared, what = std::move(what), principal, answer = std::move(answer)] {
            shared->send(show(ports_.access_log, principal, what, answer()));
        }))
        shared->send(overloaded());
}

void ContributionRoutes::add(http::Router& router) {
    using http::Method;
    add_page_route(
        router, work_, ports_, "/v1/exchange/offers", "Contribution",
        {offering_prefix(), write_offering, false, states_of_rows<v1::Offering, v1::OfferState>()});
    auto states = states_of_rows<v1::Offered, v1::OfferedState>();
    states.indexed = v1::OFFERED_STATE_WAITING;
    states.index = waiting_prefix();
    add_page_route(router, work_, ports_, "/v1/exchange/contributions", "Contribution",
                   {offered_prefix(), write_offered, true, std::move(states)});
    add_one(router);
}

void ContributionRoutes::add_one(http::Router& router) {
    using http::Method;
    constexpr const char* kOne = "/v1/exchange/contributions/{link}/{number}";
    router.add(
        Method::kGet, kOne, options_of('r'),
        [this](http::Request& request, http::Responder responder) {
            const auto name = read_name(request);
            if (!name)
                return responder.send(
                    http::problem(400, "bad-name", "The path names no link and number"));
            Shown what{Interaction::kRead, asked_of(request.path)};
            later(std::move(responder), std::move(what), *request.principal, [this, name = *name] {
                const auto row =
                    get_row<v1::Offered>(ports_.vault, offered_key(name.link.view(), name.number));
                if (!row) return verdict_problem(VerdictError::kDisk);
                if (!*row) return verdict_problem(VerdictError::kNone);
                const auto document = desk_.document(**row);
                return shown(**row, document ? *document : Bytes());
            });
        });
    http::RouteOptions deciding = options_of('u');
    deciding.consumes = {http::Media::kJson};
    deciding.body_bytes_max = kBodyBytesMax;
    router.add(Method::kPost, kOne, deciding,
               [this](http::Request& request, http::Responder responder) {
                   const auto name = read_name(request);
                   const auto verdict = read_verdict(request.body);
                   if (!name || !verdict)
                       return responder.send(http::problem(
                           400, "bad-verdict",
                           "The path names a link and number, the body a verdict and, with a "
                           "rejection, its reason"));
                   const std::string subject =
                       request.principal == nullptr ? std::string() : request.principal->subject;
                   Shown what{Interaction::kOperation, asked_of(request.path)};
                   later(std::move(responder), std::move(what), *request.principal,
                         [this, name = *name, verdict = *verdict, subject] {
                             if (!is_ready(ports_.access_log)) return not_logged();
                             if (verdict.reason == v1::CONTRIBUTION_REJECTION_UNSPECIFIED)
                                 return shown(desk_.accept(name.link, name.number, subject), {});
                             return shown(
                                 desk_.reject(name.link, name.number, verdict.reason, subject), {});
                         });
               });
}

}  // namespace consilium::services::ehr::exchange
