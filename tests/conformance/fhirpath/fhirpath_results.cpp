// SPDX-License-Identifier: Apache-2.0
// What our FHIRPath makes of every expression that the definitions have for a resource: reads one
// resource per line, writes one JSON array [line, expression, result] per line and expression. The
// test compares it with npm `fhirpath`.
#include <iostream>
#include <map>
#include <set>
#include <string>

#include "formats/fhir/definitions.hpp"
#include "formats/fhir/fhirpath.hpp"
#include "formats/json/parse.hpp"
#include "formats/json/write.hpp"

using namespace consilium;
using namespace consilium::formats;
using fhir::fhirpath::Evaluator;
using fhir::fhirpath::Expression;
using fhir::fhirpath::Item;

namespace {

class Expressions {
 public:
    const std::map<std::string, Expression>& of(const fhir::Type& type) {
        auto& out = types_[&type];
        if (!out.empty()) return out;
        for (const fhir::Type* at = &type; at != nullptr; at = at->base) {
            for (const fhir::Invariant& rule : at->invariants)
                add(out, std::string(rule.expression));
            for (const fhir::SearchParameter& parameter :
                 fhir::definitions().search_parameters(at->name)) {
                const std::string whole(parameter.expression);
                add(out, whole);
                for (const fhir::SearchComponent& component : parameter.components)
                    add(out, "(" + whole + ").select(" + std::string(component.expression) + ")");
            }
        }
        elements(out, type, std::string(type.name), 0);
        for (const fhir::Type& data : fhir::definitions().types()) {
            const bool usable = data.kind == fhir::TypeKind::kComplex && !data.is_profile;
            std::string path = "descendants().ofType(" + std::string(data.name) + ")";
            // The peer does not know that extensions are of that type.
            if (data.name == "Element") path = "descendants()";
            if (data.name == "Extension") path = "descendants().extension";
            for (const fhir::Invariant& rule : data.invariants) {
                if (usable) add(out, path + ".select(" + std::string(rule.expression) + ")");
            }
        }
        return out;
    }

 private:
    static void add(std::map<std::string, Expression>& out, const std::string& text) {
        if (text.empty()) return;
        auto compiled = Expression::compile(text);
        if (compiled.ok()) out.emplace(text, std::move(compiled).value());
    }

    static void elements(std::map<std::string, Expression>& out, const fhir::Type& type,
                         const std::string& path, int depth) {
        std::set<std::string_view> seen;
        for (const fhir::Property& property : type.properties) {
            if (!seen.insert(property.element->name).second || depth > 4) continue;
            const std::string inner = path + "." + std::string(property.element->name);
            for (const fhir::Invariant& rule : property.element->invariants)
                add(out, inner + ".select(" + std::string(rule.expression) + ")");
            const bool backbone =
                property.type != nullptr && property.type->kind == fhir::TypeKind::kBackbone;
            if (!backbone) continue;
            for (const fhir::Invariant& rule : property.type->invariants)
                add(out, inner + ".select(" + std::string(rule.expression) + ")");
            elements(out, *property.type, inner, depth + 1);
        }
    }

    std::map<const fhir::Type*, std::map<std::string, Expression>> types_;
};

void write_item(json::Writer& out, const Item& item) {
    switch (item.kind) {
        case Item::Kind::kBoolean:
            out.boolean(item.number != 0);
            return;
        case Item::Kind::kInteger:
            out.number(std::to_string(item.number));
            return;
        case Item::Kind::kDecimal:
            out.number(item.text);
            return;
        case Item::Kind::kString:
            out.string(item.text);
            return;
        case Item::Kind::kTarget:
            out.string(item.type->name);
            return;
        case Item::Kind::kValue:
            break;
    }
    // A primitive that has only extensions is left out on both sides.
    if (item.value != nullptr) out.value(*item.value);
}

}  // namespace

int main() {
    std::ios::sync_with_stdio(false);
    Expressions expressions;
    Evaluator evaluator;
    std::string line;
    for (std::size_t number = 0; std::getline(std::cin, line); ++number) {
        const auto document = json::parse(line, json::kBytesMax);
        if (!document.ok()) return 1;
        const Item resource = Evaluator::resource_item(document.value().root());
        if (resource.type == nullptr) return 1;
        for (const auto& [text, expression] : expressions.of(*resource.type)) {
            evaluator.set_resources(resource, resource);
            const auto result = evaluator.evaluate(expression, resource);
            std::string out;
            json::Writer writer(out);
            writer.begin_array();
            writer.number(std::to_string(number));
            writer.string(text);
            if (result.ok()) {
                writer.begin_array();
                for (const Item& item : result.value())
                    write_item(writer, item);
                writer.end_array();
            } else {
                writer.string("error");
            }
            writer.end_array();
            std::cout << out << '\n';
        }
    }
    return 0;
}
