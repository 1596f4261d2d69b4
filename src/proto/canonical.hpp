// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <google/protobuf/descriptor.h>

#include <memory>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace consilium::proto {

// Why bytes are not the one canonical encoding of a message (docs/formats/wire.md).
enum class WireError {
    kTruncated,     // a field ends beyond the message
    kVarint,        // longer than needed, or over 64 bits
    kFieldOrder,    // fields not ascending, or a singular field twice
    kUnknownField,  // a field number that the message does not have
    kWireType,      // not the wire type of that field
    kDefaultValue,  // a default was written out
    kEnumValue,     // not an enumerator
    kOneof,         // two alternatives of one oneof
    kUtf8,          // a string that is not UTF-8
    kValueRange,    // a 32-bit field with a value beyond 32 bits, a bool that is neither 0 nor 1
};

[[nodiscard]] const char* to_string(WireError error);

// What the grammar must know of a message type: its fields by number. Built once from the generated
// descriptor, then read-only. A schema that the grammar does not cover (floats, groups, maps,
// sint32, sint64, `optional`, a field number above 255, messages that nest deeper than
// limits::kWireDepthMax or hold themselves) is a bug of ours and aborts here. So no bytes can nest
// deeper than that.
class MessageShape;
[[nodiscard]] std::unique_ptr<const MessageShape, void (*)(const MessageShape*)> make_shape(
    const google::protobuf::Descriptor& type);

template <typename Message>
[[nodiscard]] const MessageShape& shape_of() {
    static const auto shape = make_shape(*Message::descriptor());
    return *shape;
}

// Checks that `bytes` is the canonical encoding of a message of that shape, nested messages
// included: ascending fields, minimal varints, no defaults, no maps, floats, groups or unknown
// fields. One value has exactly one such encoding, so bytes may be hashed and compared. A `bytes`
// field that carries an encoded message is opaque here and checked by who decodes it. Pure;
// thread-safe; O(length).
[[nodiscard]] Status<WireError> check_canonical(const MessageShape& shape, BytesView bytes);

// Checks, then parses into `message`, which is cleared first.
template <typename Message>
[[nodiscard]] Status<WireError> parse_canonical(BytesView bytes, Message& message) {
    if (auto checked = check_canonical(shape_of<Message>(), bytes); !checked) return checked;
    if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
        return fail(WireError::kTruncated);
    }
    return Done{};
}

// The canonical encoding of a message that we built ourselves.
template <typename Message>
[[nodiscard]] Bytes encode(const Message& message) {
    Bytes out;
    CONSILIUM_ASSERT(message.SerializeToString(&out));
    return out;
}

}  // namespace consilium::proto
