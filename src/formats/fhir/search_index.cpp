// SPDX-License-Identifier: Apache-2.0
#include "formats/fhir/search_index.hpp"

#include <algorithm>

#include "formats/fhir/search_keys.hpp"
#include "formats/fhir/search_terms.hpp"
#include "formats/fhir/search_text.hpp"

namespace consilium::formats::fhir {

namespace {

using fhirpath::Item;

// The keys of one resource, by scope and parameter, so that the largest group can give way.
class Keys {
 public:
    Keys(const json::Value& resource, const IndexOptions& options)
        : options_(options), values_(resource) {}

    std::vector<Bytes> run() {
        const Type* type = values_.resource().type;
        if (type == nullptr || type->is_abstract) return {};
        type_ = type->name;
        find_patients();
        for (const std::string_view base :
             {std::string_view("Resource"), std::string_view("DomainResource"), type_}) {
            for (const SearchParameter& parameter : definitions().search_parameters(base))
                add(parameter);
        }
        return fitted();
    }

 private:
    struct Group {
        Bytes overflow;
        std::vector<Bytes> keys;
    };

    void find_patients() {
        const SearchParameter* parameter = patient_parameter(type_);
        if (parameter == nullptr) return;
        std::vector<ReferenceTerm> terms;
        for (const Item& item : values_.of(*parameter))
            append_references(item, options_.base, terms);
        for (const ReferenceTerm& term : terms) {
            const bool known =
                std::find(patients_.begin(), patients_.end(), term.id) != patients_.end();
            if (term.type == "Patient" && !term.id.empty() && !known)
                patients_.emplace_back(term.id);
        }
        if (patients_.size() <= kMaxScopes) return;
        patients_.clear();
        Group group;
        group.overflow = index_scope(type_);
        append_kind(group.overflow, index_kind::kOverflow, kManyPatients);
        group.keys = {group.overflow};
        groups_.push_back(std::move(group));
        ++count_;
    }

    void add(const SearchParameter& parameter) {
        const bool scoped = is_scoped(parameter) && !patients_.empty();
        if (!is_indexed(parameter) && !scoped) return;
        const SearchParameter& as = indexed_as(type_, parameter);
        // Values under another name are there already, but for what that one leaves out: a subject
        // that is no Patient.
        const bool subject = &as != &parameter && as.expression != parameter.expression;
        if (&as != &parameter && !subject) return;
        const std::vector<Item> items = values_.of(parameter);
        if (items.empty()) return;
        if (is_indexed(parameter)) add_terms(index_scope(type_), parameter, items, subject);
        if (!scoped) return;
        for (const std::string& patient : patients_)
            add_terms(index_scope(type_, patient), parameter, items, false);
    }

    void add_terms(const Bytes& scope, const SearchParameter& parameter,
                   const std::vector<Item>& items, bool without_patients) {
        Group group;
        group.overflow = scope;
        append_kind(group.overflow, index_kind::kOverflow, parameter.code);
        const auto start = [&](char kind) {
            Bytes key = scope;
            append_kind(key, kind, parameter.code);
            return key;
        };
        for (const Item& item : items) {
            switch (parameter.type) {
                case SearchType::kToken:
                    add_tokens(item, start(index_kind::kToken), group);
                    break;
                case SearchType::kString:
                    add_strings(item, start(index_kind::kString), group);
                    break;
                case SearchType::kUri:
                    add_uris(item, start(index_kind::kUri), group);
                    break;
                case SearchType::kDate:
                    add_dates(item, start(index_kind::kNarrowDate), start(index_kind::kWideDate),
                              group);
                    break;
                case SearchType::kNumber:
                case SearchType::kQuantity:
                    add_numbers(item, start(index_kind::kNumber), start(index_kind::kNotPoint),
                                group);
                    break;
                case SearchType::kReference:
                    add_references(item, start(index_kind::kReference),
                                   start(index_kind::kIdentifier), without_patients, group);
                    break;
                default:
                    break;
            }
        }
        std::sort(group.keys.begin(), group.keys.end());
        group.keys.erase(std::unique(group.keys.begin(), group.keys.end()), group.keys.end());
        count_ += group.keys.size();
        if (!group.keys.empty()) groups_.push_back(std::move(group));
    }

    static void add_tokens(const Item& item, const Bytes& start, Group& group) {
        std::vector<TokenTerm> terms;
        append_tokens(item, terms);
        for (const TokenTerm& term : terms) {
            Bytes key = start;
            append_term(key, fold_code(term.code));
            append_term(key, term.any_system ? kAnySystem : term.system);
            group.keys.push_back(std::move(key));
        }
    }

    static void add_strings(const Item& item, const Bytes& start, Group& group) {
        std::vector<std::string_view> terms;
        append_strings(item, terms);
        for (const std::string_view term : terms) {
            const std::string folded = fold_string(term);
            group.keys.push_back(start + Bytes(utf8_prefix(folded, kMaxTermBytes)));
        }
    }

    static void add_uris(const Item& item, const Bytes& start, Group& group) {
        std::vector<std::string_view> terms;
        append_strings(item, terms);
        for (const std::string_view term : terms) {
            Bytes key = start;
            append_term(key, without_version(term));
            group.keys.push_back(std::move(key));
        }
    }

    static void add_dates(const Item& item, const Bytes& narrow, const Bytes& wide, Group& group) {
        std::vector<MomentRange> terms;
        append_dates(item, terms);
        for (const MomentRange& term : terms) {
            const bool open = term.low_ms == kBeginningOfTime || term.high_ms == kEndOfTime;
            const bool is_narrow =
                !open && term.high_ms >= term.low_ms && term.high_ms - term.low_ms <= kNarrowMs;
            Bytes key = is_narrow ? narrow : wide;
            append_time(key, is_narrow ? term.low_ms : term.high_ms);
            append_time(key, is_narrow ? term.high_ms : term.low_ms);
            group.keys.push_back(std::move(key));
        }
    }

    static void add_numbers(const Item& item, const Bytes& point, const Bytes& other,
                            Group& group) {
        std::vector<NumberTerm> terms;
        append_numbers(item, terms);
        for (const NumberTerm& term : terms) {
            Bytes key = term.point ? point : other;
            if (term.point) append_ordered(key, *term.low);
            group.keys.push_back(std::move(key));
        }
    }

    void add_references(const Item& item, const Bytes& literal, const Bytes& logical,
                        bool without_patients, Group& group) {
        std::vector<ReferenceTerm> terms;
        append_references(item, options_.base, terms);
        for (const ReferenceTerm& term : terms) {
            if (without_patients && term.type == "Patient") continue;
            if (!term.target.empty()) {
                Bytes key = literal;
                append_term(key, without_version(term.target));
                group.keys.push_back(std::move(key));
            }
            if (!term.identifier_value.empty()) {
                Bytes key = logical;
                append_term(key, fold_code(term.identifier_value));
                append_term(key, term.identifier_system);
                group.keys.push_back(std::move(key));
            }
        }
    }

    std::vector<Bytes> fitted() {
        while (count_ > options_.limit) {
            const auto largest = std::max_element(
                groups_.begin(), groups_.end(),
                [](const Group& a, const Group& b) { return a.keys.size() < b.keys.size(); });
            if (largest == groups_.end() || largest->keys.size() <= 1) break;
            count_ -= largest->keys.size() - 1;
            largest->keys = {largest->overflow};
        }
        std::vector<Bytes> out;
        for (Group& group : groups_)
            std::move(group.keys.begin(), group.keys.end(), std::back_inserter(out));
        return out;
    }

    IndexOptions options_;
    ParameterValues values_;
    std::string_view type_;
    std::vector<std::string> patients_;
    std::vector<Group> groups_;
    std::size_t count_ = 0;
};

}  // namespace

std::vector<Bytes> index_keys(const json::Value& resource, const IndexOptions& options) {
    if (!resource.is_object()) return {};
    return Keys(resource, options).run();
}

}  // namespace consilium::formats::fhir
