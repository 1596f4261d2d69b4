// SPDX-License-Identifier: Apache-2.0
#include "formats/fhir/validate.hpp"

#include <algorithm>
#include <charconv>
#include <tuple>

#include "formats/fhir/fhirpath_invariants.hpp"
#include "formats/fhir/narrative.hpp"
#include "formats/fhir/primitive.hpp"
#include "formats/fhir/validate_walk.hpp"

namespace consilium::formats::fhir {

namespace {

// What an element may have beside its value, by definition of the type Element.
const Type& element_type() {
    static const Type& type = *definitions().find("Element");
    return type;
}

// No type of R4 has more elements; a test says so.
constexpr std::size_t kElementsMax = 128;

// Every name that some type of R4 defines: these may be shown, all others could be anything.
bool is_name_of_fhir(std::string_view name) {
    static const std::vector<std::string_view>& names = *new std::vector<std::string_view>([] {
        std::vector<std::string_view> out = {"resourceType"};
        for (const Type& type : definitions().types())
            for (const Property& property : type.properties)
                out.push_back(property.name);
        std::sort(out.begin(), out.end());
        out.erase(std::unique(out.begin(), out.end()), out.end());
        return out;
    }());
    return std::binary_search(names.begin(), names.end(), name);
}

bool may_have_companion(const Type* type) {
    return type != nullptr && type->kind == TypeKind::kPrimitive &&
           type->primitive != Primitive::kSystemString && type->primitive != Primitive::kSystemUri;
}

// ele-1: more than an id.
bool has_content(const json::Value& object) {
    return std::any_of(object.object().begin(), object.object().end(),
                       [](const json::Member& member) { return member.name != "id"; });
}

}  // namespace

std::vector<Issue> Walker::run(const json::Value& root) && {
    resource(root, nullptr, nullptr);
    return std::move(issues_).take();
}

void Walker::resource(const json::Value& value, ResourceScope* container,
                      const BundleScope* bundle) {
    const bool is_root = path_.empty();
    if (!value.is_object()) {
        issues_.add("structure", "a resource must be an object");
        return;
    }
    ResourceScope scope;
    scope.value = &value;
    scope.type = resource_type(value);
    scope.container = container;
    scope.bundle = bundle;
    if (scope.type == nullptr) {
        const bool there = value.find("resourceType") != nullptr;
        issues_.add_at("resourceType", there ? "value" : "required",
                       there ? "unknown resource type" : "required element missing");
        return;
    }
    if (is_root) path_.push(scope.type->name);
    contained_in(scope);
    BundleScope inside;
    if (scope.type->name == "Bundle") {
        inside = bundle_scope(value);
        scope.bundle = &inside;
        check_bundle(value, path_, issues_);
    }
    members(value, *scope.type, scope);
    if (container != nullptr) {
        check_contained(*container, scope);
    } else {
        contained(scope);
    }
    if (is_root) path_.pop();
}

// Notes ids and types of contained resources, so that references to them can be judged.
void Walker::contained_in(ResourceScope& scope) {
    const json::Value* list = scope.value->find("contained");
    if (list == nullptr || !list->is_array()) return;
    std::int32_t index = 0;
    for (const json::Value& item : list->array())
        scope.contained.push_back({text_of(item, "id"), index++, resource_type(item)});
    std::sort(scope.contained.begin(), scope.contained.end(), [](const auto& a, const auto& b) {
        return std::tie(a.id, a.index) < std::tie(b.id, b.index);
    });
}

// dom-2, dom-4, dom-5 at the contained resource; the path stands there.
void Walker::check_contained(ResourceScope& scope, const ResourceScope& inner) {
    const json::Value& value = *inner.value;
    if (value.find("contained") != nullptr) issues_.add("invariant", "dom-2");
    if (const json::Value* meta = value.find("meta"); meta != nullptr && meta->is_object()) {
        if (meta->find("versionId") != nullptr || meta->find("lastUpdated") != nullptr)
            issues_.add("invariant", "dom-4");
        if (meta->find("security") != nullptr) issues_.add("invariant", "dom-5");
    }
    // Who refers to the container is used by it.
    if (inner.means_container) scope.local.push_back(text_of(value, "id"));
}

// dom-3: what is contained is there to be referred to. The path stands at the container.
void Walker::contained(ResourceScope& scope) {
    std::sort(scope.local.begin(), scope.local.end());
    for (std::size_t i = 0; i < scope.contained.size(); ++i) {
        const auto& [id, index, type] = scope.contained[i];
        path_.push("contained", index);
        if (id.empty()) {
            issues_.add_at("id", "required", "contained resource without id");
        } else if (i > 0 && scope.contained[i - 1].id == id) {
            issues_.add("duplicate", "contained resources with the same id");
        } else if (!std::binary_search(scope.local.begin(), scope.local.end(), id)) {
            issues_.add("invariant", "dom-3");
        }
        path_.pop();
    }
}

void Walker::members(const json::Value& object, const Type& type, ResourceScope& scope) {
    std::uint64_t seen[kElementsMax / 64] = {};
    CONSILIUM_ASSERT(type.elements.size() <= kElementsMax);
    const auto list = object.object();
    const bool has_shadows = std::any_of(
        list.begin(), list.end(), [](const json::Member& m) { return m.name.starts_with('_'); });
    for (const json::Member& m : list) {
        if (issues_.full()) return;
        const bool is_shadow = m.name.starts_with('_');
        const std::string_view name = is_shadow ? m.name.substr(1) : m.name;
        const Property* property = type.find(name);
        if (property == nullptr) {
            if (m.name != "resourceType" || type.kind != TypeKind::kResource)
                unknown_member(m.name);
            continue;
        }
        const json::Value* value = is_shadow ? nullptr : &m.value;
        const json::Value* shadow = is_shadow ? &m.value : nullptr;
        if (is_shadow) {
            // Seen with the value, where there is one.
            if (object.find(name) != nullptr) continue;
        } else if (has_shadows) {
            std::string other = "_";
            other += name;
            shadow = object.find(other);
        }
        std::uint64_t& word = seen[property->element->index / 64];
        const std::uint64_t bit = std::uint64_t{1} << (property->element->index % 64);
        if ((word & bit) != 0) {
            path_.push(name);
            issues_.add("structure", "more than one type of a choice");
            path_.pop();
        }
        word |= bit;
        member(*property, value, shadow, scope);
    }
    missing(type, seen);
}

void Walker::unknown_member(std::string_view name) {
    constexpr std::string_view kRule = "unknown element";
    const std::string_view plain = name.starts_with('_') ? name.substr(1) : name;
    if (is_name_of_fhir(plain)) {
        issues_.add_at(name, "structure", kRule);
    } else {
        // The name may be a patient's: only the object that has it is named.
        issues_.add("structure", "unknown element here, whose name no type of R4 has");
    }
}

void Walker::missing(const Type& type, const std::uint64_t* seen) {
    for (const Element& element : type.elements) {
        if (element.min == 0) continue;
        if ((seen[element.index / 64] >> (element.index % 64) & 1U) != 0) continue;
        std::string name(element.name);
        if (element.is_choice) name += "[x]";
        issues_.add_at(name, "required", "required element missing");
    }
}

void Walker::member(const Property& property, const json::Value* value, const json::Value* shadow,
                    ResourceScope& scope) {
    const auto refuse = [&](std::string_view rule) {
        issues_.add_at(property.name, "structure", rule);
    };
    if (shadow != nullptr && !may_have_companion(property.type)) {
        refuse("only primitives have a companion with _");
        shadow = nullptr;
        if (value == nullptr) return;
    }
    if (property.element->max == 0) return refuse("element that is not allowed here");
    if (property.element->is_list()) return list(property, value, shadow, scope);
    if (value != nullptr && value->is_array()) return refuse("must not be an array");
    path_.push(property.name);
    item(property, value, shadow, scope);
    path_.pop();
}

// The path stands at the parent, because each item has a step of its own.
void Walker::list(const Property& property, const json::Value* value, const json::Value* shadow,
                  ResourceScope& scope) {
    const auto refuse = [&](std::string_view rule) {
        issues_.add_at(property.name, "structure", rule);
    };
    if (value != nullptr && !value->is_array()) return refuse("must be an array");
    if (shadow != nullptr && !shadow->is_array())
        return refuse("companion with _ must be an array");
    const auto values = value != nullptr ? value->array() : std::span<const json::Value>();
    const auto shadows = shadow != nullptr ? shadow->array() : std::span<const json::Value>();
    const std::size_t count = value != nullptr ? values.size() : shadows.size();
    if (count == 0) return refuse("array must not be empty");
    // A companion may end early: what it says of the items before that is clear.
    if (shadows.size() > count) return refuse("companion with _ is longer than its array");
    if (count > property.element->max) refuse("more items than allowed");
    if (count < property.element->min) refuse("fewer items than required");
    for (std::size_t i = 0; i < count && !issues_.full(); ++i) {
        path_.push(property.name, static_cast<std::int32_t>(i));
        // In lists null stands for a value or a companion that is not there.
        const json::Value* v = value != nullptr ? &values[i] : nullptr;
        const json::Value* s = i < shadows.size() ? &shadows[i] : nullptr;
        if (s != nullptr && s->is_null()) s = nullptr;
        if (v != nullptr && v->is_null()) v = nullptr;
        if (v == nullptr && s == nullptr) {
            issues_.add("structure", "null without a companion");
        } else {
            item(property, v, s, scope);
        }
        path_.pop();
    }
}

void Walker::item(const Property& property, const json::Value* value, const json::Value* shadow,
                  ResourceScope& scope) {
    if (value != nullptr && value->is_null()) {
        issues_.add("structure", "must not be null");
    } else if (property.type == nullptr) {
        const bool is_contained = property.name == "contained";
        ResourceScope* container = scope.container != nullptr ? scope.container : &scope;
        resource(*value, is_contained ? container : nullptr, scope.bundle);
    } else if (property.type->kind == TypeKind::kPrimitive) {
        primitive(property, value, shadow, scope);
    } else if (!value->is_object()) {
        issues_.add("structure", "must be an object");
    } else {
        complex(property, *value, scope);
    }
}

void Walker::primitive(const Property& property, const json::Value* value,
                       const json::Value* shadow, ResourceScope& scope) {
    if (value != nullptr) primitive_value(property, *value, scope);
    if (shadow == nullptr) return;
    if (!shadow->is_object()) {
        issues_.add("structure", "companion with _ must be an object");
        return;
    }
    members(*shadow, element_type(), scope);
    // ele-1: something must be said, by a value or by extensions.
    if (value == nullptr ? !has_content(*shadow) : shadow->object().empty())
        issues_.add("invariant", "ele-1");
}

void Walker::primitive_value(const Property& property, const json::Value& value,
                             ResourceScope& scope) {
    const Primitive type = property.type->primitive;
    const std::string_view rule = check_primitive(type, value);
    if (!rule.empty()) {
        if (type == Primitive::kTime && value.is_string() && is_zoned_time(value.string())) {
            issues_.add("value", "time with a zone", Severity::kWarning);
        } else {
            issues_.add(rule.starts_with("must be") ? "structure" : "value", rule);
        }
        return;
    }
    if (property.element->required != nullptr)
        check_binding(*property.element->required, *property.type, value, issues_);
    if (!value.is_string()) return;
    const std::string_view text = value.string();
    const bool is_uri =
        type == Primitive::kCanonical || type == Primitive::kUri || type == Primitive::kUrl;
    if (is_uri && text.front() == '#') note_local(scope, text.substr(1));
    if (type == Primitive::kXhtml && has_active_content(text))
        issues_.add("value", "narrative with a link or style that could run or load something");
    const bool is_shown = type == Primitive::kString || type == Primitive::kMarkdown;
    if (is_shown && has_direction_control(text))
        issues_.add("value", "control character of text direction", Severity::kWarning);
}

void Walker::complex(const Property& property, const json::Value& value, ResourceScope& scope) {
    const Type& type = *property.type;
    if (!has_content(value)) {
        issues_.add("invariant", "ele-1");
        return;
    }
    members(value, type, scope);
    if (type.name == "Extension") {
        extension(value);
    } else if (type.name == "Reference") {
        check_reference(value, property.targets, scope, issues_);
    }
    if (property.element->required != nullptr)
        check_binding(*property.element->required, type, value, issues_);
}

// ext-1: a value or extensions, not both and not neither.
void Walker::extension(const json::Value& value) {
    bool has_value = false;
    bool has_extension = false;
    for (const json::Member& m : value.object()) {
        has_value |= m.name.starts_with("value") || m.name.starts_with("_value");
        has_extension |= m.name == "extension";
    }
    if (has_value == has_extension) issues_.add("invariant", "ext-1");
}

namespace {

// The index in Bundle.entry[index], or -1.
std::int32_t entry_of(std::string_view path) {
    constexpr std::string_view kStart = "Bundle.entry[";
    std::int32_t index = -1;
    if (path.starts_with(kStart))
        std::from_chars(path.data() + kStart.size(), path.data() + path.size(), index);
    return index;
}

}  // namespace

std::vector<Issue> validate(const json::Value& resource, const ValidateOptions& options) {
    std::vector<Issue> issues = Walker(options).run(resource);
    if (issues.size() >= options.issues_max) return issues;
    InvariantOptions rules;
    rules.structural = false;
    rules.limit = options.issues_max - issues.size();
    for (BrokenInvariant& broken : check_invariants(resource, rules)) {
        Issue issue;
        issue.code = broken.too_costly ? "too-costly" : "invariant";
        issue.rule = broken.rule->key;
        issue.path = std::move(broken.path);
        issue.entry = entry_of(issue.path);
        issues.push_back(std::move(issue));
    }
    return issues;
}

bool has_errors(const std::vector<Issue>& issues) {
    return std::any_of(issues.begin(), issues.end(),
                       [](const Issue& issue) { return issue.severity == Severity::kError; });
}

}  // namespace consilium::formats::fhir
