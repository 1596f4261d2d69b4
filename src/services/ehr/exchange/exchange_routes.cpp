// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/exchange/exchange_routes.hpp"

#include <charconv>

#include "base/hex.hpp"
#include "formats/json/parse.hpp"
#include "formats/json/write.hpp"
#include "proto/enum_names.hpp"
#include "services/ehr/exchange/pages.hpp"
#include "services/ehr/exchange/shown.hpp"
#include "services/ehr/exchange/vault_rows.hpp"

namespace consilium::services::ehr::exchange {
namespace {

using formats::json::Writer;

constexpr std::size_t kBodyBytesMax = 4096;
constexpr std::size_t kWaitingMax = 1024;

http::Response card_problem(CardError error) {
    switch (error) {
        case CardError::kMalformed:
            return http::problem(400, "malformed-card", "This is not a chart card, or not a key");
        case CardError::kUnknownLink:
            return http::problem(404, "unknown-link", "The ledger has no such open link");
        case CardError::kNotOurs:
            return http::problem(403, "other-link", "The link is between other members");
        case CardError::kOtherCard:
            return http::problem(409, "other-card",
                                 "A patient of another custodian has that id here");
        case CardError::kLocalPatient:
            return http::problem(409, "local-patient",
                                 "This member's own store has, or had, a Patient with that id");
        case CardError::kHeldCard:
            return http::problem(409, "held-card",
                                 "Another card of that patient is kept, and its link is open");
        case CardError::kTakenLink:
            return http::problem(409, "taken-link",
                                 "A card of another patient is kept with that link");
        case CardError::kUnknownPatient:
            return http::problem(404, "unknown-patient", "There is no such patient here");
        case CardError::kUnknownMember:
            return http::problem(400, "unknown-member", "The counterparty is no other member");
        case CardError::kNoSlot:
            return http::problem(
                409, "no-slot",
                "All link slots of the chart are in use; more come within six hours");
        case CardError::kRejected:
            return http::problem(409, "rejected", "The ledger would not open the link");
        case CardError::kNotNow:
            return http::problem_retry(503, "not-now", "The node cannot do it just now", 1);
        case CardError::kDisk:
            break;
    }
    return http::problem(500, "vault", "The vault cannot be read or written");
}

// {"algorithm":"ed25519","counterparty":ID,"patient":ID,"public_key":HEX}
std::optional<CardOrder> read_order(const std::string& json) {
    const auto parsed = formats::json::parse(json, kBodyBytesMax);
    if (!parsed || !parsed->root().is_object()) return std::nullopt;
    const auto text = [&](std::string_view name) -> std::string {
        const auto* value = parsed->root().find(name);
        return value != nullptr && value->is_string() ? std::string(value->string())
                                                      : std::string();
    };
    CardOrder out;
    const std::string algorithm = text("algorithm");
    if (algorithm != "ed25519" && algorithm != "p256") return std::nullopt;
    out.algorithm = algorithm == "ed25519" ? v1::ALGORITHM_ED25519 : v1::ALGORITHM_P256_SHA256;
    out.patient = text("patient");
    out.counterparty = text("counterparty");
    const auto key = from_hex(text("public_key"));
    if (!key || out.patient.empty()) return std::nullopt;
    out.public_key = *key;
    return out;
}

void number(Writer& writer, std::string_view name, std::uint64_t value) {
    writer.name(name);
    writer.number(std::to_string(value));
}

// `patient`: who was found, where the opening shows no card.
void write_opening(Writer& writer, const Bytes& bytes, const std::string& patient = {}) {
    const auto opening = decode_row<v1::RequestOpening>(bytes);
    if (!opening) return;
    writer.member("custodian", opening->custodian());
    writer.member("requester", opening->requester());
    writer.member("patient", patient.empty() ? opening->patient() : patient);
    writer.member("purpose", proto::name_of(opening->purpose()));
    writer.member("asked", opening->ask().resource_type());
    if (opening->emergency() != v1::EMERGENCY_REASON_UNSPECIFIED)
        writer.member("emergency", proto::name_of(opening->emergency()));
}

bool write_asking(const vault::Row& row, std::string& out) {
    const auto asking = decode_row<v1::Asking>(*row.value);
    if (!asking) return false;
    const auto opening = decode_row<v1::RequestOpening>(asking->opening());
    if (!opening) return false;
    Writer writer(out);
    writer.begin_object();
    writer.member("id", to_hex(opening->id()));
    number(writer, "number", asking->number());
    writer.member("state", proto::name_of(asking->state()));
    write_opening(writer, asking->opening());
    writer.member("rule", proto::name_of(asking->gate().rule()));
    writer.member("parameter", proto::name_of(asking->gate().parameter()));
    writer.member("refusal", proto::name_of(asking->refusal()));
    if (!asking->link_id().empty()) writer.member("link", to_hex(asking->link_id()));
    number(writer, "disclosure", asking->disclosure());
    number(writer, "asked_unix_ms", asking->asked_unix_ms());
    writer.end_object();
    return true;
}

bool write_serving(const vault::Row& row, std::string& out) {
    const auto serving = decode_row<v1::Serving>(*row.value);
    if (!serving) return false;
    const auto header = decode_row<v1::DisclosureHeader>(serving->header());
    Writer writer(out);
    writer.begin_object();
    writer.member("link", to_hex(serving->link_id()));
    number(writer, "number", serving->number());
    writer.member("state", proto::name_of(serving->state()));
    write_opening(writer, serving->opening(), serving->patient());
    if (!serving->bound_link().empty()) writer.member("bound_link", to_hex(serving->bound_link()));
    writer.member("refusal", proto::name_of(serving->refusal()));
    number(writer, "disclosure", serving->disclosure());
    number(writer, "documents", header ? header->count() : 0);
    number(writer, "taken_unix_ms", serving->taken_unix_ms());
    writer.end_object();
    return true;
}

bool write_receiving(const vault::Row& row, std::string& out) {
    const auto receiving = decode_row<v1::Receiving>(*row.value);
    if (!receiving) return false;
    Writer writer(out);
    writer.begin_object();
    writer.member("link", to_hex(receiving->link_id()));
    number(writer, "disclosure", receiving->disclosure());
    number(writer, "request", receiving->request());
    writer.member("basis", proto::name_of(receiving->basis()));
    writer.member("custodian", receiving->custodian());
    number(writer, "documents", receiving->documents());
    writer.name("acknowledged");
    writer.boolean(receiving->acknowledged());
    writer.name("disputed");
    writer.boolean(receiving->disputed());
    number(writer, "received_unix_ms", receiving->received_unix_ms());
    writer.end_object();
    return true;
}

http::RouteOptions options_of(std::string_view resource, char permission) {
    http::RouteOptions out;
    out.scope = http::Scope{resource, permission, true};
    out.produces = {http::Media::kJson};
    return out;
}

http::RouteOptions posting() {
    http::RouteOptions out = options_of("ChartCard", 'c');
    out.consumes = {http::Media::kJson};
    out.body_bytes_max = kBodyBytesMax;
    return out;
}

// In the place of what was erased.
void write_erased(Writer& writer, const DisclosedResource& resource) {
    writer.begin_object();
    writer.member("resourceType", "OperationOutcome");
    writer.name("issue");
    writer.begin_array();
    writer.begin_object();
    writer.member("severity", "information");
    writer.member("code", "deleted");
    writer.member("diagnostics", resource.type + "/" + resource.id + ", version " +
                                     std::to_string(resource.version) +
                                     ", was erased by order of its custodian");
    writer.end_object();
    writer.end_array();
    writer.end_object();
}

// A searchset is what was found; this is what came, as it came.
http::Response collection(const std::vector<DisclosedResource>& resources) {
    std::string out;
    Writer writer(out);
    writer.begin_object();
    writer.member("resourceType", "Bundle");
    writer.member("type", "collection");
    if (!resources.empty()) {
        writer.name("entry");
        writer.begin_array();
        for (const DisclosedResource& resource : resources) {
            writer.begin_object();
            writer.name("resource");
            if (resource.bytes.empty()) {
                write_erased(writer, resource);
            } else {
                writer.raw(resource.bytes);
            }
            writer.end_object();
        }
        writer.end_array();
    }
    writer.end_object();
    http::Response response = http::json(std::move(out));
    response.media = http::Media::kFhirJson;
    return response;
}

}  // namespace

ExchangeRoutes::ExchangeRoutes(const Ports& ports, Exchange& exchange, Cards& cards,
                               unsigned threads)
    : ports_(ports), exchange_(exchange), cards_(cards), work_(threads, kWaitingMax) {}

void ExchangeRoutes::later(http::Responder responder, Answer answer) {
    auto shared = std::make_shared<http::Responder>(std::move(responder));
    if (!work_.run([shared, answer = std::move(answer)] { shared->send(answer()); })) {
        shared->send(overloaded());
    }
}

void ExchangeRoutes::add(http::Router& router) {
    using http::Method;
    router.add(Method::kPost, "/v1/cards", posting(),
               [this](http::Request& request, http::Responder responder) {
                   later(std::move(responder), [this, body = std::move(request.body)] {
                       const auto keeping = read_keeping(body);
                       if (!keeping) return card_problem(CardError::kMalformed);
                       if (const auto kept = cards_.import(keeping->card, keeping->replace); !kept)
                           return card_problem(kept.error());
                       return http::json(write_card(keeping->card), 201);
                   });
               });
    router.add(Method::kPost, "/v1/cards/issued", posting(),
               [this](http::Request& request, http::Responder responder) {
                   const auto order = read_order(request.body);
                   if (!order) return responder.send(card_problem(CardError::kMalformed));
                   auto shared = std::make_shared<http::Responder>(std::move(responder));
                   const bool taken = work_.run([this, shared, order = *order] {
                       cards_.issue(order, [shared](Result<v1::ChartCard, CardError> card) {
                           shared->send(card ? http::json(write_card(*card), 201)
                                             : card_problem(card.error()));
                       });
                   });
                   if (!taken) shared->send(card_problem(CardError::kNotNow));
               });
    add_page_route(router, work_, ports_, "/v1/cards", "ChartCard",
                   {card_prefix(), [](const vault::Row& row, std::string& out) {
                        const auto card = decode_row<v1::ChartCard>(*row.value);
                        if (card) out += write_card(*card);
                        return card.has_value();
                    }});
    const auto add_list = [&](const char* pattern, List list) {
        add_page_route(router, work_, ports_, pattern, "Disclosure", std::move(list));
    };
    add_list("/v1/exchange/requests", {asking_prefix(), write_asking});
    add_list("/v1/exchange/served", {serving_prefix(), write_serving, true});
    add_list("/v1/exchange/disclosures", {receiving_prefix(), write_receiving, true});
    http::RouteOptions bundle = options_of("Disclosure", 'r');
    bundle.produces = {http::Media::kFhirJson};
    bundle.heavy = true;
    router.add(
        Method::kGet, "/v1/exchange/disclosures/{link}/{number}", bundle,
        [this](http::Request& request, http::Responder responder) {
            const auto link = fixed_from_hex<ledger::LinkId>(request.parameters[0]);
            std::uint32_t disclosure = 0;
            const std::string_view text = request.parameters[1];
            const auto parsed = std::from_chars(text.data(), text.data() + text.size(), disclosure);
            if (!link || parsed.ec != std::errc() || parsed.ptr != text.data() + text.size())
                return responder.send(
                    http::problem(400, "bad-name", "The path names no link and number"));
            Shown what{Interaction::kReceived, asked_of(request.path)};
            what.elsewhere = true;
            later(std::move(responder), [this, link = *link, disclosure, what = std::move(what),
                                         principal = request.principal] {
                const auto resources = exchange_.requester().received(link.view(), disclosure);
                if (resources)
                    return show(ports_.access_log, *principal, what, collection(*resources));
                if (resources.error() == vault::VaultError::kNone)
                    return http::problem(404, "not-found", "No such disclosure came here");
                return card_problem(CardError::kDisk);
            });
        });
}

}  // namespace consilium::services::ehr::exchange
