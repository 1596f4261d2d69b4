// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <tuple>
#include <unordered_map>

#include "base/assert.hpp"
#include "formats/fhir/definitions_table.hpp"

namespace consilium::formats::fhir {

namespace {

constexpr std::pair<std::string_view, Primitive> kPrimitives[] = {
    {"base64Binary", Primitive::kBase64Binary},
    {"boolean", Primitive::kBoolean},
    {"canonical", Primitive::kCanonical},
    {"code", Primitive::kCode},
    {"date", Primitive::kDate},
    {"dateTime", Primitive::kDateTime},
    {"decimal", Primitive::kDecimal},
    {"id", Primitive::kId},
    {"instant", Primitive::kInstant},
    {"integer", Primitive::kInteger},
    {"markdown", Primitive::kMarkdown},
    {"oid", Primitive::kOid},
    {"positiveInt", Primitive::kPositiveInt},
    {"string", Primitive::kString},
    {"time", Primitive::kTime},
    {"unsignedInt", Primitive::kUnsignedInt},
    {"uri", Primitive::kUri},
    {"url", Primitive::kUrl},
    {"uuid", Primitive::kUuid},
    {"xhtml", Primitive::kXhtml},
    // Types of FHIRPath's own, which only these elements have.
    {"system.string", Primitive::kSystemString},
    {"system.uri", Primitive::kSystemUri},
};

Primitive primitive(std::string_view name) {
    for (const auto& [text, value] : kPrimitives)
        if (text == name) return value;
    CONSILIUM_ASSERT(false);
    return Primitive::kNone;
}

ValueSet::Kind set_kind(std::string_view text) {
    if (text == "codes") return ValueSet::Kind::kCodes;
    if (text == "mime") return ValueSet::Kind::kMime;
    if (text == "language") return ValueSet::Kind::kLanguage;
    if (text == "currency") return ValueSet::Kind::kCurrency;
    if (text == "ucum") return ValueSet::Kind::kUcum;
    CONSILIUM_ASSERT(text == "open");
    return ValueSet::Kind::kOpen;
}

bool is_inside(std::string_view types) {
    return types == "BackboneElement" || types == "Element";
}

// component of component.code; "" of code.
std::string_view parent_path(std::string_view path) {
    const std::size_t dot = path.rfind('.');
    return dot == std::string_view::npos ? std::string_view() : path.substr(0, dot);
}

std::string_view last_name(std::string_view path) {
    const std::size_t dot = path.rfind('.');
    return dot == std::string_view::npos ? path : path.substr(dot + 1);
}

}  // namespace

// Turns the text of a table into what Definitions points at.
class TableBuilder {
 public:
    TableBuilder(DefinitionsTable& out, const TableText& text) : out_(out), text_(text) {}

    void run() {
        value_sets();
        name_types();
        for (const Origin& origin : origins_)
            elements_of(origin);
        for (std::size_t i = 0; i < out_.types_.size(); ++i)
            properties_of(i);
        parameters();
        for (const TableText::Member& member : text_.members)
            out_.members_.push_back(
                {member.compartment, member.type, keep(out_.texts_, member.parameters)});
        std::sort(out_.members_.begin(), out_.members_.end(), [](const auto& a, const auto& b) {
            return std::tie(a.compartment, a.type) < std::tie(b.compartment, b.type);
        });
        out_.definitions_ = std::make_unique<const Definitions>(text_.source, out_.types_,
                                                                out_.parameters_, out_.members_);
    }

 private:
    // Where a type stands in the text: a whole type, or the inside of one of its elements.
    struct Origin {
        std::string_view name;
        const TableText::Type* type = nullptr;
        const TableText::Element* element = nullptr;
    };

    template <typename T>
    std::span<const T> keep(DefinitionsTable::Lists<T>& lists, std::vector<T> items) {
        return DefinitionsTable::keep(lists, std::move(items));
    }
    std::string_view keep(std::string name) { return out_.names_.emplace_back(std::move(name)); }

    void value_sets() {
        for (const TableText::Set& set : text_.sets) {
            std::vector<ValueSet::System> systems;
            for (const TableText::System& system : set.systems) {
                CONSILIUM_ASSERT(std::is_sorted(system.codes.begin(), system.codes.end()));
                systems.push_back({system.url, keep(out_.texts_, system.codes)});
            }
            out_.sets_.push_back(
                {set.url, set_kind(set.kind), keep(out_.systems_, std::move(systems))});
            sets_[set.url] = &out_.sets_.back();
        }
    }

    // All types by name, so that pointers to them can be taken; nothing is added afterwards.
    void name_types() {
        for (const TableText::Type& type : text_.types) {
            origins_.push_back({type.name, &type, nullptr});
            for (const TableText::Element& element : type.elements)
                if (is_inside(element.types))
                    origins_.push_back(
                        {keep(std::string(type.name) + "." + std::string(element.path)), &type,
                         &element});
        }
        for (const std::string_view name : {"system.string", "system.uri"})
            origins_.push_back({name, nullptr, nullptr});
        std::sort(origins_.begin(), origins_.end(),
                  [](const Origin& a, const Origin& b) { return a.name < b.name; });
        out_.types_.resize(origins_.size());
        for (std::size_t i = 0; i < origins_.size(); ++i) {
            index_[origins_[i].name] = i;
            out_.types_[i].name = origins_[i].name;
        }
        for (std::size_t i = 0; i < origins_.size(); ++i)
            describe(origins_[i], out_.types_[i]);
    }

    void describe(const Origin& origin, Type& type) {
        if (origin.type == nullptr) {
            type.kind = TypeKind::kPrimitive;
            type.primitive = primitive(type.name);
        } else if (origin.element != nullptr) {
            type.kind = TypeKind::kBackbone;
            type.base = &find(origin.element->types);
        } else {
            const TableText::Type& text = *origin.type;
            type.kind = text.kind == "primitive"  ? TypeKind::kPrimitive
                        : text.kind == "resource" ? TypeKind::kResource
                                                  : TypeKind::kComplex;
            if (type.kind == TypeKind::kPrimitive) type.primitive = primitive(text.name);
            type.is_abstract = text.flag == "abstract";
            type.is_profile = text.flag == "profile";
            if (!text.base.empty()) type.base = &find(text.base);
            type.regex = text.regex;
            type.invariants = keep(out_.invariants_, text.invariants);
        }
    }

    Type& find(std::string_view name) {
        const auto at = index_.find(name);
        CONSILIUM_ASSERT(at != index_.end());
        return out_.types_[at->second];
    }

    // The elements of a type: those of its base, then its own, which may replace one of those.
    void elements_of(const Origin& origin) {
        Type& type = find(origin.name);
        if (!type.elements.empty() || type.kind == TypeKind::kPrimitive) return;
        std::vector<Element> elements;
        std::vector<const TableText::Element*> texts;
        if (type.base != nullptr) {
            const std::size_t base = index_.at(type.base->name);
            elements_of(origins_[base]);
            elements.assign(type.base->elements.begin(), type.base->elements.end());
            texts = texts_[base];
        }
        const std::string_view inside =
            origin.element != nullptr ? origin.element->path : std::string_view();
        for (const TableText::Element& text : origin.type->elements) {
            if (parent_path(text.path) != inside) continue;
            const Element element = make_element(text);
            const auto same = std::find_if(elements.begin(), elements.end(), [&](const Element& e) {
                return e.name == element.name;
            });
            if (same == elements.end()) {
                elements.push_back(element);
                texts.push_back(&text);
            } else {
                *same = element;
                // A profile that only narrows how often says nothing of the types.
                if (text.types.empty() && text.content.empty()) continue;
                texts[static_cast<std::size_t>(same - elements.begin())] = &text;
            }
        }
        for (std::size_t i = 0; i < elements.size(); ++i)
            elements[i].index = static_cast<std::uint16_t>(i);
        type.elements = keep(out_.elements_, std::move(elements));
        texts_[index_.at(origin.name)] = std::move(texts);
    }

    Element make_element(const TableText::Element& text) {
        Element out;
        out.name = last_name(text.path);
        out.is_choice = out.name.ends_with("[x]");
        if (out.is_choice) out.name.remove_suffix(3);
        out.min = text.min;
        out.max = text.max;
        out.is_modifier = text.flags.find('m') != std::string_view::npos;
        out.is_summary = text.flags.find('s') != std::string_view::npos;
        if (!text.binding.empty()) out.required = sets_.at(text.binding);
        out.invariants = keep(out_.invariants_, text.invariants);
        return out;
    }

    void properties_of(std::size_t index) {
        Type& type = out_.types_[index];
        std::vector<Property> out;
        for (std::size_t i = 0; i < type.elements.size(); ++i) {
            const TableText::Element& text = *texts_[index][i];
            const Element& element = type.elements[i];
            if (!text.content.empty()) {
                out.push_back({element.name, &element, &find(text.content), {}});
            } else if (is_inside(text.types)) {
                out.push_back({element.name, &element, &inside(type, element), {}});
            } else {
                choices(text, element, out);
            }
        }
        std::sort(out.begin(), out.end(),
                  [](const Property& a, const Property& b) { return a.name < b.name; });
        type.properties = keep(out_.properties_, std::move(out));
    }

    // Observation.component of Observation and component. An inherited one stands at a base.
    Type& inside(const Type& type, const Element& element) {
        for (const Type* at = &type; at != nullptr; at = at->base) {
            const auto found = index_.find(std::string(at->name) + "." + std::string(element.name));
            if (found != index_.end()) return out_.types_[found->second];
        }
        CONSILIUM_ASSERT(false);
        return out_.types_.front();
    }

    void choices(const TableText::Element& text, const Element& element,
                 std::vector<Property>& out) {
        for (const std::string_view choice : split(text.types, ',')) {
            const std::size_t open = choice.find('(');
            const std::string_view name = choice.substr(0, open);
            Property property{element.name, &element, nullptr, {}};
            if (name != "Resource") property.type = &find(name);
            if (open != std::string_view::npos) {
                const std::string_view inner = choice.substr(open + 1, choice.size() - open - 2);
                property.targets = keep(out_.texts_, split(inner, '|'));
            }
            if (element.is_choice) {
                const Type& named =
                    property.type->is_profile ? *property.type->base : *property.type;
                std::string json(element.name);
                json += named.name;
                // ASCII letters are a bit apart.
                json[element.name.size()] = static_cast<char>(json[element.name.size()] & ~0x20);
                property.name = keep(std::move(json));
            }
            out.push_back(property);
        }
    }

    void parameters() {
        for (const TableText::Parameter& text : text_.parameters) {
            SearchParameter parameter = text.parameter;
            parameter.targets = keep(out_.texts_, text.targets);
            parameter.components = keep(out_.components_, text.components);
            out_.parameters_.push_back(parameter);
        }
        std::sort(out_.parameters_.begin(), out_.parameters_.end(),
                  [](const SearchParameter& a, const SearchParameter& b) {
                      return std::tie(a.base, a.code) < std::tie(b.base, b.code);
                  });
    }

    DefinitionsTable& out_;
    const TableText& text_;
    std::vector<Origin> origins_;  // in the order of types_
    std::unordered_map<std::string_view, std::size_t> index_;
    std::unordered_map<std::string_view, const ValueSet*> sets_;
    // The text of each element of a type.
    std::unordered_map<std::size_t, std::vector<const TableText::Element*>> texts_;
};

DefinitionsTable::DefinitionsTable(std::string_view text) {
    TableBuilder(*this, read_table(text)).run();
}

}  // namespace consilium::formats::fhir
