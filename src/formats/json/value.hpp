// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/assert.hpp"

namespace consilium::formats::json {

// Arrays and objects may be nested this deep: [[]] has a depth of 2.
inline constexpr std::size_t kDepthMax = 64;

enum class Kind : std::uint8_t { kNull, kBoolean, kNumber, kString, kArray, kObject };

class Arena;
struct Member;

// A JSON value: 16 bytes, copied freely. What it points at belongs to a Document (or a Builder) and
// must be outlived by it. Numbers are kept as the text they came with (1.50 stays 1.50), strings
// are decoded, valid UTF-8 without U+0000, and members keep their order. Reading a value as a kind
// that it is not is a bug of the caller and aborts. Immutable, so any number of threads may read.
class Value {
 public:
    Value() = default;

    [[nodiscard]] Kind kind() const { return kind_; }
    [[nodiscard]] bool is_null() const { return kind_ == Kind::kNull; }
    [[nodiscard]] bool is_boolean() const { return kind_ == Kind::kBoolean; }
    [[nodiscard]] bool is_number() const { return kind_ == Kind::kNumber; }
    [[nodiscard]] bool is_string() const { return kind_ == Kind::kString; }
    [[nodiscard]] bool is_array() const { return kind_ == Kind::kArray; }
    [[nodiscard]] bool is_object() const { return kind_ == Kind::kObject; }

    [[nodiscard]] bool boolean() const {
        CONSILIUM_ASSERT(is_boolean());
        return size_ != 0;
    }
    // The literal text of a number, as RFC 8259 section 6 spells it.
    [[nodiscard]] std::string_view number() const {
        CONSILIUM_ASSERT(is_number());
        return {static_cast<const char*>(data_), size_};
    }
    [[nodiscard]] std::string_view string() const {
        CONSILIUM_ASSERT(is_string());
        return {static_cast<const char*>(data_), size_};
    }
    [[nodiscard]] std::span<const Value> array() const {
        CONSILIUM_ASSERT(is_array());
        return {static_cast<const Value*>(data_), size_};
    }
    [[nodiscard]] std::span<const Member> object() const;

    // The member of that name, or nullptr when there is none or this is no object. Takes time
    // proportional to the number of members.
    [[nodiscard]] const Value* find(std::string_view name) const;

    // How deep arrays and objects are nested here: 0 for a scalar, 1 for [] and [1]. Saturates.
    [[nodiscard]] std::size_t depth() const { return depth_; }

 private:
    friend class Parser;
    friend class Builder;
    friend class Arena;

    const void* data_ = nullptr;
    std::uint32_t size_ = 0;  // characters, values or members; 1 for true
    Kind kind_ = Kind::kNull;
    std::uint8_t depth_ = 0;
};
static_assert(sizeof(Value) == 16);

struct Member {
    std::string_view name;
    Value value;
};

inline std::span<const Member> Value::object() const {
    CONSILIUM_ASSERT(is_object());
    return {static_cast<const Member*>(data_), size_};
}

// Whether both have the same kinds, strings, number texts and, in any order, members.
[[nodiscard]] bool equal(const Value& a, const Value& b);

// Owns a tree of values. Copies share it; the last one frees it.
class Document {
 public:
    // The document `null`.
    Document() = default;
    [[nodiscard]] const Value& root() const { return root_; }

 private:
    friend class Parser;
    friend class Builder;
    Document(std::shared_ptr<const Arena> arena, Value root)
        : arena_(std::move(arena)), root_(root) {}

    std::shared_ptr<const Arena> arena_;
    Value root_;
};

}  // namespace consilium::formats::json
