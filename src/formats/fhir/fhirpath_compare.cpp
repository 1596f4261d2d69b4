// SPDX-License-Identifier: Apache-2.0
#include "formats/fhir/fhirpath_compare.hpp"

#include "formats/fhir/fhirpath_date.hpp"
#include "formats/fhir/fhirpath_decimal.hpp"

namespace consilium::formats::fhir::fhirpath {

namespace {

enum class Sort : std::uint8_t { kBoolean, kNumber, kString, kMoment, kTime, kQuantity, kOther };

Sort sort_of(const Item& item) {
    switch (item.kind) {
        case Item::Kind::kBoolean:
            return Sort::kBoolean;
        case Item::Kind::kInteger:
        case Item::Kind::kDecimal:
            return Sort::kNumber;
        case Item::Kind::kString:
            return Sort::kString;
        case Item::Kind::kTarget:
            return Sort::kOther;
        case Item::Kind::kValue:
            break;
    }
    if (item.value == nullptr) return Sort::kOther;
    if (item.value->is_boolean()) return Sort::kBoolean;
    if (item.value->is_number()) return Sort::kNumber;
    if (item.value->is_object())
        return item.type != nullptr && item.type->is_a("Quantity") ? Sort::kQuantity : Sort::kOther;
    if (!item.value->is_string()) return Sort::kOther;
    switch (item.type != nullptr ? item.type->primitive : Primitive::kNone) {
        case Primitive::kDate:
        case Primitive::kDateTime:
        case Primitive::kInstant:
            return Sort::kMoment;
        case Primitive::kTime:
            return Sort::kTime;
        default:
            return Sort::kString;
    }
}

std::optional<Decimal> decimal_of(const Item& item) {
    switch (item.kind) {
        case Item::Kind::kInteger:
            return parse_decimal(std::to_string(item.number));
        case Item::Kind::kDecimal:
            return parse_decimal(item.text);
        default:
            return parse_decimal(item.value->number());
    }
}

bool boolean_of(const Item& item) {
    return item.kind == Item::Kind::kBoolean ? item.number != 0 : item.value->boolean();
}

std::string_view string_of(const Item& item) {
    return item.kind == Item::Kind::kString ? item.text : item.value->string();
}

template <typename T>
Order order(const T& a, const T& b) {
    return a < b ? Order::kLess : (b < a ? Order::kGreater : Order::kEqual);
}

Order order_of_numbers(const std::optional<Decimal>& a, const std::optional<Decimal>& b) {
    if (!a || !b) return Order::kUndecided;
    const auto result = compare(*a, *b);
    return result < 0 ? Order::kLess : (result > 0 ? Order::kGreater : Order::kEqual);
}

Order order_of_moments(std::string_view a, std::string_view b) {
    const auto left = parse_moment(a);
    const auto right = parse_moment(b);
    if (!left || !right) return Order::kUndecided;
    const auto result = compare(*left, *right);
    return result ? order(*result, 0) : Order::kUndecided;
}

// Quantities are compared in the same unit only: a conversion would need UCUM.
Order order_of_quantities(const json::Value& a, const json::Value& b) {
    const auto unit = [](const json::Value& quantity) {
        const json::Value* code = quantity.find("code");
        if (code == nullptr) code = quantity.find("unit");
        return code != nullptr && code->is_string() ? code->string() : std::string_view();
    };
    const json::Value* left = a.find("value");
    const json::Value* right = b.find("value");
    if (left == nullptr || right == nullptr || !left->is_number() || !right->is_number())
        return Order::kUndecided;
    if (unit(a) != unit(b)) return Order::kUndecided;
    return order_of_numbers(parse_decimal(left->number()), parse_decimal(right->number()));
}

}  // namespace

bool same_json(const json::Value& a, const json::Value& b, std::size_t& work) {
    ++work;
    if (a.kind() != b.kind()) return false;
    switch (a.kind()) {
        case json::Kind::kNull:
            return true;
        case json::Kind::kBoolean:
            return a.boolean() == b.boolean();
        case json::Kind::kNumber: {
            const auto left = parse_decimal(a.number());
            const auto right = parse_decimal(b.number());
            return left && right ? compare(*left, *right) == 0 : a.number() == b.number();
        }
        case json::Kind::kString:
            return a.string() == b.string();
        case json::Kind::kArray:
            break;
        case json::Kind::kObject: {
            if (a.object().size() != b.object().size()) return false;
            work += a.object().size();
            for (const json::Member& member : a.object()) {
                const json::Value* other = b.find(member.name);
                if (other == nullptr || !same_json(member.value, *other, work)) return false;
            }
            return true;
        }
    }
    if (a.array().size() != b.array().size()) return false;
    for (std::size_t i = 0; i < a.array().size(); ++i) {
        if (!same_json(a.array()[i], b.array()[i], work)) return false;
    }
    return true;
}

Order order_of(const Item& a, const Item& b) {
    const Sort left = sort_of(a);
    const Sort right = sort_of(b);
    // A literal is a string; held against a date it is read as one.
    const bool moments = (left == Sort::kMoment && (right == left || right == Sort::kString)) ||
                         (right == Sort::kMoment && left == Sort::kString);
    if (moments) return order_of_moments(string_of(a), string_of(b));
    if (left != right) return Order::kUnordered;
    switch (left) {
        case Sort::kNumber:
            return order_of_numbers(decimal_of(a), decimal_of(b));
        case Sort::kString:
            return order(string_of(a), string_of(b));
        case Sort::kTime: {
            const auto first = parse_time(string_of(a));
            const auto second = parse_time(string_of(b));
            return first && second ? order(*first, *second) : Order::kUndecided;
        }
        case Sort::kQuantity:
            return order_of_quantities(*a.value, *b.value);
        default:
            return Order::kUnordered;
    }
}

Sameness same(const Item& a, const Item& b, std::size_t& work) {
    ++work;
    const auto result = [](bool equal) { return equal ? Sameness::kSame : Sameness::kDifferent; };
    const Sort left = sort_of(a);
    const Sort right = sort_of(b);
    if (left == Sort::kMoment && right == Sort::kMoment) {
        if (string_of(a) == string_of(b)) return Sameness::kSame;
        const Order order = order_of(a, b);
        if (order == Order::kUndecided) return Sameness::kUndecided;
        return result(order == Order::kEqual);
    }
    const auto textual = [](Sort sort) {
        return sort == Sort::kString || sort == Sort::kMoment || sort == Sort::kTime;
    };
    if (textual(left) && textual(right)) return result(string_of(a) == string_of(b));
    if (left != right) return Sameness::kDifferent;
    switch (left) {
        case Sort::kBoolean:
            return result(boolean_of(a) == boolean_of(b));
        case Sort::kNumber:
            return result(order_of(a, b) == Order::kEqual);
        default:
            break;
    }
    if (a.kind != Item::Kind::kValue || b.kind != Item::Kind::kValue) return Sameness::kDifferent;
    if (a.value != nullptr && b.value != nullptr)
        return result(same_json(*a.value, *b.value, work));
    if (a.shadow == nullptr || b.shadow == nullptr || a.value != b.value)
        return Sameness::kDifferent;
    return result(same_json(*a.shadow, *b.shadow, work));
}

}  // namespace consilium::formats::fhir::fhirpath
