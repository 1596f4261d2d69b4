// SPDX-License-Identifier: Apache-2.0
#include "formats/fhir/fhirpath_parse.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "formats/fhir/fhirpath_lexer.hpp"

namespace consilium::formats::fhir::fhirpath {

namespace {

struct Operator {
    std::string_view text;
    Op op;
    std::uint8_t binding;  // a larger number binds more tightly; all group to the left
};

// FHIRPath N1, "Operator Precedence".
constexpr std::array<Operator, 20> kOperators = {{
    {"implies", Op::kImplies, 1}, {"or", Op::kOr, 2},       {"xor", Op::kXor, 2},
    {"and", Op::kAnd, 3},         {"in", Op::kIn, 4},       {"contains", Op::kContains, 4},
    {"=", Op::kEqual, 5},         {"!=", Op::kNotEqual, 5}, {"<", Op::kLess, 6},
    {"<=", Op::kLessEqual, 6},    {">", Op::kGreater, 6},   {">=", Op::kGreaterEqual, 6},
    {"|", Op::kUnion, 7},         {"is", Op::kIs, 8},       {"as", Op::kAs, 8},
    {"+", Op::kAdd, 9},           {"-", Op::kSubtract, 9},  {"&", Op::kConcatenate, 9},
    {".", Op::kChild, 20},        {"[", Op::kIndex, 20},
}};

struct FunctionRule {
    std::string_view name;
    Function function;
    std::uint8_t fewest;
    std::uint8_t most;
};

constexpr std::array<FunctionRule, 44> kFunctions = {{
    {"all", Function::kAll, 1, 1},
    {"allFalse", Function::kAllFalse, 0, 0},
    {"allTrue", Function::kAllTrue, 0, 0},
    {"anyFalse", Function::kAnyFalse, 0, 0},
    {"anyTrue", Function::kAnyTrue, 0, 0},
    {"as", Function::kAs, 1, 1},
    {"children", Function::kChildren, 0, 0},
    {"combine", Function::kCombine, 1, 1},
    {"contains", Function::kContains, 1, 1},
    {"count", Function::kCount, 0, 0},
    {"descendants", Function::kDescendants, 0, 0},
    {"distinct", Function::kDistinct, 0, 0},
    {"empty", Function::kEmpty, 0, 0},
    {"endsWith", Function::kEndsWith, 1, 1},
    {"exists", Function::kExists, 0, 1},
    {"extension", Function::kExtension, 1, 1},
    {"first", Function::kFirst, 0, 0},
    {"hasValue", Function::kHasValue, 0, 0},
    {"htmlChecks", Function::kHtmlChecks, 0, 0},
    {"iif", Function::kIif, 2, 3},
    {"intersect", Function::kIntersect, 1, 1},
    {"is", Function::kIs, 1, 1},
    {"isDistinct", Function::kIsDistinct, 0, 0},
    {"last", Function::kLast, 0, 0},
    {"length", Function::kLength, 0, 0},
    {"lower", Function::kLower, 0, 0},
    {"matches", Function::kMatches, 1, 1},
    {"not", Function::kNot, 0, 0},
    {"ofType", Function::kOfType, 1, 1},
    {"replaceMatches", Function::kReplaceMatches, 2, 2},
    {"resolve", Function::kResolve, 0, 0},
    {"select", Function::kSelect, 1, 1},
    {"single", Function::kSingle, 0, 0},
    {"skip", Function::kSkip, 1, 1},
    {"startsWith", Function::kStartsWith, 1, 1},
    {"substring", Function::kSubstring, 1, 2},
    {"tail", Function::kTail, 0, 0},
    {"take", Function::kTake, 1, 1},
    {"toInteger", Function::kToInteger, 0, 0},
    {"toString", Function::kToString, 0, 0},
    {"trace", Function::kTrace, 1, 2},
    {"union", Function::kUnion, 1, 1},
    {"upper", Function::kUpper, 0, 0},
    {"where", Function::kWhere, 1, 1},
}};

struct VariableRule {
    std::string_view name;
    Variable variable;
};
constexpr std::array<VariableRule, 6> kVariables = {{{"resource", Variable::kResource},
                                                     {"rootResource", Variable::kRootResource},
                                                     {"context", Variable::kContext},
                                                     {"ucum", Variable::kUcum},
                                                     {"sct", Variable::kSct},
                                                     {"loinc", Variable::kLoinc}}};

const FunctionRule* find_function(std::string_view name) {
    const auto found = std::lower_bound(
        kFunctions.begin(), kFunctions.end(), name,
        [](const FunctionRule& rule, std::string_view wanted) { return rule.name < wanted; });
    return found != kFunctions.end() && found->name == name ? &*found : nullptr;
}

bool takes_type(Function function) {
    return function == Function::kAs || function == Function::kIs || function == Function::kOfType;
}

// A recursive parser by operator precedence. The first error stops it: error_ is set once, and
// every production hands kNoNode up.
class Parser {
 public:
    explicit Parser(std::string_view text) : lexer_(text) { advance(); }

    Result<Tree, SyntaxIssue> run() {
        expression(0);
        if (!error_ && token_.kind != TokenKind::kEnd) refuse(SyntaxError::kUnexpected);
        if (error_) return fail(*error_);
        return std::move(tree_);
    }

 private:
    void advance() {
        token_ = lexer_.next();
        if (token_.kind == TokenKind::kBad) refuse(SyntaxError::kBadToken);
    }

    std::uint16_t refuse(SyntaxError error) {
        if (!error_) error_ = SyntaxIssue{error, token_.offset};
        token_.kind = TokenKind::kBad;
        return kNoNode;
    }

    bool at_symbol(std::string_view text) const {
        return token_.kind == TokenKind::kSymbol && token_.text == text;
    }

    bool expect(std::string_view text) {
        if (!at_symbol(text)) {
            refuse(SyntaxError::kUnexpected);
            return false;
        }
        advance();
        return true;
    }

    std::uint16_t add(Node node) {
        tree_.nodes.push_back(node);
        return static_cast<std::uint16_t>(tree_.nodes.size() - 1);
    }

    std::uint16_t add_text(std::string_view text) {
        const auto found = std::find(tree_.texts.begin(), tree_.texts.end(), text);
        const auto index = static_cast<std::uint16_t>(found - tree_.texts.begin());
        if (found == tree_.texts.end()) tree_.texts.emplace_back(text);
        return index;
    }

    const Operator* operator_here() const {
        const bool word = token_.kind == TokenKind::kName && !token_.delimited;
        if (!word && token_.kind != TokenKind::kSymbol) return nullptr;
        for (const Operator& candidate : kOperators) {
            if (candidate.text == token_.text) return &candidate;
        }
        return nullptr;
    }

    std::uint16_t expression(std::uint8_t binding) {
        if (++depth_ > kMaxNesting) return refuse(SyntaxError::kTooDeep);
        std::uint16_t left = term();
        while (!error_) {
            const Operator* op = operator_here();
            if (op == nullptr || op->binding <= binding) break;
            left = rest(left, *op);
        }
        --depth_;
        return error_ ? kNoNode : left;
    }

    // What follows `left`: an operator and its right side.
    std::uint16_t rest(std::uint16_t left, const Operator& op) {
        advance();
        Node node;
        node.op = op.op;
        node.a = left;
        switch (op.op) {
            case Op::kChild:
                return invocation(left);
            case Op::kIndex:
                return index(left);
            case Op::kIs:
            case Op::kAs:
                node.text = type_name();
                break;
            default:
                node.b = expression(op.binding);
        }
        return error_ ? kNoNode : add(node);
    }

    std::uint16_t index(std::uint16_t left) {
        if (token_.kind != TokenKind::kNumber || token_.text.size() > 9 ||
            token_.text.find('.') != std::string::npos)
            return refuse(SyntaxError::kUnexpected);
        Node node;
        node.op = Op::kIndex;
        node.a = left;
        for (const char c : token_.text)
            node.number = node.number * 10 + static_cast<std::uint32_t>(c - '0');
        advance();
        return expect("]") ? add(node) : kNoNode;
    }

    std::uint16_t term() {
        Node node;
        switch (token_.kind) {
            case TokenKind::kString:
            case TokenKind::kNumber:
                node.op = token_.kind == TokenKind::kString ? Op::kString : Op::kNumber;
                node.text = add_text(token_.text);
                advance();
                return add(node);
            case TokenKind::kThis:
                node.op = Op::kThis;
                advance();
                return add(node);
            case TokenKind::kVariable:
                return variable();
            case TokenKind::kName:
                if (!token_.delimited && (token_.text == "true" || token_.text == "false")) {
                    node.op = Op::kBoolean;
                    node.number = token_.text == "true" ? 1 : 0;
                    advance();
                    return add(node);
                }
                node.op = Op::kThis;
                return invocation(add(node));
            default:
                break;
        }
        if (at_symbol("{}")) {
            advance();
            return add(node);
        }
        if (!expect("(")) return kNoNode;
        const std::uint16_t inner = expression(0);
        return expect(")") ? inner : kNoNode;
    }

    std::uint16_t variable() {
        for (const VariableRule& rule : kVariables) {
            if (rule.name != token_.text) continue;
            Node node;
            node.op = Op::kVariable;
            node.number = static_cast<std::uint32_t>(rule.variable);
            advance();
            return add(node);
        }
        return refuse(SyntaxError::kUnknownVariable);
    }

    // A name after a dot (or at the start): a child, or a call of a function.
    std::uint16_t invocation(std::uint16_t operand) {
        if (token_.kind != TokenKind::kName) return refuse(SyntaxError::kUnexpected);
        const Token name = token_;
        advance();
        if (error_) return kNoNode;
        if (!name.delimited && at_symbol("(")) return call(operand, name);
        Node node;
        node.op = Op::kChild;
        node.a = operand;
        node.text = add_text(name.text);
        return add(node);
    }

    std::uint16_t call(std::uint16_t operand, const Token& name) {
        const FunctionRule* rule = find_function(name.text);
        if (rule == nullptr) {
            token_.offset = name.offset;
            return refuse(SyntaxError::kUnknownFunction);
        }
        advance();
        Node node;
        node.op = Op::kFunction;
        node.function = rule->function;
        node.a = operand;
        std::size_t count = 0;
        std::array<std::uint16_t, 3> arguments = {kNoNode, kNoNode, kNoNode};
        while (!error_ && !at_symbol(")")) {
            if (count == rule->most) return refuse(SyntaxError::kArguments);
            if (count > 0 && !expect(",")) return kNoNode;
            if (takes_type(rule->function))
                node.text = type_name();
            else
                arguments[count] = expression(0);
            ++count;
        }
        if (count < rule->fewest) return refuse(SyntaxError::kArguments);
        if (!expect(")")) return kNoNode;
        node.b = arguments[0];
        node.c = arguments[1];
        // Only iif has a third argument; a call node of its own carries it.
        if (rule->function == Function::kIif && arguments[2] != kNoNode)
            node.number = arguments[2] + 1U;
        return add(node);
    }

    // A type specifier, its namespace included when it is written: `Quantity`, `System.Boolean`.
    std::uint16_t type_name() {
        if (token_.kind != TokenKind::kName) return refuse(SyntaxError::kUnexpected);
        std::string name = token_.text;
        advance();
        if (at_symbol(".") && (name == "FHIR" || name == "System")) {
            advance();
            if (token_.kind != TokenKind::kName) return refuse(SyntaxError::kUnexpected);
            name += "." + token_.text;
            advance();
        }
        return add_text(name);
    }

    Lexer lexer_;
    Token token_;
    Tree tree_;
    std::size_t depth_ = 0;
    std::optional<SyntaxIssue> error_;
};

}  // namespace

Result<Tree, SyntaxIssue> parse(std::string_view text) {
    if (text.size() > kMaxExpressionBytes)
        return fail(SyntaxIssue{SyntaxError::kTooLong, kMaxExpressionBytes});
    return Parser(text).run();
}

}  // namespace consilium::formats::fhir::fhirpath
