// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/binary.hpp"

#include "formats/json/write.hpp"

namespace consilium::services::ehr {
namespace {

constexpr std::string_view kDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::optional<std::uint32_t> digit_of(char c) {
    if (c >= 'A' && c <= 'Z') return static_cast<std::uint32_t>(c - 'A');
    if (c >= 'a' && c <= 'z') return static_cast<std::uint32_t>(c - 'a') + 26;
    if (c >= '0' && c <= '9') return static_cast<std::uint32_t>(c - '0') + 52;
    if (c == '+') return 62;
    if (c == '/') return 63;
    return std::nullopt;
}

void write_header(formats::json::Writer& writer, const BinaryHeader& header) {
    writer.member("resourceType", "Binary");
    if (!header.id.empty()) writer.member("id", header.id);
    writer.member("contentType", header.content_type);
    if (header.security_context.empty()) return;
    writer.name("securityContext");
    writer.begin_object();
    writer.member("reference", header.security_context);
    writer.end_object();
}

}  // namespace

bool is_media_type(std::string_view text) {
    if (text.empty() || text.size() > 255 || text.find('/') == std::string_view::npos) return false;
    for (const char c : text) {
        if (c < ' ' || c > '~') return false;
    }
    return true;
}

std::string to_base64(BytesView bytes) {
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::size_t left = std::min<std::size_t>(3, bytes.size() - i);
        std::uint32_t group = 0;
        for (std::size_t j = 0; j < 3; ++j) {
            group <<= 8U;
            if (j < left) group |= static_cast<std::uint8_t>(bytes[i + j]);
        }
        for (std::size_t j = 0; j < 4; ++j)
            out += j <= left ? kDigits[(group >> (18 - 6 * j)) & 63U] : '=';
    }
    return out;
}

std::optional<Bytes> from_base64(std::string_view text) {
    Bytes out;
    out.reserve(text.size() / 4 * 3);
    std::uint32_t group = 0;
    std::size_t digits = 0;
    std::size_t padding = 0;
    for (const char c : text) {
        if (c == ' ' || c == '\t' || c == '\r' || c == '\n') continue;
        if (c == '=') {
            ++padding;
            continue;
        }
        const auto digit = digit_of(c);
        if (!digit || padding > 0) return std::nullopt;
        group = group << 6U | *digit;
        if (++digits % 4 == 0) {
            for (const unsigned shift : {16U, 8U, 0U})
                out += static_cast<char>(group >> shift);
            group = 0;
        }
    }
    const std::size_t rest = digits % 4;
    if (rest == 1 || (digits + padding) % 4 != 0 || padding > 2) return std::nullopt;
    if (rest == 2) {
        if ((group & 15U) != 0) return std::nullopt;
        out += static_cast<char>(group >> 4U);
    } else if (rest == 3) {
        if ((group & 3U) != 0) return std::nullopt;
        out += static_cast<char>(group >> 10U);
        out += static_cast<char>(group >> 2U);
    }
    return out;
}

Bytes binary_resource(const BinaryHeader& header, BytesView body) {
    Bytes out;
    formats::json::Writer writer(out);
    writer.begin_object();
    write_header(writer, header);
    if (!body.empty()) writer.member("data", to_base64(body));
    writer.end_object();
    return out;
}

Bytes binary_resource(const BinaryHeader& header, std::uint64_t size, const Hash32& sha256) {
    Bytes out;
    formats::json::Writer writer(out);
    writer.begin_object();
    write_header(writer, header);
    writer.name("_data");
    writer.begin_object();
    writer.name("extension");
    writer.begin_array();
    writer.begin_object();
    writer.member("url", kContentExtension);
    writer.name("extension");
    writer.begin_array();
    writer.begin_object();
    writer.member("url", "size");
    writer.member("valueString", std::to_string(size));
    writer.end_object();
    writer.begin_object();
    writer.member("url", "sha256");
    writer.member("valueBase64Binary", to_base64(sha256.view()));
    writer.end_object();
    writer.end_array();
    writer.end_object();
    writer.end_array();
    writer.end_object();
    writer.end_object();
    return out;
}

bool has_own_content(const formats::json::Value& resource) {
    const auto* data = resource.find("_data");
    const auto* extensions =
        data != nullptr && data->is_object() ? data->find("extension") : nullptr;
    if (extensions == nullptr || !extensions->is_array()) return false;
    for (const auto& extension : extensions->array()) {
        const auto* url = extension.is_object() ? extension.find("url") : nullptr;
        if (url != nullptr && url->is_string() && url->string() == kContentExtension) return true;
    }
    return false;
}

std::optional<std::string> content_type_of(const formats::json::Value& resource) {
    const auto* type = resource.find("contentType");
    if (type == nullptr || !type->is_string() || !is_media_type(type->string()))
        return std::nullopt;
    return std::string(type->string());
}

std::optional<BinaryContent> binary_content(const formats::json::Value& resource) {
    auto type = content_type_of(resource);
    const auto* data = resource.find("data");
    if (!type) return std::nullopt;
    BinaryContent out;
    out.content_type = *std::move(type);
    if (data == nullptr) return out;
    if (!data->is_string()) return std::nullopt;
    auto bytes = from_base64(data->string());
    if (!bytes) return std::nullopt;
    out.data = *std::move(bytes);
    return out;
}

}  // namespace consilium::services::ehr
