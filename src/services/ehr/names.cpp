// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/names.hpp"

#include <algorithm>
#include <charconv>

#include "base/hex.hpp"
#include "crypto/random.hpp"
#include "formats/fhir/definitions.hpp"
#include "formats/fhir/primitive.hpp"

namespace consilium::services::ehr {
namespace {

// The part up to the next slash, which is taken off.
std::string_view next_part(std::string_view& rest) {
    const auto slash = rest.find('/');
    const auto part = rest.substr(0, slash);
    rest = slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
    return part;
}

}  // namespace

bool is_resource_type(std::string_view text) {
    return text != "Parameters" && formats::fhir::definitions().find_resource(text) != nullptr;
}

std::vector<std::string_view> resource_types() {
    std::vector<std::string_view> out;
    for (const auto& type : formats::fhir::definitions().types()) {
        if (is_resource_type(type.name)) out.push_back(type.name);
    }
    return out;
}

std::string new_fhir_id() {
    Bytes random = crypto::random_bytes(16);
    random[6] = static_cast<char>((static_cast<unsigned char>(random[6]) & 0x0FU) | 0x40U);
    random[8] = static_cast<char>((static_cast<unsigned char>(random[8]) & 0x3FU) | 0x80U);
    std::string text = to_hex(random);
    for (const std::size_t at : {8U, 13U, 18U, 23U})
        text.insert(at, 1, '-');
    return text;
}

std::optional<Reference> parse_reference(std::string_view text, std::string_view base) {
    if (!base.empty() && text.size() > base.size() && text.substr(0, base.size()) == base &&
        text[base.size()] == '/') {
        text.remove_prefix(base.size() + 1);
    }
    Reference out;
    out.type = next_part(text);
    out.id = next_part(text);
    if (!is_resource_type(out.type) || !formats::fhir::is_logical_id(out.id)) return std::nullopt;
    if (text.empty()) return out;
    if (next_part(text) != "_history" || !formats::fhir::is_logical_id(text)) return std::nullopt;
    out.version = text;
    return out;
}

std::optional<ConditionalReference> parse_conditional_reference(std::string_view text) {
    const auto mark = text.find('?');
    if (mark == std::string_view::npos || !is_resource_type(text.substr(0, mark)))
        return std::nullopt;
    return ConditionalReference{text.substr(0, mark), text.substr(mark + 1)};
}

std::optional<std::uint32_t> parse_version(std::string_view text) {
    std::uint32_t out = 0;
    const auto* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, out);
    if (parsed.ec != std::errc{} || parsed.ptr != end || out == 0 || text[0] == '0')
        return std::nullopt;
    return out;
}

}  // namespace consilium::services::ehr
