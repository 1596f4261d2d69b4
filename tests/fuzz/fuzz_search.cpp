// SPDX-License-Identifier: Apache-2.0
// Search: any query is read or refused without a fault, and the index finds what reading the
// resource finds. Lines name=value make the query, a line of JSON the resource (one of ours
// without).
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/assert.hpp"
#include "formats/fhir/search_index.hpp"
#include "formats/fhir/search_match.hpp"
#include "formats/json/parse.hpp"

namespace {

using namespace consilium::formats;

constexpr std::string_view kResource =
    R"({"resourceType":"Observation","id":"o","status":"final","meta":{"lastUpdated":)"
    R"("2024-01-01T00:00:00Z"},"identifier":[{"system":"s","value":"1"}],"category":[{"coding":)"
    R"([{"system":"s","code":"lab"}]}],"code":{"coding":[{"system":"s","code":"c"}]},"subject":)"
    R"({"reference":"Patient/p"},"performer":[{"identifier":{"value":"n"}}],"effectivePeriod":)"
    R"({"start":"2020-01","end":"2020-02-03"},"valueQuantity":{"value":5.40,"code":"mg"}})";

bool found_by(const fhir::Plan& plan, const fhir::Query& query, const json::Value& resource) {
    bool hit = plan.all;
    bool exact = false;
    for (const consilium::Bytes& key : fhir::index_keys(resource)) {
        CONSILIUM_ASSERT(key.size() <= fhir::kMaxIndexKeyBytes);
        for (const fhir::KeyRange& range : plan.ranges) {
            if (!fhir::admits(range, key)) continue;
            hit = true;
            exact = exact || range.exact;
        }
    }
    const auto fits = [&](std::size_t i) { return fhir::matches(resource, query.criteria[i]); };
    return hit && std::all_of(plan.residual.begin(), plan.residual.end(), fits) &&
           (exact || std::all_of(plan.driving.begin(), plan.driving.end(), fits));
}

}  // namespace

// libFuzzer's entry point has its own naming.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view input(reinterpret_cast<const char*>(data), size);
    fhir::QueryParameters parameters;
    std::string resource(kResource);
    while (!input.empty()) {
        const std::string_view line = input.substr(0, input.find('\n'));
        input.remove_prefix(std::min(line.size() + 1, input.size()));
        const std::size_t equals = line.find('=');
        if (line.starts_with('{'))
            resource = line;
        else if (equals != std::string_view::npos)
            parameters.emplace_back(line.substr(0, equals), line.substr(equals + 1));
    }
    auto document = json::parse(resource, json::kBytesMax);
    if (!document.ok()) document = json::parse(std::string(kResource), json::kBytesMax);
    const json::Value& root = document.value().root();
    const json::Value* type = root.find("resourceType");
    const bool known = type != nullptr && type->is_string();
    const auto query = fhir::parse_query(known ? type->string() : "Observation", parameters);
    if (!query.ok()) {
        CONSILIUM_ASSERT(!query.error().empty());
        return 0;
    }
    for (const fhir::SortKey& key : query.value().sort)
        (void)fhir::sort_key(root, key);
    (void)fhir::references_of(root, nullptr);
    const auto subset = fhir::subset_of(root, query.value().summary, query.value().elements);
    CONSILIUM_ASSERT(json::parse(subset, json::kBytesMax).ok());
    const auto open = [](const fhir::Criterion& one) { return one.is_chain() || one.is_has(); };
    const auto& criteria = query.value().criteria;
    if (std::any_of(criteria.begin(), criteria.end(), open)) return 0;
    CONSILIUM_ASSERT(found_by(fhir::plan_of(query.value()), query.value(), root) ==
                     fhir::matches(root, query.value()));
    return 0;
}
