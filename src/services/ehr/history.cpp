// SPDX-License-Identifier: Apache-2.0
#include "formats/fhir/primitive.hpp"
#include "services/ehr/access_notes.hpp"
#include "services/ehr/bundle_text.hpp"
#include "services/ehr/fhir.hpp"
#include "services/ehr/names.hpp"
#include "services/ehr/resource_text.hpp"

// History of one resource: FHIR R4 http, section 3.1.0.10. Newest first.
namespace consilium::services::ehr {
namespace {

constexpr std::uint32_t kVersionsPerPage = 50;
constexpr std::uint32_t kVersionsPerPageMax = 1000;

struct Page {
    std::uint32_t count = kVersionsPerPage;
    std::uint32_t below = 0;  // versions below this one; 0: from the newest
};

std::optional<Page> page_of(const Parameters& parameters) {
    Page page;
    for (const auto& [name, value] : parameters) {
        if (name == "_format" || name == "_pretty") continue;
        const auto number = parse_version(value);
        if (!number || (name != "_count" && name != "_below")) return std::nullopt;
        if (name == "_count") page.count = std::min(*number, kVersionsPerPageMax);
        if (name == "_below") page.below = *number;
    }
    return page;
}

}  // namespace

Result<bool, Problem> Fhir::is_own_now(const ResourceRow& row, const std::string& patient) const {
    const auto now = store_.read(row.record, row.version);
    if (!now && now.error() == StoreError::kErased) return false;
    if (!now) return fail(store_problem(now.error()));
    return !is_deletion(*now) && is_own(*now, patient);
}

Reply Fhir::history(const Call& call) {
    const std::string& type = call.path[0];
    const std::string& id = call.path[1];
    const auto reach = may_read(call, type, 'r');
    if (!reach) return fail(reach.error());
    const auto own = confined_to(&call, *reach);
    const auto page = page_of(call.parameters);
    if (!page) {
        return fail(
            problem_of(400, "not-supported", "A history takes _count and the links that it gave"));
    }
    if (!formats::fhir::is_logical_id(id)) return fail(store_problem(StoreError::kNone));
    const auto row = store_.find(type, id);
    if (!row) return fail(store_problem(row.error()));
    if (!*row) return fail(store_problem(StoreError::kNone));
    // To a patient the versions are shown of what is their own now, and was then.
    if (own) {
        const auto now = is_own_now(**row, *own);
        if (!now) return fail(now.error());
        if (!*now) return fail(store_problem(StoreError::kNone));
    }
    const std::string name = type + '/' + id;
    const std::string url = options_.base() + '/' + name;
    const std::uint32_t newest = (*row)->version;
    const std::uint32_t top = page->below == 0 ? newest : std::min(newest, page->below - 1);
    const std::uint32_t bottom = top > page->count ? top - page->count + 1 : 1;
    BundleText out("history");
    if (!own) out.total(newest);  // what is left out is not counted either
    out.link("self", url + "/_history");
    if (bottom > 1) {
        out.link("next", url + "/_history?_count=" + std::to_string(page->count) +
                             "&_below=" + std::to_string(bottom));
    }
    for (std::uint32_t version = top; version >= bottom; --version) {
        const auto stored = store_.read((*row)->record, version);
        if (!stored && stored.error() != StoreError::kErased)
            return fail(store_problem(stored.error()));
        if (!stored) {
            // Destroyed by an erasure: that it existed is all that is left.
            out.version(url, {}, "DELETE", name, 410, version, (*row)->updated);
            continue;
        }
        const bool deletion = is_deletion(*stored);
        if (own && !deletion && !is_own(*stored, *own)) continue;
        if (call.notes != nullptr && !deletion) call.notes->shown(*stored);
        out.version(url, deletion ? BytesView() : BytesView(*stored), deletion ? "DELETE" : "PUT",
                    name, deletion ? 204 : (version == 1 ? 201 : 200), version,
                    updated_of(*stored).value_or((*row)->updated));
    }
    Answer answer;
    answer.body = std::move(out).finish();
    return answer;
}

}  // namespace consilium::services::ehr
