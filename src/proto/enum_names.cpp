// SPDX-License-Identifier: Apache-2.0
#include "proto/enum_names.hpp"

namespace consilium::proto {
namespace {

constexpr std::string_view kUnspecified = "UNSPECIFIED";

// What all enumerators of a type begin with: the name of enumerator 0 without "UNSPECIFIED".
std::string prefix_of(const google::protobuf::EnumDescriptor& type) {
    const auto* zero = type.FindValueByNumber(0);
    const std::string name = zero == nullptr ? std::string() : zero->name();
    return name.size() < kUnspecified.size() ? std::string()
                                             : name.substr(0, name.size() - kUnspecified.size());
}

}  // namespace

std::string enumerator_name(const google::protobuf::EnumDescriptor& type, int value) {
    const auto* found = type.FindValueByNumber(value);
    if (found == nullptr || value == 0) return "unspecified";
    std::string out;
    for (const char c : found->name().substr(prefix_of(type).size()))
        out += c == '_' ? '-' : (c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
    return out;
}

std::optional<int> enumerator_value(const google::protobuf::EnumDescriptor& type,
                                    std::string_view name) {
    for (int i = 0; i < type.value_count(); ++i) {
        const int value = type.value(i)->number();
        if (value != 0 && enumerator_name(type, value) == name) return value;
    }
    return std::nullopt;
}

std::vector<std::string> enumerator_names(const google::protobuf::EnumDescriptor& type) {
    std::vector<std::string> names;
    for (int i = 0; i < type.value_count(); ++i) {
        if (type.value(i)->number() != 0) {
            names.push_back(enumerator_name(type, type.value(i)->number()));
        }
    }
    return names;
}

}  // namespace consilium::proto
