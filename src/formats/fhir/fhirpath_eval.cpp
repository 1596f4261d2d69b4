// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "formats/fhir/fhirpath_compare.hpp"
#include "formats/fhir/fhirpath_decimal.hpp"
#include "formats/fhir/fhirpath_evaluation.hpp"

namespace consilium::formats::fhir::fhirpath {

Result<Expression, SyntaxIssue> Expression::compile(std::string_view text) {
    auto tree = parse(text);
    if (!tree.ok()) return fail(tree.error());
    Expression out;
    out.tree_ = std::move(tree).value();
    for (Node& node : out.tree_.nodes) {
        const bool pattern =
            node.function == Function::kMatches || node.function == Function::kReplaceMatches;
        if (!pattern) continue;
        // A pattern that is made while evaluating would have to be compiled every time.
        const Node& argument = out.tree_.nodes[node.b];
        auto regex =
            argument.op == Op::kString ? Regex::compile(out.tree_.text(argument)) : std::nullopt;
        if (!regex) return fail(SyntaxIssue{SyntaxError::kBadPattern, 0});
        out.patterns_.push_back(std::move(*regex));
        node.number = static_cast<std::uint32_t>(out.patterns_.size());
    }
    return out;
}

Result<std::span<const Item>, EvaluationError> Evaluator::evaluate(const Expression& expression,
                                                                   const Item& focus) {
    Evaluation evaluation(*this, expression, focus);
    const Evaluation::Range range = evaluation.run();
    if (evaluation.error()) return fail(*evaluation.error());
    return std::span<const Item>(stack_).subspan(range.begin, range.size());
}

Truth Evaluator::holds(const Expression& expression, const Item& focus) {
    return Evaluation(*this, expression, focus).run_condition();
}

// The focus is the first item of the stack for as long as the run takes.
Evaluation::Evaluation(Evaluator& evaluator, const Expression& expression, const Item& focus)
    : evaluator_(evaluator), expression_(expression) {
    const Item copy = focus;  // it may be a part of what is cleared here
    evaluator_.stack_.clear();
    evaluator_.texts_.clear();
    evaluator_.stack_.push_back(copy);
}

Evaluation::Range Evaluation::run() {
    return eval(root(), {0, 1});
}

Truth Evaluation::run_condition() {
    const Truth out = truth(root(), {0, 1});
    if (error_ == EvaluationError::kTooCostly) return Truth::kTooCostly;
    if (error_) return Truth::kError;
    return out == Truth::kEmpty && undecided_ ? Truth::kUndecided : out;
}

Evaluation::Range Evaluation::refuse(EvaluationError error) {
    if (!error_) error_ = error;
    return {};
}

bool Evaluation::spend(std::size_t steps) {
    work_ += steps;
    if (work_ > Evaluator::kMaxWork) refuse(EvaluationError::kTooCostly);
    return !error_;
}

Evaluation::Range Evaluation::push(const Item& item) {
    stack().push_back(item);
    return {stack().size() - 1, stack().size()};
}

Evaluation::Range Evaluation::push_boolean(Truth truth) {
    if (truth != Truth::kTrue && truth != Truth::kFalse) return {};
    Item item;
    item.kind = Item::Kind::kBoolean;
    item.number = truth == Truth::kTrue ? 1 : 0;
    return push(item);
}

Evaluation::Range Evaluation::push_integer(std::int64_t value) {
    Item item;
    item.kind = Item::Kind::kInteger;
    item.number = value;
    return push(item);
}

Evaluation::Range Evaluation::push_string(std::string text) {
    Item item;
    item.kind = Item::Kind::kString;
    item.text = evaluator_.texts_.emplace_back(std::move(text));
    return push(item);
}

// Ends an operation that began at `mark`: its result moves there, or stays where it is below, and
// everything else that it left on the stack goes.
Evaluation::Range Evaluation::settle(std::size_t mark, Range range) {
    if (error_) return {};
    if (range.begin < mark) {
        stack().resize(mark);
        return range;
    }
    const auto begin = stack().begin();
    std::copy(begin + static_cast<std::ptrdiff_t>(range.begin),
              begin + static_cast<std::ptrdiff_t>(range.end),
              begin + static_cast<std::ptrdiff_t>(mark));
    stack().resize(mark + range.size());
    return {mark, stack().size()};
}

Evaluation::Range Evaluation::eval(std::uint16_t index, Range self) {
    if (!spend(1)) return {};
    const Node& n = node(index);
    const std::size_t mark = stack().size();
    switch (n.op) {
        case Op::kThis:
            return self;
        case Op::kEmpty:
            return {};
        case Op::kString:
        case Op::kNumber: {
            Item item;
            item.text = expression_.tree_.text(n);
            item.kind = n.op == Op::kString ? Item::Kind::kString : Item::Kind::kDecimal;
            return push(item);
        }
        case Op::kVariable:
            return variable(n, self);
        case Op::kChild:
            return child(n, self);
        case Op::kFunction:
            return call(n, self);
        case Op::kIndex: {
            const Range in = eval(n.a, self);
            if (n.number >= in.size()) return settle(mark, {});
            return settle(mark, {in.begin + n.number, in.begin + n.number + 1});
        }
        case Op::kUnion: {
            const Range a = eval(n.a, self);
            const Range b = eval(n.b, self);
            const std::size_t start = stack().size();
            for (const Range& part : {a, b}) {
                for (std::size_t i = part.begin; i < part.end && !error_; ++i) {
                    const Item item = at(i);
                    if (!contains({start, stack().size()}, item)) push(item);
                }
            }
            return settle(mark, {start, stack().size()});
        }
        case Op::kAs: {
            const Range in = eval(n.a, self);
            const std::size_t start = stack().size();
            for (std::size_t i = in.begin; i < in.end; ++i) {
                const Item item = at(i);
                if (Evaluator::is_type(item, expression_.tree_.text(n))) push(item);
            }
            return settle(mark, {start, stack().size()});
        }
        case Op::kAdd:
        case Op::kSubtract:
        case Op::kConcatenate:
            return arithmetic(n, self);
        default:
            break;
    }
    const Truth out = truth(index, self);
    stack().resize(std::max(mark, std::size_t{1}));
    return error_ ? Range{} : push_boolean(out);
}

// The value of a condition, without leaving it on the stack.
Truth Evaluation::truth(std::uint16_t index, Range self) {
    if (!spend(1)) return Truth::kError;
    const Node& n = node(index);
    const std::size_t mark = stack().size();
    Truth out = Truth::kEmpty;
    switch (n.op) {
        case Op::kBoolean:
            return n.number != 0 ? Truth::kTrue : Truth::kFalse;
        case Op::kAnd:
        case Op::kOr:
        case Op::kXor:
        case Op::kImplies:
            return both(n, self);
        case Op::kEqual:
        case Op::kNotEqual:
        case Op::kLess:
        case Op::kLessEqual:
        case Op::kGreater:
        case Op::kGreaterEqual:
        case Op::kIn:
        case Op::kContains:
            out = comparison(n, self);
            break;
        case Op::kIs: {
            const Range in = eval(n.a, self);
            if (in.size() > 1) refuse(EvaluationError::kNotSingle);
            if (in.size() == 1)
                out = Evaluator::is_type(at(in.begin), expression_.tree_.text(n)) ? Truth::kTrue
                                                                                  : Truth::kFalse;
            break;
        }
        case Op::kFunction:
            out = condition(n, self);
            break;
        default:
            out = truth_of(eval(index, self));
    }
    if (error_) return Truth::kError;
    stack().resize(mark);
    return out;
}

// A collection as a condition: a single boolean is itself, another single item is true ("singleton
// evaluation of collections").
Truth Evaluation::truth_of(Range range) {
    if (error_) return Truth::kError;
    if (range.empty()) return Truth::kEmpty;
    if (range.size() > 1) {
        refuse(EvaluationError::kNotSingle);
        return Truth::kError;
    }
    const Item& item = at(range.begin);
    bool value = true;
    if (item.kind == Item::Kind::kBoolean) value = item.number != 0;
    if (item.kind == Item::Kind::kValue && item.value != nullptr && item.value->is_boolean())
        value = item.value->boolean();
    return value ? Truth::kTrue : Truth::kFalse;
}

// Three-valued logic; the right side is not looked at when the left one decides.
Truth Evaluation::both(const Node& n, Range self) {
    const Truth a = truth(n.a, self);
    if (error_) return Truth::kError;
    if (n.op == Op::kAnd && a == Truth::kFalse) return Truth::kFalse;
    if (n.op == Op::kOr && a == Truth::kTrue) return Truth::kTrue;
    if (n.op == Op::kImplies && a == Truth::kFalse) return Truth::kTrue;
    const Truth b = truth(n.b, self);
    if (error_) return Truth::kError;
    const bool empty = a == Truth::kEmpty || b == Truth::kEmpty;
    switch (n.op) {
        case Op::kAnd:
            return b == Truth::kFalse ? Truth::kFalse : (empty ? Truth::kEmpty : Truth::kTrue);
        case Op::kXor:
            return empty ? Truth::kEmpty : (a != b ? Truth::kTrue : Truth::kFalse);
        default:  // or; implies, whose left side is true or empty here
            if (b == Truth::kTrue) return Truth::kTrue;
            return empty ? Truth::kEmpty : Truth::kFalse;
    }
}

Truth Evaluation::comparison(const Node& n, Range self) {
    const Range a = eval(n.a, self);
    const Range b = eval(n.b, self);
    if (error_) return Truth::kError;
    const auto result = [](bool value) { return value ? Truth::kTrue : Truth::kFalse; };
    if (n.op == Op::kIn) return membership(a, b);
    if (n.op == Op::kContains) return membership(b, a);
    if (n.op == Op::kEqual || n.op == Op::kNotEqual) {
        const Truth equal = equality(a, b);
        if (equal == Truth::kEmpty || equal == Truth::kError) return equal;
        return result((equal == Truth::kTrue) == (n.op == Op::kEqual));
    }
    if (a.empty() || b.empty()) return Truth::kEmpty;
    if (a.size() > 1 || b.size() > 1) {
        refuse(EvaluationError::kNotSingle);
        return Truth::kError;
    }
    const Order order = order_of(at(a.begin), at(b.begin));
    if (order == Order::kUnordered) {
        refuse(EvaluationError::kWrongType);
        return Truth::kError;
    }
    if (order == Order::kUndecided) {
        undecided_ = true;
        return Truth::kEmpty;
    }
    switch (n.op) {
        case Op::kLess:
            return result(order == Order::kLess);
        case Op::kLessEqual:
            return result(order != Order::kGreater);
        case Op::kGreater:
            return result(order == Order::kGreater);
        default:
            return result(order != Order::kLess);
    }
}

Truth Evaluation::equality(Range a, Range b) {
    if (a.empty() || b.empty()) return Truth::kEmpty;
    if (a.size() != b.size()) return Truth::kFalse;
    bool undecided = false;
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t work = 0;
        const Sameness one = same(at(a.begin + i), at(b.begin + i), work);
        if (!spend(work)) return Truth::kError;
        if (one == Sameness::kDifferent) return Truth::kFalse;
        undecided = undecided || one == Sameness::kUndecided;
    }
    undecided_ = undecided_ || undecided;
    return undecided ? Truth::kEmpty : Truth::kTrue;
}

Truth Evaluation::membership(Range item, Range collection) {
    if (item.empty()) return Truth::kEmpty;
    if (item.size() > 1) {
        refuse(EvaluationError::kNotSingle);
        return Truth::kError;
    }
    const Item wanted = at(item.begin);
    return contains(collection, wanted) ? Truth::kTrue : Truth::kFalse;
}

bool Evaluation::contains(Range in, const Item& item) {
    for (std::size_t i = in.begin; i < in.end; ++i) {
        std::size_t work = 0;
        const Sameness one = same(at(i), item, work);
        if (!spend(work)) return false;
        if (one == Sameness::kSame) return true;
    }
    return false;
}

Evaluation::Range Evaluation::variable(const Node& n, Range) {
    Item item;
    item.kind = Item::Kind::kString;
    switch (static_cast<Variable>(n.number)) {
        case Variable::kResource:
            item = evaluator_.resource_;
            break;
        case Variable::kRootResource:
            item = evaluator_.root_resource_;
            break;
        case Variable::kContext:
            return {0, 1};
        case Variable::kUcum:
            item.text = "http://unitsofmeasure.org";
            break;
        case Variable::kSct:
            item.text = "http://snomed.info/sct";
            break;
        case Variable::kLoinc:
            item.text = "http://loinc.org";
            break;
    }
    return push(item);
}

Evaluation::Range Evaluation::child(const Node& n, Range self) {
    const std::size_t mark = stack().size();
    const std::string_view name = expression_.tree_.text(n);
    const Range in = eval(n.a, self);
    // `Patient.name`: at the start of a path, the name of the focus's own type stands for the
    // focus.
    if (node(n.a).op == Op::kThis && in.size() == 1 && name.front() >= 'A' && name.front() <= 'Z' &&
        Evaluator::is_type(at(in.begin), name))
        return in;
    const std::size_t start = stack().size();
    for (std::size_t i = in.begin; i < in.end; ++i) {
        const Item item = at(i);
        Evaluator::children(item, name, stack());
    }
    if (!spend(stack().size() - start + in.size())) return {};
    return settle(mark, {start, stack().size()});
}

// + and - of numbers, + and & of strings (& takes an empty side for an empty string).
Evaluation::Range Evaluation::arithmetic(const Node& n, Range self) {
    const std::size_t mark = stack().size();
    const Range a = eval(n.a, self);
    const Range b = eval(n.b, self);
    if (error_) return {};
    if (a.size() > 1 || b.size() > 1) return refuse(EvaluationError::kNotSingle);
    if (n.op != Op::kConcatenate && (a.empty() || b.empty())) return settle(mark, {});
    const auto is_number = [&](Range range) {
        const Item& item = at(range.begin);
        return item.kind == Item::Kind::kInteger || item.kind == Item::Kind::kDecimal ||
               (item.kind == Item::Kind::kValue && item.value != nullptr &&
                item.value->is_number());
    };
    const auto text = [&](Range range) -> std::optional<std::string> {
        if (range.empty()) return std::string();
        const Item& item = at(range.begin);
        if (item.kind == Item::Kind::kInteger) return std::to_string(item.number);
        const auto view = text_of(item);
        return view ? std::optional<std::string>(*view) : std::nullopt;
    };
    const auto left = text(a);
    const auto right = text(b);
    if (!left || !right || !spend(left->size() + right->size()))
        return refuse(EvaluationError::kWrongType);
    if (n.op == Op::kConcatenate || (n.op == Op::kAdd && !is_number(a) && !is_number(b)))
        return settle(mark, push_string(*left + *right));
    if (!is_number(a) || !is_number(b)) return refuse(EvaluationError::kWrongType);
    const auto x = parse_decimal(*left);
    const auto y = parse_decimal(*right);
    if (!x || !y) return refuse(EvaluationError::kWrongType);
    const Decimal sum = add(*x, n.op == Op::kSubtract ? negate(*y) : *y);
    std::string digits = sum.is_zero() ? "0" : sum.digits;
    Item item;
    item.kind = Item::Kind::kDecimal;
    item.text = evaluator_.texts_.emplace_back((sum.negative ? "-" : "") + digits + "e" +
                                               std::to_string(sum.exponent));
    return settle(mark, push(item));
}

}  // namespace consilium::formats::fhir::fhirpath
