// SPDX-License-Identifier: Apache-2.0
#include "formats/fhir/search_match.hpp"

#include <algorithm>

#include "formats/fhir/primitive.hpp"
#include "formats/fhir/search_reference.hpp"
#include "formats/fhir/search_terms.hpp"
#include "formats/fhir/search_text.hpp"

namespace consilium::formats::fhir {

namespace {

using fhirpath::Item;

bool token_fits(const TokenTerm& term, const SearchValue& value) {
    const bool system = value.any_system || term.any_system || term.system == value.system;
    return system && (value.text.empty() || fold_code(term.code) == fold_code(value.text));
}

bool string_fits(std::string_view text, const SearchValue& value, Modifier modifier) {
    if (modifier == Modifier::kExact) return text == value.text;
    const std::string folded = fold_string(text);
    const std::string wanted = fold_string(value.text);
    if (modifier == Modifier::kContains) return folded.find(wanted) != std::string::npos;
    return folded.starts_with(wanted);
}

// R4 3.1.1.5.6: what a prefix says of the range asked for and the range found.
bool date_fits(const MomentRange& found, const SearchValue& value) {
    const MomentRange asked = range_of(*value.moment);
    const bool within = found.low_ms >= asked.low_ms && found.high_ms <= asked.high_ms;
    switch (value.prefix) {
        case Prefix::kEq:
            return within;
        case Prefix::kNe:
            return !within;
        case Prefix::kGt:
            return found.high_ms > asked.high_ms;
        case Prefix::kGe:
            return found.high_ms > asked.high_ms || within;
        case Prefix::kLt:
            return found.low_ms < asked.low_ms;
        case Prefix::kLe:
            return found.low_ms < asked.low_ms || within;
        case Prefix::kSa:
            return found.low_ms > asked.high_ms;
        case Prefix::kEb:
            return found.high_ms < asked.low_ms;
        case Prefix::kAp:
            return found.low_ms <= asked.high_ms && found.high_ms >= asked.low_ms;
    }
    return false;
}

// Whether a range lies below, or above, a number; an open end never does.
bool ends_below(const std::optional<Decimal>& high, const Decimal& number, bool or_at) {
    if (!high) return false;
    const auto order = compare(*high, number);
    return order < 0 || (or_at && order == 0);
}
bool begins_above(const std::optional<Decimal>& low, const Decimal& number, bool or_at) {
    if (!low) return false;
    const auto order = compare(*low, number);
    return order > 0 || (or_at && order == 0);
}

// Equality is by the digits that were asked for: 100 is [99.5, 100.5), 5.40 is [5.395, 5.405).
bool number_fits(const NumberTerm& found, const SearchValue& value) {
    const Decimal& asked = *value.number;
    const Decimal half = half_unit(asked);
    const auto within = [&](const Decimal& distance, bool closed) {
        return begins_above(found.low, add(asked, negate(distance)), true) &&
               ends_below(found.high, add(asked, distance), closed);
    };
    switch (value.prefix) {
        case Prefix::kEq:
            return within(half, false);
        case Prefix::kNe:
            return !within(half, false);
        case Prefix::kGt:
            return !ends_below(found.high, asked, true);
        case Prefix::kGe:
            return !ends_below(found.high, asked, false);
        case Prefix::kLt:
            return !begins_above(found.low, asked, true);
        case Prefix::kLe:
            return !begins_above(found.low, asked, false);
        case Prefix::kSa:
            return begins_above(found.low, asked, false);
        case Prefix::kEb:
            return ends_below(found.high, asked, false);
        case Prefix::kAp: {
            Decimal distance = tenth(asked);
            distance.negative = false;
            return within(distance, true);
        }
    }
    return false;
}

bool quantity_fits(const NumberTerm& found, const SearchValue& value) {
    if (!value.text.empty()) {
        const bool system = value.any_system || found.system == value.system;
        const bool unit =
            found.code == value.text || (value.any_system && found.unit == value.text);
        if (!system || !unit) return false;
    }
    return number_fits(found, value);
}

bool reference_fits(const ReferenceTerm& found, const SearchValue& value,
                    const Criterion& criterion, std::string_view base) {
    if (criterion.modifier == Modifier::kIdentifier)
        return token_fits({found.identifier_system, found.identifier_value, false}, value) &&
               !found.identifier_value.empty();
    if (criterion.modifier == Modifier::kType && found.type != criterion.target) return false;
    if (found.target.empty()) return false;
    if (is_logical_id(value.text)) {
        const auto targets = criterion.parameter->targets;
        return found.id == value.text &&
               (targets.empty() ||
                std::find(targets.begin(), targets.end(), found.type) != targets.end());
    }
    const ReferenceParts asked = parse_reference_text(value.text);
    if (asked.is_literal() && (asked.base.empty() || asked.base == base))
        return found.id == asked.id && found.type == asked.type;
    // A canonical is found with and without its version.
    const std::string_view target = found.target;
    return target == asked.url || target.substr(0, target.find('|')) == asked.url;
}

// Whether a value found is one of those asked for.
class Matcher {
 public:
    Matcher(const Criterion& criterion, std::string_view base, ParameterValues& values)
        : criterion_(criterion), base_(base), values_(values) {}

    bool fits(const Item& item, SearchType type, const SearchValue& value) {
        switch (type) {
            case SearchType::kToken: {
                std::vector<TokenTerm> terms;
                append_tokens(item, terms);
                return any(terms, [&](const TokenTerm& term) { return token_fits(term, value); });
            }
            case SearchType::kString: {
                std::vector<std::string_view> terms;
                append_strings(item, terms);
                return any(terms, [&](std::string_view term) {
                    return string_fits(term, value, criterion_.modifier);
                });
            }
            case SearchType::kUri: {
                std::vector<std::string_view> terms;
                append_strings(item, terms);
                return any(terms, [&](std::string_view term) {
                    return term == value.text || term.substr(0, term.find('|')) == value.text;
                });
            }
            case SearchType::kDate: {
                std::vector<MomentRange> terms;
                append_dates(item, terms);
                return any(terms, [&](const MomentRange& term) { return date_fits(term, value); });
            }
            case SearchType::kNumber:
            case SearchType::kQuantity: {
                std::vector<NumberTerm> terms;
                append_numbers(item, terms);
                return any(terms,
                           [&](const NumberTerm& term) { return quantity_fits(term, value); });
            }
            case SearchType::kReference: {
                std::vector<ReferenceTerm> terms;
                append_references(item, base_, terms);
                return any(terms, [&](const ReferenceTerm& term) {
                    return reference_fits(term, value, criterion_, base_);
                });
            }
            case SearchType::kComposite:
                return composite_fits(item, value);
            case SearchType::kSpecial:
                break;
        }
        return false;
    }

 private:
    template <typename Terms, typename Fits>
    static bool any(const Terms& terms, const Fits& fits) {
        return std::any_of(terms.begin(), terms.end(), fits);
    }

    // All components must fit within the same item.
    bool composite_fits(const Item& item, const SearchValue& value) {
        const auto components = criterion_.parameter->components;
        for (std::size_t i = 0; i < components.size() && i < value.parts.size(); ++i) {
            const auto items = values_.of(components[i], item);
            const bool one = std::any_of(items.begin(), items.end(), [&](const Item& part) {
                return fits(part, components[i].type, value.parts[i]);
            });
            if (!one) return false;
        }
        return value.parts.size() == components.size();
    }

    const Criterion& criterion_;
    std::string_view base_;
    ParameterValues& values_;
};

}  // namespace

bool matches(const json::Value& resource, const Criterion& criterion, std::string_view base) {
    if (criterion.parameter == nullptr) return false;
    ParameterValues values(resource);
    const auto items = values.of(*criterion.parameter);
    if (criterion.modifier == Modifier::kMissing) return items.empty() == criterion.missing;
    Matcher matcher(criterion, base, values);
    const bool found = std::any_of(items.begin(), items.end(), [&](const Item& item) {
        return std::any_of(criterion.values.begin(), criterion.values.end(),
                           [&](const SearchValue& value) {
                               return matcher.fits(item, criterion.parameter->type, value);
                           });
    });
    return found != (criterion.modifier == Modifier::kNot);
}

bool matches(const json::Value& resource, const Query& query, std::string_view base) {
    return std::all_of(
        query.criteria.begin(), query.criteria.end(),
        [&](const Criterion& criterion) { return matches(resource, criterion, base); });
}

std::vector<std::string> references_of(const json::Value& resource,
                                       const SearchParameter* parameter, std::string_view target,
                                       std::string_view base) {
    ParameterValues values(resource);
    std::vector<ReferenceTerm> terms;
    const auto collect = [&](const SearchParameter& one) {
        if (one.type != SearchType::kReference) return;
        for (const Item& item : values.of(one))
            append_references(item, base, terms);
    };
    if (parameter != nullptr) {
        collect(*parameter);
    } else if (values.resource().type != nullptr) {
        for (const SearchParameter& one :
             definitions().search_parameters(values.resource().type->name))
            collect(one);
    }
    std::vector<std::string> out;
    for (ReferenceTerm& term : terms) {
        if (term.id.empty() || (!target.empty() && term.type != target)) continue;
        if (std::find(out.begin(), out.end(), term.target) == out.end())
            out.push_back(std::move(term.target));
    }
    return out;
}

}  // namespace consilium::formats::fhir
