// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <google/protobuf/descriptor.h>

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.hpp"
#include "base/bytes.hpp"
#include "base/limits.hpp"
#include "ledger/ids.hpp"

namespace consilium::contracts::sdk {

// A state key under construction: [contract u8][table u8], then the table's fields. Fixed-size ids
// stand raw, integers big-endian, text ends with a zero byte (so text is from alphabets without
// one): byte order is field order, and no key's encoding begins another's. Never on the heap.
class StateKey {
 public:
    StateKey(ledger::ContractId contract, std::uint8_t table) {
        u8(static_cast<std::uint8_t>(contract));
        u8(table);
    }
    StateKey& u8(std::uint8_t v) { return raw({reinterpret_cast<const char*>(&v), 1}); }
    StateKey& u32(std::uint32_t v);
    StateKey& u64(std::uint64_t v);
    StateKey& text(std::string_view v);  // without a zero byte
    StateKey& raw(BytesView v) {
        CONSILIUM_ASSERT(v.size() <= bytes_.size() - size_);
        std::memcpy(bytes_.data() + size_, v.data(), v.size());
        size_ += v.size();
        return *this;
    }
    template <std::size_t N>
    StateKey& id(const FixedBytes<N>& v) {
        return raw(v.view());
    }
    [[nodiscard]] BytesView view() const { return {bytes_.data(), size_}; }
    operator BytesView() const { return view(); }

 private:
    std::array<char, limits::kStateKeyBytesMax> bytes_;
    std::size_t size_ = 0;
};

// What a field of a key holds.
enum class FieldKind {
    kId16,        // 16 bytes, shown in hexadecimal
    kHash32,      // 32 bytes, shown in hexadecimal
    kU32,         // big-endian, shown in decimal
    kU64,         // the same
    kText,        // ends with a zero byte
    kRecordList,  // 'c' and a chart id, or 'm' and text: shown as chart:HEX or member:ID
};

struct KeyField {
    std::string_view name;
    FieldKind kind;
};

// One table, for whoever lays out keys, reads them or explains them. docs/formats/tables.md lists
// the same.
struct TableInfo {
    ledger::ContractId contract;
    std::uint8_t table = 0;
    std::string_view name;  // "documents/record"
    std::span<const KeyField> fields;
    const google::protobuf::Descriptor* value = nullptr;
};

// A key or a value for people: name and text of each field.
struct ShownField {
    std::string name;
    std::string text;
    friend bool operator==(const ShownField&, const ShownField&) = default;
};

// The fields of a key of that table; nothing when the bytes are not one (or end early).
[[nodiscard]] std::optional<std::vector<ShownField>> show_key_fields(const TableInfo& table,
                                                                     BytesView key);
// "documents/record/chart:00ff.../7". With fewer fields than the table has, the path of a prefix.
[[nodiscard]] std::optional<std::string> show_key(const TableInfo& table, BytesView key);
// The opposite of show_key. With fewer fields than the table has, the prefix they make.
[[nodiscard]] std::optional<Bytes> parse_key(const TableInfo& table, std::string_view path);
// The fields of a value, nested ones as "outer.inner"; bytes in hexadecimal, enumerators by name.
// Nothing when it is not the canonical encoding.
[[nodiscard]] std::optional<std::vector<ShownField>> show_value(const TableInfo& table,
                                                                BytesView value);

}  // namespace consilium::contracts::sdk
