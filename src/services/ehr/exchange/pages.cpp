// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/exchange/pages.hpp"

#include <charconv>

#include "base/hex.hpp"
#include "services/ehr/exchange/shown.hpp"

namespace consilium::services::ehr::exchange {
namespace {

constexpr std::size_t kPageDefault = 100;

struct Page {
    Bytes after;
    Bytes link;  // with disclosures: of that link alone
    std::size_t limit = kPageDefault;
    std::optional<int> state;  // those alone
};

std::optional<Page> read_page(std::string_view query, const List& list) {
    if (!http::query_has_only(query, {"after", "limit", "link", "state"})) return std::nullopt;
    Page out;
    bool malformed = false;
    const auto after = http::query_parameter(query, "after", malformed);
    const auto limit = http::query_parameter(query, "limit", malformed);
    const auto link = http::query_parameter(query, "link", malformed);
    const auto state = http::query_parameter(query, "state", malformed);
    if (malformed || (link && !list.by_link) || (state && !list.states.by_name))
        return std::nullopt;
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
    if (state) {
        out.state = list.states.by_name(*state);
        if (!out.state) return std::nullopt;
    }
    if (out.limit == 0 || out.limit > kPageMax) return std::nullopt;
    return out;
}

http::Response disk_problem() {
    return http::problem(500, "vault", "The vault cannot be read or written");
}

http::Response page_of(const Ports& ports, const Page& page, const List& list) {
    const bool by_index = page.state && page.state == list.states.indexed;
    const Bytes& base = by_index ? list.states.index : list.prefix;
    const Bytes prefix = base + page.link;
    Bytes after = page.after.empty() ? Bytes() : base + page.after;
    std::string out = "{\"items\":[";
    std::size_t listed = 0;
    for (bool more = true; more && listed < page.limit;) {
        auto rows = ports.vault.rows(prefix, after, page.limit);
        if (!rows) return disk_problem();
        more = rows->size() == page.limit;
        for (std::size_t i = 0; i < rows->size() && listed < page.limit; ++i) {
            vault::Row& row = (*rows)[i];
            after = row.key;
            if (by_index) {
                row.key = list.prefix + row.key.substr(base.size());
                auto value = ports.vault.row(row.key);
                if (!value) return disk_problem();
                if (!*value) continue;
                row.value = std::move(*value);
            }
            if (page.state) {
                const auto state = list.states.of(row);
                if (!state) return disk_problem();
                if (*state != *page.state) continue;
            }
            if (listed++ != 0) out += ',';
            if (!list.write(row, out)) return disk_problem();
        }
    }
    out += ']';
    if (listed == page.limit)
        out += ",\"next\":\"" + to_hex(BytesView(after).substr(base.size())) + '"';
    out += '}';
    return http::json(std::move(out));
}

}  // namespace

http::Response overloaded() {
    return http::problem_retry(503, "overloaded", "Too many requests are waiting: try again", 1);
}

void add_page_route(http::Router& router, WorkQueue& work, const Ports& ports, const char* pattern,
                    std::string_view resource, List list) {
    http::RouteOptions options;
    options.scope = http::Scope{resource, 'r', true};
    options.produces = {http::Media::kJson};
    const auto shown = std::make_shared<const List>(std::move(list));
    router.add(
        http::Method::kGet, pattern, options,
        [&work, &ports, shown](http::Request& request, http::Responder responder) {
            const auto page = read_page(request.query, *shown);
            if (!page)
                return responder.send(http::problem(
                    400, "bad-page", "after, limit, link or state is not what this list takes"));
            auto shared = std::make_shared<http::Responder>(std::move(responder));
            Shown what{Interaction::kSearch, asked_of(request.path), std::string(request.query)};
            // What we asked of others and what came from them is of their patients.
            what.elsewhere = what.asked == "exchange/requests" ||
                             what.asked == "exchange/disclosures" ||
                             what.asked == "exchange/offers";
            const bool taken = work.run([&ports, shared, shown, page = *page,
                                         what = std::move(what), principal = request.principal] {
                shared->send(
                    show(ports.access_log, *principal, what, page_of(ports, page, *shown)));
            });
            if (!taken) shared->send(overloaded());
        });
}

}  // namespace consilium::services::ehr::exchange
