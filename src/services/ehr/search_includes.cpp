// SPDX-License-Identifier: Apache-2.0
#include "formats/fhir/search_match.hpp"
#include "formats/json/parse.hpp"
#include "services/ehr/fhir.hpp"
#include "services/ehr/names.hpp"
#include "services/ehr/search.hpp"

// _include and _revinclude: https://hl7.org/fhir/R4/search.html#revinclude
namespace consilium::services::ehr {
namespace {

namespace fhir = formats::fhir;

constexpr int kRoundsMax = 8;

}  // namespace

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
    bool too_many = false;
    std::vector<Bytes> next;
    const auto take = [&](const vault::DocumentName& name, Bytes stored) {
        if (!seen.insert(name).second) return;
        too_many = too_many || out.size() >= kIncludedMax;
        out.push_back(stored);
        next.push_back(std::move(stored));
    };
    const std::string base = base_();
    // A type that the token may not read stays out, and nothing says that it was there.
    const auto forward = [&](const fhir::Include& include,
                             const formats::json::Value& resource) -> Status<Problem> {
        for (const std::string& text :
             fhir::references_of(resource, include.parameter, include.target, base)) {
            const auto target = parse_reference(text, {});
            if (!target || !allow(call, target->type, 'r')) continue;
            const auto row = store_.find(target->type, target->id);
            if (!row) return fail(store_problem(row.error()));
            if (!*row || (*row)->deleted) continue;
            auto stored = store_.read((*row)->record, (*row)->version);
            if (!stored && stored.error() == StoreError::kErased) continue;
            if (!stored) return fail(store_problem(stored.error()));
            take({(*row)->record, (*row)->version}, std::move(stored).value());
        }
        return Done{};
    };
    const auto backward = [&](const fhir::Include& include,
                              const std::string& target) -> Status<Problem> {
        if (include.parameter == nullptr || !allow(call, include.type, 's')) return Done{};
        Names names;
        if (auto done = scan(fhir::references_to(include.type, *include.parameter, target), names);
            !done) {
            return done;
        }
        for (const Found& found : names) {
            Candidate candidate;
            candidate.name = found.name;
            const auto fit = fits(candidate, true, {}, {});
            if (!fit) return fail(fit.error());
            if (*fit) take(found.name, std::move(candidate.stored));
        }
        return Done{};
    };
    for (int round = 0; round < kRoundsMax && !fresh.empty() && !too_many; ++round) {
        for (const Bytes& stored : fresh) {
            const auto identity = identity_of(stored);
            const auto document = formats::json::parse(stored, stored.size());
            if (!identity || !document) return fail(store_problem(StoreError::kDisk));
            for (const fhir::Include& include : query.includes) {
                if (round > 0 && !include.iterate) continue;
                if (!include.reverse && include.type != identity->type) continue;
                const auto done = include.reverse
                                      ? backward(include, std::string(identity->type) + '/' +
                                                              std::string(identity->id))
                                      : forward(include, document->root());
                if (!done) return fail(done.error());
            }
        }
        fresh = std::move(next);
        next.clear();
    }
    if (too_many)
        return fail(problem_of(422, "too-costly", "The page includes too many resources"));
    return out;
}

}  // namespace consilium::services::ehr
