// SPDX-License-Identifier: Apache-2.0
#include "contracts/sdk/key.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

#include "base/hex.hpp"

namespace consilium::contracts::sdk {
namespace {

constexpr std::size_t kIdBytes = 16;
constexpr std::size_t kHashBytes = 32;
constexpr std::string_view kChart = "chart:";
constexpr std::string_view kMember = "member:";

// A path's separator and what a shell or URL would mangle stay out of text fields.
bool is_path_text(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(),
                                        [](char c) { return c > ' ' && c < '\x7f' && c != '/'; });
}

std::optional<std::string> take_text(BytesView& key) {
    const std::size_t end = key.find('\0');
    if (end == BytesView::npos) return std::nullopt;
    std::string out(key.substr(0, end));
    if (!is_path_text(out)) return std::nullopt;
    key.remove_prefix(end + 1);
    return out;
}

std::optional<std::string> take_hex(BytesView& key, std::size_t size) {
    if (key.size() < size) return std::nullopt;
    std::string out = to_hex(key.substr(0, size));
    key.remove_prefix(size);
    return out;
}

std::optional<std::string> take_list(BytesView& key) {
    if (key.empty()) return std::nullopt;
    const char kind = key.front();
    key.remove_prefix(1);
    const auto rest = kind == 'c'   ? take_hex(key, kIdBytes)
                      : kind == 'm' ? take_text(key)
                                    : std::nullopt;
    if (!rest) return std::nullopt;
    return std::string(kind == 'c' ? kChart : kMember) + *rest;
}

std::optional<std::string> take_field(FieldKind kind, BytesView& key) {
    switch (kind) {
        case FieldKind::kId16:
            return take_hex(key, kIdBytes);
        case FieldKind::kHash32:
            return take_hex(key, kHashBytes);
        case FieldKind::kText:
            return take_text(key);
        case FieldKind::kRecordList:
            return take_list(key);
        case FieldKind::kU32:
        case FieldKind::kU64: {
            const std::size_t width = kind == FieldKind::kU32 ? 4 : 8;
            if (key.size() < width) return std::nullopt;
            const std::uint64_t value = width == 4 ? read_be32(key) : read_be64(key);
            key.remove_prefix(width);
            return std::to_string(value);
        }
    }
    return std::nullopt;
}

bool put_hex(std::string_view text, std::size_t size, Bytes& out) {
    const auto bytes = from_hex(text);
    if (!bytes || bytes->size() != size) return false;
    out += *bytes;
    return true;
}

bool put_text(std::string_view text, Bytes& out) {
    if (!is_path_text(text)) return false;
    out += text;
    out.push_back('\0');
    return true;
}

bool put_number(std::string_view text, FieldKind kind, Bytes& out) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return false;
    if (kind == FieldKind::kU64) {
        append_be64(out, value);
        return true;
    }
    if (value > std::numeric_limits<std::uint32_t>::max()) return false;
    append_be32(out, static_cast<std::uint32_t>(value));
    return true;
}

bool put_list(std::string_view text, Bytes& out) {
    if (text.substr(0, kChart.size()) == kChart) {
        out.push_back('c');
        return put_hex(text.substr(kChart.size()), kIdBytes, out);
    }
    if (text.substr(0, kMember.size()) == kMember) {
        out.push_back('m');
        return put_text(text.substr(kMember.size()), out);
    }
    return false;
}

bool put_field(FieldKind kind, std::string_view text, Bytes& out) {
    switch (kind) {
        case FieldKind::kId16:
            return put_hex(text, kIdBytes, out);
        case FieldKind::kHash32:
            return put_hex(text, kHashBytes, out);
        case FieldKind::kText:
            return put_text(text, out);
        case FieldKind::kRecordList:
            return put_list(text, out);
        case FieldKind::kU32:
        case FieldKind::kU64:
            return put_number(text, kind, out);
    }
    return false;
}

}  // namespace

StateKey& StateKey::u32(std::uint32_t v) {
    const char be[4] = {static_cast<char>(v >> 24U), static_cast<char>(v >> 16U),
                        static_cast<char>(v >> 8U), static_cast<char>(v)};
    return raw({be, 4});
}

StateKey& StateKey::u64(std::uint64_t v) {
    u32(static_cast<std::uint32_t>(v >> 32U));
    return u32(static_cast<std::uint32_t>(v));
}

StateKey& StateKey::text(std::string_view v) {
    CONSILIUM_ASSERT(v.find('\0') == std::string_view::npos);
    raw(v);
    return u8(0);
}

namespace {

// The fields of a key, or of a prefix that ends with a field.
std::optional<std::vector<ShownField>> take_fields(const TableInfo& table, BytesView key) {
    const StateKey head(table.contract, table.table);
    if (key.substr(0, head.view().size()) != head.view()) return std::nullopt;
    key.remove_prefix(head.view().size());
    std::vector<ShownField> out;
    for (const KeyField& field : table.fields) {
        if (key.empty()) return out;
        auto text = take_field(field.kind, key);
        if (!text) return std::nullopt;
        out.push_back({std::string(field.name), std::move(*text)});
    }
    if (!key.empty()) return std::nullopt;
    return out;
}

}  // namespace

std::optional<std::vector<ShownField>> show_key_fields(const TableInfo& table, BytesView key) {
    auto fields = take_fields(table, key);
    if (!fields || fields->size() != table.fields.size()) return std::nullopt;
    return fields;
}

std::optional<std::string> show_key(const TableInfo& table, BytesView key) {
    const auto fields = take_fields(table, key);
    if (!fields) return std::nullopt;
    std::string out(table.name);
    for (const ShownField& field : *fields)
        out += "/" + field.text;
    return out;
}

std::optional<Bytes> parse_key(const TableInfo& table, std::string_view path) {
    if (path.substr(0, table.name.size()) != table.name) return std::nullopt;
    path.remove_prefix(table.name.size());
    Bytes out(StateKey(table.contract, table.table).view());
    for (const KeyField& field : table.fields) {
        if (path.empty()) return out;
        if (path.front() != '/') return std::nullopt;
        path.remove_prefix(1);
        const std::string_view text = path.substr(0, path.find('/'));
        if (!put_field(field.kind, text, out)) return std::nullopt;
        path.remove_prefix(text.size());
    }
    if (!path.empty() || out.size() > limits::kStateKeyBytesMax) return std::nullopt;
    return out;
}

}  // namespace consilium::contracts::sdk
