// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "formats/fhir/search_index.hpp"
#include "formats/fhir/search_query.hpp"
#include "formats/json/value.hpp"
#include "services/ehr/bundle_text.hpp"
#include "services/ehr/call.hpp"
#include "services/ehr/cursor.hpp"
#include "services/ehr/store.hpp"

// Search over the vault's index (https://hl7.org/fhir/R4/search.html). Thread-safe.
namespace consilium::services::ehr {

inline constexpr std::size_t kPageDefault = 100;
inline constexpr std::size_t kPageMax = 1000;
// Resources that one page may bring along by _include and _revinclude, and that the inner search of
// a chain or _has may find: above it the search is refused, never cut.
inline constexpr std::size_t kIncludedMax = 5000;
inline constexpr std::size_t kChainedMax = 10'000;

class Searcher {
 public:
    // `base` is the address below which references are this server's own.
    Searcher(Store& store, std::function<std::string()> base)
        : store_(store), base_(std::move(base)), cursors_(store) {}

    // The ids of at most `limit` resources that fit a query such as "identifier=system|value".
    // A query without any criterion is a Problem: a condition must condition. `asker` is the call
    // that asks, of which chains and _has must be granted, too; null: the member itself.
    [[nodiscard]] Result<std::vector<std::string>, Problem> match(std::string_view type,
                                                                  std::string_view query,
                                                                  std::size_t limit,
                                                                  const Call* asker);
    // All that fits, ascending by name, for the member itself; with `all`, also when nothing
    // restricts it.
    [[nodiscard]] Result<std::vector<vault::DocumentName>, Problem> names(
        const std::string& type, const Parameters& parameters,
        const std::optional<std::string>& patient, bool all);
    // A searchset Bundle; `patient` restricts it to that compartment.
    [[nodiscard]] Reply search(const Call& call, const std::string& type,
                               const std::optional<std::string>& patient);

 private:
    using Query = formats::fhir::Query;
    // What the index found, ascending by name. `exact`: by a key that answers its criteria.
    struct Found {
        vault::DocumentName name;
        bool exact = false;
    };
    using Names = std::vector<Found>;
    // Criteria (positions in the query) that reading the resource must answer.
    struct Rest {
        std::vector<std::size_t> always;
        std::vector<std::size_t> unless_exact;
        std::optional<std::string> own;  // it must be shown to this patient: is_own()
    };
    // The compartments in which a search stays, and whose own record it must be.
    struct Within {
        std::optional<std::string> patient;
        std::optional<std::string> own;
    };
    // A resource that fits, or may: `stored` is read when it is needed.
    struct Candidate {
        vault::DocumentName name;
        Bytes sort_key;
        Bytes stored;
    };
    struct Page {
        std::vector<Candidate> hits;
        bool more = false;
        std::optional<std::uint64_t> total;
    };

    [[nodiscard]] Result<Query, Problem> read_query(const std::string& type,
                                                    const Parameters& parameters, bool lenient,
                                                    const Call* asker);
    [[nodiscard]] Result<Parameters, Problem> first_query(const Call& call,
                                                          const std::string& where,
                                                          std::optional<Position>& from);
    // Chains and _has become criteria over references and ids. What the asker may not search is not
    // searched for them: 403, unless a chain has other types as well.
    [[nodiscard]] Status<Problem> resolve(Query& query, const Call* asker);
    [[nodiscard]] Result<formats::fhir::Criterion, Problem> resolve_one(
        const formats::fhir::Criterion& criterion, const Call* asker);
    // All that fits, as stored.
    [[nodiscard]] Status<Problem> each(const Query& query, const Within& within,
                                       const std::function<bool(Candidate&)>& call_back);
    // What may fit, ascending by name, each once; `rest` is what must still be asked.
    [[nodiscard]] Result<Names, Problem> candidates(const Query& query, const Within& within,
                                                    Rest& rest);
    [[nodiscard]] Result<std::optional<Names>, Problem> by_id(const Query& query);
    // Appends what has that key itself, or a key that the range admits.
    [[nodiscard]] Status<Problem> scan(const Bytes& key, Names& to);
    [[nodiscard]] Status<Problem> scan(const formats::fhir::KeyRange& range, Names& to);
    [[nodiscard]] Result<bool, Problem> fits(Candidate& candidate, bool exact, const Query& query,
                                             const Rest& rest);
    [[nodiscard]] Result<Page, Problem> page(const Query& query, const Within& within,
                                             const std::optional<Position>& from);
    [[nodiscard]] Result<Page, Problem> listed(const Query& query, Names names, const Rest& rest,
                                               const std::optional<Position>& from);
    [[nodiscard]] Result<Page, Problem> sorted(const Query& query, const Names& names,
                                               const Rest& rest,
                                               const std::optional<Position>& from);
    // search_includes.cpp
    [[nodiscard]] Result<Names, Problem> targets_of(const Call& call,
                                                    const formats::fhir::Include& include,
                                                    const formats::json::Value& resource);
    [[nodiscard]] Result<Names, Problem> referrers_of(const Call& call,
                                                      const formats::fhir::Include& include,
                                                      const std::string& target);
    [[nodiscard]] Result<std::vector<Bytes>, Problem> included(const Call& call, const Query& query,
                                                               const Page& page);

    Store& store_;
    std::function<std::string()> base_;
    Cursors cursors_;
};

}  // namespace consilium::services::ehr
