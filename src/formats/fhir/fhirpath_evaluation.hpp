// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "formats/fhir/fhirpath.hpp"

namespace consilium::formats::fhir::fhirpath {

// One run of an expression. Collections are ranges of the evaluator's stack: an operation leaves
// its result on top, or points at items further down. The first error ends the run; every function
// then returns an empty range.
class Evaluation {
 public:
    Evaluation(Evaluator& evaluator, const Expression& expression, const Item& focus);

    struct Range {
        std::size_t begin = 0;
        std::size_t end = 0;
        [[nodiscard]] std::size_t size() const { return end - begin; }
        [[nodiscard]] bool empty() const { return begin == end; }
    };

    [[nodiscard]] Range run();
    [[nodiscard]] Truth run_condition();
    [[nodiscard]] const std::optional<EvaluationError>& error() const { return error_; }

 private:
    [[nodiscard]] const Node& node(std::uint16_t index) const {
        return expression_.tree_.nodes[index];
    }
    [[nodiscard]] std::vector<Item>& stack() { return evaluator_.stack_; }
    [[nodiscard]] const Item& at(std::size_t index) const { return evaluator_.stack_[index]; }
    [[nodiscard]] std::uint16_t root() const {
        return static_cast<std::uint16_t>(expression_.tree_.nodes.size() - 1);
    }

    // fhirpath_eval.cpp
    Range eval(std::uint16_t index, Range self);
    Truth truth(std::uint16_t index, Range self);
    Truth truth_of(Range range);
    Truth both(const Node& node, Range self);
    Truth comparison(const Node& node, Range self);
    Truth equality(Range a, Range b);
    Truth membership(Range item, Range collection);
    Range variable(const Node& node, Range self);
    Range child(const Node& node, Range self);
    Range arithmetic(const Node& node, Range self);
    Range settle(std::size_t mark, Range range);

    // fhirpath_functions.cpp
    Range call(const Node& node, Range self);
    Range filter(const Node& node, Range in, std::size_t mark);
    Range choose(const Node& node, Range self);
    Range slice(const Node& node, Range in, Range self);
    Range descend(Range in, std::size_t mark);
    Range resolve(Range in, std::size_t mark);
    Range combine(const Node& node, Range in, Range self, std::size_t mark);
    Range distinct(Range in, std::size_t mark);
    Range text_function(const Node& node, Range in, Range self);
    Range to_integer(Range in);
    Range matches(const Node& node, Range in, Range self, bool replace);
    Truth condition(const Node& node, Range self);
    Truth all_are(Range in, Function function);
    Truth is_distinct(Range in);
    bool contains(Range in, const Item& item);

    // Steps and limits.
    Range refuse(EvaluationError error);
    bool spend(std::size_t steps);
    Range push(const Item& item);
    Range push_boolean(Truth truth);
    Range push_integer(std::int64_t value);
    Range push_string(std::string text);
    std::optional<std::string_view> argument_text(std::uint16_t index, Range self);
    std::optional<std::int64_t> argument_integer(std::uint16_t index, Range self);

    Evaluator& evaluator_;
    const Expression& expression_;
    std::size_t work_ = 0;
    bool undecided_ = false;
    std::optional<EvaluationError> error_;
};

// FHIR's htmlChecks(): whether the text is one XHTML <div> with only the elements and attributes
// that a Narrative may have (R4 2.4.0.1), no scripts, styles by class or attribute only, and some
// content.
[[nodiscard]] bool html_checks(std::string_view div);

}  // namespace consilium::formats::fhir::fhirpath
