// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <tuple>

#include "formats/fhir/search_reference.hpp"
#include "formats/fhir/validate_scope.hpp"

namespace consilium::formats::fhir {

namespace {

std::span<const json::Value> entries_of(const json::Value& bundle) {
    const json::Value* entries = bundle.find("entry");
    return entries != nullptr && entries->is_array() ? entries->array()
                                                     : std::span<const json::Value>();
}

const json::Value* object_of(const json::Value& value, std::string_view name) {
    const json::Value* found = value.find(name);
    return found != nullptr && found->is_object() ? found : nullptr;
}

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> list) {
    return std::find(list.begin(), list.end(), text) != list.end();
}

// Rules for the Bundle itself.
void check_kind(const json::Value& bundle, std::string_view kind, Issues& issues) {
    const auto entries = entries_of(bundle);
    if (bundle.find("total") != nullptr && !is_one_of(kind, {"searchset", "history"}))
        issues.add("invariant", "bdl-1");
    const Type* first = nullptr;
    if (!entries.empty() && entries[0].is_object()) {
        const json::Value* resource = object_of(entries[0], "resource");
        if (resource != nullptr) first = resource_type(*resource);
    }
    if (kind == "document") {
        const json::Value* identifier = object_of(bundle, "identifier");
        if (identifier == nullptr || text_of(*identifier, "system").empty() ||
            text_of(*identifier, "value").empty())
            issues.add("invariant", "bdl-9");
        if (bundle.find("timestamp") == nullptr) issues.add("invariant", "bdl-10");
        if (first == nullptr || first->name != "Composition") issues.add("invariant", "bdl-11");
    }
    if (kind == "message" && (first == nullptr || first->name != "MessageHeader"))
        issues.add("invariant", "bdl-12");
}

// Rules for one entry; the path stands at it.
void check_entry(const json::Value& entry, std::string_view kind, Issues& issues) {
    const bool has_request = entry.find("request") != nullptr;
    const bool has_response = entry.find("response") != nullptr;
    const json::Value* resource = object_of(entry, "resource");
    if (has_request != is_one_of(kind, {"batch", "transaction", "history"}))
        issues.add("invariant", "bdl-3");
    if (has_response != is_one_of(kind, {"batch-response", "transaction-response", "history"}))
        issues.add("invariant", "bdl-4");
    if (entry.find("search") != nullptr && kind != "searchset") issues.add("invariant", "bdl-2");
    if (entry.find("resource") == nullptr && !has_request && !has_response)
        issues.add("invariant", "bdl-5");
    const std::string_view url = text_of(entry, "fullUrl");
    if (url.find("/_history/") != std::string_view::npos)
        issues.add_at("fullUrl", "invariant", "bdl-8");
    if (resource == nullptr || url.empty() || url.starts_with("urn:")) return;
    const ReferenceParts parts = parse_reference_text(url);
    const std::string_view id = text_of(*resource, "id");
    if (url.find("://") == std::string_view::npos) {
        issues.add_at("fullUrl", "value", "fullUrl must be an absolute URL or a urn");
    } else if (definitions().find_resource(parts.type) != nullptr &&
               (parts.type != text_of(*resource, "resourceType") ||
                (!id.empty() && parts.id != id))) {
        // Other URLs than those of a RESTful server may look like anything.
        issues.add_at("fullUrl", "value", "fullUrl names another type or id than the resource");
    }
}

// bdl-7, where the second of a pair is.
void check_distinct(std::span<const json::Value> entries, Path& path, Issues& issues) {
    using Key = std::tuple<std::string_view, std::string_view, std::int32_t>;
    std::vector<Key> keys;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        const std::string_view url = text_of(entries[i], "fullUrl");
        if (url.empty()) continue;
        const json::Value* resource = object_of(entries[i], "resource");
        const json::Value* meta = resource != nullptr ? object_of(*resource, "meta") : nullptr;
        keys.emplace_back(url, meta != nullptr ? text_of(*meta, "versionId") : std::string_view(),
                          static_cast<std::int32_t>(i));
    }
    std::sort(keys.begin(), keys.end());
    for (std::size_t i = 1; i < keys.size(); ++i) {
        const auto& [url, version, at] = keys[i];
        if (url != std::get<0>(keys[i - 1]) || version != std::get<1>(keys[i - 1])) continue;
        path.push("entry", at);
        issues.add("invariant", "bdl-7");
        path.pop();
    }
}

}  // namespace

BundleScope bundle_scope(const json::Value& bundle) {
    BundleScope out;
    const std::string_view kind = text_of(bundle, "type");
    out.resolves = !is_one_of(kind, {"searchset", "history", "batch-response"});
    out.takes_conditional = is_one_of(kind, {"transaction", "batch"});
    for (const json::Value& entry : entries_of(bundle)) {
        const std::string_view url = text_of(entry, "fullUrl");
        if (url.empty()) continue;
        const json::Value* resource = object_of(entry, "resource");
        out.entries.emplace_back(url, resource != nullptr ? resource_type(*resource) : nullptr);
    }
    std::sort(out.entries.begin(), out.entries.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    return out;
}

void check_bundle(const json::Value& bundle, Path& path, Issues& issues) {
    const std::string_view kind = text_of(bundle, "type");
    check_kind(bundle, kind, issues);
    const auto entries = entries_of(bundle);
    for (std::size_t i = 0; i < entries.size() && !issues.full(); ++i) {
        if (!entries[i].is_object()) continue;
        path.push("entry", static_cast<std::int32_t>(i));
        check_entry(entries[i], kind, issues);
        path.pop();
    }
    if (kind != "history") check_distinct(entries, path, issues);
}

}  // namespace consilium::formats::fhir
