// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/exchange/erasure_routes.hpp"

#include <charconv>

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

constexpr std::size_t kBodyBytesMax = 4096;
constexpr std::size_t kWaitingMax = 256;
constexpr std::size_t kErasureIdBytes = 16;

http::Response disk_problem() {
    return http::problem(500, "vault", "The vault cannot be read or written");
}

http::Response problem_of(ErasureError error) {
    switch (error) {
        case ErasureError::kMalformed:
            return http::problem(400, "malformed-erasure",
                                 "An erasure names a resource as TYPE/ID, its version or 'all', "
                                 "and a basis");
        case ErasureError::kUnknownResource:
            return http::problem(404, "unknown-resource", "There is no such resource here");
        case ErasureError::kUnknownVersion:
            return http::problem(404, "unknown-version", "The resource has no such version");
        case ErasureError::kTooMany:
            return http::problem(422, "too-many-versions", "It has more than 1000 versions");
        case ErasureError::kOtherErasure:
            return http::problem(409, "other-erasure", "Another erasure has that id");
        case ErasureError::kDisk:
            break;
    }
    return disk_problem();
}

http::Response problem_of(HoldError error) {
    switch (error) {
        case HoldError::kUnknownDisclosure:
            return http::problem(404, "unknown-disclosure", "No such disclosure came here");
        case HoldError::kReason:
            return http::problem(400, "malformed-hold",
                                 "A hold names a disclosure as LINK/NUMBER, and a reason");
        case HoldError::kNoHold:
            return http::problem(404, "no-hold", "Nothing holds that disclosure");
        case HoldError::kDisk:
            break;
    }
    return disk_problem();
}

std::string text_of(const Value& object, std::string_view name) {
    const Value* value = object.find(name);
    return value != nullptr && value->is_string() ? std::string(value->string()) : std::string();
}

std::optional<std::uint32_t> number_of(std::string_view text) {
    std::uint32_t out = 0;
    const char* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, out);
    if (parsed.ec != std::errc() || parsed.ptr != end || out == 0) return std::nullopt;
    return out;
}

// {"resource":"TYPE/ID","version":NUMBER or "all","basis":NAME,"erasure":HEX}; the last may be
// absent.
std::optional<ErasureRequest> read_erasure(const std::string& body) {
    const auto parsed = formats::json::parse(body, kBodyBytesMax);
    if (!parsed || !parsed->root().is_object()) return std::nullopt;
    const Value& root = parsed->root();
    ErasureRequest out;
    const std::string resource = text_of(root, "resource");
    const auto slash = resource.find('/');
    const auto basis = proto::value_of<v1::ShredBasis>(text_of(root, "basis"));
    const Value* version = root.find("version");
    if (slash == std::string::npos || !basis || version == nullptr) return std::nullopt;
    out.type = resource.substr(0, slash);
    out.resource = resource.substr(slash + 1);
    out.basis = *basis;
    if (version->is_number()) {
        out.version = number_of(version->number());
        if (!out.version) return std::nullopt;
    } else if (text_of(root, "version") != "all") {
        return std::nullopt;
    }
    out.id = crypto::random_bytes(kErasureIdBytes);
    if (root.find("erasure") != nullptr) {
        const auto id = from_hex(text_of(root, "erasure"));
        if (!id || id->size() != kErasureIdBytes) return std::nullopt;
        out.id = *id;
    }
    return out;
}

struct Named {
    Bytes link;
    std::uint32_t disclosure = 0;
};

std::optional<Named> read_name(std::string_view link, std::string_view number) {
    const auto id = fixed_from_hex<ledger::LinkId>(std::string(link));
    const auto disclosure = number_of(number);
    if (!id || !disclosure) return std::nullopt;
    return Named{id->bytes(), *disclosure};
}

void write_number(Writer& writer, std::string_view name, std::uint64_t value) {
    writer.name(name);
    writer.number(std::to_string(value));
}

const char* state_of(const v1::HeldCopy& copy) {
    switch (copy.state()) {
        case v1::COPY_STATE_ERASED:
            return "erased";
        case v1::COPY_STATE_RETAINED:
            return "retained";
        default:
            return "outstanding";
    }
}

void write_copy(Writer& writer, const v1::HeldCopy& copy) {
    writer.begin_object();
    writer.member("holder", copy.holder());
    writer.member("link", to_hex(copy.link_id()));
    if (copy.contribution() != 0) {
        write_number(writer, "contribution", copy.contribution());
    } else {
        write_number(writer, "disclosure", copy.disclosure());
    }
    write_number(writer, "version", copy.version());
    writer.member("state", state_of(copy));
    writer.member("reason", proto::name_of(copy.reason()));
    // Its receipt on the ledger: documents/share/LINK/NUMBER; 0: the link was closed.
    write_number(writer, "share", copy.share());
    write_number(writer, "since_unix_ms", copy.since_unix_ms());
    write_number(writer, "answered_unix_ms", copy.answered_unix_ms());
    write_number(writer, "last_backup_expires_unix_ms", copy.last_backup_expires_unix_ms());
    writer.end_object();
}

std::string erasure_text(BytesView id, const Erasures::Status& status) {
    const v1::Erasure& erasure = status.erasure;
    std::string out;
    Writer writer(out);
    writer.begin_object();
    writer.member("erasure", to_hex(id));
    writer.member("resource", erasure.resource_type() + "/" + erasure.resource_id());
    writer.name("versions");
    writer.begin_array();
    for (const std::uint32_t version : erasure.versions())
        writer.number(std::to_string(version));
    writer.end_array();
    writer.name("whole");
    writer.boolean(erasure.whole());
    writer.member("basis", proto::name_of(erasure.basis()));
    writer.member("state", proto::name_of(erasure.state()));
    writer.member("record", to_hex(erasure.record_id()));
    writer.member("chart", to_hex(erasure.chart_id()));
    // Its receipt on the ledger: documents/record/chart:CHART/SEQUENCE.
    write_number(writer, "sequence", erasure.sequence());
    write_number(writer, "ordered_unix_ms", erasure.ordered_unix_ms());
    write_number(writer, "shredded_unix_ms", erasure.shredded_unix_ms());
    write_number(writer, "last_backup_expires_unix_ms", erasure.last_backup_expires_unix_ms());
    writer.name("holders");
    writer.begin_array();
    for (const v1::HeldCopy& copy : status.copies)
        write_copy(writer, copy);
    writer.end_array();
    writer.end_object();
    return out;
}

bool write_hold(const vault::Row& row, std::string& out) {
    const auto hold = decode_row<v1::Hold>(*row.value);
    const auto name = parse_numbered(row.key, hold_prefix());
    if (!hold || !name) return false;
    Writer writer(out);
    writer.begin_object();
    writer.member("disclosure", to_hex(name->first) + "/" + std::to_string(name->second));
    writer.member("reason", proto::name_of(hold->reason()));
    write_number(writer, "since_unix_ms", hold->since_unix_ms());
    writer.end_object();
    return true;
}

http::RouteOptions options_of(std::string_view resource, char permission, bool body) {
    http::RouteOptions out;
    out.scope = http::Scope{resource, permission, true};
    out.produces = {http::Media::kJson};
    if (body) {
        out.consumes = {http::Media::kJson};
        out.body_bytes_max = kBodyBytesMax;
    }
    return out;
}

}  // namespace

ErasureRoutes::ErasureRoutes(const Ports& ports, Erasures& erasures, Sheddings& sheddings,
                             unsigned threads)
    : ports_(ports), erasures_(erasures), sheddings_(sheddings), work_(threads, kWaitingMax) {}

void ErasureRoutes::later(http::Responder responder, Answer answer) {
    auto shared = std::make_shared<http::Responder>(std::move(responder));
    if (!work_.run([shared, answer = std::move(answer)] { shared->send(answer()); }))
        shared->send(overloaded());
}

void ErasureRoutes::add(http::Router& router) {
    using http::Method;
    add_holds(router);
    router.add(Method::kPost, "/v1/records/erase", options_of("Erasure", 'c', true),
               [this](http::Request& request, http::Responder responder) {
                   auto wanted = read_erasure(request.body);
                   if (!wanted) return responder.send(problem_of(ErasureError::kMalformed));
                   later(std::move(responder),
                         [this, wanted = std::move(*wanted), principal = request.principal] {
                             if (!is_ready(ports_.access_log)) return not_logged();
                             const auto erasure = erasures_.order(wanted);
                             if (!erasure) return problem_of(erasure.error());
                             const auto status = erasures_.status(wanted.id);
                             if (!status || !*status) return disk_problem();
                             Shown what{Interaction::kOperation, "records/erase"};
                             what.patient = (*status)->erasure.patient();
                             return show(ports_.access_log, *principal, what,
                                         http::json(erasure_text(wanted.id, **status), 201));
                         });
               });
    router.add(
        Method::kGet, "/v1/records/erasures/{id}", options_of("Erasure", 'r', false),
        [this](http::Request& request, http::Responder responder) {
            const auto id = from_hex(std::string(request.parameters[0]));
            if (!id || id->size() != kErasureIdBytes)
                return responder.send(http::problem(400, "bad-name", "The path names no erasure"));
            later(std::move(responder), [this, id = *id] {
                const auto status = erasures_.status(id);
                if (!status) return disk_problem();
                if (!*status) return http::problem(404, "not-found", "There is no such erasure");
                return http::json(erasure_text(id, **status));
            });
        });
    add_page_route(router, work_, ports_, "/v1/records/erasures", "Erasure",
                   {erasure_prefix(), [this](const vault::Row& row, std::string& out) {
                        const auto id = BytesView(row.key).substr(erasure_prefix().size());
                        const auto status = erasures_.status(id);
                        if (!status || !*status) return false;
                        out += erasure_text(id, **status);
                        return true;
                    }});
}

void ErasureRoutes::add_holds(http::Router& router) {
    using http::Method;
    add_page_route(router, work_, ports_, "/v1/records/holds", "Hold",
                   {hold_prefix(), write_hold, true});
    router.add(
        Method::kPost, "/v1/records/holds", options_of("Hold", 'c', true),
        [this](http::Request& request, http::Responder responder) {
            const auto parsed = formats::json::parse(std::move(request.body), kBodyBytesMax);
            const bool object = parsed && parsed->root().is_object();
            const std::string name = object ? text_of(parsed->root(), "disclosure") : std::string();
            const auto slash = std::min(name.find('/'), name.size());
            const auto reason = proto::value_of<v1::RetentionReason>(
                object ? text_of(parsed->root(), "reason") : std::string());
            const auto named =
                read_name(std::string_view(name).substr(0, slash),
                          std::string_view(name).substr(std::min(slash + 1, name.size())));
            if (!named || !reason) return responder.send(problem_of(HoldError::kReason));
            later(std::move(responder), [this, named = *named, reason = *reason] {
                if (const auto held = sheddings_.hold(named.link, named.disclosure, reason); !held)
                    return problem_of(held.error());
                std::string out;
                const auto row = ports_.vault.row(hold_key(named.link, named.disclosure));
                if (!row || !*row ||
                    !write_hold({hold_key(named.link, named.disclosure), **row}, out))
                    return disk_problem();
                return http::json(std::move(out), 201);
            });
        });
    router.add(Method::kDelete, "/v1/records/holds/{link}/{number}", options_of("Hold", 'd', false),
               [this](http::Request& request, http::Responder responder) {
                   const auto named = read_name(request.parameters[0], request.parameters[1]);
                   if (!named)
                       return responder.send(
                           http::problem(400, "bad-name", "The path names no link and number"));
                   later(std::move(responder), [this, named = *named] {
                       const auto released = sheddings_.release(named.link, named.disclosure);
                       if (!released) return problem_of(released.error());
                       return http::Response{204, http::Media::kNone, false, {}, {}, {}};
                   });
               });
}

}  // namespace consilium::services::ehr::exchange
