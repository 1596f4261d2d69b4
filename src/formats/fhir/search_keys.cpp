// SPDX-License-Identifier: Apache-2.0
#include "formats/fhir/search_keys.hpp"

#include <algorithm>

#include "formats/fhir/search_text.hpp"

namespace consilium::formats::fhir {

namespace {

template <std::size_t N>
bool is_one_of(std::string_view code, const std::array<std::string_view, N>& codes) {
    return std::find(codes.begin(), codes.end(), code) != codes.end();
}

// Tokens that so many resources share that a scan of them would hardly be shorter than one of the
// type, and parameters that only repeat others.
constexpr std::array<std::string_view, 19> kUnindexed = {"_id",
                                                         "_profile",
                                                         "_source",
                                                         "active",
                                                         "address-use",
                                                         "category",
                                                         "combo-code",
                                                         "combo-value-concept",
                                                         "combo-value-quantity",
                                                         "deceased",
                                                         "experimental",
                                                         "gender",
                                                         "intent",
                                                         "language",
                                                         "mode",
                                                         "outcome",
                                                         "priority",
                                                         "status",
                                                         "use"};

// What a patient's record is asked for most.
constexpr std::array<std::string_view, 6> kScopedTokens = {"category", "class", "clinical-status",
                                                           "code",     "type",  "vaccine-code"};
constexpr std::array<std::string_view, 4> kScopedDates = {"authoredon", "created", "date",
                                                          "onset-date"};

constexpr std::uint64_t kSignBit = std::uint64_t{1} << 63U;

}  // namespace

Bytes index_scope(std::string_view type) {
    Bytes out = "s";
    out.append(type).push_back('\0');
    return out;
}

Bytes index_scope(std::string_view type, std::string_view patient) {
    Bytes out = "p";
    out.append(patient).push_back('\0');
    out.append(type).push_back('\0');
    return out;
}

void append_kind(Bytes& out, char kind, std::string_view parameter) {
    out.push_back(kind);
    out.append(parameter).push_back('\0');
}

void append_term(Bytes& out, std::string_view text) {
    out.append(utf8_prefix(text, kMaxTermBytes)).push_back('\0');
}

void append_time(Bytes& out, std::int64_t ms) {
    append_be64(out, static_cast<std::uint64_t>(ms) ^ kSignBit);
}

std::int64_t read_time(BytesView bytes) {
    return static_cast<std::int64_t>(read_be64(bytes) ^ kSignBit);
}

const SearchParameter& indexed_as(std::string_view type, const SearchParameter& parameter) {
    for (const SearchParameter& other : definitions().search_parameters(type)) {
        if (&other == &parameter) break;
        if (other.type != parameter.type) continue;
        if (other.expression == parameter.expression) return other;
        // Observation.subject.where(resolve() is Patient) and Observation.subject.
        const bool narrower =
            other.code == "patient" && parameter.code == "subject" &&
            other.expression.starts_with(parameter.expression) &&
            other.expression.substr(parameter.expression.size()).starts_with(".where(");
        if (narrower) return other;
    }
    return parameter;
}

bool is_indexed(const SearchParameter& parameter) {
    return parameter.type != SearchType::kComposite && parameter.type != SearchType::kSpecial &&
           !parameter.expression.empty() && !is_one_of(parameter.code, kUnindexed);
}

bool is_scoped(const SearchParameter& parameter) {
    if (parameter.type == SearchType::kToken) return is_one_of(parameter.code, kScopedTokens);
    return parameter.type == SearchType::kDate && is_one_of(parameter.code, kScopedDates);
}

const SearchParameter* patient_parameter(std::string_view type) {
    const SearchParameter* out = definitions().find_search_parameter(type, "patient");
    return out != nullptr && out->type == SearchType::kReference ? out : nullptr;
}

std::string_view without_version(std::string_view target) {
    return target.substr(0, target.find('|'));
}

}  // namespace consilium::formats::fhir
