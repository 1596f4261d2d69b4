// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "node/config.hpp"

// The keys of the configuration, each described once: reading, writing and the reference page all
// come from these lists.
namespace consilium::node::fields {

template <typename T>
struct Text {
    std::string T::*place;
    bool path = false;
    bool required = false;  // must not be empty; must be given where the default is
    std::vector<std::string_view> choices;
};

template <typename T>
struct Number {
    std::uint64_t T::*place;
    std::uint64_t min;
    std::uint64_t max;
};

template <typename T>
struct Flag {
    bool T::*place;
};

template <typename T>
struct Field {
    std::string_view name;
    std::variant<Text<T>, Number<T>, Flag<T>> as;
    std::string_view about;
};

// The keys of one table, in the order in which they are written.
template <typename T>
[[nodiscard]] const std::vector<Field<T>>& of();

template <>
[[nodiscard]] const std::vector<Field<Config>>& of<Config>();
template <>
[[nodiscard]] const std::vector<Field<LogConfig>>& of<LogConfig>();
template <>
[[nodiscard]] const std::vector<Field<LedgerConfig>>& of<LedgerConfig>();
template <>
[[nodiscard]] const std::vector<Field<StorageConfig>>& of<StorageConfig>();
template <>
[[nodiscard]] const std::vector<Field<VaultConfig>>& of<VaultConfig>();
template <>
[[nodiscard]] const std::vector<Field<HttpConfig>>& of<HttpConfig>();
template <>
[[nodiscard]] const std::vector<Field<NodeConfig>>& of<NodeConfig>();

// "a, b, c".
[[nodiscard]] std::string joined(const std::vector<std::string_view>& words);

}  // namespace consilium::node::fields
