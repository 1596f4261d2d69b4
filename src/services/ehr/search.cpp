// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/search.hpp"

#include <algorithm>

#include "formats/fhir/primitive.hpp"
#include "formats/fhir/search_index.hpp"
#include "formats/fhir/search_match.hpp"
#include "formats/json/parse.hpp"
#include "http/message.hpp"
#include "services/ehr/fhir.hpp"
#include "services/ehr/index_keys.hpp"
#include "services/ehr/names.hpp"
#include "services/ehr/reach.hpp"

namespace consilium::services::ehr {
namespace {

namespace fhir = formats::fhir;

constexpr std::size_t kScanStep = 4096;

bool is_id(const fhir::Criterion& criterion) {
    return criterion.code == "_id" && criterion.modifier == fhir::Modifier::kNone;
}

Problem refused(const std::vector<fhir::QueryIssue>& issues) {
    Problem out;
    out.status = 400;
    for (const fhir::QueryIssue& issue : issues)
        out.issues.push_back({"error", issue.code, std::string(issue.reason), issue.parameter});
    return out;
}

// As a client writes it: "subject:Patient.name", "_has:Observation:subject:code".
std::string name_of(const fhir::Criterion& criterion) {
    const std::string& inner = criterion.inner->front().code;
    if (criterion.is_has())
        return "_has:" + criterion.has_type + ':' + criterion.has_reference + ':' + inner;
    const bool one = criterion.chain_types.size() == 1;
    return criterion.code + (one ? ':' + criterion.chain_types[0] : std::string()) + '.' + inner;
}

bool has_elements(const std::string& type, const std::vector<std::string>& names) {
    const fhir::Type* definition = fhir::definitions().find_resource(type);
    return std::all_of(names.begin(), names.end(), [definition](const std::string& name) {
        return definition != nullptr &&
               (definition->find(name) != nullptr || definition->find_element(name) != nullptr);
    });
}

Problem too_costly(telemetry::Literal text) {
    return problem_of(422, "too-costly", text);
}

}  // namespace

Result<fhir::Query, Problem> Searcher::read_query(const std::string& type,
                                                  const Parameters& parameters, bool lenient,
                                                  const Call* asker) {
    fhir::QueryOptions options;
    options.lenient = lenient;
    auto query = fhir::parse_query(type, parameters, options);
    if (!query) return fail(refused(query.error()));
    if (!lenient && !has_elements(type, query->elements)) {
        return fail(problem_of(400, "value", "The type has no element of that name", "_elements"));
    }
    if (auto resolved = resolve(*query, asker); !resolved) return fail(resolved.error());
    return std::move(query).value();
}

Status<Problem> Searcher::resolve(Query& query, const Call* asker) {
    for (fhir::Criterion& criterion : query.criteria) {
        if (!criterion.is_chain() && !criterion.is_has()) continue;
        auto resolved = resolve_one(criterion, asker);
        if (!resolved) return fail(resolved.error());
        criterion = std::move(resolved).value();
    }
    return Done{};
}

Result<fhir::Criterion, Problem> Searcher::resolve_one(const fhir::Criterion& criterion,
                                                       const Call* asker) {
    std::vector<std::string> found;
    bool too_many = false;
    bool asked = false;
    const std::string base = base_();
    const auto ask =
        [&](const std::string& type, const fhir::Criterion& inner,
            const std::function<void(const formats::json::Value&, const Candidate&)>& take)
        -> Status<Problem> {
        // Whether something fits would tell of what the token may not look at.
        const Reach reach = reach_of(asker, type, 's');
        if (reach == Reach::kNothing) return Done{};
        asked = true;
        Query query;
        query.type = type;
        query.criteria.push_back(inner);
        const Within within{std::nullopt, confined_to(asker, reach)};
        return each(query, within, [&](Candidate& candidate) {
            const auto document = formats::json::parse(candidate.stored, candidate.stored.size());
            if (document) take(document->root(), candidate);
            too_many = found.size() > kChainedMax;
            return !too_many;
        });
    };
    if (criterion.is_has()) {
        const fhir::SearchParameter* reference =
            fhir::definitions().find_search_parameter(criterion.has_type, criterion.has_reference);
        const auto done = ask(criterion.has_type, criterion.inner->front(),
                              [&](const formats::json::Value& resource, const Candidate&) {
                                  for (const std::string& text : fhir::references_of(
                                           resource, reference, criterion.type, base)) {
                                      const auto target = parse_reference(text, {});
                                      if (target) found.emplace_back(target->id);
                                  }
                              });
        if (!done) return fail(done.error());
    } else {
        for (std::size_t i = 0; i < criterion.chain_types.size(); ++i) {
            const std::string& type = criterion.chain_types[i];
            const auto done = ask(type, (*criterion.inner)[i],
                                  [&](const formats::json::Value&, const Candidate& candidate) {
                                      const auto identity = identity_of(candidate.stored);
                                      if (identity)
                                          found.push_back(type + '/' + std::string(identity->id));
                                  });
            if (!done) return fail(done.error());
        }
    }
    if (!asked) {
        return fail(problem_of(403, "forbidden",
                               "The access token does not grant a search of what the parameter "
                               "looks at",
                               name_of(criterion)));
    }
    if (too_many) return fail(too_costly("A chained criterion fits too many resources"));
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return criterion.is_has() ? fhir::resolve_has(criterion, found)
                              : fhir::resolve_chain(criterion, found);
}

Status<Problem> Searcher::scan(const Bytes& key, Names& to) {
    fhir::KeyRange range;
    range.prefix = key;
    range.first = key;
    range.end = key;
    ++range.end.back();
    return scan(range, to);
}

Status<Problem> Searcher::scan(const fhir::KeyRange& range, Names& to) {
    std::optional<vault::Vault::Entry> after;
    // An entry with a version of 0 comes before all entries of its key.
    if (range.first != range.prefix) after = vault::Vault::Entry{range.first, {}};
    while (true) {
        const auto found = store_.vault().find(range.prefix, after, kScanStep);
        if (!found) return fail(store_problem(to_store_error(found.error())));
        for (const auto& entry : *found) {
            if (entry.key >= range.end) return Done{};
            if (fhir::admits(range, entry.key)) to.push_back({entry.name, range.exact});
        }
        if (found->size() < kScanStep) return Done{};
        after = found->back();
    }
}

Result<std::optional<Searcher::Names>, Problem> Searcher::by_id(const Query& query) {
    const auto criterion = std::find_if(query.criteria.begin(), query.criteria.end(), is_id);
    if (criterion == query.criteria.end()) return std::optional<Names>();
    Names out;
    for (const fhir::SearchValue& value : criterion->values) {
        if (!formats::fhir::is_logical_id(value.text)) continue;
        const auto row = store_.find(query.type, value.text);
        if (!row) return fail(store_problem(row.error()));
        if (*row && !(*row)->deleted) out.push_back({{(*row)->record, (*row)->version}, false});
    }
    return std::optional(std::move(out));
}

Result<Searcher::Names, Problem> Searcher::candidates(const Query& query, const Within& within,
                                                      Rest& rest) {
    const auto sort_names = [](Names& names) {
        std::sort(names.begin(), names.end(), [](const Found& a, const Found& b) {
            return a.name != b.name ? a.name < b.name : a.exact > b.exact;
        });
        const auto end =
            std::unique(names.begin(), names.end(),
                        [](const Found& a, const Found& b) { return a.name == b.name; });
        names.erase(end, names.end());
    };
    const auto common = [](const Names& a, const Names& b) {
        Names out;
        std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(out),
                              [](const Found& x, const Found& y) { return x.name < y.name; });
        return out;
    };
    std::optional<Names> compartment;
    for (const auto& patient : {within.patient, within.own}) {
        if (!patient) continue;
        Names held;
        if (auto done = scan(compartment_key(*patient, query.type), held); !done)
            return fail(done.error());
        sort_names(held);
        compartment = compartment ? common(*compartment, held) : std::move(held);
    }
    auto ids = by_id(query);
    if (!ids) return fail(ids.error());
    Names out;
    if (*ids) {
        out = **std::move(ids);
        for (std::size_t i = 0; i < query.criteria.size(); ++i)
            rest.always.push_back(i);
        rest.own = within.own;
    } else {
        const fhir::Plan plan = fhir::plan_of(query, base_());
        rest = {plan.residual, plan.driving, within.own};
        if (plan.all && compartment) return *std::move(compartment);
        if (plan.all) {
            if (auto done = scan(type_key(query.type), out); !done) return fail(done.error());
        }
        for (const fhir::KeyRange& range : plan.ranges) {
            if (auto done = scan(range, out); !done) return fail(done.error());
        }
    }
    sort_names(out);
    return compartment ? common(out, *compartment) : out;
}

// Reads the candidate, and asks what the index has not answered. False also when it was erased or
// replaced since it was found.
Result<bool, Problem> Searcher::fits(Candidate& candidate, bool exact, const Query& query,
                                     const Rest& rest) {
    auto stored = store_.read(candidate.name.record, candidate.name.version);
    if (!stored && stored.error() == StoreError::kErased) return false;
    if (!stored) return fail(store_problem(stored.error()));
    candidate.stored = std::move(stored).value();
    if (rest.own && !is_own(candidate.stored, *rest.own)) return false;
    const bool known = rest.always.empty() && (exact || rest.unless_exact.empty());
    if (known && query.sort.empty()) return true;
    const auto document = formats::json::parse(candidate.stored, candidate.stored.size());
    if (!document) return fail(store_problem(StoreError::kDisk));
    const std::string base = base_();
    const auto match = [&](const std::vector<std::size_t>& criteria) {
        return std::all_of(criteria.begin(), criteria.end(), [&](std::size_t index) {
            return fhir::matches(document->root(), query.criteria[index], base);
        });
    };
    if (!match(rest.always) || (!exact && !match(rest.unless_exact))) return false;
    for (const fhir::SortKey& key : query.sort) {
        const Bytes part = fhir::sort_key(document->root(), key);
        append_be32(candidate.sort_key, static_cast<std::uint32_t>(part.size()));
        candidate.sort_key += part;
    }
    return true;
}

Status<Problem> Searcher::each(const Query& query, const Within& within,
                               const std::function<bool(Candidate&)>& call_back) {
    Rest rest;
    const auto names = candidates(query, within, rest);
    if (!names) return fail(names.error());
    for (const Found& found : *names) {
        Candidate candidate;
        candidate.name = found.name;
        const auto fit = fits(candidate, found.exact, query, rest);
        if (!fit) return fail(fit.error());
        if (*fit && !call_back(candidate)) return Done{};
    }
    return Done{};
}

Result<std::vector<vault::DocumentName>, Problem> Searcher::names(
    const std::string& type, const Parameters& parameters,
    const std::optional<std::string>& patient, bool all) {
    auto query = read_query(type, parameters, false, nullptr);
    if (!query) return fail(query.error());
    if (query->criteria.empty() && !all)
        return fail(problem_of(412, "invalid", "The condition names no criterion"));
    Rest rest;
    const auto found = candidates(*query, {patient, std::nullopt}, rest);
    if (!found) return fail(found.error());
    std::vector<vault::DocumentName> out;
    for (const Found& one : *found) {
        Candidate candidate;
        candidate.name = one.name;
        const auto fit = fits(candidate, one.exact, *query, rest);
        if (!fit) return fail(fit.error());
        if (*fit) out.push_back(one.name);
    }
    return out;
}

Result<std::vector<std::string>, Problem> Searcher::match(std::string_view type,
                                                          std::string_view query, std::size_t limit,
                                                          const Call* asker) {
    const auto parameters = http::parse_form(query);
    if (!parameters) return fail(problem_of(400, "invalid", "The query cannot be read"));
    auto read = read_query(std::string(type), *parameters, false, asker);
    if (!read) return fail(read.error());
    if (read->criteria.empty())
        return fail(problem_of(412, "invalid", "The condition names no criterion"));
    std::vector<std::string> ids;
    const Within within{std::nullopt, confined_to(asker, reach_of(asker, type, 's'))};
    const auto done = each(*read, within, [&](Candidate& candidate) {
        const auto identity = identity_of(candidate.stored);
        if (identity) ids.emplace_back(identity->id);
        return ids.size() < limit;
    });
    if (!done) return fail(done.error());
    return ids;
}

}  // namespace consilium::services::ehr
