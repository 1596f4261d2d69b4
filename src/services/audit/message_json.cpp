// SPDX-License-Identifier: Apache-2.0
#include "services/audit/message_json.hpp"

#include <string>
#include <vector>

#include "base/hex.hpp"
#include "base/rfc3339.hpp"
#include "proto/enum_names.hpp"

namespace consilium::services::audit {
namespace {

using formats::json::Writer;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr std::string_view kTimeSuffix = "_unix_ms";

void write_one(Writer& writer, const Message& message, const FieldDescriptor& field, int index) {
    const auto& of = *message.GetReflection();
    const bool list = field.is_repeated();
    switch (field.cpp_type()) {
        case FieldDescriptor::CPPTYPE_MESSAGE:
            return write_message(writer, list ? of.GetRepeatedMessage(message, &field, index)
                                              : of.GetMessage(message, &field));
        case FieldDescriptor::CPPTYPE_ENUM:
            return writer.string(proto::enumerator_name(
                *field.enum_type(), list ? of.GetRepeatedEnumValue(message, &field, index)
                                         : of.GetEnumValue(message, &field)));
        case FieldDescriptor::CPPTYPE_UINT32:
            return writer.number(std::to_string(list ? of.GetRepeatedUInt32(message, &field, index)
                                                     : of.GetUInt32(message, &field)));
        case FieldDescriptor::CPPTYPE_UINT64: {
            const std::uint64_t value =
                list ? of.GetRepeatedUInt64(message, &field, index) : of.GetUInt64(message, &field);
            if (field.name().ends_with(kTimeSuffix)) return writer.string(to_rfc3339({value}));
            return writer.number(std::to_string(value));
        }
        case FieldDescriptor::CPPTYPE_BOOL:
            return writer.boolean(list ? of.GetRepeatedBool(message, &field, index)
                                       : of.GetBool(message, &field));
        case FieldDescriptor::CPPTYPE_STRING: {
            const std::string value =
                list ? of.GetRepeatedString(message, &field, index) : of.GetString(message, &field);
            return writer.string(field.type() == FieldDescriptor::TYPE_BYTES ? to_hex(value)
                                                                             : value);
        }
        default:
            // No row has others: docs/formats/wire.md.
            return writer.null();
    }
}

}  // namespace

void write_message(Writer& writer, const Message& message) {
    const auto& of = *message.GetReflection();
    std::vector<const FieldDescriptor*> fields;
    of.ListFields(message, &fields);
    writer.begin_object();
    for (const FieldDescriptor* field : fields) {
        std::string name = field->name();
        if (name.ends_with(kTimeSuffix)) name.resize(name.size() - kTimeSuffix.size());
        writer.name(name);
        if (!field->is_repeated()) {
            write_one(writer, message, *field, 0);
            continue;
        }
        writer.begin_array();
        for (int i = 0; i < of.FieldSize(message, field); ++i)
            write_one(writer, message, *field, i);
        writer.end_array();
    }
    writer.end_object();
}

}  // namespace consilium::services::audit
