// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// The syntax tree of a compiled FHIRPath expression. Nodes name each other by index, operands come
// before the node that uses them, and the root is the last one. Only fhirpath_*.cpp look inside.
namespace consilium::formats::fhir::fhirpath {

enum class Op : std::uint8_t {
    kThis,      // $this, and the focus that an expression without an operand starts from
    kEmpty,     // {}
    kString,    // text
    kNumber,    // text: literal of an integer or decimal
    kBoolean,   // number: 0 or 1
    kVariable,  // number: a Variable
    kChild,     // operand a, text: name
    kIndex,     // operand a, number: position
    kFunction,  // operand a, arguments b and c, function
    kAnd,       // operands a and b, this and all below
    kOr,
    kXor,
    kImplies,
    kEqual,
    kNotEqual,
    kLess,
    kLessEqual,
    kGreater,
    kGreaterEqual,
    kIn,
    kContains,
    kUnion,
    kAdd,
    kSubtract,
    kConcatenate,
    kIs,  // operand a, text: type
    kAs,
};

enum class Variable : std::uint8_t { kResource, kRootResource, kContext, kUcum, kSct, kLoinc };

enum class Function : std::uint8_t {
    kNone,
    kAll,
    kAllFalse,
    kAllTrue,
    kAnyFalse,
    kAnyTrue,
    kAs,
    kChildren,
    kCombine,
    kContains,
    kCount,
    kDescendants,
    kDistinct,
    kEmpty,
    kEndsWith,
    kExists,
    kExtension,
    kFirst,
    kHasValue,
    kHtmlChecks,
    kIif,
    kIntersect,
    kIs,
    kIsDistinct,
    kLast,
    kLength,
    kLower,
    kMatches,
    kNot,
    kOfType,
    kReplaceMatches,
    kResolve,
    kSelect,
    kSingle,
    kSkip,
    kStartsWith,
    kSubstring,
    kTail,
    kTake,
    kToInteger,
    kToString,
    kTrace,
    kUnion,
    kUpper,
    kWhere,
};

inline constexpr std::uint16_t kNoNode = 0xffff;

struct Node {
    Op op = Op::kEmpty;
    Function function = Function::kNone;
    std::uint16_t a = kNoNode;
    std::uint16_t b = kNoNode;
    std::uint16_t c = kNoNode;
    std::uint16_t text = kNoNode;  // index into Tree::texts
    // kNumber: nothing; kIndex: the position; kBoolean; kVariable; of the function matches and
    // replaceMatches with a literal pattern: 1 + its index among the patterns; of iif: 1 + the node
    // of its third argument.
    std::uint32_t number = 0;
};

struct Tree {
    std::vector<Node> nodes;
    std::vector<std::string> texts;

    [[nodiscard]] std::string_view text(const Node& node) const { return texts[node.text]; }
};

}  // namespace consilium::formats::fhir::fhirpath
