// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "formats/json/value.hpp"

namespace consilium::formats::json {

// Writes one JSON text without spaces, in the order of the calls; commas and colons come by
// themselves. Strings are escaped as RFC 8785 section 3.2.2.2 says (\b \t \n \f \r \" \\, other
// control characters as \u00xx, nothing else). A wrong order of calls, a number that RFC 8259 does
// not know, and ill-formed UTF-8 are bugs of the caller and abort.
class Writer {
 public:
    // Appends to `out`, which must outlive the writer.
    explicit Writer(std::string& out) : out_(out) {}

    void begin_object();
    void end_object();
    void begin_array();
    void end_array();
    void name(std::string_view name);
    void string(std::string_view text);
    void number(std::string_view literal);
    void boolean(bool value);
    void null();
    // All of a value, members in their order and numbers with their text.
    void value(const Value& value);
    // A JSON text that was checked before, as it is.
    void raw(std::string_view json);

    void member(std::string_view member_name, std::string_view text) {
        name(member_name);
        string(text);
    }

 private:
    void before_value();
    void end(char open, char close);

    std::string& out_;
    std::string open_;  // the brackets that are open
    bool comma_ = false;
    bool named_ = false;
};

// The text of a value without spaces: what was parsed from such a text (with the escapes above) is
// written back byte for byte.
[[nodiscard]] std::string write(const Value& value);
// The same with two spaces per level and a newline after each value, for people.
[[nodiscard]] std::string write_pretty(const Value& value);

// Appends "text" with its quotes and escapes.
void append_string(std::string& out, std::string_view text);

}  // namespace consilium::formats::json
