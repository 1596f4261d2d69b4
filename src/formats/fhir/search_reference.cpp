// SPDX-License-Identifier: Apache-2.0
#include "formats/fhir/search_reference.hpp"
#include "formats/fhir/primitive.hpp"

#include <algorithm>

namespace consilium::formats::fhir {

namespace {

bool is_type_name(std::string_view text) {
    return !text.empty() && text.front() >= 'A' && text.front() <= 'Z' &&
           std::all_of(text.begin(), text.end(),
                       [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); });
}

std::string_view text_member(const json::Value& object, std::string_view name) {
    const json::Value* found = object.find(name);
    return found != nullptr && found->is_string() ? found->string() : std::string_view();
}

// Takes the last part of a path off it.
std::string_view take_last(std::string_view& path) {
    const std::size_t slash = path.rfind('/');
    const std::string_view last = slash == std::string_view::npos ? path : path.substr(slash + 1);
    path = slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
    return last;
}

}  // namespace

ReferenceParts parse_reference_text(std::string_view text) {
    ReferenceParts out;
    out.url = text;
    if (text.starts_with('#')) {
        out.contained = text.substr(1);
        out.url = {};
        return out;
    }
    if (text.starts_with("urn:") || text.starts_with('/') ||
        text.find('?') != std::string_view::npos)
        return out;
    std::string_view path = text;
    std::string_view id = take_last(path);
    if (path.ends_with("/_history") && is_logical_id(id)) {
        out.version = id;
        take_last(path);
        out.url = path;
        id = take_last(path);
    }
    std::string_view rest = path;
    const std::string_view type = take_last(rest);
    if (!is_logical_id(id) || !is_type_name(type)) return out;
    // A relative reference is Type/id and nothing more; before it only an absolute URL may stand.
    if (!rest.empty() && rest.find("://") == std::string_view::npos) return out;
    if (rest.ends_with(":/")) return out;
    out.type = type;
    out.id = id;
    out.base = rest;
    return out;
}

ReferenceParts parse_reference(const json::Value& value) {
    if (value.is_string()) return parse_reference_text(value.string());
    if (!value.is_object()) return {};
    ReferenceParts out = parse_reference_text(text_member(value, "reference"));
    if (out.type.empty()) out.type = text_member(value, "type");
    const json::Value* identifier = value.find("identifier");
    if (identifier != nullptr && identifier->is_object()) {
        out.identifier_system = text_member(*identifier, "system");
        out.identifier_value = text_member(*identifier, "value");
    }
    return out;
}

}  // namespace consilium::formats::fhir
