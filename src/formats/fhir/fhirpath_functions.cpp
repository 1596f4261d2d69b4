// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>

#include "formats/fhir/fhirpath_compare.hpp"
#include "formats/fhir/fhirpath_decimal.hpp"
#include "formats/fhir/fhirpath_evaluation.hpp"
#include "formats/fhir/search_reference.hpp"
#include "formats/fhir/search_text.hpp"

namespace consilium::formats::fhir::fhirpath {

namespace {

bool has_value(const Item& item) {
    if (item.kind != Item::Kind::kValue) return item.kind != Item::Kind::kTarget;
    return item.value != nullptr && !item.value->is_object();
}

Truth truth_value(bool value) {
    return value ? Truth::kTrue : Truth::kFalse;
}

std::size_t length_in_characters(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U;
    }));
}

// The byte at which the character of that number starts; the end when there are fewer.
std::size_t byte_of_character(std::string_view text, std::size_t character) {
    std::size_t at = 0;
    for (; at < text.size(); ++at) {
        if ((static_cast<unsigned char>(text[at]) & 0xc0U) == 0x80U) continue;
        if (character-- == 0) return at;
    }
    return at;
}

}  // namespace

// Functions that say yes or no; every other call is judged by what it leaves.
Truth Evaluation::condition(const Node& n, Range self) {
    const std::size_t mark = stack().size();
    switch (n.function) {
        case Function::kExists:
        case Function::kEmpty: {
            Range in = eval(n.a, self);
            if (n.b != kNoNode) in = filter(n, in, stack().size());
            return error_ ? Truth::kError
                          : truth_value(in.empty() == (n.function == Function::kEmpty));
        }
        case Function::kNot: {
            const Truth inner = truth(n.a, self);
            if (inner == Truth::kTrue) return Truth::kFalse;
            return inner == Truth::kFalse ? Truth::kTrue : inner;
        }
        case Function::kAll: {
            const Range in = eval(n.a, self);
            for (std::size_t i = in.begin; i < in.end && !error_; ++i) {
                const Truth one = truth(n.b, {i, i + 1});
                if (one != Truth::kTrue) return error_ ? Truth::kError : Truth::kFalse;
            }
            return error_ ? Truth::kError : Truth::kTrue;
        }
        case Function::kAllFalse:
        case Function::kAllTrue:
        case Function::kAnyFalse:
        case Function::kAnyTrue:
            return all_are(eval(n.a, self), n.function);
        case Function::kIsDistinct:
            return is_distinct(eval(n.a, self));
        case Function::kHasValue: {
            const Range in = eval(n.a, self);
            return error_ ? Truth::kError : truth_value(in.size() == 1 && has_value(at(in.begin)));
        }
        case Function::kIs: {
            const Range in = eval(n.a, self);
            if (in.size() > 1) refuse(EvaluationError::kNotSingle);
            if (error_) return Truth::kError;
            if (in.empty()) return Truth::kEmpty;
            return truth_value(Evaluator::is_type(at(in.begin), expression_.tree_.text(n)));
        }
        default:
            break;
    }
    const Truth out = truth_of(call(n, self));
    if (!error_) stack().resize(mark);
    return out;
}

Truth Evaluation::all_are(Range in, Function function) {
    const bool any = function == Function::kAnyFalse || function == Function::kAnyTrue;
    const Truth wanted = function == Function::kAllTrue || function == Function::kAnyTrue
                             ? Truth::kTrue
                             : Truth::kFalse;
    for (std::size_t i = in.begin; i < in.end && !error_; ++i) {
        const bool found = truth_of({i, i + 1}) == wanted;
        if (found == any) return truth_value(any);
    }
    return error_ ? Truth::kError : truth_value(!any);
}

// Strings are sorted, so that a Bundle of many entries is checked quickly.
Truth Evaluation::is_distinct(Range in) {
    if (error_) return Truth::kError;
    std::vector<std::string_view> texts;
    for (std::size_t i = in.begin; i < in.end; ++i) {
        const Item& item = at(i);
        const bool string =
            item.kind == Item::Kind::kString ||
            (item.kind == Item::Kind::kValue && item.value != nullptr && item.value->is_string());
        if (!string) break;
        texts.push_back(*text_of(item));
    }
    if (texts.size() == in.size()) {
        std::sort(texts.begin(), texts.end());
        return truth_value(std::adjacent_find(texts.begin(), texts.end()) == texts.end());
    }
    for (std::size_t i = in.begin; i < in.end && !error_; ++i) {
        if (contains({in.begin, i}, at(i))) return Truth::kFalse;
    }
    return error_ ? Truth::kError : Truth::kTrue;
}

Evaluation::Range Evaluation::call(const Node& n, Range self) {
    const std::size_t mark = stack().size();
    if (n.function == Function::kIif) return settle(mark, choose(n, self));
    const bool says = n.function <= Function::kAnyTrue || n.function == Function::kExists ||
                      n.function == Function::kEmpty || n.function == Function::kNot ||
                      n.function == Function::kIsDistinct || n.function == Function::kHasValue ||
                      n.function == Function::kIs;
    if (says) {
        const Truth out = condition(n, self);
        return error_ ? Range{} : settle(mark, push_boolean(out));
    }
    const Range in = eval(n.a, self);
    if (error_) return {};
    switch (n.function) {
        case Function::kWhere:
        case Function::kSelect:
        case Function::kAs:
        case Function::kOfType:
        case Function::kExtension:
            return filter(n, in, mark);
        case Function::kTrace:
            return settle(mark, in);
        case Function::kCount:
            return settle(mark, push_integer(static_cast<std::int64_t>(in.size())));
        case Function::kSingle:
            return in.size() > 1 ? refuse(EvaluationError::kNotSingle) : settle(mark, in);
        case Function::kFirst:
        case Function::kLast:
        case Function::kTail:
        case Function::kSkip:
        case Function::kTake:
            return settle(mark, slice(n, in, self));
        case Function::kChildren:
        case Function::kDescendants: {
            if (n.function == Function::kDescendants) return descend(in, mark);
            const std::size_t start = stack().size();
            for (std::size_t i = in.begin; i < in.end; ++i)
                Evaluator::children(Item(at(i)), stack());
            if (!spend(stack().size() - start)) return {};
            return settle(mark, {start, stack().size()});
        }
        case Function::kResolve:
            return resolve(in, mark);
        case Function::kCombine:
        case Function::kIntersect:
        case Function::kUnion:
            return combine(n, in, self, mark);
        case Function::kDistinct:
            return distinct(in, mark);
        default:
            break;
    }
    if (in.size() > 1) return refuse(EvaluationError::kNotSingle);
    if (in.empty()) return settle(mark, {});
    const Range out =
        n.function == Function::kToInteger ? to_integer(in) : text_function(n, in, self);
    return settle(mark, out);
}

// The functions that look at each item by itself.
Evaluation::Range Evaluation::filter(const Node& n, Range in, std::size_t mark) {
    const std::size_t start = stack().size();
    for (std::size_t i = in.begin; i < in.end && spend(1); ++i) {
        const Item item = at(i);
        switch (n.function) {
            case Function::kAs:
            case Function::kOfType:
                if (Evaluator::is_type(item, expression_.tree_.text(n))) push(item);
                break;
            case Function::kSelect: {
                const std::size_t top = stack().size();
                const Range out = eval(n.b, {i, i + 1});
                // A projection may be the item itself, which lies further down.
                if (out.begin < top) {
                    for (std::size_t k = out.begin; k < out.end; ++k)
                        push(Item(at(k)));
                }
                break;
            }
            case Function::kExtension: {
                const auto url = argument_text(n.b, {i, i + 1});
                std::vector<Item> found;
                Evaluator::children(item, "extension", found);
                for (const Item& extension : found) {
                    const json::Value* value =
                        extension.value != nullptr ? extension.value->find("url") : nullptr;
                    if (url && value != nullptr && value->is_string() && value->string() == *url)
                        push(extension);
                }
                break;
            }
            default: {
                // where, and exists with a criterion: what is empty or undecided is not kept.
                if (truth(n.b, {i, i + 1}) == Truth::kTrue) push(item);
                break;
            }
        }
    }
    return settle(mark, {start, stack().size()});
}

Evaluation::Range Evaluation::choose(const Node& n, Range self) {
    const Range in = eval(n.a, self);
    if (error_) return {};
    if (in.size() > 1) return refuse(EvaluationError::kNotSingle);
    const Truth chosen = truth(n.b, in);
    if (error_) return {};
    if (chosen == Truth::kTrue) return eval(n.c, in);
    return n.number == 0 ? Range{} : eval(static_cast<std::uint16_t>(n.number - 1), in);
}

Evaluation::Range Evaluation::slice(const Node& n, Range in, Range self) {
    const auto within = [&](std::int64_t position) {
        const auto limit = static_cast<std::int64_t>(in.size());
        return in.begin + static_cast<std::size_t>(std::clamp<std::int64_t>(position, 0, limit));
    };
    switch (n.function) {
        case Function::kFirst:
            return {in.begin, within(1)};
        case Function::kLast:
            return {in.empty() ? in.begin : in.end - 1, in.end};
        case Function::kTail:
            return {within(1), in.end};
        default:
            break;
    }
    const auto count = argument_integer(n.b, self);
    if (!count) return refuse(EvaluationError::kWrongType);
    if (n.function == Function::kSkip) return {within(*count), in.end};
    return {in.begin, within(*count)};
}

Evaluation::Range Evaluation::descend(Range in, std::size_t mark) {
    const std::size_t start = stack().size();
    for (std::size_t i = in.begin; i < in.end; ++i)
        Evaluator::children(Item(at(i)), stack());
    // Level by level: what was just appended is visited in its turn.
    for (std::size_t i = start; i < stack().size() && spend(1); ++i)
        Evaluator::children(Item(at(i)), stack());
    return settle(mark, {start, stack().size()});
}

// References lead to a contained resource, or to an item of which only the type is known: enough
// for `where(resolve() is Patient)`. What has no type in its text or in Reference.type leads
// nowhere.
Evaluation::Range Evaluation::resolve(Range in, std::size_t mark) {
    const std::size_t start = stack().size();
    for (std::size_t i = in.begin; i < in.end && spend(1); ++i) {
        const Item item = at(i);
        if (item.kind != Item::Kind::kValue || item.value == nullptr) continue;
        const ReferenceParts parts = parse_reference(*item.value);
        if (!parts.contained.empty()) {
            std::vector<Item> contained;
            Evaluator::children(evaluator_.root_resource_, "contained", contained);
            for (const Item& candidate : contained) {
                const json::Value* id =
                    candidate.value != nullptr ? candidate.value->find("id") : nullptr;
                if (id != nullptr && id->is_string() && id->string() == parts.contained)
                    push(candidate);
            }
            continue;
        }
        Item target;
        target.kind = Item::Kind::kTarget;
        target.type = definitions().find_resource(parts.type);
        if (target.type != nullptr) push(target);
    }
    return settle(mark, {start, stack().size()});
}

Evaluation::Range Evaluation::combine(const Node& n, Range in, Range self, std::size_t mark) {
    // An argument that is a path starts from the focus, not from the input.
    const Range other = eval(n.b, self);
    if (error_) return {};
    const std::size_t start = stack().size();
    for (std::size_t i = in.begin; i < in.end && !error_; ++i) {
        const Item item = at(i);
        const bool keep = n.function == Function::kCombine ||
                          ((n.function == Function::kUnion || contains(other, item)) &&
                           !contains({start, stack().size()}, item));
        if (keep) push(item);
    }
    for (std::size_t i = other.begin;
         i < other.end && n.function != Function::kIntersect && !error_; ++i) {
        const Item item = at(i);
        if (n.function == Function::kCombine || !contains({start, stack().size()}, item))
            push(item);
    }
    return settle(mark, {start, stack().size()});
}

Evaluation::Range Evaluation::distinct(Range in, std::size_t mark) {
    const std::size_t start = stack().size();
    for (std::size_t i = in.begin; i < in.end && !error_; ++i) {
        const Item item = at(i);
        if (!contains({start, stack().size()}, item)) push(item);
    }
    return settle(mark, {start, stack().size()});
}

Evaluation::Range Evaluation::to_integer(Range in) {
    const Item& item = at(in.begin);
    if (item.kind == Item::Kind::kInteger) return in;
    const auto text = text_of(item);
    if (!text) return {};
    if (*text == "true" || *text == "false") return push_integer(*text == "true" ? 1 : 0);
    std::int64_t value = 0;
    const char* first = text->data() + (text->starts_with('+') ? 1 : 0);
    const auto [end, status] = std::from_chars(first, text->data() + text->size(), value);
    if (status != std::errc() || end != text->data() + text->size()) return {};
    return push_integer(value);
}

std::optional<std::string_view> Evaluation::argument_text(std::uint16_t index, Range self) {
    const Range range = eval(index, self);
    if (error_ || range.empty()) return std::nullopt;
    if (range.size() > 1) {
        refuse(EvaluationError::kNotSingle);
        return std::nullopt;
    }
    return text_of(at(range.begin));
}

std::optional<std::int64_t> Evaluation::argument_integer(std::uint16_t index, Range self) {
    const Range range = eval(index, self);
    if (error_ || range.size() != 1) return std::nullopt;
    const Item& item = at(range.begin);
    if (item.kind == Item::Kind::kInteger) return item.number;
    const auto text = text_of(item);
    std::int64_t value = 0;
    if (!text) return std::nullopt;
    const auto [end, status] = std::from_chars(text->data(), text->data() + text->size(), value);
    if (status != std::errc() || end != text->data() + text->size()) return std::nullopt;
    return value;
}

// Functions of one string.
Evaluation::Range Evaluation::text_function(const Node& n, Range in, Range self) {
    const Item item = at(in.begin);
    if (n.function == Function::kToString && item.kind == Item::Kind::kInteger)
        return push_string(std::to_string(item.number));
    const auto text = text_of(item);
    if (n.function == Function::kToString) return text ? push_string(std::string(*text)) : Range{};
    if (n.function == Function::kHtmlChecks)
        return push_boolean(truth_value(text && spend(text->size()) && html_checks(*text)));
    const bool string =
        item.kind == Item::Kind::kString ||
        (item.kind == Item::Kind::kValue && item.value != nullptr && item.value->is_string());
    if (!string) return item.value == nullptr ? Range{} : refuse(EvaluationError::kWrongType);
    if (!spend(text->size())) return {};
    switch (n.function) {
        case Function::kLength:
            return push_integer(static_cast<std::int64_t>(length_in_characters(*text)));
        case Function::kLower:
        case Function::kUpper: {
            std::string out = fold_code(*text);
            if (n.function == Function::kUpper)
                std::transform(text->begin(), text->end(), out.begin(), [](char c) {
                    return c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c;
                });
            return push_string(std::move(out));
        }
        case Function::kMatches:
        case Function::kReplaceMatches:
            return matches(n, in, self, n.function == Function::kReplaceMatches);
        case Function::kSubstring: {
            const auto from = argument_integer(n.b, self);
            if (!from || *from < 0) return {};
            const std::size_t begin = byte_of_character(*text, static_cast<std::size_t>(*from));
            if (begin >= text->size()) return {};
            std::string_view rest = text->substr(begin);
            if (n.c != kNoNode) {
                const auto count = argument_integer(n.c, self);
                const std::int64_t most = count ? std::max<std::int64_t>(*count, 0) : 0;
                rest = rest.substr(0, byte_of_character(rest, static_cast<std::size_t>(most)));
            }
            return push_string(std::string(rest));
        }
        default:
            break;
    }
    const auto part = argument_text(n.b, self);
    if (!part) return {};
    if (n.function == Function::kStartsWith)
        return push_boolean(truth_value(text->starts_with(*part)));
    if (n.function == Function::kEndsWith) return push_boolean(truth_value(text->ends_with(*part)));
    return push_boolean(truth_value(text->find(*part) != std::string_view::npos));
}

Evaluation::Range Evaluation::matches(const Node& n, Range in, Range self, bool replace) {
    const std::string_view text = *text_of(at(in.begin));
    const Regex& regex = expression_.patterns_[n.number - 1];
    if (!spend(text.size() * 4)) return {};
    if (!replace) return push_boolean(truth_value(regex.matches(text)));
    if (!spend(text.size() * text.size())) return {};
    const auto substitute = argument_text(n.c, self);
    if (!substitute) return {};
    std::string out;
    std::size_t at = 0;
    while (at <= text.size()) {
        const auto found = regex.find(text, at);
        if (!found) break;
        out.append(text.substr(at, found->first - at)).append(*substitute);
        at = found->second;
        if (found->first != found->second) continue;
        if (at < text.size()) out.push_back(text[at]);
        ++at;
    }
    if (at < text.size()) out.append(text.substr(at));
    return push_string(std::move(out));
}

}  // namespace consilium::formats::fhir::fhirpath
