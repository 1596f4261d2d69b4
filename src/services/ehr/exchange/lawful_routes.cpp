// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/exchange/lawful_routes.hpp"

#include "base/hex.hpp"
#include "crypto/random.hpp"
#include "formats/json/parse.hpp"
#include "formats/json/write.hpp"
#include "proto/enum_names.hpp"
#include "services/ehr/exchange/pages.hpp"
#include "services/ehr/exchange/shown.hpp"
#include "services/ehr/exchange/vault_rows.hpp"

namespace consilium::services::ehr::exchange {
namespace {

using formats::json::Value;
using formats::json::Writer;

constexpr std::size_t kBodyBytesMax = 64U * 1024U;
constexpr std::size_t kWaitingMax = 256;
constexpr std::size_t kOrderIdBytes = 16;

http::Response problem_of(LawfulError error) {
    switch (error) {
        case LawfulError::kMalformed:
            return http::problem(400, "malformed-order",
                                 "An order names patient, 1 to 128 resources of type and id, "
                                 "recipient, and a basis of 45 CFR 164.512");
        case LawfulError::kUnknownMember:
            return http::problem(400, "unknown-member", "The recipient is no other member");
        case LawfulError::kUnknownPatient:
            return http::problem(404, "unknown-patient", "There is no such patient here");
        case LawfulError::kUnknownResource:
            return http::problem(422, "unknown-resource",
                                 "A resource that is named is not in that patient's compartment");
        case LawfulError::kKept:
            return http::problem(422, "kept",
                                 "What is named carries a label of sensitivity, or is about "
                                 "somebody else too: it stays here, and nothing was disclosed");
        case LawfulError::kTooLarge:
            return http::problem(422, "too-large", "What is named is more than 48 MiB");
        case LawfulError::kOtherOrder:
            return http::problem(409, "other-order", "Another order has that id");
        case LawfulError::kNoSlot:
            return http::problem(
                409, "no-slot",
                "All link slots of the chart are in use; more come within six hours");
        case LawfulError::kRejected:
            return http::problem(409, "rejected", "The ledger would not have the disclosure");
        case LawfulError::kDisk:
            break;
    }
    return http::problem(500, "vault", "The vault cannot be read or written");
}

std::string text_of(const Value& object, std::string_view name) {
    const Value* value = object.find(name);
    return value != nullptr && value->is_string() ? std::string(value->string()) : std::string();
}

// {"patient":ID,"resources":["TYPE/ID",...],"recipient":MEMBER,"basis":NAME,"order":HEX}; the last
// may be absent.
std::optional<LawfulRequest> read_order(const std::string& json) {
    const auto parsed = formats::json::parse(json, kBodyBytesMax);
    if (!parsed || !parsed->root().is_object()) return std::nullopt;
    const Value& root = parsed->root();
    LawfulRequest out;
    out.patient = text_of(root, "patient");
    out.recipient = text_of(root, "recipient");
    const auto basis = proto::value_of<v1::LegalBasis>(text_of(root, "basis"));
    const Value* resources = root.find("resources");
    if (!basis || resources == nullptr || !resources->is_array()) return std::nullopt;
    out.basis = *basis;
    for (const Value& resource : resources->array()) {
        if (!resource.is_string()) return std::nullopt;
        out.resources.emplace_back(resource.string());
    }
    if (root.find("order") == nullptr) {
        out.id = crypto::random_bytes(kOrderIdBytes);
    } else {
        const auto id = from_hex(text_of(root, "order"));
        if (!id) return std::nullopt;
        out.id = *id;
    }
    return out;
}

void write_judged(Writer& writer, const v1::Lawful& lawful) {
    writer.name("sent");
    writer.begin_array();
    for (const v1::JudgedVersion& version : lawful.judged()) {
        if (version.verdict() != v1::VERDICT_SEND) continue;
        writer.begin_object();
        writer.member("resource",
                      version.document().resource_type() + "/" + version.document().resource_id());
        writer.name("version");
        writer.number(std::to_string(version.document().version()));
        writer.end_object();
    }
    writer.end_array();
    writer.name("kept");
    writer.begin_array();
    for (const v1::JudgedVersion& version : lawful.judged()) {
        if (version.verdict() == v1::VERDICT_SEND) continue;
        writer.begin_object();
        writer.member("resource",
                      version.document().resource_type() + "/" + version.document().resource_id());
        writer.member("reason", proto::name_of(version.verdict()));
        writer.end_object();
    }
    writer.end_array();
}

bool write_lawful(BytesView id, const v1::Lawful& lawful, std::string& out) {
    const auto order = decode_row<v1::LawfulOrder>(lawful.order());
    if (!order) return false;
    Writer writer(out);
    writer.begin_object();
    writer.member("order", to_hex(id));
    writer.member("state", proto::name_of(lawful.state()));
    writer.member("patient", order->patient());
    writer.member("recipient", order->recipient());
    writer.member("basis", proto::name_of(order->basis()));
    writer.member("link", to_hex(lawful.link_id()));
    writer.name("disclosure");
    writer.number(std::to_string(lawful.disclosure()));
    write_judged(writer, lawful);
    writer.name("ordered_unix_ms");
    writer.number(std::to_string(lawful.ordered_unix_ms()));
    writer.end_object();
    return true;
}

http::Response answer_of(const Bytes& id, const Result<v1::Lawful, LawfulError>& result) {
    if (!result) return problem_of(result.error());
    if (result->state() == v1::LAWFUL_STATE_FAILED) return problem_of(error_of(result->failure()));
    std::string out;
    if (!write_lawful(id, *result, out)) return problem_of(LawfulError::kDisk);
    // Not on the ledger yet: it goes on, and the list says what became of it.
    return http::json(std::move(out), result->disclosure() == 0 ? 202 : 201);
}

}  // namespace

LawfulRoutes::LawfulRoutes(const Ports& ports, Exchange& exchange, unsigned threads)
    : ports_(ports), exchange_(exchange), work_(threads, kWaitingMax) {}

void LawfulRoutes::add(http::Router& router) {
    http::RouteOptions posting;
    posting.scope = http::Scope{"Disclosure", 'c', true};
    posting.produces = {http::Media::kJson};
    posting.consumes = {http::Media::kJson};
    posting.body_bytes_max = kBodyBytesMax;
    router.add(
        http::Method::kPost, "/v1/exchange/disclosures", posting,
        [this](http::Request& request, http::Responder responder) {
            auto order = read_order(request.body);
            if (!order) return responder.send(problem_of(LawfulError::kMalformed));
            auto shared = std::make_shared<http::Responder>(std::move(responder));
            const bool taken =
                work_.run([this, shared, order = std::move(*order), principal = request.principal] {
                    if (!is_ready(ports_.access_log)) return shared->send(not_logged());
                    Shown what{Interaction::kOperation, "exchange/disclosures"};
                    what.patient = order.patient;
                    exchange_.lawful().order(order, [log = ports_.access_log, shared, id = order.id,
                                                     what, principal](auto result) {
                        shared->send(show(log, *principal, what, answer_of(id, result)));
                    });
                });
            if (!taken) shared->send(overloaded());
        });
    add_page_route(router, work_, ports_, "/v1/exchange/orders", "Disclosure",
                   {lawful_prefix(), [](const vault::Row& row, std::string& out) {
                        const auto lawful = decode_row<v1::Lawful>(*row.value);
                        return lawful &&
                               write_lawful(BytesView(row.key).substr(lawful_prefix().size()),
                                            *lawful, out);
                    }});
}

}  // namespace consilium::services::ehr::exchange
