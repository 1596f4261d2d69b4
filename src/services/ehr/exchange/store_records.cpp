// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/exchange/store_records.hpp"

#include <algorithm>

#include "formats/fhir/primitive.hpp"
#include "formats/json/parse.hpp"
#include "http/message.hpp"
#include "services/ehr/bundle_text.hpp"
#include "services/ehr/compartment.hpp"
#include "services/ehr/exchange/emergency.hpp"
#include "services/ehr/exchange/match_patient.hpp"
#include "services/ehr/index_keys.hpp"
#include "services/ehr/names.hpp"
#include "services/ehr/parameters.hpp"

namespace consilium::services::ehr::exchange {
namespace {

constexpr std::size_t kScanStep = 4096;

Result<std::vector<vault::DocumentName>, RecordsError> all_below(const vault::Vault& vault,
                                                                 const Bytes& prefix) {
    std::vector<vault::DocumentName> out;
    std::optional<vault::Vault::Entry> after;
    for (;;) {
        const auto found = vault.find(prefix, after, kScanStep);
        if (!found) return fail(RecordsError::kDisk);
        for (const auto& entry : *found)
            out.push_back(entry.name);
        if (found->size() < kScanStep) return out;
        after = found->back();
    }
}

// Chains, _has, includes and the like look at other resources than those that are judged: what
// they find or do not find would tell of what stays at home.
bool looks_elsewhere(const std::string& name) {
    const auto plain = std::string_view(name).substr(0, name.find(':'));
    if (name.find('.') != std::string::npos) return true;
    return plain.starts_with('_') && plain != "_id" && plain != "_lastUpdated";
}

}  // namespace

Result<std::optional<ChartOpening>, RecordsError> StoreRecords::chart(
    std::string_view patient) const {
    if (!formats::fhir::is_logical_id(patient)) return std::optional<ChartOpening>();
    const auto row = store_.find("Patient", patient);
    if (!row) return fail(RecordsError::kDisk);
    if (!*row || (*row)->deleted) return std::optional<ChartOpening>();
    const auto chart = store_.chart_of(patient);
    if (!chart) return fail(RecordsError::kDisk);
    if (!*chart) return std::optional<ChartOpening>();
    ChartOpening out{(*chart)->chart, {}};
    for (const auto& slot : (*chart)->slots) {
        out.slots.push_back(
            {Bytes(reinterpret_cast<const char*>(slot.salt.data()), slot.salt.size()), slot.link});
    }
    return std::optional<ChartOpening>(std::move(out));
}

Result<std::vector<vault::DocumentName>, RecordsError> StoreRecords::names(
    std::string_view patient, const v1::ExchangeAsk& ask) const {
    if (!formats::fhir::is_logical_id(patient)) return fail(RecordsError::kBadQuery);
    if (ask.resource_type().empty()) {
        if (!ask.query().empty() || !ask.resource_id().empty())
            return fail(RecordsError::kBadQuery);
        return all_below(store_.vault(), compartment_prefix(patient));
    }
    if (!is_resource_type(ask.resource_type())) return fail(RecordsError::kBadQuery);
    if (!ask.resource_id().empty()) {
        if (!ask.query().empty()) return fail(RecordsError::kBadQuery);
        std::vector<vault::DocumentName> out;
        if (!formats::fhir::is_logical_id(ask.resource_id())) return out;
        const auto row = store_.find(ask.resource_type(), ask.resource_id());
        if (!row) return fail(RecordsError::kDisk);
        if (*row && !(*row)->deleted) out.push_back({(*row)->record, (*row)->version});
        return out;
    }
    if (ask.query().empty())
        return all_below(store_.vault(), compartment_key(patient, ask.resource_type()));
    const auto parameters = http::parse_form(ask.query());
    if (!parameters || std::any_of(parameters->begin(), parameters->end(),
                                   [](const auto& one) { return looks_elsewhere(one.first); }))
        return fail(RecordsError::kBadQuery);
    auto found = searcher_.names(ask.resource_type(), *parameters, std::string(patient), true);
    if (!found)
        return fail(found.error().status >= 500 ? RecordsError::kDisk : RecordsError::kBadQuery);
    return std::move(found).value();
}

Result<std::vector<CurrentVersion>, RecordsError> StoreRecords::current(
    std::string_view patient, const v1::ExchangeAsk& ask) const {
    auto found = names(patient, ask);
    if (!found) return fail(found.error());
    // A resource is in a compartment under its type and under its terms.
    std::sort(found->begin(), found->end());
    found->erase(std::unique(found->begin(), found->end()), found->end());
    std::vector<CurrentVersion> out;
    for (const vault::DocumentName& name : *found) {
        auto stored = store_.read(name.record, name.version);
        if (!stored &&
            (stored.error() == StoreError::kErased || stored.error() == StoreError::kNone))
            continue;
        if (!stored) return fail(RecordsError::kDisk);
        const auto parsed =
            formats::json::parse(std::move(stored).value(), vault::kDocumentBytesMax);
        if (!parsed) return fail(RecordsError::kDisk);
        const auto* type = parsed->root().find("resourceType");
        const auto* id = parsed->root().find("id");
        if (type == nullptr || id == nullptr || !type->is_string() || !id->is_string())
            return fail(RecordsError::kDisk);
        CurrentVersion version;
        version.document = name;
        version.type = type->string();
        version.id = id->string();
        for (const std::string_view of : patients_of(parsed->root(), version.type, version.id))
            version.patients.emplace_back(of);
        // By id alone it may be anybody's.
        const bool theirs = std::find(version.patients.begin(), version.patients.end(), patient) !=
                            version.patients.end();
        if (ask.resource_id().empty() || theirs) out.push_back(std::move(version));
    }
    return out;
}

// The index narrows it down, the resource decides.
Result<std::vector<std::string>, RecordsError> StoreRecords::find(
    const v1::NamedPatient& named) const {
    std::vector<std::string> out;
    if (!is_named(named)) return out;
    constexpr std::size_t kCandidatesMax = 512;
    constexpr std::size_t kAtMost = 2;
    const auto candidates =
        searcher_.match("Patient", candidates_query(named), kCandidatesMax, nullptr);
    if (!candidates)
        return fail(candidates.error().status >= 500 ? RecordsError::kDisk
                                                     : RecordsError::kBadQuery);
    if (candidates->size() == kCandidatesMax) return fail(RecordsError::kBadQuery);
    for (const std::string& id : *candidates) {
        const auto row = store_.find("Patient", id);
        if (!row) return fail(RecordsError::kDisk);
        if (!*row || (*row)->deleted) continue;
        auto stored = store_.read((*row)->record, (*row)->version);
        if (!stored && stored.error() == StoreError::kErased) continue;
        if (!stored) return fail(RecordsError::kDisk);
        const auto parsed =
            formats::json::parse(std::move(stored).value(), vault::kDocumentBytesMax);
        if (!parsed) return fail(RecordsError::kDisk);
        if (is_meant(parsed->root(), named)) out.push_back(id);
        if (out.size() == kAtMost) break;
    }
    return out;
}

}  // namespace consilium::services::ehr::exchange
