// SPDX-License-Identifier: Apache-2.0
#include "formats/fhir/search_match.hpp"
#include "formats/json/parse.hpp"
#include "services/ehr/fhir.hpp"
#include "services/ehr/names.hpp"
#include "services/ehr/reach.hpp"
#include "services/ehr/search.hpp"

// _include and _revinclude: https://hl7.org/fhir/R4/search.html#revinclude
namespace consilium::services::ehr {
namespace {

namespace fhir = formats::fhir;

constexpr int kRoundsMax = 8;

}  // namespace

// A type that the token may not read stays out, and nothing says that it was there.
Result<Searcher::Names, Problem> Searcher::targets_of(const Call& call,
                                                      const fhir::Include& include,
                                                      const formats::json::Value& resource) {
    Names out;
    for (const std::string& text :
         fhir::references_of(resource, include.parameter, include.target, base_())) {
        const auto target = parse_reference(text, {});
        if (!target || reach_of(&call, target->type, 'r') == Reach::kNothing) continue;
        const auto row = store_.find(target->type, target->id);
        if (!row) return fail(store_problem(row.error()));
        if (*row && !(*row)->deleted) out.push_back({{(*row)->record, (*row)->version}, true});
    }
    return out;
}

Result<Searcher::Names, Problem> Searcher::referrers_of(const Call& call,
                                                        const fhir::Include& include,
                                                        const std::string& target) {
    Names out;
    if (include.parameter == nullptr || reach_of(&call, include.type, 's') == Reach::kNothing)
        return out;
    if (auto done = scan(fhir::references_to(include.type, *include.parameter, target), out); !done)
        return fail(done.error());
    return out;
}

Result<std::vector<Bytes>, Problem> Searcher::included(const Call& call, const Query& query,
                                                       const Page& page) {
    std::vector<Bytes> out;
    if (query.includes.empty()) return out;
    std::set<vault::DocumentName> seen;
    std::vector<Bytes> fresh;
    for (const Candidate& hit : page.hits) {
        seen.insert(hit.name);
        fresh.push_back(hit.stored);
    }
    std::vector<Bytes> next;
    const auto follow = [&](const fhir::Include& include, const Identity& identity,
                            const formats::json::Value& resource) -> Status<Problem> {
        if (!include.reverse && include.type != identity.type) return Done{};
        const auto names =
            include.reverse
                ? referrers_of(call, include,
                               std::string(identity.type) + '/' + std::string(identity.id))
                : targets_of(call, include, resource);
        if (!names) return fail(names.error());
        for (const Found& found : *names) {
            if (!seen.insert(found.name).second) continue;
            Candidate candidate;
            candidate.name = found.name;
            const auto fit = fits(candidate, true, {}, {});
            if (!fit) return fail(fit.error());
            const bool shown = *fit && reaches(call, candidate.stored, include.reverse ? 's' : 'r');
            if (shown) next.push_back(std::move(candidate.stored));
            if (out.size() + next.size() > kIncludedMax) {
                return fail(problem_of(422, "too-costly", "The page includes too many resources"));
            }
        }
        return Done{};
    };
    for (int round = 0; round < kRoundsMax && !fresh.empty(); ++round) {
        for (const Bytes& stored : fresh) {
            const auto identity = identity_of(stored);
            const auto document = formats::json::parse(stored, stored.size());
            if (!identity || !document) return fail(store_problem(StoreError::kDisk));
            for (const fhir::Include& include : query.includes) {
                if (round > 0 && !include.iterate) continue;
                if (auto done = follow(include, *identity, document->root()); !done)
                    return fail(done.error());
            }
        }
        out.insert(out.end(), next.begin(), next.end());
        fresh = std::move(next);
        next.clear();
    }
    return out;
}

}  // namespace consilium::services::ehr
