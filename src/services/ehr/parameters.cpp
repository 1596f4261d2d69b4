// SPDX-License-Identifier: Apache-2.0
#include "services/ehr/parameters.hpp"

namespace consilium::services::ehr {
namespace {

constexpr std::string_view kHex = "0123456789ABCDEF";

void encode(std::string& out, std::string_view text) {
    for (const char c : text) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~' ||
                           c == ':' || c == '/' || c == ',' || c == '$';
        if (plain) {
            out += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        out += '%';
        out += kHex[byte >> 4U];
        out += kHex[byte & 15U];
    }
}

}  // namespace

std::string format_parameters(const Parameters& parameters) {
    std::string out;
    for (const auto& [name, value] : parameters) {
        if (!out.empty()) out += '&';
        encode(out, name);
        out += '=';
        encode(out, value);
    }
    return out;
}

}  // namespace consilium::services::ehr
