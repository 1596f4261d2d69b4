// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

namespace consilium::formats::fhir {

// What FHIR R4 (4.0.1) says of its types, as data: read once from the table in the library
// (docs/formats/fhir_definitions.md), immutable, free to read from any thread. All names and texts
// point into that table and live as long as the program.

enum class TypeKind : std::uint8_t { kPrimitive, kComplex, kResource, kBackbone };

// The primitive types, and the two that have no extensions: system strings (ids of elements and
// urls of extensions).
enum class Primitive : std::uint8_t {
    kNone,
    kBase64Binary,
    kBoolean,
    kCanonical,
    kCode,
    kDate,
    kDateTime,
    kDecimal,
    kId,
    kInstant,
    kInteger,
    kMarkdown,
    kOid,
    kPositiveInt,
    kString,
    kTime,
    kUnsignedInt,
    kUri,
    kUrl,
    kUuid,
    kXhtml,
    kSystemString,
    kSystemUri,
};

struct Type;

// A rule in FHIRPath that holds for a type or an element.
struct Invariant {
    std::string_view key;  // such as obs-6
    bool is_error = true;  // else a warning
    std::string_view expression;
};

// The codes that a required binding allows. Where the package does not enumerate them (kOpen is
// not checked; the others have a shape) there are no systems.
struct ValueSet {
    enum class Kind : std::uint8_t { kCodes, kMime, kLanguage, kCurrency, kUcum, kOpen };
    struct System {
        std::string_view url;
        std::span<const std::string_view> codes;  // sorted
    };
    std::string_view url;
    Kind kind = Kind::kOpen;
    std::span<const System> systems;

    // Whether any system has the code; or whether that one has it.
    [[nodiscard]] bool has(std::string_view code) const;
    [[nodiscard]] bool has(std::string_view system, std::string_view code) const;
};

// An element of a type: its own or inherited.
struct Element {
    static constexpr std::uint32_t kUnbounded = std::numeric_limits<std::uint32_t>::max();

    std::string_view name;  // without the [x] of a choice
    std::uint32_t min = 0;
    std::uint32_t max = 1;
    std::uint16_t index = 0;  // in Type::elements
    bool is_choice = false;
    bool is_modifier = false;
    bool is_summary = false;
    const ValueSet* required = nullptr;  // the codes that it must be from
    std::span<const Invariant> invariants;

    // Whether it is an array in JSON.
    [[nodiscard]] bool is_list() const { return max > 1; }
};

// A member that a JSON object of some type may have. A choice has one for each of its types.
struct Property {
    std::string_view name;  // as in JSON, such as valueQuantity
    const Element* element = nullptr;
    // What its value is; nullptr for any resource (contained, Bundle.entry.resource).
    const Type* type = nullptr;
    // For Reference and canonical: the resource types that it may point at, sorted. None: any.
    std::span<const std::string_view> targets;
};

// A primitive, a data type, a resource type, or what is inside a backbone element (named by its
// path: Observation.component).
struct Type {
    std::string_view name;
    TypeKind kind = TypeKind::kComplex;
    Primitive primitive = Primitive::kNone;
    bool is_abstract = false;
    // A profile (SimpleQuantity) has no name of its own in JSON and FHIRPath: its base has.
    bool is_profile = false;
    const Type* base = nullptr;             // DomainResource of Observation; nullptr at the top
    std::string_view regex;                 // of a primitive, as published
    std::span<const Invariant> invariants;  // its own; those of its bases hold too
    std::span<const Element> elements;      // inherited ones first
    std::span<const Property> properties;   // sorted by name

    // The member of that name (valueQuantity), or nullptr.
    [[nodiscard]] const Property* find(std::string_view json_name) const;
    // The element of that name (value), or nullptr.
    [[nodiscard]] const Element* find_element(std::string_view element_name) const;
    // Whether this is that type, or one made from it.
    [[nodiscard]] bool is_a(std::string_view type_name) const;
};

enum class SearchType : std::uint8_t {
    kNumber,
    kDate,
    kString,
    kToken,
    kReference,
    kComposite,
    kQuantity,
    kUri,
    kSpecial,
};

struct SearchComponent {
    std::string_view code;
    SearchType type = SearchType::kToken;
    std::string_view expression;  // relative to the composite's own
};

struct SearchParameter {
    std::string_view base;  // the resource type; Resource or DomainResource for those of all
    std::string_view code;  // as in a search URL
    SearchType type = SearchType::kToken;
    std::string_view expression;  // FHIRPath; only what concerns `base`. May be empty (_text)
    std::span<const std::string_view> targets;  // of references, sorted
    std::span<const SearchComponent> components;
};

// That a resource type can be in a compartment, and through which of its search parameters.
struct CompartmentMember {
    std::string_view compartment;
    std::string_view type;
    std::span<const std::string_view> parameters;
};

class Definitions {
 public:
    // All sorted by name; SearchParameter by base and code, CompartmentMember by both.
    Definitions(std::string_view source, std::span<const Type> types,
                std::span<const SearchParameter> parameters,
                std::span<const CompartmentMember> members)
        : source_(source), types_(types), parameters_(parameters), members_(members) {}

    // By name: string, Quantity, Observation, Observation.component. nullptr when there is none.
    [[nodiscard]] const Type* find(std::string_view name) const;
    // A resource type that can be made; nullptr also for DomainResource.
    [[nodiscard]] const Type* find_resource(std::string_view name) const;
    // All types, sorted by name.
    [[nodiscard]] std::span<const Type> types() const { return types_; }

    // Those defined for just that type (also Resource, DomainResource), sorted by code.
    [[nodiscard]] std::span<const SearchParameter> search_parameters(std::string_view type) const;
    // The parameter of a resource type, or of what it is made from. nullptr when there is none.
    [[nodiscard]] const SearchParameter* find_search_parameter(std::string_view type,
                                                               std::string_view code) const;

    // The search parameters by which a resource of `type` is in a compartment ("Patient", "Device",
    // "Encounter", "Practitioner", "RelatedPerson"); none when it never is. The resource that the
    // compartment is of is in it without any.
    [[nodiscard]] std::span<const std::string_view> compartment(std::string_view compartment,
                                                                std::string_view type) const;

    // The version of the package that the table was made from.
    [[nodiscard]] std::string_view source() const { return source_; }

 private:
    std::string_view source_;
    std::span<const Type> types_;
    std::span<const SearchParameter> parameters_;
    std::span<const CompartmentMember> members_;
};

// The definitions, read at the first call (a few milliseconds).
[[nodiscard]] const Definitions& definitions();

}  // namespace consilium::formats::fhir
