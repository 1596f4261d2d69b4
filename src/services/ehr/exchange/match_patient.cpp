// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/exchange/match_patient.hpp"

#include <algorithm>

#include "formats/fhir/search_text.hpp"
#include "services/ehr/exchange/emergency.hpp"
#include "services/ehr/parameters.hpp"

namespace consilium::services::ehr::exchange {
namespace {

using formats::fhir::fold_string;
using formats::json::Value;

bool is_text(const Value* value, std::string_view text) {
    return value != nullptr && value->is_string() && value->string() == text;
}

template <typename Fits>
bool any_of(const Value* list, const Fits& fits) {
    if (list == nullptr || !list->is_array()) return false;
    const auto items = list->array();
    return std::any_of(items.begin(), items.end(), fits);
}

bool has_given(const Value* given, const std::string& folded) {
    std::string all;
    const bool one = any_of(given, [&](const Value& name) {
        if (!name.is_string()) return false;
        if (!all.empty()) all += ' ';
        all += name.string();
        return fold_string(name.string()) == folded;
    });
    return one || (!all.empty() && fold_string(all) == folded);
}

bool is_name(const Value& name, const v1::NamedPatient& named) {
    if (!name.is_object()) return false;
    if (!named.family().empty()) {
        const Value* family = name.find("family");
        if (family == nullptr || !family->is_string() ||
            fold_string(family->string()) != fold_string(named.family()))
            return false;
    }
    return named.given().empty() || has_given(name.find("given"), fold_string(named.given()));
}

// FHIR R4 search, section 3.1.1.4.0.1: what separates values is data behind a backslash.
std::string escaped(const std::string& text) {
    std::string out;
    for (const char c : text) {
        if (c == '\\' || c == ',' || c == '|' || c == '$') out += '\\';
        out += c;
    }
    return out;
}

}  // namespace

bool is_meant(const Value& patient, const v1::NamedPatient& named) {
    if (!is_named(named) || !patient.is_object() ||
        !is_text(patient.find("resourceType"), "Patient"))
        return false;
    const Value* active = patient.find("active");
    if (active != nullptr && active->is_boolean() && !active->boolean()) return false;
    const bool has_name = !named.family().empty() || !named.given().empty();
    if (has_name &&
        !any_of(patient.find("name"), [&](const Value& name) { return is_name(name, named); }))
        return false;
    if (!named.birth_date().empty() && !is_text(patient.find("birthDate"), named.birth_date()))
        return false;
    return named.identifier_value().empty() ||
           any_of(patient.find("identifier"), [&](const Value& identifier) {
               return identifier.is_object() &&
                      is_text(identifier.find("system"), named.identifier_system()) &&
                      is_text(identifier.find("value"), named.identifier_value());
           });
}

std::string candidates_query(const v1::NamedPatient& named) {
    Parameters parameters;
    if (!named.identifier_value().empty()) {
        parameters.emplace_back("identifier", escaped(named.identifier_system()) + '|' +
                                                  escaped(named.identifier_value()));
    } else {
        parameters.emplace_back("family", escaped(named.family()));
        parameters.emplace_back("birthdate", named.birth_date());
    }
    return format_parameters(parameters);
}

}  // namespace consilium::services::ehr::exchange
