// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "formats/fhir/definitions.hpp"

namespace consilium::formats::fhir {

// What the lines of a table say (docs/formats/fhir_definitions.md), before names become pointers.
struct TableText {
    struct Element {
        std::string_view path;  // below its type
        std::uint32_t min = 0;
        std::uint32_t max = 1;
        std::string_view flags;
        std::string_view types;
        std::string_view binding;
        std::string_view content;
        std::vector<Invariant> invariants;
    };
    struct Type {
        std::string_view name;
        std::string_view kind;
        std::string_view base;
        std::string_view flag;
        std::string_view regex;
        std::vector<Invariant> invariants;
        std::vector<Element> elements;
    };
    struct System {
        std::string_view url;
        std::vector<std::string_view> codes;
    };
    struct Set {
        std::string_view url;
        std::string_view kind;
        std::vector<System> systems;
    };
    struct Parameter {
        SearchParameter parameter;
        std::vector<std::string_view> targets;
        std::vector<SearchComponent> components;
    };
    struct Member {
        std::string_view compartment;
        std::string_view type;
        std::vector<std::string_view> parameters;
    };
    std::string_view source;
    std::deque<Type> types;
    std::deque<Set> sets;
    std::deque<Parameter> parameters;
    std::deque<Member> members;
};

// Splits the table. It is ours, so that an error in it is a bug and aborts.
[[nodiscard]] TableText read_table(std::string_view text);

// `text` in parts that `separator` divides; none for an empty text.
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);

// Owns what Definitions points at, except for the text.
class DefinitionsTable {
 public:
    explicit DefinitionsTable(std::string_view text);
    [[nodiscard]] const Definitions& definitions() const { return *definitions_; }

 private:
    friend class TableBuilder;

    template <typename T>
    using Lists = std::deque<std::vector<T>>;
    template <typename T>
    static std::span<const T> keep(Lists<T>& lists, std::vector<T> items) {
        if (items.empty()) return {};
        items.shrink_to_fit();
        return lists.emplace_back(std::move(items));
    }

    std::vector<Type> types_;
    std::vector<SearchParameter> parameters_;
    std::vector<CompartmentMember> members_;
    std::deque<ValueSet> sets_;
    std::deque<std::string> names_;
    Lists<Element> elements_;
    Lists<Property> properties_;
    Lists<Invariant> invariants_;
    Lists<std::string_view> texts_;
    Lists<ValueSet::System> systems_;
    Lists<SearchComponent> components_;
    std::unique_ptr<const Definitions> definitions_;
};

}  // namespace consilium::formats::fhir
