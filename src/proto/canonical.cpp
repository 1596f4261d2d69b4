// SPDX-License-Identifier: Apache-2.0
#include "proto/canonical.hpp"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <vector>

#include "base/limits.hpp"

namespace consilium::proto {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

namespace {

enum class Kind : std::uint8_t {
    kNone,
    kVarint64,
    kUint32,
    kInt32,
    kBool,
    kEnum,
    kFixed64,
    kFixed32,
    kBytes,
    kString,
    kMessage
};

constexpr int kFieldNumberMax = 255;
constexpr int kOneofsMax = 64;  // per message: one bit each while it is read

Kind kind_of(const FieldDescriptor& field) {
    switch (field.type()) {
        case FieldDescriptor::TYPE_UINT64:
        case FieldDescriptor::TYPE_INT64:
            return Kind::kVarint64;
        case FieldDescriptor::TYPE_UINT32:
            return Kind::kUint32;
        case FieldDescriptor::TYPE_INT32:
            return Kind::kInt32;
        case FieldDescriptor::TYPE_BOOL:
            return Kind::kBool;
        case FieldDescriptor::TYPE_ENUM:
            return Kind::kEnum;
        case FieldDescriptor::TYPE_FIXED64:
        case FieldDescriptor::TYPE_SFIXED64:
            return Kind::kFixed64;
        case FieldDescriptor::TYPE_FIXED32:
        case FieldDescriptor::TYPE_SFIXED32:
            return Kind::kFixed32;
        case FieldDescriptor::TYPE_BYTES:
            return Kind::kBytes;
        case FieldDescriptor::TYPE_STRING:
            return Kind::kString;
        case FieldDescriptor::TYPE_MESSAGE:
            return Kind::kMessage;
        default:
            return Kind::kNone;  // floats, groups, zig-zag: not in our grammar
    }
}

constexpr std::uint32_t wire_type(Kind kind) {
    switch (kind) {
        case Kind::kFixed64:
            return 1;
        case Kind::kFixed32:
            return 5;
        case Kind::kBytes:
        case Kind::kString:
        case Kind::kMessage:
            return 2;
        default:
            return 0;
    }
}

}  // namespace

struct FieldShape {
    Kind kind = Kind::kNone;
    bool repeated = false;
    bool packed = false;
    bool presence = false;  // a default value may be written: oneof, message
    int oneof = -1;
    std::vector<std::uint32_t> enumerators;  // ascending
    std::unique_ptr<MessageShape> message;
};

class MessageShape {
 public:
    std::vector<FieldShape> fields;  // index is the field number
};

namespace {

std::unique_ptr<MessageShape> build(const Descriptor& type, std::size_t depth) {
    CONSILIUM_ASSERT(depth <= limits::kWireDepthMax);
    auto shape = std::make_unique<MessageShape>();
    for (int i = 0; i < type.field_count(); ++i) {
        const FieldDescriptor& field = *type.field(i);
        const int number = field.number();
        CONSILIUM_ASSERT(number > 0 && number <= kFieldNumberMax);
        if (shape->fields.size() <= static_cast<std::size_t>(number)) {
            shape->fields.resize(static_cast<std::size_t>(number) + 1);
        }
        FieldShape& out = shape->fields[static_cast<std::size_t>(number)];
        out.kind = kind_of(field);
        CONSILIUM_ASSERT(out.kind != Kind::kNone && !field.is_map());
        CONSILIUM_ASSERT(!field.has_optional_keyword());
        out.repeated = field.is_repeated();
        out.packed = field.is_packed();
        out.presence = field.has_presence();
        if (const auto* oneof = field.real_containing_oneof()) out.oneof = oneof->index();
        CONSILIUM_ASSERT(out.oneof < kOneofsMax);
        if (out.kind == Kind::kEnum) {
            for (int v = 0; v < field.enum_type()->value_count(); ++v) {
                const int value = field.enum_type()->value(v)->number();
                CONSILIUM_ASSERT(value >= 0);
                out.enumerators.push_back(static_cast<std::uint32_t>(value));
            }
            std::sort(out.enumerators.begin(), out.enumerators.end());
        }
        if (out.kind == Kind::kMessage) out.message = build(*field.message_type(), depth + 1);
    }
    return shape;
}

// Reads forward through one message.
struct Reader {
    BytesView in;
    std::size_t at = 0;

    [[nodiscard]] bool done() const { return at == in.size(); }

    Result<std::uint64_t, WireError> varint() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 70; shift += 7) {
            if (at == in.size()) return fail(WireError::kTruncated);
            const auto byte = static_cast<std::uint8_t>(in[at++]);
            if (shift == 63 && byte > 1) return fail(WireError::kVarint);
            value |= std::uint64_t{byte & 0x7fU} << shift;
            if ((byte & 0x80U) == 0) {
                if (byte == 0 && shift != 0) return fail(WireError::kVarint);
                return value;
            }
        }
        return fail(WireError::kVarint);
    }

    Result<BytesView, WireError> take(std::uint64_t length) {
        if (length > in.size() - at) return fail(WireError::kTruncated);
        const BytesView out = in.substr(at, static_cast<std::size_t>(length));
        at += static_cast<std::size_t>(length);
        return out;
    }
};

bool is_utf8(BytesView text) {
    std::size_t i = 0;
    while (i < text.size()) {
        const auto lead = static_cast<std::uint8_t>(text[i]);
        if (lead < 0x80) {
            ++i;
            continue;
        }
        const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
        if (lead < 0xc2 || lead > 0xf4 || text.size() - i < length) return false;
        std::uint32_t code = lead & (0xffU >> (length + 1));
        for (std::size_t k = 1; k < length; ++k) {
            const auto next = static_cast<std::uint8_t>(text[i + k]);
            if ((next & 0xc0U) != 0x80U) return false;
            code = (code << 6U) | (next & 0x3fU);
        }
        const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
        if (overlong || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return false;
        i += length;
    }
    return true;
}

Status<WireError> check_scalar(const FieldShape& field, std::uint64_t value) {
    switch (field.kind) {
        case Kind::kUint32:
            if (value > 0xffffffffULL) return fail(WireError::kValueRange);
            break;
        case Kind::kInt32: {
            // libprotobuf cuts a longer value to 32 bits, so one value would have many encodings.
            const auto number = static_cast<std::int64_t>(value);
            if (number < std::numeric_limits<std::int32_t>::min() ||
                number > std::numeric_limits<std::int32_t>::max())
                return fail(WireError::kValueRange);
            break;
        }
        case Kind::kBool:
            if (value > 1) return fail(WireError::kValueRange);
            break;
        case Kind::kEnum:
            if (value > 0xffffffffULL ||
                !std::binary_search(field.enumerators.begin(), field.enumerators.end(),
                                    static_cast<std::uint32_t>(value))) {
                return fail(WireError::kEnumValue);
            }
            break;
        default:
            break;
    }
    return Done{};
}

// One scalar in its wire form; the value is returned so that defaults can be told.
Result<std::uint64_t, WireError> read_scalar(const FieldShape& field, Reader& reader) {
    if (field.kind == Kind::kFixed64 || field.kind == Kind::kFixed32) {
        const auto raw = reader.take(field.kind == Kind::kFixed64 ? 8 : 4);
        if (!raw) return fail(raw.error());
        std::uint64_t value = 0;
        for (std::size_t i = raw->size(); i-- > 0;)
            value = (value << 8U) | static_cast<std::uint8_t>((*raw)[i]);
        return value;
    }
    auto value = reader.varint();
    if (!value) return value;
    if (auto checked = check_scalar(field, *value); !checked) return fail(checked.error());
    return value;
}

Status<WireError> check_packed(const FieldShape& field, Reader& reader) {
    const auto length = reader.varint();
    if (!length) return fail(length.error());
    const auto body = reader.take(*length);
    if (!body) return fail(body.error());
    if (body->empty()) return fail(WireError::kDefaultValue);
    Reader items{*body};
    while (!items.done()) {
        if (const auto value = read_scalar(field, items); !value) return fail(value.error());
    }
    return Done{};
}

Status<WireError> check_message(const MessageShape& shape, BytesView bytes);

Status<WireError> check_delimited(const FieldShape& field, Reader& reader) {
    const auto length = reader.varint();
    if (!length) return fail(length.error());
    const auto body = reader.take(*length);
    if (!body) return fail(body.error());
    if (field.kind == Kind::kMessage) return check_message(*field.message, *body);
    if (body->empty() && !field.presence && !field.repeated) return fail(WireError::kDefaultValue);
    if (field.kind == Kind::kString && !is_utf8(*body)) return fail(WireError::kUtf8);
    return Done{};
}

Status<WireError> check_message(const MessageShape& shape, BytesView bytes) {
    Reader reader{bytes};
    std::uint64_t last = 0;
    std::uint64_t oneofs_seen = 0;
    while (!reader.done()) {
        const auto tag = reader.varint();
        if (!tag) return fail(tag.error());
        const std::uint64_t number = *tag >> 3U;
        if (number == 0 || number >= shape.fields.size()) return fail(WireError::kUnknownField);
        const FieldShape& field = shape.fields[static_cast<std::size_t>(number)];
        if (field.kind == Kind::kNone) return fail(WireError::kUnknownField);
        const bool again = number == last && field.repeated && !field.packed;
        if (number <= last && !again) return fail(WireError::kFieldOrder);
        last = number;
        if (field.oneof >= 0) {
            const std::uint64_t bit = 1ULL << static_cast<unsigned>(field.oneof);
            if ((oneofs_seen & bit) != 0) return fail(WireError::kOneof);
            oneofs_seen |= bit;
        }
        const std::uint32_t wire = static_cast<std::uint32_t>(*tag & 7U);
        if (wire != (field.packed ? 2U : wire_type(field.kind))) return fail(WireError::kWireType);
        if (field.packed) {
            if (auto checked = check_packed(field, reader); !checked) return checked;
        } else if (wire == 2) {
            if (auto checked = check_delimited(field, reader); !checked) return checked;
        } else {
            const auto value = read_scalar(field, reader);
            if (!value) return fail(value.error());
            if (*value == 0 && !field.presence && !field.repeated)
                return fail(WireError::kDefaultValue);
        }
    }
    return Done{};
}

}  // namespace

std::unique_ptr<const MessageShape, void (*)(const MessageShape*)> make_shape(
    const Descriptor& type) {
    return {build(type, 1).release(), [](const MessageShape* shape) { delete shape; }};
}

Status<WireError> check_canonical(const MessageShape& shape, BytesView bytes) {
    return check_message(shape, bytes);
}

const char* to_string(WireError error) {
    switch (error) {
        case WireError::kTruncated:
            return "truncated";
        case WireError::kVarint:
            return "varint not minimal";
        case WireError::kFieldOrder:
            return "fields not ascending";
        case WireError::kUnknownField:
            return "unknown field";
        case WireError::kWireType:
            return "wrong wire type";
        case WireError::kDefaultValue:
            return "default value written out";
        case WireError::kEnumValue:
            return "not an enumerator";
        case WireError::kOneof:
            return "two alternatives of one choice";
        case WireError::kUtf8:
            return "not UTF-8";
        case WireError::kValueRange:
            return "value out of range";
    }
    return "unknown";
}

}  // namespace consilium::proto
