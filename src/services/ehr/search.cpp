// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/search.hpp"

#include <algorithm>
#include <charconv>

#include "base/hex.hpp"
#include "http/message.hpp"
#include "services/ehr/bundle_text.hpp"
#include "services/ehr/fhir.hpp"
#include "services/ehr/index_keys.hpp"
#include "services/ehr/names.hpp"
#include "services/ehr/parameters.hpp"

namespace consilium::services::ehr {
namespace {

using vault::DocumentName;

constexpr std::size_t kPageDefault = 100;
constexpr std::size_t kPageMax = 1000;
constexpr std::size_t kScanStep = 4096;

// A search, read: each criterion is a list of index keys, any of which will do.
struct Plan {
    std::vector<std::vector<Bytes>> criteria;
    std::vector<std::string> ids;  // of _id; with `by_id`
    bool by_id = false;
    std::size_t count = kPageDefault;
    bool total_only = false;
    std::optional<DocumentName> after;
};

constexpr std::string_view kTokenParameters[] = {
    "category", "class", "clinical-status", "code", "identifier", "status", "type", "vaccine-code"};

bool is_token_parameter(std::string_view name) {
    return std::find(std::begin(kTokenParameters), std::end(kTokenParameters), name) !=
           std::end(kTokenParameters);
}

std::vector<std::string_view> split(std::string_view text, char by) {
    std::vector<std::string_view> out;
    while (true) {
        const auto end = text.find(by);
        out.push_back(text.substr(0, end));
        if (end == std::string_view::npos) return out;
        text = text.substr(end + 1);
    }
}

Problem unknown_parameter() {
    return problem_of(400, "not-supported", "A search parameter is not one of this type's here");
}

// "Patient/1", "1" or an address below the base.
std::optional<std::string_view> patient_id(std::string_view text, std::string_view base) {
    if (const auto reference = parse_reference(text, base)) {
        if (reference->type == "Patient") return reference->id;
        return std::nullopt;
    }
    if (is_fhir_id(text)) return text;
    return std::nullopt;
}

// Keys of one criterion's alternatives ("a,b"), in a compartment or (empty) anywhere.
std::vector<Bytes> token_keys(std::string_view type, const std::string& patient,
                              const std::string& name, const std::string& value) {
    const bool scoped = !patient.empty() && (name == "code" || name == "category");
    std::vector<Bytes> keys;
    for (const std::string_view one : split(value, ','))
        keys.push_back(term_key(type, scoped ? patient : std::string(), name, one));
    return keys;
}

Status<Problem> read_control(const std::string& name, const std::string& value, Plan& plan) {
    if (name == "_format" || name == "_pretty") return Done{};
    if (name == "_count") {
        std::size_t count = 0;
        const auto parsed = std::from_chars(value.data(), value.data() + value.size(), count);
        if (parsed.ec != std::errc{} || parsed.ptr != value.data() + value.size())
            return fail(problem_of(400, "value", "_count is not a number"));
        plan.count = std::min(count, kPageMax);
        plan.total_only = count == 0;
        return Done{};
    }
    if (name == "_summary" && value == "count") {
        plan.total_only = true;
        return Done{};
    }
    if (name == "_after") {
        DocumentName after;
        const auto record = fixed_from_hex<ledger::RecordId>(value.substr(0, 32));
        const auto version =
            value.size() > 33 ? parse_version(std::string_view(value).substr(33)) : std::nullopt;
        if (!record || !version)
            return fail(problem_of(400, "value", "The link is not one that this server gave"));
        plan.after = DocumentName{*record, *version};
        return Done{};
    }
    return fail(unknown_parameter());
}

// All names under a key, ascending.
Result<std::vector<DocumentName>, Problem> names_of(const vault::Vault& vault, const Bytes& key) {
    std::vector<DocumentName> out;
    std::optional<vault::Vault::Entry> after;
    while (true) {
        const auto found = vault.find(key, after, kScanStep);
        if (!found) return fail(store_problem(to_store_error(found.error())));
        for (const auto& entry : *found)
            out.push_back(entry.name);
        if (found->size() < kScanStep) break;
        after = found->back();
    }
    // Keys that only begin with this one come in another order.
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}

// What fits all criteria, ascending by name.
Result<std::vector<DocumentName>, Problem> run(const vault::Vault& vault, const Plan& plan) {
    std::optional<std::vector<DocumentName>> out;
    for (const auto& alternatives : plan.criteria) {
        std::vector<DocumentName> any;
        for (const Bytes& key : alternatives) {
            auto names = names_of(vault, key);
            if (!names) return fail(names.error());
            std::vector<DocumentName> both;
            std::set_union(any.begin(), any.end(), names->begin(), names->end(),
                           std::back_inserter(both));
            any = std::move(both);
        }
        if (!out) {
            out = std::move(any);
            continue;
        }
        std::vector<DocumentName> both;
        std::set_intersection(out->begin(), out->end(), any.begin(), any.end(),
                              std::back_inserter(both));
        out = std::move(both);
    }
    return out ? std::move(*out) : std::vector<DocumentName>();
}

Result<Plan, Problem> make_plan(const std::string& type, const Parameters& parameters,
                                const std::optional<std::string>& compartment,
                                const std::string& base) {
    Plan plan;
    std::string patient;
    for (const auto& [name, value] : parameters) {
        if (name != "patient" && name != "subject" && name != "patient:Patient" &&
            name != "subject:Patient" && name != "beneficiary") {
            continue;
        }
        const auto id = patient_id(value, base);
        plan.criteria.push_back(
            {term_key(type, {}, "patient", id.value_or(std::string_view("/none")))});
        if (id) patient = *id;
    }
    if (compartment) plan.criteria.push_back({compartment_key(*compartment, type)});
    for (const auto& [name, value] : parameters) {
        if (name == "patient" || name == "subject" || name == "beneficiary" ||
            name == "patient:Patient" || name == "subject:Patient") {
            continue;
        }
        if (value.empty()) return fail(problem_of(400, "value", "A search parameter has no value"));
        if (name == "_id") {
            plan.by_id = true;
            for (const std::string_view id : split(value, ','))
                plan.ids.emplace_back(id);
        } else if (is_token_parameter(name)) {
            plan.criteria.push_back(token_keys(type, patient, name, value));
        } else if (auto read = read_control(name, value, plan); !read) {
            return fail(read.error());
        }
    }
    return plan;
}

}  // namespace

Result<std::vector<DocumentName>, Problem> Searcher::names(
    const std::string& type, const Parameters& parameters,
    const std::optional<std::string>& patient, const std::string& base, bool all) {
    auto plan = make_plan(type, parameters, patient, base);
    if (!plan) return fail(plan.error());
    std::vector<DocumentName> out;
    if (plan->by_id) {
        for (const std::string& id : plan->ids) {
            const auto row =
                is_fhir_id(id)
                    ? store_.find(type, id)
                    : Result<std::optional<ResourceRow>, StoreError>(std::optional<ResourceRow>());
            if (!row) return fail(store_problem(row.error()));
            if (*row && !(*row)->deleted) out.push_back({(*row)->record, (*row)->version});
        }
        std::sort(out.begin(), out.end());
        if (plan->criteria.empty()) return out;
    } else if (plan->criteria.empty()) {
        if (!all) return fail(problem_of(412, "invalid", "The condition names no criterion"));
        plan->criteria.push_back({type_key(type)});
    }
    auto found = run(store_.vault(), *plan);
    if (!found || !plan->by_id) return found;
    std::vector<DocumentName> both;
    std::set_intersection(out.begin(), out.end(), found->begin(), found->end(),
                          std::back_inserter(both));
    return both;
}

Result<std::vector<std::string>, Problem> Searcher::match(std::string_view type,
                                                          std::string_view query,
                                                          std::size_t limit) {
    const auto parameters = http::parse_form(query);
    if (!parameters) return fail(problem_of(400, "invalid", "The query cannot be read"));
    const auto found = names(std::string(type), *parameters, {}, {}, false);
    if (!found) return fail(found.error());
    std::vector<std::string> ids;
    for (const DocumentName& name : *found) {
        if (ids.size() == limit) break;
        const auto stored = store_.read(name.record, name.version);
        if (!stored) return fail(store_problem(stored.error()));
        const auto identity = identity_of(*stored);
        if (identity) ids.emplace_back(identity->id);
    }
    return ids;
}

Reply Searcher::search(const Call& call, const std::string& type,
                       const std::optional<std::string>& patient, const std::string& base) {
    if (auto allowed = allow(call, type, 's'); !allowed) return fail(allowed.error());
    const auto plan = make_plan(type, call.parameters, patient, base);
    if (!plan) return fail(plan.error());
    const auto found = names(type, call.parameters, patient, base, true);
    if (!found) return fail(found.error());
    auto next = found->begin();
    if (plan->after) next = std::upper_bound(found->begin(), found->end(), *plan->after);
    const std::size_t left = static_cast<std::size_t>(found->end() - next);
    const auto end =
        next + static_cast<std::ptrdiff_t>(plan->total_only ? 0 : std::min(left, plan->count));
    BundleText out("searchset");
    out.total(found->size());
    Parameters parameters = call.parameters;
    const std::string url = base + '/' + (patient ? "Patient/" + *patient + '/' : "") + type;
    const auto link = [&] {
        return parameters.empty() ? url : url + '?' + format_parameters(parameters);
    };
    out.link("self", link());
    if (end != found->end() && !plan->total_only) {
        parameters.erase(std::remove_if(parameters.begin(), parameters.end(),
                                        [](const auto& one) { return one.first == "_after"; }),
                         parameters.end());
        const DocumentName& last = *(end - 1);
        parameters.emplace_back("_after",
                                to_hex(last.record.view()) + '-' + std::to_string(last.version));
        out.link("next", link());
    }
    for (; next != end; ++next) {
        const auto stored = store_.read(next->record, next->version);
        // Erased since it was found.
        if (!stored && stored.error() == StoreError::kErased) continue;
        if (!stored) return fail(store_problem(stored.error()));
        const auto identity = identity_of(*stored);
        if (!identity) return fail(store_problem(StoreError::kDisk));
        out.found(base + '/' + std::string(identity->type) + '/' + std::string(identity->id),
                  *stored, "match");
    }
    Answer answer;
    answer.body = std::move(out).finish();
    return answer;
}

}  // namespace consilium::services::ehr
