// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "formats/fhir/search_reference.hpp"
#include "formats/fhir/validate_scope.hpp"

namespace consilium::formats::fhir {

namespace {

constexpr std::string_view kWrongTarget = "reference to a type that is not allowed here";

bool allows(std::span<const std::string_view> targets, std::string_view type) {
    return targets.empty() || std::binary_search(targets.begin(), targets.end(), type);
}

// The type behind a reference, when it can be told without leaving the resource or its Bundle.
struct Target {
    const Type* type = nullptr;
    bool known = false;
};

Target inside_container(std::string_view id, ResourceScope& scope, Issues& issues) {
    note_local(scope, id);
    if (id.empty()) {
        // The container itself, which only what it contains may mean.
        if (scope.container == nullptr) {
            issues.add_at("reference", "not-found", "reference to no contained resource");
            return {};
        }
        return {scope.container->type, true};
    }
    const ResourceScope& outer = scope.container != nullptr ? *scope.container : scope;
    const auto at = std::lower_bound(
        outer.contained.begin(), outer.contained.end(), id,
        [](const auto& contained, std::string_view wanted) { return contained.id < wanted; });
    if (at != outer.contained.end() && at->id == id) return {at->type, at->type != nullptr};
    issues.add_at("reference", "not-found", "reference to no contained resource");
    return {};
}

Target inside_bundle(std::string_view url, const ResourceScope& scope, Issues& issues) {
    const bool is_urn = url.starts_with("urn:uuid:") || url.starts_with("urn:oid:");
    if (scope.bundle == nullptr) return {};
    const auto* entry = scope.bundle->find(url);
    if (entry != nullptr) return {entry->second, entry->second != nullptr};
    if (is_urn && scope.bundle->resolves)
        issues.add_at("reference", "not-found", "reference to no entry of the Bundle");
    return {};
}

// Type?query, which the server resolves when it takes a transaction.
Target conditional(std::string_view text, const ResourceScope& scope, Issues& issues) {
    if (scope.bundle == nullptr || !scope.bundle->takes_conditional) {
        issues.add_at("reference", "value", "conditional reference outside of a transaction");
        return {};
    }
    const Type* type = definitions().find_resource(text.substr(0, text.find('?')));
    if (type == nullptr) issues.add_at("reference", "value", "reference to an unknown type");
    return {type, type != nullptr};
}

Target target_of(std::string_view text, ResourceScope& scope, Issues& issues) {
    if (text.starts_with('#')) return inside_container(text.substr(1), scope, issues);
    const ReferenceParts parts = parse_reference_text(text);
    if (parts.is_literal()) {
        const Type* type = definitions().find_resource(parts.type);
        // A URL elsewhere may end in what only looks like a type.
        if (type == nullptr && parts.base.empty())
            issues.add_at("reference", "value", "reference to an unknown type");
        if (type != nullptr) return {type, true};
    }
    const std::size_t question = text.find('?');
    const std::size_t colon = text.find(':');
    if (question != std::string_view::npos && question < colon)
        return conditional(text, scope, issues);
    if (colon == std::string_view::npos && !parts.is_literal()) {
        issues.add_at("reference", "value", "relative reference that is not Type/id");
        return {};
    }
    return inside_bundle(text, scope, issues);
}

}  // namespace

void note_local(ResourceScope& scope, std::string_view id) {
    if (id.empty()) {
        scope.means_container = true;
        return;
    }
    ResourceScope& outer = scope.container != nullptr ? *scope.container : scope;
    outer.local.push_back(id);
}

void check_reference(const json::Value& reference, std::span<const std::string_view> targets,
                     ResourceScope& scope, Issues& issues) {
    const std::string_view text = text_of(reference, "reference");
    const std::string_view named = text_of(reference, "type");
    const Target target = text.empty() ? Target() : target_of(text, scope, issues);
    if (target.known && !allows(targets, target.type->name))
        issues.add_at("reference", "value", kWrongTarget);
    if (named.empty()) return;
    constexpr std::string_view kPrefix = "http://hl7.org/fhir/StructureDefinition/";
    const std::string_view short_name =
        named.starts_with(kPrefix) ? named.substr(kPrefix.size()) : named;
    // Another absolute URL may name a type of somebody's logical model.
    const Type* type = definitions().find_resource(short_name);
    if (type == nullptr) {
        if (named.find(':') == std::string_view::npos)
            issues.add_at("type", "value", "unknown resource type");
        return;
    }
    if (target.known && target.type != type)
        issues.add_at("type", "value", "not the type of what the reference names");
    if (!allows(targets, type->name)) issues.add_at("type", "value", kWrongTarget);
}

}  // namespace consilium::formats::fhir
