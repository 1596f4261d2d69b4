// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "formats/json/value.hpp"

namespace consilium::formats::fhir {

// What a reference says, without following it. All views point into the value.
struct ReferenceParts {
    std::string_view base;       // absolute: what stands before Type/id, without the last slash
    std::string_view type;       // from the text, else from Reference.type
    std::string_view id;         // empty for urn:, contained, conditional and logical references
    std::string_view version;    // of Type/id/_history/version
    std::string_view contained;  // the id after #
    std::string_view url;        // the whole text without its version part
    std::string_view identifier_system;
    std::string_view identifier_value;  // of Reference.identifier

    [[nodiscard]] bool is_literal() const { return !id.empty(); }
};

// Reads a Reference (an object), or a canonical or uri (a string).
[[nodiscard]] ReferenceParts parse_reference(const json::Value& value);
// Reads the text of a reference alone.
[[nodiscard]] ReferenceParts parse_reference_text(std::string_view text);

}  // namespace consilium::formats::fhir
