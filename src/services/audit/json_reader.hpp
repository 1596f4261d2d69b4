// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <charconv>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/hex.hpp"
#include "base/result.hpp"
#include "base/rfc3339.hpp"
#include "formats/json/parse.hpp"

// Private to this room: reads the JSON files of a package as their maker spells them.
namespace consilium::services::audit {

// Reads members and remembers the first thing that is wrong.
class JsonReader {
 public:
    [[nodiscard]] const std::string& error() const { return error_; }

    std::string text(const formats::json::Value& of, std::string_view name) {
        const formats::json::Value* value = of.find(name);
        if (value != nullptr && value->is_string()) return std::string(value->string());
        wrong(name);
        return {};
    }
    std::uint64_t number(const formats::json::Value& of, std::string_view name, std::uint64_t max) {
        const formats::json::Value* value = of.find(name);
        std::uint64_t out = 0;
        if (value != nullptr && value->is_number()) {
            const auto literal = value->number();
            const auto* end = literal.data() + literal.size();
            const auto read = std::from_chars(literal.data(), end, out);
            if (read.ec == std::errc() && read.ptr == end && out <= max) return out;
        }
        wrong(name);
        return 0;
    }
    bool boolean(const formats::json::Value& of, std::string_view name) {
        const formats::json::Value* value = of.find(name);
        if (value != nullptr && value->is_boolean()) return value->boolean();
        wrong(name);
        return false;
    }
    UnixMs time(const formats::json::Value& of, std::string_view name) {
        const std::string shown = text(of, name);
        const auto out = from_rfc3339(shown);
        // One moment has one spelling, so that no byte can be changed unseen.
        if (out && to_rfc3339(*out) == shown) return *out;
        wrong(name);
        return {};
    }
    Bytes bytes(const formats::json::Value& of, std::string_view name) {
        return hex(text(of, name), name);
    }
    Bytes hex(std::string_view digits, std::string_view name) {
        const auto out = from_hex(digits);
        if (out && to_hex(*out) == digits) return *out;
        wrong(name);
        return {};
    }
    template <typename Id>
    Id id(const formats::json::Value& of, std::string_view name) {
        Id out;
        if (!assign(out, bytes(of, name))) wrong(name);
        return out;
    }
    std::span<const formats::json::Value> array(const formats::json::Value& of,
                                                std::string_view name) {
        const formats::json::Value* value = of.find(name);
        if (value != nullptr && value->is_array()) return value->array();
        wrong(name);
        return {};
    }
    void only(const formats::json::Value& of, std::size_t members) {
        if (!of.is_object() || of.object().size() != members) wrong("(members)");
    }
    void wrong(std::string_view name) {
        if (error_.empty()) error_ = "its field " + std::string(name) + " is not what it should be";
    }

 private:
    std::string error_;
};

inline constexpr auto kU32 = std::numeric_limits<std::uint32_t>::max();
inline constexpr auto kU64 = std::numeric_limits<std::uint64_t>::max();

// Nothing but the spelling of write_pretty(), so that no byte can be changed unseen.
[[nodiscard]] Result<formats::json::Document, std::string> parse_own_json(const Bytes& text);

}  // namespace consilium::services::audit
