// SPDX-License-Identifier: Apache-2.0
#include "cli/names.hpp"

#include "base/edit_distance.hpp"

namespace consilium::cli {
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

std::string joined(const std::vector<std::string>& words, std::string_view separator) {
    std::string out;
    for (const auto& word : words) {
        if (&word != &words.front()) out += separator;
        out += word;
    }
    return out;
}

std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> parts;
    for (;;) {
        const std::size_t end = text.find(separator);
        parts.emplace_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

std::string nearest(std::string_view word, const std::vector<std::string>& known) {
    std::string best;
    std::size_t distance = 3;
    for (const auto& candidate : known) {
        const std::size_t d = edit_distance(word, candidate);
        if (d < distance) {
            distance = d;
            best = candidate;
        }
    }
    return best;
}

}  // namespace consilium::cli
