// SPDX-License-Identifier: Apache-2.0
#include <google/protobuf/dynamic_message.h>

#include <memory>

#include "base/hex.hpp"
#include "contracts/sdk/key.hpp"
#include "proto/canonical.hpp"

namespace consilium::contracts::sdk {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// Singular when index < 0.
std::string scalar_text(const Message& message, const FieldDescriptor& field, int index) {
    const Reflection& read = *message.GetReflection();
    const bool one = index < 0;
    switch (field.cpp_type()) {
        case FieldDescriptor::CPPTYPE_UINT32:
            return std::to_string(one ? read.GetUInt32(message, &field)
                                      : read.GetRepeatedUInt32(message, &field, index));
        case FieldDescriptor::CPPTYPE_UINT64:
            return std::to_string(one ? read.GetUInt64(message, &field)
                                      : read.GetRepeatedUInt64(message, &field, index));
        case FieldDescriptor::CPPTYPE_BOOL:
            return (one ? read.GetBool(message, &field)
                        : read.GetRepeatedBool(message, &field, index))
                       ? "true"
                       : "false";
        case FieldDescriptor::CPPTYPE_ENUM:
            return (one ? read.GetEnum(message, &field)
                        : read.GetRepeatedEnum(message, &field, index))
                ->name();
        case FieldDescriptor::CPPTYPE_STRING: {
            const std::string text = one ? read.GetString(message, &field)
                                         : read.GetRepeatedString(message, &field, index);
            return field.type() == FieldDescriptor::TYPE_BYTES ? to_hex(text) : text;
        }
        default:
            return "?";  // no other kind is in the grammar
    }
}

void show_message(const Message& message, const std::string& prefix, std::vector<ShownField>& out) {
    const Reflection& read = *message.GetReflection();
    std::vector<const FieldDescriptor*> fields;
    read.ListFields(message, &fields);
    for (const FieldDescriptor* field : fields) {
        const std::string name = prefix + field->name();
        const bool nested = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
        if (!field->is_repeated()) {
            if (nested) {
                show_message(read.GetMessage(message, field), name + ".", out);
            } else {
                out.push_back({name, scalar_text(message, *field, -1)});
            }
            continue;
        }
        for (int i = 0; i < read.FieldSize(message, field); ++i) {
            const std::string indexed = name + "[" + std::to_string(i) + "]";
            if (nested) {
                show_message(read.GetRepeatedMessage(message, field, i), indexed + ".", out);
            } else {
                out.push_back({indexed, scalar_text(message, *field, i)});
            }
        }
    }
}

}  // namespace

std::optional<std::vector<ShownField>> show_value(const TableInfo& table, BytesView value) {
    const auto shape = proto::make_shape(*table.value);
    if (!proto::check_canonical(*shape, value)) return std::nullopt;
    const Message* prototype =
        google::protobuf::MessageFactory::generated_factory()->GetPrototype(table.value);
    CONSILIUM_ASSERT(prototype != nullptr);
    const std::unique_ptr<Message> message(prototype->New());
    if (!message->ParseFromArray(value.data(), static_cast<int>(value.size()))) return std::nullopt;
    std::vector<ShownField> out;
    show_message(*message, "", out);
    return out;
}

}  // namespace consilium::contracts::sdk
