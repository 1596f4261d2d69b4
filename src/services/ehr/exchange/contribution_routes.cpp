// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/exchange/contribution_routes.hpp"

#include <charconv>

#include "base/hex.hpp"
#include "formats/json/parse.hpp"
#include "formats/json/write.hpp"
#include "proto/enum_names.hpp"
#include "services/ehr/exchange/contribution_resources.hpp"
#include "services/ehr/exchange/vault_rows.hpp"

namespace consilium::services::ehr::exchange {
namespace {

using formats::json::Writer;

constexpr std::size_t kBodyBytesMax = 4096;
constexpr std::size_t kListPageMax = 1000;
constexpr std::size_t kListPageDefault = 100;
constexpr std::size_t kWaitingMax = 1024;

http::Response verdict_problem(VerdictError error) {
    switch (error) {
        case VerdictError::kNone:
            return http::problem(404, "not-found", "No such contribution came here");
        case VerdictError::kNotHere:
            return http::problem(409, "not-here", "Its document is not here");
        case VerdictError::kDecided:
            return http::problem(409, "decided", "It was decided otherwise");
        case VerdictError::kOutdated:
            return http::problem(409, "outdated",
                                 "It corrects a version that is no longer current");
        case VerdictError::kWithdrawn:
            return http::problem(409, "withdrawn", "It is not permitted any more");
        case VerdictError::kInvalid:
            return http::problem(409, "invalid", "The store cannot hold it");
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
bool write_offered(const v1::Offered& offered, const Bytes& resource, std::string& out) {
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

struct Page {
    Bytes after;
    std::size_t limit = kListPageDefault;
    std::optional<v1::OfferedState> state;
};

std::optional<Page> read_page(std::string_view query, bool by_state) {
    if (!http::query_has_only(query, {"after", "limit", "state"})) return std::nullopt;
    Page out;
    bool malformed = false;
    const auto after = http::query_parameter(query, "after", malformed);
    const auto limit = http::query_parameter(query, "limit", malformed);
    const auto state = http::query_parameter(query, "state", malformed);
    if (malformed || (state && !by_state)) return std::nullopt;
    if (after) {
        const auto bytes = from_hex(*after);
        if (!bytes || bytes->size() > 64) return std::nullopt;
        out.after = *bytes;
    }
    if (limit) {
        const char* end = limit->data() + limit->size();
        const auto parsed = std::from_chars(limit->data(), end, out.limit);
        if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
    }
    if (state) {
        out.state = proto::value_of<v1::OfferedState>(*state);
        if (!out.state) return std::nullopt;
    }
    if (out.limit == 0 || out.limit > kListPageMax) return std::nullopt;
    return out;
}

// A page of rows; `write` appends one, or nothing for a row that is not asked for.
http::Response list_rows(const vault::Vault& vault, const Bytes& prefix, const Page& page,
                         const std::function<bool(const vault::Row&, std::string&)>& write) {
    std::string out = "{\"items\":[";
    Bytes after = page.after.empty() ? Bytes() : prefix + page.after;
    std::size_t listed = 0;
    for (;;) {
        const auto rows = vault.rows(prefix, after, page.limit);
        if (!rows) return verdict_problem(VerdictError::kDisk);
        for (const vault::Row& row : *rows) {
            std::string item;
            if (!write(row, item)) return verdict_problem(VerdictError::kDisk);
            after = row.key;
            if (item.empty()) continue;
            if (out.back() != '[') out += ',';
            out += item;
            if (++listed == page.limit) break;
        }
        if (rows->size() < page.limit || listed == page.limit) break;
    }
    out += ']';
    if (listed == page.limit)
        out += ",\"next\":\"" + to_hex(BytesView(after).substr(prefix.size())) + '"';
    return http::json(out + '}');
}

http::RouteOptions options_of(char permission) {
    http::RouteOptions out;
    out.scope = http::Scope{"Contribution", permission};
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
    if (!write_offered(*offered, resource, out)) return verdict_problem(VerdictError::kDisk);
    return http::json(std::move(out));
}

}  // namespace

ContributionRoutes::ContributionRoutes(const Ports& ports, ContributionDesk& desk, unsigned threads)
    : ports_(ports), desk_(desk), work_(threads, kWaitingMax) {}

void ContributionRoutes::later(http::Responder responder, Answer answer) {
    auto shared = std::make_shared<http::Responder>(std::move(responder));
    if (!work_.run([shared, answer = std::move(answer)] { shared->send(answer()); })) {
        shared->send(
            http::problem_retry(503, "overloaded", "Too many requests are waiting: try again", 1));
    }
}

void ContributionRoutes::add(http::Router& router) {
    using http::Method;
    const auto add_list = [&](const char* pattern, bool ours) {
        router.add(
            Method::kGet, pattern, options_of('r'),
            [this, ours](http::Request& request, http::Responder responder) {
                const auto page = read_page(request.query, !ours);
                if (!page)
                    return responder.send(http::problem(
                        400, "bad-page", "after, limit or state is not what a page takes"));
                later(std::move(responder), [this, ours, page = *page] {
                    if (ours)
                        return list_rows(ports_.vault, offering_prefix(), page, write_offering);
                    return list_rows(ports_.vault, offered_prefix(), page,
                                     [&page](const vault::Row& row, std::string& out) {
                                         const auto offered = decode_row<v1::Offered>(*row.value);
                                         if (!offered) return false;
                                         if (page.state && offered->state() != *page.state)
                                             return true;
                                         return write_offered(*offered, {}, out);
                                     });
                });
            });
    };
    add_list("/v1/exchange/offers", true);
    add_list("/v1/exchange/contributions", false);
    constexpr const char* kOne = "/v1/exchange/contributions/{link}/{number}";
    router.add(Method::kGet, kOne, options_of('r'),
               [this](http::Request& request, http::Responder responder) {
                   const auto name = read_name(request);
                   if (!name)
                       return responder.send(
                           http::problem(400, "bad-name", "The path names no link and number"));
                   later(std::move(responder), [this, name = *name] {
                       const auto row = get_row<v1::Offered>(
                           ports_.vault, offered_key(name.link.view(), name.number));
                       if (!row) return verdict_problem(VerdictError::kDisk);
                       if (!*row) return verdict_problem(VerdictError::kNone);
                       const auto document = desk_.document(**row);
                       return shown(**row, document ? *document : Bytes());
                   });
               });
    http::RouteOptions deciding = options_of('u');
    deciding.consumes = {http::Media::kJson};
    deciding.body_bytes_max = kBodyBytesMax;
    router.add(
        Method::kPost, kOne, deciding, [this](http::Request& request, http::Responder responder) {
            const auto name = read_name(request);
            const auto verdict = read_verdict(request.body);
            if (!name || !verdict)
                return responder.send(http::problem(
                    400, "bad-verdict",
                    "The path names a link and number, the body a verdict and, with a "
                    "rejection, its reason"));
            const std::string subject =
                request.principal == nullptr ? std::string() : request.principal->subject;
            later(std::move(responder), [this, name = *name, verdict = *verdict, subject] {
                if (verdict.reason == v1::CONTRIBUTION_REJECTION_UNSPECIFIED)
                    return shown(desk_.accept(name.link, name.number, subject), {});
                return shown(desk_.reject(name.link, name.number, verdict.reason, subject), {});
            });
        });
}

}  // namespace consilium::services::ehr::exchange
