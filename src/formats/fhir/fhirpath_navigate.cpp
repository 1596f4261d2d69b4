// SPDX-License-Identifier: Apache-2.0
// The steps from an item to its children.
#include "formats/fhir/fhirpath.hpp"

namespace consilium::formats::fhir::fhirpath {

namespace {

bool upper(char c) {
    return c >= 'A' && c <= 'Z';
}

// The companion of the primitive `name`: the member that is called so after an underscore.
const json::Value* companion(const json::Value& object, std::string_view name) {
    for (const json::Member& member : object.object()) {
        if (member.name.size() == name.size() + 1 && member.name.front() == '_' &&
            member.name.substr(1) == name)
            return &member.value;
    }
    return nullptr;
}

// The type of a resource by what it says itself; `declared` where it does not.
const Type* resource_type(const json::Value& resource, const Type* declared) {
    const json::Value* name = resource.find("resourceType");
    if (name == nullptr || !name->is_string()) return declared;
    const Type* type = definitions().find(name->string());
    return type != nullptr && type->kind == TypeKind::kResource ? type : declared;
}

void append_one(const Type* type, const json::Value* value, const json::Value* shadow,
                std::vector<Item>& out) {
    if (value != nullptr && value->is_null()) value = nullptr;
    if (shadow != nullptr && !shadow->is_object()) shadow = nullptr;
    if (value == nullptr && shadow == nullptr) return;
    // FHIR has no arrays of arrays; the validator has refused them.
    if (value != nullptr && value->is_array()) return;
    Item item;
    item.type = type;
    item.value = value;
    item.shadow = shadow;
    if (type == nullptr && value != nullptr && value->is_object())
        item.type = resource_type(*value, nullptr);
    out.push_back(item);
}

const json::Value* object_of(const Item& item) {
    if (item.kind != Item::Kind::kValue) return nullptr;
    return item.value != nullptr && item.value->is_object() ? item.value : item.shadow;
}

// Inside a primitive's companion there are only the id and extensions of Element.
const Type* inner_type(const Item& item) {
    static const Type* const element = definitions().find("Element");
    const bool primitive = item.type != nullptr && item.type->kind == TypeKind::kPrimitive;
    return primitive ? element : item.type;
}

const Property* property_of(const Item& item, std::string_view name) {
    const Type* type = inner_type(item);
    return type != nullptr ? type->find(name) : nullptr;
}

const Type* type_of(const Property* property) {
    return property != nullptr ? property->type : nullptr;
}

}  // namespace

Item Evaluator::resource_item(const json::Value& resource) {
    Item item;
    item.value = &resource;
    item.type = resource_type(resource, definitions().find("Resource"));
    return item;
}

void Evaluator::set_resources(const Item& resource, const Item& root_resource) {
    resource_ = resource;
    root_resource_ = root_resource;
}

void Evaluator::append_child(const Type* type, const json::Value* value, const json::Value* shadow,
                             std::vector<Item>& out) {
    const bool values = value != nullptr && value->is_array();
    const bool shadows = shadow != nullptr && shadow->is_array();
    if (!values && !shadows) return append_one(type, value, shadow, out);
    const std::size_t value_count = values ? value->array().size() : 0;
    const std::size_t shadow_count = shadows ? shadow->array().size() : 0;
    for (std::size_t i = 0; i < value_count || i < shadow_count; ++i)
        append_one(type, i < value_count ? &value->array()[i] : nullptr,
                   i < shadow_count ? &shadow->array()[i] : nullptr, out);
}

void Evaluator::children(const Item& item, std::string_view name, std::vector<Item>& out) {
    const json::Value* object = object_of(item);
    if (object == nullptr || name == "resourceType") return;
    const Element* element = item.type != nullptr ? item.type->find_element(name) : nullptr;
    if (element == nullptr || !element->is_choice) {
        append_child(type_of(property_of(item, name)), object->find(name), companion(*object, name),
                     out);
        return;
    }
    // value[x]: the one member that is called so with a type behind it, or its companion alone.
    for (const json::Member& member : object->object()) {
        std::string_view full = member.name;
        const bool shadow = full.starts_with('_');
        if (shadow) full.remove_prefix(1);
        if (full.size() <= name.size() || !full.starts_with(name) || !upper(full[name.size()]))
            continue;
        const Property* chosen = property_of(item, full);
        if (chosen == nullptr || chosen->element != element) continue;
        if (!shadow)
            append_child(chosen->type, &member.value, companion(*object, full), out);
        else if (object->find(full) == nullptr)
            append_child(chosen->type, nullptr, &member.value, out);
    }
}

void Evaluator::children(const Item& item, std::vector<Item>& out) {
    const json::Value* object = object_of(item);
    if (object == nullptr) return;
    for (const json::Member& member : object->object()) {
        std::string_view name = member.name;
        if (name == "resourceType") continue;
        const bool shadow = name.starts_with('_');
        if (shadow) name.remove_prefix(1);
        if (shadow && object->find(name) != nullptr) continue;
        append_child(type_of(property_of(item, name)), shadow ? nullptr : &member.value,
                     companion(*object, name), out);
    }
}

bool Evaluator::is_type(const Item& item, std::string_view type) {
    bool system = false;
    if (type.starts_with("FHIR.")) type.remove_prefix(5);
    if (type.starts_with("System.")) {
        type.remove_prefix(7);
        system = true;
    }
    switch (item.kind) {
        case Item::Kind::kBoolean:
            return type == "Boolean" || type == "boolean";
        case Item::Kind::kInteger:
            return type == "Integer" || type == "integer";
        case Item::Kind::kDecimal:
            return type == "Decimal" || type == "decimal";
        case Item::Kind::kString:
            return type == "String" || type == "string";
        case Item::Kind::kValue:
        case Item::Kind::kTarget:
            break;
    }
    if (!system && item.type != nullptr && item.type->is_a(type)) return true;
    // R4 writes `answer is Boolean` for the primitive boolean.
    if (item.value == nullptr || type.empty() || !upper(type.front())) return false;
    if (type == "Boolean") return item.value->is_boolean();
    if (type == "String") return item.value->is_string();
    const Primitive primitive = item.type != nullptr ? item.type->primitive : Primitive::kNone;
    return (type == "Decimal" && primitive == Primitive::kDecimal) ||
           (type == "Integer" && primitive == Primitive::kInteger);
}

std::optional<std::string_view> text_of(const Item& item) {
    switch (item.kind) {
        case Item::Kind::kBoolean:
            return item.number != 0 ? "true" : "false";
        case Item::Kind::kDecimal:
        case Item::Kind::kString:
            return item.text;
        case Item::Kind::kInteger:
        case Item::Kind::kTarget:
            return std::nullopt;
        case Item::Kind::kValue:
            break;
    }
    if (item.value == nullptr) return std::nullopt;
    switch (item.value->kind()) {
        case json::Kind::kString:
            return item.value->string();
        case json::Kind::kNumber:
            return item.value->number();
        case json::Kind::kBoolean:
            return item.value->boolean() ? "true" : "false";
        default:
            return std::nullopt;
    }
}

}  // namespace consilium::formats::fhir::fhirpath
