// SPDX-License-Identifier: Apache-2.0
#include "node/json_text.hpp"

#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <cmath>

namespace consilium::node {
namespace {

namespace json = boost::json;

std::string number_text(double value) {
    std::array<char, 64> text{};
    const auto form =
        std::fabs(value) < 1e15 ? std::chars_format::fixed : std::chars_format::scientific;
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value, form);
    return end.ec == std::errc{} ? std::string(text.data(), end.ptr) : "null";
}

void write(std::string& out, const json::value& value, std::size_t depth) {
    const std::string inner((depth + 1) * 2, ' ');
    const auto close = [&](char c) { out += "\n" + std::string(depth * 2, ' ') + c; };
    if (const auto* object = value.if_object(); object != nullptr && !object->empty()) {
        const char* separator = "{\n";
        for (const auto& member : *object) {
            out += separator + inner + json::serialize(member.key()) + ": ";
            write(out, member.value(), depth + 1);
            separator = ",\n";
        }
        close('}');
    } else if (const auto* array = value.if_array(); array != nullptr && !array->empty()) {
        const char* separator = "[\n";
        for (const auto& element : *array) {
            out += separator + inner;
            write(out, element, depth + 1);
            separator = ",\n";
        }
        close(']');
    } else if (const auto* number = value.if_double(); number != nullptr) {
        out += number_text(*number);
    } else {
        out += json::serialize(value);
    }
}

}  // namespace

std::string pretty_json(const json::value& value) {
    std::string out;
    write(out, value, 0);
    return out;
}

}  // namespace consilium::node
