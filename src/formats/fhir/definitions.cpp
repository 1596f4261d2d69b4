// SPDX-License-Identifier: Apache-2.0
#include "formats/fhir/definitions.hpp"

#include <algorithm>
#include <tuple>

#include "formats/fhir/definitions_data.hpp"
#include "formats/fhir/definitions_table.hpp"

namespace consilium::formats::fhir {

bool ValueSet::has(std::string_view code) const {
    return std::any_of(systems.begin(), systems.end(), [code](const System& system) {
        return std::binary_search(system.codes.begin(), system.codes.end(), code);
    });
}

bool ValueSet::has(std::string_view system, std::string_view code) const {
    return std::any_of(systems.begin(), systems.end(), [=](const System& candidate) {
        return candidate.url == system &&
               std::binary_search(candidate.codes.begin(), candidate.codes.end(), code);
    });
}

const Property* Type::find(std::string_view json_name) const {
    const auto at = std::lower_bound(
        properties.begin(), properties.end(), json_name,
        [](const Property& property, std::string_view wanted) { return property.name < wanted; });
    return at != properties.end() && at->name == json_name ? &*at : nullptr;
}

const Element* Type::find_element(std::string_view element_name) const {
    for (const Element& element : elements)
        if (element.name == element_name) return &element;
    return nullptr;
}

bool Type::is_a(std::string_view type_name) const {
    for (const Type* type = this; type != nullptr; type = type->base)
        if (type->name == type_name) return true;
    return false;
}

const Type* Definitions::find(std::string_view name) const {
    const auto at =
        std::lower_bound(types_.begin(), types_.end(), name,
                         [](const Type& type, std::string_view n) { return type.name < n; });
    return at != types_.end() && at->name == name ? &*at : nullptr;
}

const Type* Definitions::find_resource(std::string_view name) const {
    const Type* type = find(name);
    return type != nullptr && type->kind == TypeKind::kResource && !type->is_abstract ? type
                                                                                      : nullptr;
}

std::span<const SearchParameter> Definitions::search_parameters(std::string_view type) const {
    struct ByBase {
        bool operator()(const SearchParameter& p, std::string_view base) const {
            return p.base < base;
        }
        bool operator()(std::string_view base, const SearchParameter& p) const {
            return base < p.base;
        }
    };
    const auto [first, last] =
        std::equal_range(parameters_.begin(), parameters_.end(), type, ByBase{});
    return {first, last};
}

const SearchParameter* Definitions::find_search_parameter(std::string_view type,
                                                          std::string_view code) const {
    for (const Type* at = find(type); at != nullptr; at = at->base) {
        const auto own = search_parameters(at->name);
        const auto found = std::lower_bound(
            own.begin(), own.end(), code,
            [](const SearchParameter& p, std::string_view name) { return p.code < name; });
        if (found != own.end() && found->code == code) return &*found;
    }
    return nullptr;
}

std::span<const std::string_view> Definitions::compartment(std::string_view compartment,
                                                           std::string_view type) const {
    const auto at = std::lower_bound(members_.begin(), members_.end(), std::tie(compartment, type),
                                     [](const CompartmentMember& m, const auto& key) {
                                         return std::tie(m.compartment, m.type) < key;
                                     });
    if (at == members_.end() || at->compartment != compartment || at->type != type) return {};
    return at->parameters;
}

const Definitions& definitions() {
    // Never destroyed: other threads may still read when the program ends.
    static const DefinitionsTable& table = *new DefinitionsTable(definitions_data());
    return table.definitions();
}

}  // namespace consilium::formats::fhir
