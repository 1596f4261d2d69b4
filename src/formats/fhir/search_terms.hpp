// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/fhir/definitions.hpp"
#include "formats/fhir/fhirpath.hpp"
#include "formats/fhir/fhirpath_date.hpp"
#include "formats/fhir/fhirpath_decimal.hpp"

// What the values of a search parameter are made of, by their data type (R4 3.1.1.4). Index and
// matching both start from these terms. Views point into the resource.
namespace consilium::formats::fhir {

// The compiled expression of a parameter or of a component; nullptr when it has none.
[[nodiscard]] const fhirpath::Expression* expression_of(const SearchParameter& parameter);
[[nodiscard]] const fhirpath::Expression* expression_of(const SearchComponent& component);

// Evaluates parameters of one resource.
class ParameterValues {
 public:
    explicit ParameterValues(const json::Value& resource);

    // The values of a parameter; none also when its expression cannot be evaluated on this
    // resource.
    [[nodiscard]] std::vector<fhirpath::Item> of(const SearchParameter& parameter);
    [[nodiscard]] std::vector<fhirpath::Item> of(const SearchComponent& component,
                                                 const fhirpath::Item& focus);
    [[nodiscard]] const fhirpath::Item& resource() const { return resource_; }

 private:
    [[nodiscard]] std::vector<fhirpath::Item> run(const fhirpath::Expression* expression,
                                                  const fhirpath::Item& focus);

    fhirpath::Evaluator evaluator_;
    fhirpath::Item resource_;
};

struct TokenTerm {
    std::string_view system;
    std::string_view code;
    bool any_system = false;  // a code without a system of its own, such as gender
};
void append_tokens(const fhirpath::Item& item, std::vector<TokenTerm>& out);

void append_strings(const fhirpath::Item& item, std::vector<std::string_view>& out);

inline constexpr std::int64_t kBeginningOfTime = std::numeric_limits<std::int64_t>::min();
inline constexpr std::int64_t kEndOfTime = std::numeric_limits<std::int64_t>::max();
void append_dates(const fhirpath::Item& item, std::vector<MomentRange>& out);

// A number or an amount; a range has other ends, and none where it is open.
struct NumberTerm {
    std::optional<Decimal> low;
    std::optional<Decimal> high;
    bool point = true;
    std::string_view system;
    std::string_view code;
    std::string_view unit;
};
void append_numbers(const fhirpath::Item& item, std::vector<NumberTerm>& out);

struct ReferenceTerm {
    std::string target;     // "Type/id", an absolute URL or another uri; empty: by identifier only
    std::string_view type;  // empty: not known
    std::string_view id;    // of "Type/id"
    std::string_view identifier_system;
    std::string_view identifier_value;
};
void append_references(const fhirpath::Item& item, std::string_view base,
                       std::vector<ReferenceTerm>& out);

}  // namespace consilium::formats::fhir
