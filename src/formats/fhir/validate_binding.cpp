// SPDX-License-Identifier: Apache-2.0
#include "formats/fhir/primitive.hpp"
#include "formats/fhir/validate_scope.hpp"

namespace consilium::formats::fhir {

namespace {

// Where only the shape of a code is known, the system whose codes have it.
constexpr std::string_view kLanguages = "urn:ietf:bcp:47";
constexpr std::string_view kCurrencies = "urn:iso:std:iso:4217";
constexpr std::string_view kMimeTypes = "urn:ietf:bcp:13";

bool has_shape(ValueSet::Kind kind, std::string_view code) {
    switch (kind) {
        case ValueSet::Kind::kLanguage:
            return is_language_tag(code);
        case ValueSet::Kind::kMime:
            // FHIR's own short names, in CapabilityStatement.format.
            return is_mime_type(code) || code == "xml" || code == "json" || code == "ttl";
        case ValueSet::Kind::kCurrency:
            return is_currency(code);
        case ValueSet::Kind::kCodes:
        case ValueSet::Kind::kUcum:
        case ValueSet::Kind::kOpen:
            break;
    }
    return true;
}

std::string_view system_of(ValueSet::Kind kind) {
    switch (kind) {
        case ValueSet::Kind::kLanguage:
            return kLanguages;
        case ValueSet::Kind::kMime:
            return kMimeTypes;
        case ValueSet::Kind::kCurrency:
            return kCurrencies;
        default:
            return {};
    }
}

bool allows(const ValueSet& set, std::string_view code) {
    return set.kind == ValueSet::Kind::kCodes ? set.has(code) : has_shape(set.kind, code);
}

// A Coding or a Quantity.
bool allows(const ValueSet& set, std::string_view system, std::string_view code) {
    if (set.kind == ValueSet::Kind::kCodes) return set.has(system, code);
    return system != system_of(set.kind) || has_shape(set.kind, code);
}

// Without any code only an extension can say why (data-absent-reason).
bool may_lack_code(const ValueSet& set, const json::Value& value) {
    return set.kind != ValueSet::Kind::kCodes || value.find("extension") != nullptr;
}

bool allows_any(const ValueSet& set, const json::Value& codeable) {
    const json::Value* codings = codeable.find("coding");
    if (codings == nullptr || !codings->is_array()) return may_lack_code(set, codeable);
    for (const json::Value& coding : codings->array()) {
        const bool found = allows(set, text_of(coding, "system"), text_of(coding, "code"));
        // Of enumerated codes one must be there; of shaped ones each must be right.
        if (found == (set.kind == ValueSet::Kind::kCodes)) return found;
    }
    return set.kind != ValueSet::Kind::kCodes;
}

}  // namespace

void check_binding(const ValueSet& set, const Type& type, const json::Value& value,
                   Issues& issues) {
    constexpr std::string_view kRule = "not from the required value set";
    bool holds = true;
    if (value.is_string()) {
        holds = allows(set, value.string());
    } else if (value.is_object() && type.name == "CodeableConcept") {
        holds = allows_any(set, value);
    } else if (value.is_object() && (type.name == "Coding" || type.is_a("Quantity"))) {
        holds = value.find("code") == nullptr
                    ? may_lack_code(set, value)
                    : allows(set, text_of(value, "system"), text_of(value, "code"));
    }
    if (!holds) issues.add("code-invalid", kRule);
}

}  // namespace consilium::formats::fhir
