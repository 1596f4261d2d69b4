// SPDX-License-Identifier: Apache-2.0
#include <google/protobuf/message.h>

#include <boost/json.hpp>
#include <map>

#include "base/hex.hpp"
#include "base/rfc3339.hpp"
#include "cli/names.hpp"
#include "cli/show.hpp"
#include "proto/enum_names.hpp"

namespace consilium::cli {
namespace {

namespace json = boost::json;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr std::string_view kMoment = "_unix_ms";

bool ends_with(std::string_view text, std::string_view end) {
    return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

std::optional<std::string> text_of(const json::value& value) {
    const auto* text = value.if_string();
    if (text == nullptr) return std::nullopt;
    return std::string(text->data(), text->size());
}

std::optional<std::uint64_t> number_of(const json::value& value) {
    if (const auto* unsigned_value = value.if_uint64()) return *unsigned_value;
    const auto* signed_value = value.if_int64();
    if (signed_value == nullptr || *signed_value < 0) return std::nullopt;
    return static_cast<std::uint64_t>(*signed_value);
}

// Sets or adds one value; says what is wrong with it, or nothing.
class FieldReader {
 public:
    FieldReader(Message& to, const FieldDescriptor& field)
        : to_(to), reflection_(*to.GetReflection()), field_(field), many_(field.is_repeated()) {}

    std::string read(const json::value& value) {
        switch (field_.cpp_type()) {
            case FieldDescriptor::CPPTYPE_UINT32:
            case FieldDescriptor::CPPTYPE_UINT64:
                return number(value);
            case FieldDescriptor::CPPTYPE_BOOL:
                return boolean(value);
            case FieldDescriptor::CPPTYPE_ENUM:
                return enumerator(value);
            case FieldDescriptor::CPPTYPE_STRING:
                return text(value);
            case FieldDescriptor::CPPTYPE_MESSAGE:
                return read_message(value, many_ ? *reflection_.AddMessage(&to_, &field_)
                                                 : *reflection_.MutableMessage(&to_, &field_));
            default:
                return ": cannot be given as JSON";
        }
    }

 private:
    std::string number(const json::value& value) {
        auto read = number_of(value);
        const bool is_moment = ends_with(field_.name(), kMoment);
        if (const auto text = is_moment ? text_of(value) : std::nullopt) {
            const auto time = from_rfc3339(*text);
            if (time) read = time->value;
        }
        if (!read && is_moment) return ": must be a time such as 2026-01-31T12:00:00Z";
        if (!read) return ": must be a whole number, not negative";
        if (field_.cpp_type() == FieldDescriptor::CPPTYPE_UINT64) {
            many_ ? reflection_.AddUInt64(&to_, &field_, *read)
                  : reflection_.SetUInt64(&to_, &field_, *read);
            return {};
        }
        if (*read > 0xffff'ffffU) return ": must be at most 4294967295";
        const auto small = static_cast<std::uint32_t>(*read);
        many_ ? reflection_.AddUInt32(&to_, &field_, small)
              : reflection_.SetUInt32(&to_, &field_, small);
        return {};
    }
    std::string boolean(const json::value& value) {
        const bool* read = value.if_bool();
        if (read == nullptr) return ": must be true or false";
        many_ ? reflection_.AddBool(&to_, &field_, *read)
              : reflection_.SetBool(&to_, &field_, *read);
        return {};
    }
    std::string enumerator(const json::value& value) {
        const auto name = text_of(value);
        const auto read = name ? proto::enumerator_value(*field_.enum_type(), *name) : std::nullopt;
        if (!read)
            return ": must be one of " + joined(proto::enumerator_names(*field_.enum_type()));
        many_ ? reflection_.AddEnumValue(&to_, &field_, *read)
              : reflection_.SetEnumValue(&to_, &field_, *read);
        return {};
    }
    std::string text(const json::value& value) {
        auto read = text_of(value);
        if (!read) return ": must be a string";
        if (field_.type() == FieldDescriptor::TYPE_BYTES) {
            const auto bytes = from_hex(*read);
            if (!bytes) return ": must be hexadecimal";
            read = *bytes;
        }
        many_ ? reflection_.AddString(&to_, &field_, *read)
              : reflection_.SetString(&to_, &field_, *read);
        return {};
    }

    Message& to_;
    const google::protobuf::Reflection& reflection_;
    const FieldDescriptor& field_;
    bool many_;
};

// What an object has given so far. A field has two names where it is a moment, and of the fields of
// a oneof only the last that is set would be kept: each of these may be given once.
class Given {
 public:
    // Says what is wrong with giving `field` as well, or nothing.
    std::string add(const FieldDescriptor& field, const std::string& name) {
        const auto* choice = field.containing_oneof();
        const void* place = choice == nullptr ? static_cast<const void*>(&field) : choice;
        const auto [earlier, first] = names_.emplace(place, name);
        if (first) return {};
        return ": cannot be given beside " + earlier->second;
    }

 private:
    std::map<const void*, std::string> names_;
};

std::string read_field(const json::value& value, Message& to, const FieldDescriptor& field) {
    if (!field.is_repeated()) return FieldReader(to, field).read(value);
    const auto* list = value.if_array();
    if (list == nullptr) return ": must be an array";
    for (std::size_t i = 0; i < list->size(); ++i) {
        const std::string wrong = FieldReader(to, field).read((*list)[i]);
        if (!wrong.empty()) return "[" + std::to_string(i) + "]" + wrong;
    }
    return {};
}

}  // namespace

std::string read_message(const json::value& from, Message& to) {
    const auto* object = from.if_object();
    if (object == nullptr) return ": must be an object";
    const auto& type = *to.GetDescriptor();
    Given given;
    for (const auto& member : *object) {
        const std::string name(member.key());
        const auto* field = type.FindFieldByName(name);
        if (field == nullptr) field = type.FindFieldByName(name + std::string(kMoment));
        if (field == nullptr) {
            std::vector<std::string> known;
            for (int i = 0; i < type.field_count(); ++i)
                known.push_back(type.field(i)->name());
            return "." + name + ": unknown; known here: " + joined(known);
        }
        std::string wrong = given.add(*field, name);
        if (wrong.empty()) wrong = read_field(member.value(), to, *field);
        if (!wrong.empty()) return "." + name + wrong;
    }
    return {};
}

}  // namespace consilium::cli
