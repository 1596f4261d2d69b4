// SPDX-License-Identifier: Apache-2.0
#include "formats/fhir/search_terms.hpp"

#include <map>

#include "formats/fhir/search_reference.hpp"

namespace consilium::formats::fhir {

namespace {

using fhirpath::Evaluator;
using fhirpath::Expression;
using fhirpath::Item;

// All expressions, compiled at the first use. Those outside the subset are missing; a test counts
// them.
class Expressions {
 public:
    static const Expressions& all() {
        static const Expressions expressions;
        return expressions;
    }
    [[nodiscard]] const Expression* find(std::string_view text) const {
        const auto at = expressions_.find(text);
        return at != expressions_.end() ? &at->second : nullptr;
    }

 private:
    Expressions() {
        for (const Type& type : definitions().types()) {
            for (const SearchParameter& parameter : definitions().search_parameters(type.name)) {
                add(parameter.expression);
                for (const SearchComponent& component : parameter.components)
                    add(component.expression);
            }
        }
    }
    void add(std::string_view text) {
        if (text.empty() || expressions_.contains(text)) return;
        auto compiled = Expression::compile(text);
        if (compiled.ok()) expressions_.emplace(text, std::move(compiled).value());
    }

    std::map<std::string_view, Expression> expressions_;
};

const json::Value* object_of(const Item& item) {
    const bool object =
        item.kind == Item::Kind::kValue && item.value != nullptr && item.value->is_object();
    return object ? item.value : nullptr;
}

std::string_view text_member(const json::Value& object, std::string_view name) {
    const json::Value* found = object.find(name);
    return found != nullptr && found->is_string() ? found->string() : std::string_view();
}

// The strings of a member that is a string or a list of them.
void append_texts(const json::Value& object, std::string_view name,
                  std::vector<std::string_view>& out) {
    const json::Value* found = object.find(name);
    if (found == nullptr) return;
    if (found->is_string()) out.push_back(found->string());
    if (!found->is_array()) return;
    for (const json::Value& item : found->array()) {
        if (item.is_string()) out.push_back(item.string());
    }
}

bool is_type(const Item& item, std::string_view name) {
    return item.type != nullptr && item.type->is_a(name);
}

std::optional<Decimal> number_member(const json::Value& object, std::string_view name) {
    const json::Value* found = object.find(name);
    return found != nullptr && found->is_number() ? parse_decimal(found->number()) : std::nullopt;
}

std::optional<MomentRange> range_of_text(std::string_view text) {
    const auto moment = parse_moment(text);
    return moment ? std::optional<MomentRange>(range_of(*moment)) : std::nullopt;
}

std::optional<MomentRange> range_of_period(const json::Value& period) {
    const std::string_view start = text_member(period, "start");
    const std::string_view end = text_member(period, "end");
    const auto low = range_of_text(start);
    const auto high = range_of_text(end);
    if ((!start.empty() && !low) || (!end.empty() && !high) || (!low && !high)) return std::nullopt;
    return MomentRange{low ? low->low_ms : kBeginningOfTime, high ? high->high_ms : kEndOfTime};
}

void append_quantity(const json::Value& quantity, std::vector<NumberTerm>& out) {
    NumberTerm term;
    const auto value = number_member(quantity, "value");
    if (!value) return;
    term.system = text_member(quantity, "system");
    term.code = text_member(quantity, "code");
    term.unit = text_member(quantity, "unit");
    if (term.code.empty()) term.code = text_member(quantity, "currency");
    const std::string_view comparator = text_member(quantity, "comparator");
    term.point = comparator.empty();
    if (comparator.empty() || comparator.front() == '>') term.low = value;
    if (comparator.empty() || comparator.front() == '<') term.high = value;
    out.push_back(std::move(term));
}

}  // namespace

const Expression* expression_of(const SearchParameter& parameter) {
    return Expressions::all().find(parameter.expression);
}

const Expression* expression_of(const SearchComponent& component) {
    return Expressions::all().find(component.expression);
}

ParameterValues::ParameterValues(const json::Value& resource)
    : resource_(Evaluator::resource_item(resource)) {
    evaluator_.set_resources(resource_, resource_);
}

std::vector<Item> ParameterValues::run(const Expression* expression, const Item& focus) {
    if (expression == nullptr) return {};
    const auto result = evaluator_.evaluate(*expression, focus);
    if (!result.ok()) return {};
    return {result.value().begin(), result.value().end()};
}

std::vector<Item> ParameterValues::of(const SearchParameter& parameter) {
    return run(expression_of(parameter), resource_);
}

std::vector<Item> ParameterValues::of(const SearchComponent& component, const Item& focus) {
    return run(expression_of(component), focus);
}

void append_tokens(const Item& item, std::vector<TokenTerm>& out) {
    const json::Value* object = object_of(item);
    if (object == nullptr) {
        const auto text = fhirpath::text_of(item);
        if (text && !text->empty()) out.push_back({{}, *text, true});
        return;
    }
    const auto append_one = [&](const json::Value& coding, std::string_view name) {
        const TokenTerm term{text_member(coding, "system"), text_member(coding, name), false};
        if (!term.code.empty() || !term.system.empty()) out.push_back(term);
    };
    if (is_type(item, "CodeableConcept")) {
        const json::Value* codings = object->find("coding");
        if (codings == nullptr || !codings->is_array()) return;
        for (const json::Value& coding : codings->array()) {
            if (coding.is_object()) append_one(coding, "code");
        }
    } else if (is_type(item, "ContactPoint")) {
        // The system of a contact point says phone or email: no namespace of its value.
        const std::string_view value = text_member(*object, "value");
        if (!value.empty()) out.push_back({{}, value, true});
    } else if (is_type(item, "Identifier")) {
        append_one(*object, "value");
    } else {
        append_one(*object, "code");
    }
}

void append_strings(const Item& item, std::vector<std::string_view>& out) {
    const json::Value* object = object_of(item);
    if (object == nullptr) {
        const auto text = fhirpath::text_of(item);
        if (text) out.push_back(*text);
        return;
    }
    if (is_type(item, "HumanName")) {
        for (const std::string_view part : {"text", "family", "given", "prefix", "suffix"})
            append_texts(*object, part, out);
    } else if (is_type(item, "Address")) {
        for (const std::string_view part :
             {"text", "line", "city", "district", "state", "postalCode", "country"})
            append_texts(*object, part, out);
    } else {
        append_texts(*object, "text", out);
    }
}

void append_dates(const Item& item, std::vector<MomentRange>& out) {
    const json::Value* object = object_of(item);
    const auto append = [&](const std::optional<MomentRange>& range) {
        if (range) out.push_back(*range);
    };
    if (object == nullptr) {
        const auto text = fhirpath::text_of(item);
        if (text) append(range_of_text(*text));
        return;
    }
    if (!is_type(item, "Timing")) return append(range_of_period(*object));
    // A Timing is found from its first to its last event, or by its bounds.
    std::vector<std::string_view> events;
    append_texts(*object, "event", events);
    std::optional<MomentRange> whole;
    for (const std::string_view event : events) {
        const auto range = range_of_text(event);
        if (!range) continue;
        if (!whole) whole = range;
        whole->low_ms = std::min(whole->low_ms, range->low_ms);
        whole->high_ms = std::max(whole->high_ms, range->high_ms);
    }
    append(whole);
    const json::Value* repeat = object->find("repeat");
    const json::Value* bounds = repeat != nullptr ? repeat->find("boundsPeriod") : nullptr;
    if (bounds != nullptr) append(range_of_period(*bounds));
}

void append_numbers(const Item& item, std::vector<NumberTerm>& out) {
    const json::Value* object = object_of(item);
    if (object == nullptr) {
        const bool number =
            item.kind == Item::Kind::kValue && item.value != nullptr && item.value->is_number();
        const auto value = number ? parse_decimal(item.value->number()) : std::nullopt;
        if (value) out.push_back({value, value, true, {}, {}, {}});
        return;
    }
    if (!is_type(item, "Range")) {
        const json::Value* origin = is_type(item, "SampledData") ? object->find("origin") : nullptr;
        return append_quantity(origin != nullptr ? *origin : *object, out);
    }
    NumberTerm range;
    range.point = false;
    std::vector<NumberTerm> ends;
    for (const std::string_view end : {"low", "high"}) {
        const json::Value* quantity = object->find(end);
        if (quantity == nullptr || !quantity->is_object()) continue;
        ends.clear();
        append_quantity(*quantity, ends);
        if (ends.empty()) continue;
        range.system = ends.front().system;
        range.code = ends.front().code;
        range.unit = ends.front().unit;
        (end == "low" ? range.low : range.high) = number_member(*quantity, "value");
    }
    if (range.low || range.high) out.push_back(std::move(range));
}

void append_references(const Item& item, std::string_view base, std::vector<ReferenceTerm>& out) {
    if (item.kind != Item::Kind::kValue || item.value == nullptr) return;
    const ReferenceParts parts = parse_reference(*item.value);
    if (!parts.contained.empty()) return;
    ReferenceTerm term;
    term.type = parts.type;
    term.identifier_system = parts.identifier_system;
    term.identifier_value = parts.identifier_value;
    if (parts.is_literal() && (parts.base.empty() || parts.base == base)) {
        term.id = parts.id;
        term.target = std::string(parts.type) + "/" + std::string(parts.id);
    } else {
        term.target = parts.url;
    }
    if (!term.target.empty() || !term.identifier_value.empty()) out.push_back(std::move(term));
}

}  // namespace consilium::formats::fhir
