// SPDX-License-Identifier: Apache-2.0
#include "formats/fhir/search_query.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "formats/fhir/search_parse.hpp"

namespace consilium::formats::fhir {

namespace {

constexpr std::string_view kUnknown = "The parameter is not one of this type's";

// What stands before and after the first `separator`; nothing after it when there is none.
std::pair<std::string_view, std::optional<std::string_view>> cut(std::string_view text,
                                                                 char separator) {
    const std::size_t at = text.find(separator);
    if (at == std::string_view::npos) return {text, std::nullopt};
    return {text.substr(0, at), text.substr(at + 1)};
}

// Expressions are what a parameter is found by: those without one (_text, _content) and `near` are
// not offered.
const SearchParameter* find_parameter(std::string_view type, std::string_view code) {
    const SearchParameter* out = definitions().find_search_parameter(type, code);
    if (out == nullptr || out->expression.empty() || out->type == SearchType::kSpecial)
        return nullptr;
    return out;
}

struct ModifierRule {
    std::string_view name;
    Modifier modifier;
};
constexpr std::array<ModifierRule, 5> kModifiers = {{{"exact", Modifier::kExact},
                                                     {"contains", Modifier::kContains},
                                                     {"not", Modifier::kNot},
                                                     {"missing", Modifier::kMissing},
                                                     {"identifier", Modifier::kIdentifier}}};

bool fits(Modifier modifier, SearchType type) {
    switch (modifier) {
        case Modifier::kExact:
        case Modifier::kContains:
            return type == SearchType::kString;
        case Modifier::kNot:
            return type == SearchType::kToken;
        case Modifier::kIdentifier:
        case Modifier::kType:
            return type == SearchType::kReference;
        default:
            return true;
    }
}

class QueryParser {
 public:
    QueryParser(std::string_view type, const QueryOptions& options) : options_(options) {
        query_.type = type;
    }

    Result<Query, std::vector<QueryIssue>> run(const QueryParameters& parameters) {
        if (definitions().find_resource(query_.type) == nullptr)
            refuse("not-supported", "There is no such resource type");
        if (parameters.size() > kMaxQueryParameters)
            refuse("too-long", "A search has at most 64 parameters");
        for (position_ = 0; position_ < parameters.size() && issues_.empty(); ++position_)
            read(parameters[position_].first, parameters[position_].second);
        if (!issues_.empty()) return fail(std::move(issues_));
        return std::move(query_);
    }

 private:
    void refuse(std::string_view code, std::string_view reason, std::string_view parameter = {}) {
        issues_.push_back({code, reason, std::string(parameter), position_});
    }

    void unknown() {
        if (options_.lenient)
            query_.ignored.push_back(position_);
        else
            refuse("not-supported", kUnknown);
    }

    void read(std::string_view name, std::string_view value) {
        if (name == "_format" || name == "_pretty") return;
        if (std::find(options_.own.begin(), options_.own.end(), name) != options_.own.end()) return;
        const auto [head, modifier] = cut(name, ':');
        if (value.empty() || value.size() > kMaxQueryValueBytes) {
            const bool known = find_parameter(query_.type, cut(head, '.').first) != nullptr;
            if (!known && !is_control(head)) return unknown();
            refuse(value.empty() ? "value" : "too-long",
                   value.empty() ? "The parameter has no value" : "The value is too long",
                   known ? cut(head, '.').first : std::string_view());
            return;
        }
        if (head == "_include" || head == "_revinclude") return include(head, modifier, value);
        if (head == "_has") return has(modifier.value_or(""), value);
        if (is_control(head)) return modifier ? unknown() : control(head, value);
        auto criterion = read_criterion(query_.type, name, value, true);
        if (criterion) query_.criteria.push_back(std::move(*criterion));
    }

    static bool is_control(std::string_view name) {
        constexpr std::array<std::string_view, 8> kControls = {
            "_count",    "_sort",    "_total",      "_summary",
            "_elements", "_include", "_revinclude", "_has"};
        return std::find(kControls.begin(), kControls.end(), name) != kControls.end();
    }

    void control(std::string_view name, std::string_view value) {
        if (std::find(seen_.begin(), seen_.end(), name) != seen_.end())
            return refuse("invalid", "The parameter stands twice", name);
        seen_.emplace_back(name);
        bool good = true;
        if (name == "_count") {
            std::uint32_t count = 0;
            const auto [end, status] =
                std::from_chars(value.data(), value.data() + value.size(), count);
            good = status == std::errc() && end == value.data() + value.size();
            query_.count = count;
        } else if (name == "_total") {
            good = choose(value, {"none", "estimate", "accurate"},
                          {Total::kNone, Total::kEstimate, Total::kAccurate}, query_.total);
        } else if (name == "_summary") {
            good = choose(
                value, {"true", "false", "text", "data", "count"},
                {Summary::kTrue, Summary::kFalse, Summary::kText, Summary::kData, Summary::kCount},
                query_.summary);
        } else if (name == "_elements") {
            good = elements(value);
        } else {
            return sort(value);
        }
        if (!good) refuse("value", "The value has not the form that the parameter wants", name);
    }

    template <typename T>
    static bool choose(std::string_view value, std::initializer_list<std::string_view> names,
                       std::initializer_list<T> choices, T& out) {
        const auto found = std::find(names.begin(), names.end(), value);
        if (found == names.end()) return false;
        out = *(choices.begin() + (found - names.begin()));
        return true;
    }

    bool elements(std::string_view value) {
        for (std::string_view name : split_unescaped(value, ',')) {
            // The type may stand before it: Patient.name.
            if (name.starts_with(query_.type + ".")) name.remove_prefix(query_.type.size() + 1);
            const bool letters = std::all_of(name.begin(), name.end(), [](char c) {
                return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
            });
            if (name.empty() || !letters) return false;
            query_.elements.emplace_back(name);
        }
        return true;
    }

    void sort(std::string_view value) {
        const auto keys = split_unescaped(value, ',');
        if (keys.size() > kMaxSortKeys)
            return refuse("too-long", "A search is sorted by at most 8 parameters", "_sort");
        for (std::string_view code : keys) {
            SortKey key;
            key.descending = code.starts_with('-');
            if (key.descending) code.remove_prefix(1);
            key.parameter = find_parameter(query_.type, code);
            if (key.parameter == nullptr || key.parameter->type == SearchType::kComposite)
                return refuse("not-supported", "A search is sorted by parameters of its type",
                              "_sort");
            query_.sort.push_back(key);
        }
    }

    void include(std::string_view name, std::optional<std::string_view> modifier,
                 std::string_view value) {
        Include out;
        out.reverse = name == "_revinclude";
        out.iterate = modifier.has_value();
        if (out.iterate && *modifier != "iterate" && *modifier != "recurse")
            return refuse("not-supported", "The modifier is not one of the parameter's", name);
        const auto [type, rest] = cut(value, ':');
        const auto [code, target] = cut(rest.value_or("*"), ':');
        out.type = type == "*" && !out.reverse ? query_.type : std::string(type);
        out.target = target.value_or("");
        if (code != "*") out.parameter = find_parameter(out.type, code);
        const bool known =
            definitions().find_resource(out.type) != nullptr &&
            (out.target.empty() || definitions().find_resource(out.target) != nullptr) &&
            (code == "*" ||
             (out.parameter != nullptr && out.parameter->type == SearchType::kReference));
        if (!known)
            return refuse("value", "The value names no reference parameter of a type", name);
        query_.includes.push_back(std::move(out));
    }

    // Type:reference:parameter[:modifier]
    void has(std::string_view name, std::string_view value) {
        const auto [type, rest] = cut(name, ':');
        const auto [reference, inner] = cut(rest.value_or(""), ':');
        const SearchParameter* link = find_parameter(type, reference);
        if (link == nullptr || link->type != SearchType::kReference || !inner || inner->empty())
            return refuse("not-supported", "_has names no reference parameter of a type", "_has");
        auto criterion = read_criterion(type, *inner, value, false);
        if (!criterion) return;
        Criterion out;
        out.type = query_.type;
        out.code = "_has";
        out.has_type = type;
        out.has_reference = reference;
        out.inner = std::make_shared<const std::vector<Criterion>>(
            std::vector<Criterion>{std::move(*criterion)});
        query_.criteria.push_back(std::move(out));
    }

    std::optional<Criterion> read_criterion(std::string_view type, std::string_view name,
                                            std::string_view value, bool may_chain) {
        const auto [path, chained] = cut(name, '.');
        const auto [code, modifier] = cut(path, ':');
        const SearchParameter* parameter = find_parameter(type, code);
        if (parameter == nullptr) {
            unknown();
            return std::nullopt;
        }
        Criterion out;
        out.type = type;
        out.code = code;
        out.parameter = parameter;
        if (modifier && !read_modifier(*modifier, out)) {
            refuse("not-supported", "The modifier is not one of the parameter's", code);
            return std::nullopt;
        }
        if (chained) {
            if (!may_chain || !read_chain(*chained, value, out)) {
                if (issues_.empty())
                    refuse("not-supported", "A chain has one link, to a parameter of its target",
                           code);
                return std::nullopt;
            }
            return out;
        }
        if (!read_values(value, out)) {
            refuse("value", "The value has not the form that the parameter wants", code);
            return std::nullopt;
        }
        return out;
    }

    static bool read_modifier(std::string_view name, Criterion& out) {
        for (const ModifierRule& rule : kModifiers) {
            if (rule.name == name) out.modifier = rule.modifier;
        }
        if (out.modifier == Modifier::kNone && definitions().find_resource(name) != nullptr) {
            out.modifier = Modifier::kType;
            out.target = name;
        }
        return out.modifier != Modifier::kNone && fits(out.modifier, out.parameter->type);
    }

    bool read_chain(std::string_view name, std::string_view value, Criterion& out) {
        const bool typed = out.modifier == Modifier::kType;
        if (out.parameter->type != SearchType::kReference ||
            (out.modifier != Modifier::kNone && !typed) || name.find('.') != std::string_view::npos)
            return false;
        std::vector<std::string_view> targets(out.parameter->targets.begin(),
                                              out.parameter->targets.end());
        if (typed) targets = {out.target};
        std::vector<Criterion> inner;
        for (const std::string_view target : targets) {
            if (find_parameter(target, cut(name, ':').first) == nullptr) continue;
            auto one = read_criterion(target, name, value, false);
            if (!one) return false;
            out.chain_types.emplace_back(target);
            inner.push_back(std::move(*one));
        }
        out.inner = std::make_shared<const std::vector<Criterion>>(std::move(inner));
        return out.is_chain();
    }

    static bool read_values(std::string_view value, Criterion& out) {
        if (out.modifier == Modifier::kMissing) {
            out.missing = value == "true";
            return out.missing || value == "false";
        }
        const auto alternatives = split_unescaped(value, ',');
        if (alternatives.size() > kMaxQueryValues) return false;
        for (const std::string_view text : alternatives) {
            auto one = parse_search_value(out.parameter->type, out.modifier, text,
                                          out.parameter->components);
            if (!one) return false;
            out.values.push_back(std::move(*one));
        }
        return true;
    }

    QueryOptions options_;
    Query query_;
    std::vector<QueryIssue> issues_;
    std::vector<std::string> seen_;
    std::size_t position_ = 0;
};

}  // namespace

Result<Query, std::vector<QueryIssue>> parse_query(std::string_view type,
                                                   const QueryParameters& parameters,
                                                   const QueryOptions& options) {
    return QueryParser(type, options).run(parameters);
}

Criterion resolve_chain(const Criterion& chain, std::span<const std::string> references) {
    Criterion out;
    out.type = chain.type;
    out.code = chain.code;
    out.parameter = chain.parameter;
    for (const std::string& reference : references) {
        SearchValue value;
        value.text = reference;
        out.values.push_back(std::move(value));
    }
    return out;
}

Criterion resolve_has(const Criterion& has, std::span<const std::string> ids) {
    Criterion out;
    out.type = has.type;
    out.code = "_id";
    out.parameter = find_parameter(has.type, "_id");
    for (const std::string& id : ids) {
        SearchValue value;
        value.text = id;
        out.values.push_back(std::move(value));
    }
    return out;
}

}  // namespace consilium::formats::fhir
