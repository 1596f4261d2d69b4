// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/generated_enum_reflection.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace consilium::proto {

// Enumerators as people write them: ROLE_PRIVACY_OFFICER of enum Role is "privacy-officer". The
// enumerator 0, "unspecified", has no such name.
[[nodiscard]] std::string enumerator_name(const google::protobuf::EnumDescriptor& type, int value);
[[nodiscard]] std::optional<int> enumerator_value(const google::protobuf::EnumDescriptor& type,
                                                  std::string_view name);
[[nodiscard]] std::vector<std::string> enumerator_names(
    const google::protobuf::EnumDescriptor& type);

template <typename E>
[[nodiscard]] std::string name_of(E value) {
    return enumerator_name(*google::protobuf::GetEnumDescriptor<E>(), value);
}
template <typename E>
[[nodiscard]] std::optional<E> value_of(std::string_view name) {
    const auto value = enumerator_value(*google::protobuf::GetEnumDescriptor<E>(), name);
    if (!value) return std::nullopt;
    return static_cast<E>(*value);
}
template <typename E>
[[nodiscard]] std::vector<std::string> names_of() {
    return enumerator_names(*google::protobuf::GetEnumDescriptor<E>());
}

}  // namespace consilium::proto
