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

struct BinaryHeader {
    std::string_view content_type;      // a media type
    std::string_view security_context;  // of X-Security-Context: whose access rules are its own
    std::string_view id;                // a logical id, or nothing
};

// The Binary resource of such a body, as JSON.
[[nodiscard]] Bytes binary_resource(const BinaryHeader& header, BytesView body);

// What a Binary says of a content that is a document of its own, in the place of its data.
inline constexpr std::string_view kContentExtension = "urn:consilium:binary-content";
[[nodiscard]] Bytes binary_resource(const BinaryHeader& header, std::uint64_t size,
                                    const Hash32& sha256);
// Whether a Binary says so.
[[nodiscard]] bool has_own_content(const formats::json::Value& resource);
// As a Binary gives it; nothing for what cannot stand in a header.
[[nodiscard]] std::optional<std::string> content_type_of(const formats::json::Value& resource);

// Of a stored Binary; nothing when it has no data or they cannot be read.
struct BinaryContent {
    std::string content_type;
    Bytes data;
};
[[nodiscard]] std::optional<BinaryContent> binary_content(const formats::json::Value& resource);

}  // namespace consilium::services::ehr
