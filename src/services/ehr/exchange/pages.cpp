// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/exchange/pages.hpp"

#include <charconv>

#include "base/hex.hpp"

namespace consilium::services::ehr::exchange {
namespace {

constexpr std::size_t kPageDefault = 100;

struct Page {
    Bytes after;
    Bytes link;  // with disclosures: of that link alone
    std::size_t limit = kPageDefault;
};

std::optional<Page> read_page(std::string_view query) {
    if (!http::query_has_only(query, {"after", "limit", "link"})) return std::nullopt;
    Page out;
    bool malformed = false;
    const auto after = http::query_parameter(query, "after", malformed);
    const auto limit = http::query_parameter(query, "limit", malformed);
    const auto link = http::query_parameter(query, "link", malformed);
    if (malformed) return std::nullopt;
    if (after) {
        const auto bytes = from_hex(*after);
        if (!bytes || bytes->size() > 64) return std::nullopt;
        out.after = *bytes;
    }
    if (link) {
        const auto id = fixed_from_hex<ledger::LinkId>(*link);
        if (!id) return std::nullopt;
        out.link = id->bytes();
    }
    if (limit) {
        const char* end = limit->data() + limit->size();
        const auto parsed = std::from_chars(limit->data(), end, out.limit);
        if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
    }
    if (out.limit == 0 || out.limit > kPageMax) return std::nullopt;
    return out;
}

http::Response page_of(const Ports& ports, const Page& page, const Bytes& prefix,
                       const WriteRow& write) {
    const auto rows = ports.vault.rows(
        prefix + page.link, page.after.empty() ? Bytes() : prefix + page.after, page.limit);
    if (!rows) return http::problem(500, "vault", "The vault cannot be read or written");
    std::string out = "{\"items\":[";
    for (const vault::Row& row : *rows) {
        if (out.back() != '[') out += ',';
        if (!write(row, out))
            return http::problem(500, "vault", "The vault cannot be read or written");
    }
    out += ']';
    if (rows->size() == page.limit)
        out += ",\"next\":\"" + to_hex(BytesView(rows->back().key).substr(prefix.size())) + '"';
    out += '}';
    return http::json(std::move(out));
}

}  // namespace

http::Response overloaded() {
    return http::problem_retry(503, "overloaded", "Too many requests are waiting: try again", 1);
}

void add_page_route(http::Router& router, WorkQueue& work, const Ports& ports, const char* pattern,
                    std::string_view resource, const Bytes& prefix, WriteRow write) {
    http::RouteOptions options;
    options.scope = http::Scope{resource, 'r'};
    options.produces = {http::Media::kJson};
    router.add(http::Method::kGet, pattern, options,
               [&work, &ports, prefix, write = std::move(write)](http::Request& request,
                                                                 http::Responder responder) {
                   const auto page = read_page(request.query);
                   if (!page)
                       return responder.send(http::problem(
                           400, "bad-page", "after, limit or link is not what a page takes"));
                   auto shared = std::make_shared<http::Responder>(std::move(responder));
                   const bool taken = work.run([&ports, shared, prefix, write, page = *page] {
                       shared->send(page_of(ports, page, prefix, write));
                   });
                   if (!taken) shared->send(overloaded());
               });
}

}  // namespace consilium::services::ehr::exchange
