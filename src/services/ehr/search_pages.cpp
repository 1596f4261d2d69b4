// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "formats/fhir/search_match.hpp"
#include "formats/json/parse.hpp"
#include "http/message.hpp"
#include "services/ehr/access_notes.hpp"
#include "services/ehr/fhir.hpp"
#include "services/ehr/names.hpp"
#include "services/ehr/parameters.hpp"
#include "services/ehr/reach.hpp"
#include "services/ehr/search.hpp"

// Pages of a search. A page goes on after the last resource of the one before, by sort key and
// record, so what neither came nor changed in between is shown once, and nothing is left out.
namespace consilium::services::ehr {
namespace {

namespace fhir = formats::fhir;

constexpr std::string_view kCursor = "_cursor";
// A page ends when its resources pass this.
constexpr std::size_t kPageBytesMax = 16U * 1024U * 1024U;

std::size_t count_of(const fhir::Query& query) {
    return std::min<std::size_t>(query.count.value_or(kPageDefault), kPageMax);
}

bool counts_only(const fhir::Query& query) {
    return query.summary == fhir::Summary::kCount || count_of(query) == 0;
}

bool is_before(const Bytes& key_a, const vault::DocumentName& a, const Bytes& key_b,
               const vault::DocumentName& b) {
    return key_a != key_b ? key_a < key_b : a.record < b.record;
}

// The resource as the search wants it shown.
Bytes shown(const Bytes& stored, const fhir::Query& query) {
    if (query.elements.empty() && query.summary == fhir::Summary::kFalse) return stored;
    const auto document = formats::json::parse(stored, stored.size());
    if (!document) return stored;
    return fhir::subset_of(document->root(), query.summary, query.elements);
}

std::string full_url(const std::string& base, const Bytes& stored) {
    const auto identity = identity_of(stored);
    if (!identity) return {};
    return base + '/' + std::string(identity->type) + '/' + std::string(identity->id);
}

}  // namespace

// In order of the records: nothing is read beyond the page, unless it must be counted.
Result<Searcher::Page, Problem> Searcher::listed(const Query& query, Names names, const Rest& rest,
                                                 const std::optional<Position>& from) {
    Page page;
    const bool exact =
        rest.always.empty() && !rest.own &&
        (rest.unless_exact.empty() ||
         std::all_of(names.begin(), names.end(), [](const Found& found) { return found.exact; }));
    const bool count_all = !exact && (query.total == fhir::Total::kAccurate || counts_only(query));
    if (exact && query.total != fhir::Total::kNone) page.total = names.size();
    std::uint64_t fitting = 0;
    std::size_t bytes = 0;
    for (const Found& found : names) {
        const bool passed = from && found.name.record <= from->last.record;
        if (passed && !count_all) continue;
        if (page.hits.size() == count_of(query) || bytes >= kPageBytesMax) {
            page.more = true;
            if (!count_all) break;
        }
        if (exact && counts_only(query)) break;
        Candidate candidate;
        candidate.name = found.name;
        const auto fit = fits(candidate, found.exact, query, rest);
        if (!fit) return fail(fit.error());
        if (!*fit) continue;
        ++fitting;
        if (passed || page.hits.size() == count_of(query) || bytes >= kPageBytesMax) continue;
        bytes += candidate.stored.size();
        page.hits.push_back(std::move(candidate));
    }
    if (count_all || (!exact && !page.more && !from)) page.total = fitting;
    if (counts_only(query)) page.more = false;
    return page;
}

// In order of _sort: everything that fits is read once for its key.
Result<Searcher::Page, Problem> Searcher::sorted(const Query& query, const Names& names,
                                                 const Rest& rest,
                                                 const std::optional<Position>& from) {
    std::vector<Candidate> all;
    for (const Found& found : names) {
        Candidate candidate;
        candidate.name = found.name;
        const auto fit = fits(candidate, found.exact, query, rest);
        if (!fit) return fail(fit.error());
        candidate.stored = Bytes();
        if (*fit) all.push_back(std::move(candidate));
    }
    std::sort(all.begin(), all.end(), [](const Candidate& a, const Candidate& b) {
        return is_before(a.sort_key, a.name, b.sort_key, b.name);
    });
    Page page;
    page.total = all.size();
    auto next = all.begin();
    if (from) {
        next = std::find_if(all.begin(), all.end(), [&](const Candidate& one) {
            return is_before(from->sort_key, from->last, one.sort_key, one.name);
        });
    }
    std::size_t bytes = 0;
    for (; next != all.end() && page.hits.size() < count_of(query) && bytes < kPageBytesMax;
         ++next) {
        auto stored = store_.read(next->name.record, next->name.version);
        if (!stored && stored.error() == StoreError::kErased) continue;
        if (!stored) return fail(store_problem(stored.error()));
        next->stored = std::move(stored).value();
        bytes += next->stored.size();
        page.hits.push_back(std::move(*next));
    }
    page.more = next != all.end() && !counts_only(query);
    return page;
}

Result<Searcher::Page, Problem> Searcher::page(const Query& query, const Within& within,
                                               const std::optional<Position>& from) {
    Rest rest;
    auto names = candidates(query, within, rest);
    if (!names) return fail(names.error());
    return query.sort.empty() ? listed(query, std::move(names).value(), rest, from)
                              : sorted(query, *names, rest, from);
}

// The parameters of the search's first page, which a cursor carries.
Result<Parameters, Problem> Searcher::first_query(const Call& call, const std::string& where,
                                                  std::optional<Position>& from) {
    const auto cursor =
        std::find_if(call.parameters.begin(), call.parameters.end(),
                     [](const auto& parameter) { return parameter.first == kCursor; });
    if (cursor == call.parameters.end()) return call.parameters;
    auto opened = cursors_.open(cursor->second, where);
    if (!opened) return fail(store_problem(opened.error()));
    if (!*opened || call.parameters.size() != 1) {
        return fail(problem_of(400, "value", "The link is not one that this server gave",
                               std::string(kCursor)));
    }
    from = **std::move(opened);
    auto parameters = http::parse_form(from->query);
    if (!parameters) return fail(store_problem(StoreError::kDisk));
    return *std::move(parameters);
}

Reply Searcher::search(const Call& call, const std::string& type,
                       const std::optional<std::string>& patient) {
    const auto reach = may_read(call, type, 's');
    if (!reach) return fail(reach.error());
    const std::string where = (patient ? "Patient/" + *patient + '/' : "") + type;
    std::optional<Position> from;
    const auto parameters = first_query(call, where, from);
    if (!parameters) return fail(parameters.error());
    auto query = read_query(type, *parameters, call.lenient, &call);
    if (!query) return fail(query.error());
    const auto found = page(*query, {patient, confined_to(&call, *reach)}, from);
    if (!found) return fail(found.error());
    const auto more = included(call, *query, *found);
    if (!more) return fail(more.error());
    const std::string base = base_();
    BundleText out("searchset");
    if (found->total) out.total(*found->total);
    const std::string url = base + '/' + where;
    std::string self = url;
    // What was posted stays out of addresses, here too.
    if (call.verb == Verb::kGet && !call.parameters.empty())
        self += '?' + format_parameters(call.parameters);
    out.link("self", self);
    if (found->more && !found->hits.empty()) {
        Position next;
        next.last = found->hits.back().name;
        next.sort_key = found->hits.back().sort_key;
        next.query = format_parameters(*parameters);
        const auto cursor = cursors_.seal(next, where);
        if (!cursor) return fail(store_problem(cursor.error()));
        out.link("next", url + '?' + std::string(kCursor) + '=' + *cursor);
    }
    if (call.notes != nullptr) {
        call.notes->set_query(format_parameters(*parameters));
        for (const Candidate& hit : found->hits)
            call.notes->shown(hit.stored);
        for (const Bytes& stored : *more)
            call.notes->shown(stored);
    }
    for (const Candidate& hit : found->hits)
        out.found(full_url(base, hit.stored), shown(hit.stored, *query), "match");
    for (const Bytes& stored : *more)
        out.found(full_url(base, stored), shown(stored, *query), "include");
    Answer answer;
    answer.body = std::move(out).finish();
    return answer;
}

}  // namespace consilium::services::ehr
