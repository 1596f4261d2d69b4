// SPDX-License-Identifier: Apache-2.0
#include "formats/json/write.hpp"

#include "formats/json/text.hpp"

namespace consilium::formats::json {

namespace {

void append_escaped(std::string& out, char c) {
    constexpr std::string_view kHex = "0123456789abcdef";
    switch (c) {
        case '"':
            out += "\\\"";
            return;
        case '\\':
            out += "\\\\";
            return;
        case '\b':
            out += "\\b";
            return;
        case '\f':
            out += "\\f";
            return;
        case '\n':
            out += "\\n";
            return;
        case '\r':
            out += "\\r";
            return;
        case '\t':
            out += "\\t";
            return;
        default:
            out += "\\u00";
            out += kHex[static_cast<unsigned char>(c) >> 4U];
            out += kHex[static_cast<unsigned char>(c) & 0x0FU];
    }
}

void append_value(std::string& out, const Value& value) {
    switch (value.kind()) {
        case Kind::kNull:
            out += "null";
            return;
        case Kind::kBoolean:
            out += value.boolean() ? "true" : "false";
            return;
        case Kind::kNumber:
            out += value.number();
            return;
        case Kind::kString:
            append_string(out, value.string());
            return;
        case Kind::kArray: {
            char before = '[';
            for (const Value& item : value.array()) {
                out += before;
                append_value(out, item);
                before = ',';
            }
            out += before == '[' ? "[]" : "]";
            return;
        }
        case Kind::kObject: {
            char before = '{';
            for (const Member& member : value.object()) {
                out += before;
                append_string(out, member.name);
                out += ':';
                append_value(out, member.value);
                before = ',';
            }
            out += before == '{' ? "{}" : "}";
            return;
        }
    }
}

void append_line(std::string& out, std::size_t level) {
    out += '\n';
    out.append(2 * level, ' ');
}

void append_pretty(std::string& out, const Value& value, std::size_t level) {
    if (value.is_array() && !value.array().empty()) {
        char before = '[';
        for (const Value& item : value.array()) {
            out += before;
            append_line(out, level + 1);
            append_pretty(out, item, level + 1);
            before = ',';
        }
        append_line(out, level);
        out += ']';
    } else if (value.is_object() && !value.object().empty()) {
        char before = '{';
        for (const Member& member : value.object()) {
            out += before;
            append_line(out, level + 1);
            append_string(out, member.name);
            out += ": ";
            append_pretty(out, member.value, level + 1);
            before = ',';
        }
        append_line(out, level);
        out += '}';
    } else {
        append_value(out, value);
    }
}

}  // namespace

void append_string(std::string& out, std::string_view text) {
    out += '"';
    std::size_t plain = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\') continue;
        out.append(text, plain, i - plain);
        append_escaped(out, c);
        plain = i + 1;
    }
    out.append(text, plain, text.size() - plain);
    out += '"';
}

std::string write(const Value& value) {
    std::string out;
    append_value(out, value);
    return out;
}

std::string write_pretty(const Value& value) {
    std::string out;
    append_pretty(out, value, 0);
    out += '\n';
    return out;
}

void Writer::before_value() {
    // In an object every value has a name; outside, exactly one value makes the text.
    if (open_.empty()) {
        CONSILIUM_ASSERT(!comma_ && !named_);
    } else {
        CONSILIUM_ASSERT((open_.back() == '{') == named_);
    }
    if (comma_ && !named_) out_ += ',';
    comma_ = true;
    named_ = false;
}

void Writer::begin_object() {
    before_value();
    out_ += '{';
    open_ += '{';
    comma_ = false;
}

void Writer::begin_array() {
    before_value();
    out_ += '[';
    open_ += '[';
    comma_ = false;
}

void Writer::end(char open, char close) {
    CONSILIUM_ASSERT(!open_.empty() && open_.back() == open && !named_);
    open_.pop_back();
    out_ += close;
    comma_ = true;
}

void Writer::end_object() {
    end('{', '}');
}

void Writer::end_array() {
    end('[', ']');
}

void Writer::name(std::string_view name) {
    CONSILIUM_ASSERT(!open_.empty() && open_.back() == '{' && !named_);
    CONSILIUM_ASSERT(is_text(name));
    if (comma_) out_ += ',';
    append_string(out_, name);
    out_ += ':';
    named_ = true;
}

void Writer::string(std::string_view text) {
    before_value();
    if (is_text(text)) {
        append_string(out_, text);
    } else {
        append_string(out_, as_text(text));
    }
}

void Writer::number(std::string_view literal) {
    CONSILIUM_ASSERT(!literal.empty() && number_length(literal) == literal.size());
    before_value();
    out_ += literal;
}

void Writer::boolean(bool value) {
    before_value();
    out_ += value ? "true" : "false";
}

void Writer::null() {
    before_value();
    out_ += "null";
}

void Writer::value(const Value& value) {
    before_value();
    append_value(out_, value);
}

void Writer::raw(std::string_view json) {
    CONSILIUM_ASSERT(!json.empty());
    before_value();
    out_ += json;
}

}  // namespace consilium::formats::json
