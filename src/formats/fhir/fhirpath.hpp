// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "formats/fhir/definitions.hpp"
#include "formats/fhir/fhirpath_ast.hpp"
#include "formats/fhir/fhirpath_parse.hpp"
#include "formats/fhir/fhirpath_regex.hpp"
#include "formats/json/value.hpp"

// The subset of FHIRPath N1 that R4's invariants and search parameters use; docs/fhir.md names it.
namespace consilium::formats::fhir::fhirpath {

// A compiled expression. Immutable, so any number of threads may evaluate it.
class Expression {
 public:
    [[nodiscard]] static Result<Expression, SyntaxIssue> compile(std::string_view text);

 private:
    friend class Evaluator;
    friend class Evaluation;
    Tree tree_;
    std::vector<Regex> patterns_;
};

// One item of a collection: a node of a resource, or a value that an expression made.
struct Item {
    enum class Kind : std::uint8_t {
        kValue,    // value, shadow and type
        kBoolean,  // number
        kInteger,  // number
        kDecimal,  // text
        kString,   // text
        kTarget,   // what a reference points at; only its type is known
    };
    Kind kind = Kind::kValue;
    const Type* type = nullptr;           // nothing: not in the definitions
    const json::Value* value = nullptr;   // nothing for a primitive that has only extensions
    const json::Value* shadow = nullptr;  // the primitive's companion: _birthDate
    std::int64_t number = 0;
    std::string_view text;
};

enum class EvaluationError : std::uint8_t {
    kNotSingle,  // several items where the specification wants at most one
    kWrongType,  // an operand that the operator or function does not take
    kTooCostly,  // more than Evaluator::kMaxWork steps
};

// What an expression says as a condition.
enum class Truth : std::uint8_t {
    kFalse,
    kTrue,
    kEmpty,      // the empty collection
    kUndecided,  // empty because two values cannot be compared: dates of other precision,
                 // quantities of other units
    kError,      // EvaluationError::kNotSingle or kWrongType
    kTooCostly,  // EvaluationError::kTooCostly
};

// Evaluates expressions; keeps its memory between them. Never throws, knows no clock, and its time
// is bounded by kMaxWork. Not thread-safe.
class Evaluator {
 public:
    // Makes the node for a resource, its type taken from resourceType.
    [[nodiscard]] static Item resource_item(const json::Value& resource);

    // What %resource and %rootResource are: the resource that holds the focus, and the one that
    // contains that one (itself when none does).
    void set_resources(const Item& resource, const Item& root_resource);

    // The items of the result, valid until the next call. %context is the focus.
    [[nodiscard]] Result<std::span<const Item>, EvaluationError> evaluate(
        const Expression& expression, const Item& focus);
    [[nodiscard]] Truth holds(const Expression& expression, const Item& focus);

    // Appends the children of that name.
    static void children(const Item& item, std::string_view name, std::vector<Item>& out);
    // Appends all children.
    static void children(const Item& item, std::vector<Item>& out);

    // Whether the item is of that type or of one derived from it.
    [[nodiscard]] static bool is_type(const Item& item, std::string_view type);

    static constexpr std::size_t kMaxWork = 4'000'000;

 private:
    friend class Evaluation;
    static void append_child(const Type* type, const json::Value* value, const json::Value* shadow,
                             std::vector<Item>& out);

    Item resource_;
    Item root_resource_;
    std::vector<Item> stack_;
    std::deque<std::string> texts_;  // strings that expressions made
};

// The text of an item that is a primitive with a value (booleans as true or false), else nothing.
[[nodiscard]] std::optional<std::string_view> text_of(const Item& item);

}  // namespace consilium::formats::fhir::fhirpath
