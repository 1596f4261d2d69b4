// SPDX-License-Identifier: Apache-2.0
// What a search shows of what it found: its order and its parts.
#include <algorithm>

#include "formats/fhir/search_keys.hpp"
#include "formats/fhir/search_match.hpp"
#include "formats/fhir/search_terms.hpp"
#include "formats/fhir/search_text.hpp"
#include "formats/json/write.hpp"

namespace consilium::formats::fhir {

namespace {

using fhirpath::Item;

// The bytes by which one item sorts, in both directions; of a range, its near end.
void append_sort_terms(const Item& item, SearchType type, bool descending,
                       std::vector<Bytes>& out) {
    const auto texts = [&](const std::vector<std::string_view>& terms) {
        for (const std::string_view term : terms)
            out.push_back(Bytes(utf8_prefix(fold_string(term), kMaxTermBytes)));
    };
    switch (type) {
        case SearchType::kDate: {
            std::vector<MomentRange> terms;
            append_dates(item, terms);
            for (const MomentRange& term : terms)
                append_time(out.emplace_back(), descending ? term.high_ms : term.low_ms);
            return;
        }
        case SearchType::kNumber:
        case SearchType::kQuantity: {
            std::vector<NumberTerm> terms;
            append_numbers(item, terms);
            for (const NumberTerm& term : terms) {
                const bool high = term.high && (descending || !term.low);
                const auto& near = high ? term.high : term.low;
                if (near) append_ordered(out.emplace_back(), *near);
            }
            return;
        }
        case SearchType::kToken: {
            std::vector<TokenTerm> terms;
            append_tokens(item, terms);
            for (const TokenTerm& term : terms)
                out.push_back(fold_code(term.code) + '\0' + Bytes(term.system));
            return;
        }
        case SearchType::kReference: {
            std::vector<ReferenceTerm> terms;
            append_references(item, {}, terms);
            for (const ReferenceTerm& term : terms)
                out.push_back(term.target);
            return;
        }
        default: {
            std::vector<std::string_view> terms;
            append_strings(item, terms);
            texts(terms);
        }
    }
}

bool is_asked(const Element& element, Summary summary, const std::vector<std::string>& elements) {
    const std::string_view name = element.name;
    if (name == "id" || name == "meta") return true;
    if (!elements.empty() && std::find(elements.begin(), elements.end(), name) != elements.end())
        return true;
    if (element.min > 0) return true;
    switch (summary) {
        case Summary::kTrue:
            return element.is_summary;
        case Summary::kText:
            return name == "text";
        case Summary::kData:
            return name != "text";
        default:
            return elements.empty() && summary == Summary::kFalse;
    }
}

constexpr std::string_view kTagSystem = "http://terminology.hl7.org/CodeSystem/v3-ObservationValue";

void write_subsetted(json::Writer& out) {
    out.begin_object();
    out.member("system", kTagSystem);
    out.member("code", "SUBSETTED");
    out.end_object();
}

// The meta of the resource with one tag more.
void write_meta(json::Writer& out, const json::Value* meta) {
    out.name("meta");
    out.begin_object();
    bool tagged = false;
    if (meta != nullptr && meta->is_object()) {
        for (const json::Member& member : meta->object()) {
            out.name(member.name);
            if (member.name != "tag" || !member.value.is_array()) {
                out.value(member.value);
                continue;
            }
            out.begin_array();
            for (const json::Value& tag : member.value.array())
                out.value(tag);
            write_subsetted(out);
            out.end_array();
            tagged = true;
        }
    }
    if (!tagged) {
        out.name("tag");
        out.begin_array();
        write_subsetted(out);
        out.end_array();
    }
    out.end_object();
}

// Summaries go into data types, too: elements of a backbone element have flags of their own.
void write_summary_value(json::Writer& out, const json::Value& value, const Type* type) {
    const bool backbone = type != nullptr && type->kind == TypeKind::kBackbone;
    if (value.is_array() && backbone) {
        out.begin_array();
        for (const json::Value& item : value.array())
            write_summary_value(out, item, type);
        out.end_array();
        return;
    }
    if (!value.is_object() || !backbone) return out.value(value);
    out.begin_object();
    for (const json::Member& member : value.object()) {
        std::string_view name = member.name;
        if (name.starts_with('_')) name.remove_prefix(1);
        const Property* property = type->find(name);
        const bool asked = property != nullptr && (property->element->is_summary ||
                                                   property->element->min > 0 || name == "id");
        if (!asked) continue;
        out.name(member.name);
        write_summary_value(out, member.value, property->type);
    }
    out.end_object();
}

}  // namespace

Bytes sort_key(const json::Value& resource, const SortKey& key) {
    ParameterValues values(resource);
    std::vector<Bytes> terms;
    for (const Item& item : values.of(*key.parameter))
        append_sort_terms(item, key.parameter->type, key.descending, terms);
    if (terms.empty()) return "\xff";
    Bytes out(1, '\0');
    if (!key.descending) {
        out += *std::min_element(terms.begin(), terms.end());
        return out;
    }
    // Turned round; the end of the text must sort after what goes on.
    for (const char byte : *std::max_element(terms.begin(), terms.end()))
        out.push_back(static_cast<char>(~static_cast<unsigned char>(byte)));
    out.push_back('\xff');
    return out;
}

std::string subset_of(const json::Value& resource, Summary summary,
                      const std::vector<std::string>& elements) {
    const bool whole = summary == Summary::kFalse && elements.empty();
    const Type* type = ParameterValues(resource).resource().type;
    if (whole || !resource.is_object() || type == nullptr) return json::write(resource);
    std::string text;
    json::Writer out(text);
    out.begin_object();
    const json::Value* meta = resource.find("meta");
    bool has_meta = false;
    for (const json::Member& member : resource.object()) {
        std::string_view name = member.name;
        if (name == "meta") {
            has_meta = true;
            write_meta(out, meta);
            continue;
        }
        if (name.starts_with('_')) name.remove_prefix(1);
        const Property* property = type->find(name);
        const bool asked = name == "resourceType" ||
                           (property != nullptr && is_asked(*property->element, summary, elements));
        if (!asked) continue;
        out.name(member.name);
        const bool named =
            property != nullptr &&
            std::find(elements.begin(), elements.end(), property->element->name) != elements.end();
        if (summary == Summary::kTrue && property != nullptr && !named)
            write_summary_value(out, member.value, property->type);
        else
            out.value(member.value);
    }
    if (!has_meta) write_meta(out, nullptr);
    out.end_object();
    return text;
}

}  // namespace consilium::formats::fhir
