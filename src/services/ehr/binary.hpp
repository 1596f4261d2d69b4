// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "formats/json/value.hpp"

// Binary resources as the bytes that they hold: https://hl7.org/fhir/R4/binary.html. Pure.
namespace consilium::services::ehr {

// RFC 4648 section 4.
[[nodiscard]] std::string to_base64(BytesView bytes);
// Blanks and line ends are passed over, as FHIR's base64Binary allows; nothing for anything else
// that is not base64.
[[nodiscard]] std::optional<Bytes> from_base64(std::string_view text);

// What a Content-Type may be: visible ASCII with a slash, at most 255 characters.
[[nodiscard]] bool is_media_type(std::string_view text);

// The Binary resource of a body of that media type, as JSON. `content_type` must be
// one (is_media_type) and `id` empty or a logical id.
[[nodiscard]] Bytes binary_resource(std::string_view content_type, BytesView body,
                                    std::string_view id);

// Of a stored Binary; nothing when it has no data or they cannot be read.
struct BinaryContent {
    std::string content_type;
    Bytes data;
};
[[nodiscard]] std::optional<BinaryContent> binary_content(const formats::json::Value& resource);

}  // namespace consilium::services::ehr
